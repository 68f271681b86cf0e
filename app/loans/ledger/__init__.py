"""The journal as books: trial balance, months, entries by hand."""
