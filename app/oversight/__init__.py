"""Oversight: green loan balances by category, region, bank and month; drill-down with a stated purpose."""
