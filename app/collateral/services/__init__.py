"""Use cases of collateral."""
