"""What a report says of the register, and what the check of its code says of the report."""

from app.appraisal.models import Appraisal
from app.appraisal.reports import appraisal_report
from app.appraisal.services import CloseNote, revoke_appraisal
from app.appraisal.services.reporting import report_view
from app.appraisal.services.standing import report_standing
from app.assets.burdens import bind_burdens
from app.audit.services import write_pending
from app.collateral.domain.states import PledgeState, SecurityKind
from app.collateral.models import Pledge
from app.collateral.queries import burdens_in_force
from app.db.engine import database_of
from tests.factories.appraisals import SIGNED_AT, SIGNED_ON, example_inputs, make_valid
from tests.factories.collateral import WAN, Vault
from tests.support.documents import squeezed, text_of

NOTHING = "截至报告日，平台登记中无在册的权利负担"


def _pledge(session, world, asset_id):
    """A pledge for bank A, contracted and not registered yet."""
    vault = Vault(session, world)
    session.add(
        Pledge(
            number="P-1",
            loan_id=vault.loan(30 * WAN),
            asset_id=asset_id,
            bank_id=vault.bank_id,
            security=SecurityKind.PLEDGE,
            secured_fen=40 * WAN,
            cap_ppm=500_000,
            relied_current_fen=40 * WAN,
            relied_recognised_fen=40 * WAN,
            relied_valid_until=SIGNED_ON,
            state=PledgeState.CONTRACTED,
            contracted_on=SIGNED_ON,
            created_at=SIGNED_AT,
        )
    )
    session.flush()


def _printed(session, appraised, tmp_path):
    row = session.get_one(Appraisal, appraised.id)
    return text_of(appraisal_report(report_view(session, row, "CODE")), tmp_path)


def test_a_report_lists_what_stands_in_the_register_as_its_users_may_see_it(
    session, world, carbon, tmp_path
):
    appraised = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    assert squeezed(NOTHING) in _printed(session, appraised, tmp_path)
    _pledge(session, world, carbon)
    row = session.get_one(Appraisal, appraised.id)
    (lien,) = report_view(session, row, "CODE").object.liens or ()
    assert "质押，第1顺位" in lien.zh
    assert "未登记" in lien.zh
    assert "担保金额 400,000.00 元" in lien.zh
    row.bank_id = world.organisation("B")
    (hidden,) = report_view(session, row, "CODE").object.liens or ()
    assert "400,000.00" not in hidden.zh
    assert "不披露" in hidden.zh
    session.expire(row)


def test_a_report_made_without_the_register_says_that_nobody_looked(
    session, world, carbon, tmp_path
):
    appraised = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    database = database_of(session)
    database.ports.pop("burdens")
    try:
        shown = _printed(session, appraised, tmp_path)
    finally:
        bind_burdens(database, burdens_in_force)
    assert squeezed("平台登记的抵押、质押未予核查") in shown
    assert squeezed(NOTHING) not in shown


def test_the_check_of_a_code_says_since_when_a_report_no_longer_counts(session, world, carbon):
    inputs = example_inputs("carbon-sink-income")
    first = make_valid(session, world, carbon, inputs)
    assert report_standing(session, first.id).in_force
    second = make_valid(session, world, carbon, inputs)
    former = report_standing(session, first.id)
    assert (former.state, former.in_force, former.on) == ("superseded", False, SIGNED_ON)
    revoke_appraisal(session, world.actor("ag1-b"), second.id, CloseNote(note="数据有误"))
    write_pending(session)
    taken_back = report_standing(session, second.id)
    assert (taken_back.state, taken_back.on) == ("revoked", SIGNED_ON)
