"""A bank's policy on a day: the files with the bank's own rows over them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from risk_models.dated import ParameterNotInForce, Parameters, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Parameters of a day as the rules ask for them; each refuses what is not in force."""

    parameters: Parameters

    @property
    def on(self) -> date:
        """The day of which it speaks."""
        return self.parameters.on

    def ratio(self, parameter_id: str) -> Decimal:
        """A share such as 0.60."""
        return self.parameters.ratio(parameter_id)

    def ppm(self, parameter_id: str) -> int:
        """A share in millionths, such as 600,000."""
        return self.parameters.ppm(parameter_id)

    def whole(self, parameter_id: str) -> int:
        """A whole number such as days."""
        return self.parameters.whole(parameter_id)

    def table(self, parameter_id: str) -> Table:
        """A parameter with rows and columns."""
        return self.parameters.table(parameter_id)

    def cell(self, parameter_id: str, row: str, column: str) -> Decimal:
        """One exact cell of a table."""
        return self.parameters.table(parameter_id).decimal(row, column)

    def text(self, parameter_id: str) -> str:
        """The one row that a table of choices marks as in use."""
        table = self.parameters.table(parameter_id)
        chosen = [row for row in table if table.decimal(row, "in_use") == 1]
        if len(chosen) != 1:
            raise ParameterNotInForce(parameter_id, self.on, "does not have one row in use")
        return chosen[0]

    def flags(self, parameter_id: str, column: str) -> frozenset[str]:
        """The rows of a table whose cell in the column is 1."""
        table = self.parameters.table(parameter_id)
        return frozenset(row for row in table if table.decimal(row, column) == 1)
