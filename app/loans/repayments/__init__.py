"""Money that comes in, and what it settles."""
