"""When a bank may appraise itself, and when an agency's own report must be explained."""

from datetime import date
from decimal import Decimal

import pytest

from app.appraisal.domain.findings import asked, explained, named, unexplained
from app.appraisal.domain.kinds import (
    OutsideReport,
    OutsideSigner,
    former_findings,
    may_appraise_itself,
    outside_findings,
)

REPORT = OutsideReport(
    number="崆峒评报字[2024]1号",
    reported_on=date(2024, 1, 2),
    value_fen=1_100_000_00,
    signers=(
        OutsideSigner(name="金石", qualification="62010001"),
        OutsideSigner(name="魏澜", qualification="62010002"),
    ),
)


@pytest.mark.parametrize(
    ("loan_fen", "limit", "allowed"),
    [
        (299_999_99, Decimal(300_000), True),
        (300_000_00, Decimal(300_000), False),
        (1, Decimal(300_000), True),
        (0, Decimal(300_000), False),
        (1, None, False),
    ],
)
def test_a_loan_below_the_limit_may_stand_on_the_banks_own_appraisal(loan_fen, limit, allowed):
    assert may_appraise_itself(loan_fen=loan_fen, loan_below_yuan=limit) is allowed


@pytest.mark.parametrize(
    ("modelled_fen", "count"),
    [(1_000_000_00, 0), (999_999_99, 1), (1_222_222_22, 0), (1_222_222_23, 1), (0, 1)],
)
def test_a_report_too_far_from_the_model_is_asked_about(modelled_fen, count):
    stored = REPORT.as_json(file_name="r.pdf", sha256="0" * 64)
    assert len(outside_findings(stored, modelled_fen, Decimal("0.1"))) == count
    assert outside_findings(None, modelled_fen, Decimal("0.1")) == []


def finding(code, field="", severity="ask"):
    return {"code": code, "field": field, "severity": severity, "en": code, "zh": code}


@pytest.mark.parametrize(
    ("former", "now", "off"),
    [
        (100_00, 130_00, None),
        (100_00, 130_01, "30.0"),
        (100_00, 70_00, None),
        (100_00, 27_00, "73.0"),
        (-100_00, 100_00, "200.0"),
        (0, 1, "100.0"),
        (0, 0, None),
    ],
)
def test_a_value_too_far_from_the_last_appraisal_is_asked_about(former, now, off):
    found = former_findings("AP-1", date(2023, 6, 15), former, now, Decimal("0.3"))
    assert len(found) == (off is not None)
    if off is not None:
        assert f"相差{off}%，超过30%" in found[0]["zh"]


def test_findings_are_named_once_each_and_explained_one_by_one():
    found = named(
        [finding("a", "x"), finding("a", "x"), finding("a", "y"), finding("b", "", "note")]
    )
    assert [each["name"] for each in found] == ["a.x", "a.x.2", "a.y", "b"]
    result = {"findings": found}
    assert len(asked(result)) == 3
    said = explained(result, {"a.x": " words ", "a.y": "more", "a.x.2": " \n"})
    assert [each["name"] for each in unexplained(said)] == ["a.x.2"]
    assert said["findings"][0]["explanation"] == "words"
    assert unexplained(explained(said, {}))[0]["name"] == "a.x"
