"""greenpledge: ecological assets become pledge loans."""
