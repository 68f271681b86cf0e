"""Which assets a bank may appraise itself, and an agency's own report beside the model's value. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.appraisal.domain.valuing import money_text
from risk_models.words import Text

INTERNAL: Final = "appraisal.internal"
"""The dated table of the kinds of asset that a bank may appraise itself, with the loan they may secure."""

OUTSIDE_DIFFERENCE: Final = "appraisal.outside_difference"
"""The dated rule of how far an agency's own report may lie from the model without words on it."""

FORMER_DIFFERENCE: Final = "appraisal.former_difference"
"""The dated rule of how far a value may lie from the last appraisal of the asset without words on it."""

LOAN_BELOW: Final = "loan_below_yuan"
OUTSIDE_DIFFERS: Final = "outside-report-differs"
FORMER_DIFFERS: Final = "former-appraisal-differs"
DIFFERS: Final = Text(
    en="The agency's report %(number)s states %(stated)s yuan, the model gives %(modelled)s yuan: "
    "%(off)s%% apart, above %(limit)s%%. Explain the difference.",
    zh="机构报告%(number)s的结论为%(stated)s元，模型结果为%(modelled)s元，相差%(off)s%%，超过%(limit)s%%，请说明差异。",
)
DIFFERS_FROM_FORMER: Final = Text(
    en="The value of %(modelled)s yuan differs by %(off)s%% from the %(stated)s yuan of the last"
    " appraisal %(number)s of %(on)s, above %(limit)s%%. Explain what changed.",
    zh="评估值%(modelled)s元与上次评估%(number)s（%(on)s）的%(stated)s元相差%(off)s%%，超过%(limit)s%%，请说明变化原因。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSigner:
    """An appraiser who signed the agency's own report."""

    name: str
    qualification: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideReport:
    """An appraisal report that the agency made outside of the platform."""

    number: str
    reported_on: date
    value_fen: int
    signers: tuple[OutsideSigner, OutsideSigner]

    def as_json(self, *, file_name: str, sha256: str) -> dict[str, Any]:
        """As it is stored with the appraisal, with the file that proves it."""
        return {
            "number": self.number,
            "reported_on": self.reported_on.isoformat(),
            "value_yuan": money_text(self.value_fen),
            "signers": [
                {"name": each.name, "qualification": each.qualification} for each in self.signers
            ],
            "file": file_name,
            "sha256": sha256,
        }


def may_appraise_itself(*, loan_fen: int, loan_below_yuan: Decimal | None) -> bool:
    """Whether a bank may appraise: the kind stands in the table, and the loan is below its limit."""
    return loan_below_yuan is not None and 0 < loan_fen < loan_below_yuan * 100


def is_secured_too_high(*, loan_fen: int, secured_fen: int, loan_below_yuan: Decimal) -> bool:
    """Whether the new loan and all that the asset secures already are no longer below the limit together."""
    return loan_fen + secured_fen >= loan_below_yuan * 100


def outside_findings(
    outside: Mapping[str, Any] | None, value_fen: int, limit: Decimal
) -> list[dict[str, Any]]:
    """The finding that asks about an agency's report too far from the model's value."""
    if outside is None:
        return []
    stated = Decimal(outside["value_yuan"])
    modelled = Decimal(value_fen) / 100
    off = abs(stated - modelled) / modelled if modelled else Decimal(1)
    if off <= limit:
        return []
    facts = _apart(stated, modelled, off, limit) | {"number": outside["number"]}
    return [_asked(OUTSIDE_DIFFERS, DIFFERS.filled(dict(facts)))]


def former_findings(
    number: str, on: date, former_fen: int, value_fen: int, limit: Decimal
) -> list[dict[str, Any]]:
    """The finding that asks about a value too far from that of the last appraisal of the asset."""
    stated, modelled = Decimal(former_fen) / 100, Decimal(value_fen) / 100
    off = abs(stated - modelled) / abs(stated) if stated else Decimal(int(modelled != 0))
    if off <= limit:
        return []
    facts = _apart(stated, modelled, off, limit) | {"number": number, "on": on.isoformat()}
    return [_asked(FORMER_DIFFERS, DIFFERS_FROM_FORMER.filled(dict(facts)))]


def _apart(stated: Decimal, modelled: Decimal, off: Decimal, limit: Decimal) -> dict[str, str]:
    return {
        "stated": f"{stated:,.2f}",
        "modelled": f"{modelled:,.2f}",
        "off": f"{off * 100:.1f}",
        "limit": f"{(limit * 100).normalize():f}",
    }


def _asked(code: str, said: Text) -> dict[str, Any]:
    return {"code": code, "field": "", "severity": "ask", "en": said.en, "zh": said.zh}
