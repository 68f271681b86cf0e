"""Loans: schedule, journal, accrual, repayment, classification, day close."""
