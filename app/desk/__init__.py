"""Desk: pages over several rooms, and the use cases that need more than one of them. It has no tables."""
