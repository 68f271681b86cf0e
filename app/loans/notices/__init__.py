"""Notices to borrowers."""
