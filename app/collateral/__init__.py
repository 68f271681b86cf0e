"""Recognised values, pledges and mortgages, the lien ledger, registration, the LTV watch and top-up cases."""
