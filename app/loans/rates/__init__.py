"""Rates of loans, fixed or by LPR."""
