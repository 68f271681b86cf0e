"""The built-in appraisal models, one a file."""
