"""Workbooks of an appraisal model: the template to fill in, what was filled in, and the results."""
