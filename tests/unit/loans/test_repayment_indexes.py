"""What quotes, replays and changed bills are looked up by has an index."""

import pytest

from app.loans.repayments.models import DueChange, RepaymentOrder


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (RepaymentOrder, {"quote_id", "replays_id", "cause_id"}),
        (DueChange, {"due_id", "repayment_id"}),
    ],
)
def test_links_to_repayments_and_quotes_are_indexed(model, names):
    indexed = {next(iter(index.columns)).name for index in model.__table__.indexes}
    assert names <= indexed
