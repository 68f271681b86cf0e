"""One of each thing that has an address, for the tests that walk over all routes.

A route's argument is known by the words before it: `/api/v1/loans/<uuid:loan_id>/schedule` asks for
the sample `loans`, `/people/<uuid:thing_id>/events/<event>` for `people` and `people/events`. A page
without a sample of its own takes the one of the last word (`profile/tokens` -> `tokens`).

A room adds a builder to `BUILDERS`: it makes its things through its services and says with
`samples.add(name, value, seen_by=...)` which organisations see them (codes), or which people (logins).
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import Database
from app.identity.models import ApiToken
from app.identity.sessions import secret_sha256
from app.kernel.actor import Name
from app.kernel.ids import new_id
from tests.factories.lending import Lending
from tests.factories.world import OPENED_AT, TODAY, TOKEN_EXPIRES_AT, World

PICTURE: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The smallest picture there is."""

EVERYBODY: Final = frozenset({"*"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The value of an argument, and who may know of the thing behind it."""

    value: str
    seen_by: frozenset[str]

    def seen(self, login: str, organisation: str) -> bool:
        """Whether a person acting for an organisation sees the thing."""
        return bool({login, organisation, "*"} & self.seen_by)


@dataclass(slots=True)
class Samples:
    """What was made, by the words before the argument."""

    session: Session
    world: World
    made: dict[str, Sample] = field(default_factory=dict)

    def add(self, name: str, value: object, *, seen_by: set[str] | frozenset[str]) -> None:
        """Keep a sample; `seen_by` holds codes of organisations and logins."""
        self.made[name] = Sample(value=str(value), seen_by=frozenset(seen_by))

    def find(self, name: str) -> Sample | None:
        """The sample of an address, or of its last word."""
        return self.made.get(name) or self.made.get(name.rpartition("/")[2])


def identity(samples: Samples) -> None:
    """A colleague in bank A, and her token; what anybody may look up."""
    world, session = samples.world, samples.session
    person = world.person("a-preserve")
    samples.add("problems", "not-found", seen_by=EVERYBODY)
    samples.add("people", person, seen_by={"A", "PLATFORM"})
    samples.add("people/events", "disable", seen_by=EVERYBODY)
    samples.add("organisations", world.organisation("A"), seen_by=EVERYBODY)
    token = ApiToken(
        token_sha256=secret_sha256("a token to be revoked"),
        title="sample",
        person_id=person,
        organisation_id=world.organisation("A"),
        scopes=["*"],
        created_at=OPENED_AT,
        expires_at=TOKEN_EXPIRES_AT,
    )
    session.add(token)
    session.flush()
    samples.add("tokens", token.id, seen_by={"a-preserve"})


def lending(samples: Samples) -> None:
    """A loan of bank A to C1, drawn, with its pool, its file and its drawdown."""
    file = Lending(samples.session, samples.world)
    file.open_bank()
    drawdown = file.drawn(file.main_pool())
    samples.session.flush()
    _add_lending(samples, drawdown)


def _add_lending(samples: Samples, drawdown: Any) -> None:
    from app.collateral.models import Pledge
    from app.loans.models import Loan

    parties = {"A", "C1"}
    loan = samples.session.get_one(Loan, drawdown.loan_id)
    pledge = (
        samples.session.execute(
            sa.select(Pledge).where(col(Pledge.loan_id) == loan.id).order_by(col(Pledge.number))
        )
        .scalars()
        .first()
    )
    assert pledge is not None
    samples.add("loans", loan.id, seen_by=parties)
    samples.add("oversight/loans", loan.id, seen_by={"GOV-PBC", "GOV-NFRA"})
    samples.add("drawdowns", drawdown.id, seen_by=parties)
    samples.add("drawdowns/events", "check", seen_by=EVERYBODY)
    samples.add("loan-applications", loan.application_id, seen_by=parties)
    samples.add("loan-applications/events", "submit", seen_by=EVERYBODY)
    samples.add("applications", loan.application_id, seen_by=parties)
    samples.add("applications/events", "submit", seen_by=EVERYBODY)
    samples.add("pledges", pledge.id, seen_by=parties)
    samples.add("pledges/events", "release", seen_by=EVERYBODY)
    samples.add("assets", pledge.asset_id, seen_by=parties)
    samples.add("assets/events", "withdraw", seen_by=EVERYBODY)
    _add_ledger(samples, loan.id)


def _add_ledger(samples: Samples, loan_id: UUID) -> None:
    """A fee that waits for its second person, and a line of the journal."""
    from app.loans.ledger.entries import ProposeFee, propose_fee
    from app.loans.models import LoanPosting

    fee = ProposeFee(amount_fen=100_00, reason="合同第八条（示例）")
    entry = propose_fee(samples.session, samples.world.actor("a-ops"), loan_id, fee)
    posting = sa.select(LoanPosting).where(col(LoanPosting.loan_id) == loan_id).limit(1)
    line = samples.session.execute(posting).scalar_one()
    samples.add("ledger/entries", entry.id, seen_by={"A"})
    samples.add("ledger/entries/events", "book", seen_by=EVERYBODY)
    samples.add("loans/journal", line.entry_id, seen_by={"A", "C1"})


def reference(samples: Samples) -> None:
    """An edition, a value that bank A proposed for itself, and items that the platform proposed."""
    from app.reference.services import (
        ImportCatalogue,
        ProposeOverride,
        propose_items,
        propose_override,
    )

    session, world = samples.session, samples.world
    override = propose_override(
        session,
        world.actor("a-risk"),
        ProposeOverride(
            parameter_id="collateral.cure_days", valid_from=TODAY, value=Decimal(15), reason="纪要"
        ),
    )
    items = propose_items(
        session,
        world.actor("sys-1"),
        ImportCatalogue(
            edition="2019",
            source="附件",
            file_name="items.csv",
            content="code,level,parent_code,name_zh\n4.3.1,3,4.3,退耕还林\n".encode(),
            dry_run=False,
        ),
    )
    samples.add("catalogues", "2019", seen_by=EVERYBODY)
    samples.add("parameters", "collateral.ltv.top_up", seen_by=EVERYBODY)
    samples.add("reference/imports/new", "2019", seen_by=EVERYBODY)
    for name in ("policy-overrides", "reference/policy"):
        samples.add(name, override.id, seen_by={"A"})
        samples.add(f"{name}/events", "accept", seen_by=EVERYBODY)
    for name in ("catalogue-imports", "reference/imports"):
        samples.add(name, items.id, seen_by=EVERYBODY)
        samples.add(f"{name}/events", "accept", seen_by=EVERYBODY)


def documents(samples: Samples) -> None:
    """A file of C1, a document that AG1 issued, and a message to C1."""
    from app.documents.services import (
        IssueDocument,
        UploadFile,
        issue_document,
        new_identity,
        upload_document,
    )
    from app.notices.services import Notify, notify

    session, world = samples.session, samples.world
    picture = UploadFile(name="file.png", content=PICTURE)
    file = upload_document(session, world.actor("c1-fin"), picture)
    identity = new_identity(session, year=TODAY.year)
    issued = IssueDocument(
        identity=identity,
        kind="sample",
        title=Name(zh="样本", en="Sample"),
        issued_on=TODAY,
        subject_kind="sample",
        subject_id=file.id,
        content=b"%PDF-1.7",
    )
    issue_document(session, world.actor("ag1-a"), issued)
    message = Notify(
        organisation_id=world.organisation("C1"), kind="sample", template="Done: %(step)s."
    )
    samples.add("documents", file.id, seen_by={"C1"})
    samples.add("verify", identity.code, seen_by=EVERYBODY)
    samples.add("notices", notify(session, message).id, seen_by={"C1"})


def market(samples: Samples) -> None:
    """A price series of the tables."""
    from app.market.models import PriceSeries

    codes = sa.select(col(PriceSeries.code)).order_by(col(PriceSeries.code))
    code = samples.session.execute(codes).scalars().first()
    samples.add("price-series", code, seen_by=EVERYBODY)
    samples.add("market", code, seen_by=EVERYBODY)


def appraisal(samples: Samples) -> None:
    """A forest right of C1 that AG1 appraised for bank A, its place on the panel, and a run of A."""
    from app.appraisal.models import PanelMember
    from app.appraisal.services import RequestRevaluation, request_revaluation
    from app.assets.domain import AssetKind
    from tests.factories.appraisals import (
        add_asset,
        example_inputs,
        lay_ground,
        make_valid,
        outside_report,
    )

    session, world = samples.session, samples.world
    lay_ground(session, world)
    asset_id = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-SAMPLE")
    made = make_valid(
        session, world, asset_id, example_inputs("forest-right"), outside=outside_report()
    )
    run = request_revaluation(session, world.actor("a-risk"), RequestRevaluation(on=TODAY))
    place = session.execute(sa.select(col(PanelMember.id))).scalars().first()
    samples.add("appraisals", made.id, seen_by={"A", "C1", "AG1"})
    samples.add("appraisals/events", "revoke", seen_by=EVERYBODY)
    for name in ("appraisals/assets", "revaluations/assets"):
        samples.add(name, asset_id, seen_by={"A", "AG1"})
    samples.add("appraisal-models", "forest-right", seen_by=EVERYBODY)
    for name in ("revaluation-runs", "revaluations"):
        samples.add(name, run.id, seen_by={"A"})
    for name in ("panel-members", "panel"):
        samples.add(name, place, seen_by={"A"})


def gep_accounts(samples: Samples) -> None:
    """A draft of the measurement centre, seen by nobody else, and the published year before it."""
    from datetime import date

    from app.appraisal.services.gep_accounts import StoreAccount, publish_account, store_account

    session, actor = samples.session, samples.world.actor("mc-1")
    shared = {"norm_profile": "garze-2010", "price_table": "garze-2010", "area_unit": "ha"}
    made = []
    for year, visits in ((2021, 310_000.0), (2023, 340_000.0)):
        inputs = {"area": 820_000.0, "price_factor": 1.3, "visits": visits}
        row = {"region": "620721", "ecosystem": "meadow", "year": year, "inputs": inputs}
        command = StoreAccount(
            title="示例核算",
            source="synthetic",
            accounted_on=date(2023, 12, 26),
            document={**shared, "rows": [row]},
        )
        made.append(store_account(session, actor, command).id)
    publish_account(session, samples.world.actor("mc-2"), made[0])
    samples.add("gep-accounts", made[1], seen_by={"MC"})


def asset_files(samples: Samples) -> None:
    """A file of the pledged asset, and a neighbour's right over it found later."""
    from app.assets.domain import EncumbranceKind
    from app.assets.models import AssetEncumbrance, AssetEvidence
    from app.assets.services import AddEncumbrance, AddEvidence, add_encumbrance, add_evidence
    from app.documents.services import UploadFile

    session, owner = samples.session, samples.world.actor("c1-fin")
    asset_id = UUID(samples.made["assets"].value)
    picture = UploadFile(name="right.png", content=PICTURE)
    add_evidence(session, owner, asset_id, AddEvidence(title="林权证", file=picture))
    right = AddEncumbrance(kind=next(iter(EncumbranceKind)), holder="示例邻户", since_on=TODAY)
    add_encumbrance(session, owner, asset_id, right)
    for name, column in (
        ("assets/evidence", AssetEvidence.document_id),
        ("assets/encumbrances", AssetEncumbrance.id),
    ):
        value = session.execute(sa.select(col(column))).scalars().first()
        samples.add(name, value, seen_by=samples.made["assets"].seen_by)


def application_files(samples: Samples) -> None:
    """A paper of the contracted application."""
    from app.documents.services import UploadFile
    from app.origination.services.drafts import AttachDocument, attach_document

    file = samples.made["loan-applications"]
    picture = UploadFile(name="contract.png", content=PICTURE)
    command = AttachDocument(title="借款合同", file=picture)
    owner = samples.world.actor("c1-fin")
    view = attach_document(samples.session, owner, UUID(file.value), command)
    document_id = view.documents[-1].document_id
    samples.add("loan-applications/documents", document_id, seen_by=file.seen_by)


def top_up(samples: Samples) -> None:
    """A top-up case of bank A against C1, its notice issued."""
    from app.collateral.models import MarginCall
    from app.collateral.services.calls import IssueNotice, ReviewCall, issue_call, review_call
    from app.loans.services import PostDrawdown, post_drawdown
    from tests.factories.collateral import WAN, Vault

    vault = Vault(samples.session, samples.world)
    asset_id, loan_id = vault.asset(200 * WAN), vault.loan(75 * WAN)
    (pledge,) = vault.pledge(loan_id, vault.line(asset_id, 150 * WAN))
    vault.register(pledge)
    money = PostDrawdown(loan_id=loan_id, amount_fen=75 * WAN)
    post_drawdown(samples.session, samples.world.system("A"), money)
    vault.revalue(asset_id, 100 * WAN)
    vault.watch()
    statement = sa.select(MarginCall).where(col(MarginCall.loan_id) == loan_id)
    case = samples.session.execute(statement).scalar_one()
    review_call(samples.session, vault.staff("risk"), case.id, ReviewCall(note="属实"))
    issue_call(samples.session, vault.staff("approve"), case.id, IssueNotice())
    samples.add("margin-calls", case.id, seen_by={"A", "C1"})
    samples.add("margin-calls/events", "serve", seen_by=EVERYBODY)


def classes(samples: Samples) -> None:
    """A lowered class of the loan, and the proposal to lift it again."""
    from app.loans.classes.changes import JudgeClass, judge_class
    from app.loans.domain.classification import LoanClass

    loan = samples.made["loans"]
    command = JudgeClass(loan_class=LoanClass.SPECIAL_MENTION, reason="样本")
    made = judge_class(samples.session, samples.world.actor("a-risk"), UUID(loan.value), command)
    samples.add("class-changes", made.id, seen_by={"A"})
    samples.add("class-changes/events", "confirm", seen_by=EVERYBODY)


def inspections(samples: Samples) -> None:
    """A reviewed check of the loan with a proof, and a signal with evidence."""
    from app.documents.services import UploadFile
    from app.loans.domain.inspection import Answer, Conclusion, FilePurpose, Finding, checklist
    from app.loans.inspection.planning import plan_inspections
    from app.loans.inspection.queries import inspections_of_loan
    from app.loans.inspection.services import (
        AddFile,
        RecordFindings,
        Said,
        add_file,
        record_findings,
        review_report,
        submit_report,
    )
    from app.loans.inspection.signals import AddEvidence, RaiseSignal, add_evidence, raise_signal

    session, world = samples.session, samples.world
    officer, loan_id = world.actor("a-officer"), UUID(samples.made["loans"].value)
    plan_inspections(session, world.system("A"), world.organisation("A"))
    (check,) = inspections_of_loan(session, officer, loan_id)
    found = RecordFindings(
        checked_on=TODAY,
        place="示例林场",
        present="李青禾",
        findings=tuple(Finding(item=each.code, answer=Answer.FINE) for each in checklist()),
        conclusion=Conclusion.SOUND,
        summary="示例：林木长势与上次一致",
    )
    record_findings(session, officer, check.id, found)
    paper = UploadFile(name="invoice.png", content=PICTURE)
    proof = AddFile(file=paper, purpose=FilePurpose.USE_OF_FUNDS, amount_fen=1_000_00)
    view = add_file(session, officer, check.id, proof)
    submit_report(session, officer, check.id, Said())
    review_report(session, world.actor("a-risk"), check.id, Said())
    raised = raise_signal(
        session,
        officer,
        RaiseSignal(
            loan_id=loan_id,
            level="yellow",
            kind="price-fall",
            source="price-watch",
            description="示例：果品价格下跌",
        ),
    )
    shown = add_evidence(session, officer, raised.id, AddEvidence(file=paper))
    samples.add("inspections", check.id, seen_by={"A"})
    samples.add("inspections/events", "submit", seen_by=EVERYBODY)
    samples.add("inspections/files", view.files[0].id, seen_by={"A"})
    samples.add("warning-signals", raised.id, seen_by={"A"})
    samples.add("warning-signals/events", "plan", seen_by=EVERYBODY)
    samples.add("warning-signals/files", shown.files[0].id, seen_by={"A"})


def loan_changes(samples: Samples) -> None:
    """An extension of the loan, proposed."""
    from datetime import timedelta

    from app.loans.models import Loan
    from app.origination.domain.changes import ChangeKind
    from app.origination.services.changes import ProposeChange, propose_change

    loan = samples.made["loans"]
    matures_on = samples.session.get_one(Loan, UUID(loan.value)).matures_on
    assert matures_on is not None
    later = matures_on + timedelta(days=30)
    command = ProposeChange(
        kind=ChangeKind.EXTENSION,
        matures_on=later,
        registered_until=later,
        consent="抵押人同意函",
        reason="样本",
    )
    officer = samples.world.actor("a-officer")
    made = propose_change(samples.session, officer, UUID(loan.value), command)
    samples.add("loan-changes", made.id, seen_by={"A"})
    samples.add("loan-changes/events", "approve", seen_by=EVERYBODY)


def loan_write_offs(samples: Samples) -> None:
    """A write-off of the loan as a row: the loan is in order, so the service would not take it."""
    from app.origination.domain.changes import ChangeState
    from app.origination.domain.write_off import WriteOffGround
    from app.origination.write_off_models import LoanWriteOff

    made = LoanWriteOff(
        number="WO-2024-000001",
        loan_id=UUID(samples.made["loans"].value),
        bank_id=samples.world.organisation("A"),
        state=ChangeState.REFUSED,
        ground=WriteOffGround.ENFORCEMENT,
        reason="样本",
        evidence="终结执行裁定书",
        proposed_on=TODAY,
        principal_fen=0,
        interest_fen=0,
        repayments=0,
        checks=[],
        proposed_by_id=samples.world.person("a-preserve"),
        created_at=OPENED_AT,
    )
    samples.session.add(made)
    samples.session.flush()
    samples.add("loan-write-offs", made.id, seen_by={"A"})
    samples.add("loan-write-offs/events", "approve", seen_by=EVERYBODY)


def books(samples: Samples) -> None:
    """Money that C1 paid on its loan, and the close of bank A's day, which waits for the scheduler."""
    from app.loans.domain.early import QuoteKind
    from app.loans.repayments.import_files import ImportRepayments
    from app.loans.repayments.importing import import_repayments
    from app.loans.repayments.quoting import QuoteEarly, quote_early
    from app.loans.services import Repay, RequestClose, business_day, repay, request_close

    session, operator = samples.session, samples.world.actor("a-ops")
    loan = samples.made["loans"]
    money = Repay(amount_fen=1_000_00)
    paid = repay(session, operator, UUID(loan.value), money)
    samples.add("loans/repayments", paid.entry_id, seen_by=loan.seen_by)
    asked = QuoteEarly(kind=QuoteKind.PREPAYMENT, principal_fen=10_000_00)
    quote = quote_early(session, operator, UUID(loan.value), asked)
    samples.add("loans/repayment-quotes", quote.id, seen_by=loan.seen_by)
    file = ImportRepayments(
        content=b"loan_number,amount_yuan,key\nL-0000-000000,1.00,sample\n",
        file_name="repayments.csv",
        dry_run=False,
    )
    batch = import_repayments(session, operator, file)
    samples.add("repayment-batches", batch.id, seen_by={"A"})
    day = business_day(session, samples.world.organisation("A"))
    close = request_close(session, operator, RequestClose(on=day))
    samples.add("day-closes", close.id, seen_by={"A"})


def loan_notices(samples: Samples) -> None:
    """A reminder to C1 about its loan, printed and sent."""
    from app.loans.domain.notices import NoticeKind
    from app.loans.models import LoanNote, NoteStateRow
    from app.loans.notices.filing import About, file_abouts
    from app.loans.notices.issuing import draw_notices, keep_notices, print_notice, take_numbers
    from app.loans.notices.models import LoanNotice

    session, loan = samples.session, samples.made["loans"]
    bank_id, loan_id = samples.world.organisation("A"), UUID(loan.value)
    of_loan = (
        sa.select(LoanNote, NoteStateRow)
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .where(col(LoanNote.loan_id) == loan_id)
    )
    note, state = session.execute(of_loan).one()
    about = About(
        bank_id=bank_id,
        loan_id=loan_id,
        note_id=note.id,
        kind=NoticeKind.DUE,
        about_on=state.next_due_on,
    )
    file_abouts(session, [about], TODAY)
    ids = session.execute(sa.select(col(LoanNotice.id))).scalars().all()
    take_numbers(session, ids)
    printed = [print_notice(each) for each in draw_notices(session, ids)]
    assert keep_notices(session, samples.world.system("A"), printed).issued == 1
    issued = session.get_one(LoanNotice, ids[0])
    samples.add("loan-notices", issued.id, seen_by=loan.seen_by)
    samples.add("loans/documents", issued.document_id, seen_by=loan.seen_by)


BUILDERS: Final[tuple[Callable[[Samples], None], ...]] = (
    identity,
    reference,
    documents,
    market,
    lending,
    appraisal,
    gep_accounts,
    asset_files,
    application_files,
    top_up,
    classes,
    loan_changes,
    loan_write_offs,
    inspections,
    books,
    loan_notices,
)
"""In the order of the rooms: a later one may build on what an earlier one made."""


def build_samples(database: Database, world: World) -> dict[str, Sample]:
    """Make one of each thing and commit."""
    with database.write() as session:
        samples = Samples(session, world)
        for build in BUILDERS:
            build(samples)
    return samples.made


def missing_value(example: str) -> str:
    """A value of the same form behind which there is nothing."""
    return str(new_id()) if len(example) == 36 else "nothing-of-this-name"
