"""Organisations, people, roles, permissions, sight, sessions and API tokens."""
