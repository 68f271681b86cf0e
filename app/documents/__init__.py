"""Stored evidence files, the PDF toolkit, document numbers and their public check."""
