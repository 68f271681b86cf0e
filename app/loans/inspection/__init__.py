"""Checks after the loan is drawn, and warning signals."""
