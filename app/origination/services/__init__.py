"""Use cases of origination."""
