"""Products, applications, investigation, credit decision, contract and drawdown."""
