"""Pure types and rules shared by every package: money, rates, days, calendars."""
