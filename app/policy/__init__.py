"""Dated regulatory and bank parameters, each with its day, source and status."""
