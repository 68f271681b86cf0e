"""Appraisal models. They know nothing of the service."""
