"""A bank's policy on a day: the files with the bank's own rows over them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.kernel.actor import Name
from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from app.policy.files import parameter_set
from risk_models.dated import ParameterNotInForce, Parameters, Table


class RuleNotInForce(RuleViolation):
    """A rule is asked for on a day before its first value, or after it was repealed."""

    code = "rule-not-in-force"
    title = N_("No rule is in force on this day")
    detail = N_(
        "“%(rule)s” has no value on %(on)s; the first one on file counts from %(first_on)s. "
        "Act on a day on which it is in force. If that day had a rule, have its value added "
        "to the parameter files with its source."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Parameters of a day as the rules ask for them.

    What is not in force on the day is refused with `RuleNotInForce`. An id that no file has, or a
    number asked for in another unit, is a mistake in the code: `ParameterNotInForce`.
    """

    parameters: Parameters

    @property
    def on(self) -> date:
        """The day of which it speaks."""
        return self.parameters.on

    def ratio(self, parameter_id: str) -> Decimal:
        """A share such as 0.60."""
        return self._in_force(parameter_id).ratio(parameter_id)

    def ppm(self, parameter_id: str) -> int:
        """A share in millionths, such as 600,000."""
        return self._in_force(parameter_id).ppm(parameter_id)

    def whole(self, parameter_id: str) -> int:
        """A whole number such as days."""
        return self._in_force(parameter_id).whole(parameter_id)

    def table(self, parameter_id: str) -> Table:
        """A parameter with rows and columns."""
        return self._in_force(parameter_id).table(parameter_id)

    def cell(self, parameter_id: str, row: str, column: str) -> Decimal:
        """One exact cell of a table."""
        return self.table(parameter_id).decimal(row, column)

    def text(self, parameter_id: str) -> str:
        """The one row that a table of choices marks as in use."""
        table = self.table(parameter_id)
        chosen = [row for row in table if table.decimal(row, "in_use") == 1]
        if len(chosen) != 1:
            raise ParameterNotInForce(parameter_id, self.on, "does not have one row in use")
        return chosen[0]

    def flags(self, parameter_id: str, column: str) -> frozenset[str]:
        """The rows of a table whose cell in the column is 1."""
        table = self.table(parameter_id)
        return frozenset(row for row in table if table.decimal(row, column) == 1)

    def _in_force(self, parameter_id: str) -> Parameters:
        if parameter_id not in self.parameters and parameter_id in parameter_set():
            known = parameter_set()[parameter_id]
            raise RuleNotInForce(
                parameter=parameter_id,
                rule=Name(zh=known.title.zh, en=known.title.en),
                on=self.on,
                first_on=min(known.values),
            )
        return self.parameters
