"""Appraisals: ask a model, freeze inputs and result, two signatures, report; revaluation runs."""
