"""Dated regulatory and bank parameters, each with its day, source and status.

`policy.on(day).ratio("collateral.pledge_rate.forest_right")` is what the files say on a day; what a
bank has decided for itself is laid over it by `reference.services.policy_for`.
"""

from app.policy.files import area_of, on, parameter_set
from app.policy.lookup import Policy, RuleNotInForce

__all__ = ["Policy", "RuleNotInForce", "area_of", "on", "parameter_set"]
