"""Pure rules of origination."""
