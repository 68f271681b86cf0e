"""The demonstration world: Zhangye, loaded from reviewed files. Every name in it is synthetic and says so."""
