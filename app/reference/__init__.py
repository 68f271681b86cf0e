"""Regions, industries, green catalogue editions, business calendar, and the policy of a bank."""
