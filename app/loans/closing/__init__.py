"""The close of a business day."""
