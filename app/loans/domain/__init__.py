"""The rules of loans: frozen facts in, decisions out; no clock, no database."""
