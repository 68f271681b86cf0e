"""What `verify` asks of the appraisal room: every figure again from its inputs, every state from its signatures."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import (
    REPORT_VALIDITY,
    AppraisalState,
    ItemState,
    RunState,
    SignatureRole,
    ValueFacts,
    current_value_fen,
    report_valid_until,
)
from app.appraisal.domain.catalogue import find_model, find_spec
from app.appraisal.domain.findings import unexplained
from app.appraisal.domain.gep import GepAccountState, account_digest, named, top_region
from app.appraisal.domain.spread import scenario_of
from app.appraisal.domain.valuing import (
    Ask,
    Inputs,
    canonical,
    digest,
    laid_over,
    money_text,
    value_many,
)
from app.appraisal.models import (
    Appraisal,
    AppraisalSignature,
    AssetValue,
    GepAccount,
    RevaluationItem,
    RevaluationRun,
    Valuation,
)
from app.assets.models import Asset
from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.documents.models import Document, IssuedDocument
from app.reference.services import policy_for
from risk_models.account_json import account_json
from risk_models.accounts import AccountDocument, InvalidAccount, account, document_from
from risk_models.dated import ParameterNotInForce
from risk_models.models.gep import MODEL as GEP

BATCH: Final = 2_000
"""Rows valued again by one call of a model."""

ACCOUNTS: Final = 20
"""GEP accounts read at a time: one may hold five thousand rows."""

AMOUNTS: Final = ("total_yuan", "by_service", "by_ecosystem", "by_region", "matrix")

SAME_BAND: Final = 1e-4
"""Relative: quantiles are the same bits on one kind of machine and this close across kinds."""

ENDED: Final = frozenset({RunState.FINISHED, RunState.SUPERSEDED})
"""Runs that the journal says were finished."""

SIGNED_ONCE: Final = frozenset({AppraisalState.SIGNED})
SIGNED_TWICE: Final = frozenset(queries.FINISHED_STATES)

Asked = tuple[str, str, date, str]
"""Model, version, day and prices: rows that share them are one question."""


def violations(session: Session) -> Iterator[Violation]:
    """Every broken invariant of appraisals, valuations, values and runs."""
    yield from _appraisals(session)
    yield from _valuations(session)
    yield from _values(session)
    yield from _runs(session)
    yield from _items(session)
    yield from _gep_accounts(session)


def _broken(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)


# ---------------------------------------------------------------------------
# Appraisals


def _appraisals(session: Session) -> Iterator[Violation]:
    """Figures again from inputs and prices; states from signatures; one valid report an asset."""
    valid: set[UUID] = set()
    statement = sa.select(Appraisal).order_by(col(Appraisal.id)).execution_options(yield_per=BATCH)
    for rows in session.execute(statement).scalars().partitions(BATCH):
        signed = _signatures(session, rows)
        files = _files(session, rows)
        for row in rows:
            yield from _signed(row, signed.get(row.id, []))
            yield from _outside(row, files)
            yield from _dated(session, row)
            if row.state is AppraisalState.VALID and row.asset_id in valid:
                yield _broken(
                    "one-valid-appraisal", _name(row), "another one of its asset is valid"
                )
            if row.state is AppraisalState.VALID:
                valid.add(row.asset_id)
        yield from _figures([row for row in rows if row.value_fen is not None])


def _name(row: Appraisal) -> str:
    return f"appraisal {row.number}"


def _signatures(
    session: Session, rows: Iterable[Appraisal]
) -> Mapping[UUID, list[AppraisalSignature]]:
    statement = (
        sa.select(AppraisalSignature)
        .where(col(AppraisalSignature.appraisal_id).in_([row.id for row in rows]))
        .order_by(col(AppraisalSignature.at), col(AppraisalSignature.id))
    )
    found: dict[UUID, list[AppraisalSignature]] = {}
    for each in session.execute(statement).scalars():
        found.setdefault(each.appraisal_id, []).append(each)
    return found


def _signed(row: Appraisal, found: list[AppraisalSignature]) -> Iterator[Violation]:
    """The signatures that a state needs, by different people, over what is there now."""
    needed = {SignatureRole.MAKER: row.maker_id} if row.state in SIGNED_ONCE | SIGNED_TWICE else {}
    if row.state in SIGNED_TWICE:
        needed[SignatureRole.REVIEWER] = row.reviewer_id
        if row.maker_id == row.reviewer_id:
            yield _broken("two-signatures", _name(row), "maker and reviewer are the same person")
    content = queries.signed_digest(row) if needed else ""
    for role, person_id in needed.items():
        last = [each for each in found if each.role is role][-1:]
        if person_id is None or not last or last[0].person_id != person_id:
            yield _broken(
                "two-signatures", _name(row), f"the signature of its {role.value} is missing"
            )
        elif last[0].digest != content:
            yield _broken("signed-content", _name(row), f"its {role.value} signed other content")
    if not needed and row.maker_id is not None:
        yield _broken("two-signatures", _name(row), f"{row.state.value}, and yet signed")
    if needed and unexplained(row.result or {}):
        yield _broken("findings-explained", _name(row), "signed without words on its findings")


def _files(session: Session, rows: Iterable[Appraisal]) -> dict[UUID, str]:
    """The digests of the files that agencies' own reports name."""
    ids = {row.outside_document_id for row in rows if row.outside_document_id}
    statement = sa.select(col(Document.id), col(Document.sha256)).where(col(Document.id).in_(ids))
    return {row[0]: row[1] for row in session.execute(statement)}


def _outside(row: Appraisal, files: Mapping[UUID, str]) -> Iterator[Violation]:
    """An agency's own report says what its file was, and the file is there."""
    told = (row.outside or {}).get("sha256")
    kept = files.get(row.outside_document_id) if row.outside_document_id else None
    if told != kept:
        yield _broken("outside-report", _name(row), "the agency's own report names another file")


def _dated(session: Session, row: Appraisal) -> Iterator[Violation]:
    if row.state not in SIGNED_TWICE:
        return
    if row.valued_on is None or row.valid_until is None or row.value_fen is None:
        yield _broken("appraisal-complete", _name(row), "day, validity or value is missing")
        return
    days = policy_for(session, row.bank_id, row.valued_on).whole(REPORT_VALIDITY)
    if row.valid_until != report_valid_until(valued_on=row.valued_on, validity_days=days):
        yield _broken("appraisal-validity", _name(row), f"valid until {row.valid_until}")
    issued = None if row.report_id is None else session.get(IssuedDocument, row.report_id)
    if row.report_id is not None and (issued is None or issued.subject_id != row.id):
        yield _broken(
            "appraisal-report", _name(row), "its report is not among the issued documents"
        )


def _figures(rows: list[Appraisal]) -> Iterator[Violation]:
    def key(row: Appraisal) -> Asked:
        day = row.valued_on or date.min
        return (row.model_id, row.model_version, day, canonical(row.prices or {}))

    for (model_id, version, day, _prices), group in groupby(sorted(rows, key=key), key=key):
        members = list(group)
        inputs = [row.inputs or {} for row in members]
        again = _again(model_id, version, day, inputs, members[0].prices or {})
        for at, row in enumerate(members):
            figure = None if again is None else again[at]
            yield from _figure(row, figure)
            yield from _band(row, figure)


def _band(row: Appraisal, again: int | None) -> Iterator[Violation]:
    """The stored quantiles again from the stored seed; another kind of machine may differ in the last digits."""
    stored, model = (row.result or {}).get("scenario"), find_model(row.model_id)
    if again is None or again < 0 or model is None or row.valued_on is None:
        return
    found = scenario_of(model, row.inputs or {}, row.prices or {}, row.valued_on)
    names = ("paths", "seed", "low_yuan", "mid_yuan", "high_yuan")
    apart = [
        name for name in names if not _alike((stored or {}).get(name), (found or {}).get(name))
    ]
    if apart:
        yield _broken("appraisal-band", _name(row), f"drawn again, other {', '.join(apart)}")


def _alike(stored: object, found: object) -> bool:
    if stored == found:
        return True
    try:
        return math.isclose(float(str(stored)), float(str(found)), rel_tol=SAME_BAND)
    except ValueError:
        return False


def _figure(row: Appraisal, again: int | None) -> Iterator[Violation]:
    if again is not None and again != row.value_fen:
        detail = f"stored {row.value_fen} fen, valued again {again} fen"
        yield _broken("appraisal-value", _name(row), detail)
    if row.inputs_digest != digest(row.inputs or {}):
        yield _broken("appraisal-inputs", _name(row), "the digest is not that of the inputs")
    if (row.result or {}).get("value_yuan") != money_text(row.value_fen or 0):
        yield _broken("appraisal-result", _name(row), "the stored result has another value")


def _again(
    model_id: str, version: str, day: date, rows: Sequence[Inputs], prices: Mapping[str, Any]
) -> list[int | None] | None:
    """The figures once more; None when this version of the model is no longer installed."""
    spec = find_spec(model_id)
    if spec is None or spec.version != version:
        return None
    answer = value_many(Ask(model_id=model_id, on=day, rows=rows, prices=prices))
    # A stored figure whose inputs are now refused is as wrong as another figure: never equal to it.
    return [-1 if value_fen is None else value_fen for value_fen in answer.value_fen]


# ---------------------------------------------------------------------------
# Valuations


def _valuations(session: Session) -> Iterator[Violation]:
    """Each figure again from the appraisal's inputs and the records that it names."""
    statement = (
        sa.select(Valuation)
        .order_by(col(Valuation.model_id), col(Valuation.on), col(Valuation.id))
        .execution_options(yield_per=BATCH)
    )
    for rows in session.execute(statement).scalars().partitions(BATCH):
        yield from _valued(session, list(rows))


def _valued(session: Session, rows: list[Valuation]) -> Iterator[Violation]:
    base = _bases(session, rows)
    numbers = _asset_numbers(session, {row.asset_id for row in rows})
    records = queries.recorded_inputs(session, {row.asset_id for row in rows if row.recorded})
    inputs = {row.id: _inputs_of(row, base, records) for row in rows}
    for row in rows:
        if digest(inputs[row.id]) != row.inputs_digest:
            yield _broken(
                "valuation-inputs", _valuation(row, numbers), "the digest is not that of its inputs"
            )

    def key(row: Valuation) -> Asked:
        return (row.model_id, row.model_version, row.on, canonical(row.prices))

    for (model_id, version, day, _prices), group in groupby(sorted(rows, key=key), key=key):
        members = list(group)
        asked = [inputs[row.id] for row in members]
        again = _again(model_id, version, day, asked, members[0].prices)
        for at, row in enumerate(members):
            if again is not None and again[at] != row.value_fen:
                detail = f"stored {row.value_fen} fen, valued again {again[at]} fen"
                yield _broken("valuation-value", _valuation(row, numbers), detail)


def _valuation(row: Valuation, numbers: Mapping[UUID, str]) -> str:
    return f"valuation of asset {numbers.get(row.asset_id)} on {row.on}"


def _asset_numbers(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    statement = sa.select(col(Asset.id), col(Asset.number)).where(col(Asset.id).in_(set(ids)))
    return {row[0]: row[1] for row in session.execute(statement)}


def _bases(session: Session, rows: list[Valuation]) -> dict[UUID, tuple[date, Inputs]]:
    statement = sa.select(col(Appraisal.id), col(Appraisal.valued_on), col(Appraisal.inputs)).where(
        col(Appraisal.id).in_({row.appraisal_id for row in rows})
    )
    return {row[0]: (row[1] or date.min, row[2] or {}) for row in session.execute(statement)}


def _inputs_of(
    row: Valuation, base: Mapping[UUID, tuple[date, Inputs]], records: Mapping[UUID, list[Any]]
) -> Inputs:
    if row.appraisal_id is None or row.appraisal_id not in base:
        return {}
    valued_on, inputs = base[row.appraisal_id]
    if not row.recorded:
        return inputs
    named = [each for each in records.get(row.asset_id, []) if str(each.id) in row.recorded]
    return laid_over(inputs, queries.recorded_of(named), valued_on=valued_on, on=row.on)[0]


# ---------------------------------------------------------------------------
# Hot values


def _values(session: Session) -> Iterator[Violation]:
    """The hot row of each asset is what its valid report and latest figure say."""
    light = queries.light(sa.select(Appraisal))
    valid = {
        row.asset_id: row
        for row in session.execute(
            light.where(col(Appraisal.state) == AppraisalState.VALID)
        ).scalars()
    }
    latest = {row.appraisal_id: row for row in session.execute(_latest()).scalars()}
    stored = {row.asset_id: row for row in session.execute(sa.select(AssetValue)).scalars()}
    numbers = _asset_numbers(session, valid.keys() | stored.keys())
    for asset_id in sorted(valid.keys() | stored.keys()):
        appraisal, row = valid.get(asset_id), stored.get(asset_id)
        valuation = latest.get(appraisal.id) if appraisal else None
        wanted = queries.expected_of(appraisal, valuation)
        wrong = [name for name, given in wanted.items() if getattr(row, name, None) != given]
        if wrong:
            subject = f"value of asset {numbers.get(asset_id)}"
            yield _broken("asset-value", subject, f"differs in {', '.join(wrong)}")


def _latest() -> sa.Select[Any]:
    """The newest figure on each appraisal's inputs."""
    place = sa.func.row_number().over(
        partition_by=col(Valuation.appraisal_id),
        order_by=(col(Valuation.on).desc(), col(Valuation.id).desc()),
    )
    ranked = sa.select(col(Valuation.id), place.label("place")).subquery()
    return sa.select(Valuation).join(
        ranked, sa.and_(ranked.c.id == col(Valuation.id), ranked.c.place == 1)
    )


# ---------------------------------------------------------------------------
# Runs


def _runs(session: Session) -> Iterator[Violation]:
    """Counters are those of the items; a finished run leaves none waiting; a superseded one has a later one."""
    counted: dict[UUID, dict[ItemState, int]] = {}
    statement = sa.select(
        col(RevaluationItem.run_id), col(RevaluationItem.state), sa.func.count()
    ).group_by(col(RevaluationItem.run_id), col(RevaluationItem.state))
    for run_id, state, count in session.execute(statement):
        counted.setdefault(run_id, {})[state] = count
    said = sa.select(col(AuditEvent.subject_id)).where(
        col(AuditEvent.action) == "revaluation.finish"
    )
    finished = set(session.execute(said).scalars())
    last: dict[tuple[date, UUID], UUID] = {}
    for run in session.execute(
        sa.select(RevaluationRun).order_by(col(RevaluationRun.id).desc())
    ).scalars():
        newest = last.setdefault((run.on, run.scope_id), run.id)
        found = counted.get(run.id, {})
        done, failed = found.get(ItemState.DONE, 0), found.get(ItemState.FAILED, 0)
        if (run.total, run.done, run.failed) != (sum(found.values()), done, failed):
            yield _broken("run-counters", f"revaluation {run.number}", "differ from its items")
        if run.state in ENDED and found.get(ItemState.WAITING, 0):
            yield _broken("run-finished", f"revaluation {run.number}", "assets are still waiting")
        if (run.state in ENDED) != (str(run.id) in finished):
            detail = f"{run.state.value} is not what the journal says"
            yield _broken("run-finished", f"revaluation {run.number}", detail)
        if (run.state is RunState.SUPERSEDED) != (run.id != newest):
            detail = f"{run.state.value} does not fit the runs of its day"
            yield _broken("run-superseded", f"revaluation {run.number}", detail)


def _items(session: Session) -> Iterator[Violation]:
    """An asset that is done has exactly one figure of its run; values before and after follow from figures."""
    history = _histories(session)
    numbers = _asset_numbers(session, history)
    statement = (
        sa.select(RevaluationItem, col(RevaluationRun.number))
        .join(RevaluationRun, col(RevaluationRun.id) == col(RevaluationItem.run_id))
        .execution_options(yield_per=BATCH)
    )
    for item, number in session.execute(statement):
        figures = history.get(item.asset_id, [])
        own = [each for each in figures if each.run_id == item.run_id]
        subject = f"revaluation {number}, asset {numbers.get(item.asset_id, 'without figures')}"
        if len(own) != (1 if item.state is ItemState.DONE else 0):
            yield _broken("run-item", subject, f"{item.state.value} with {len(own)} figures")
        elif item.state is ItemState.FAILED and item.before_fen != item.after_fen:
            yield _broken("run-item", subject, "failed and yet changed the current value")
        elif own and item.after_fen is not None:
            known = [each for each in figures if each.appraisal_id == own[0].appraisal_id]
            before = _current([each for each in known if each.id < own[0].id])
            after = _current([each for each in known if each.id <= own[0].id])
            if (item.before_fen, item.after_fen) != (before, after):
                yield _broken("run-item", subject, f"should be {before} before, {after} after")


def _histories(session: Session) -> dict[UUID, list[sa.Row[Any]]]:
    """All figures of the assets that runs have valued, with the report's own figure."""
    columns: list[Any] = [
        col(Valuation.id),
        col(Valuation.asset_id),
        col(Valuation.appraisal_id),
        col(Valuation.run_id),
        col(Valuation.on),
        col(Valuation.value_fen),
        col(Appraisal.value_fen).label("appraised_fen"),
    ]
    statement = sa.select(*columns).join(
        Appraisal, col(Appraisal.id) == col(Valuation.appraisal_id)
    )
    found: dict[UUID, list[sa.Row[Any]]] = {}
    for row in session.execute(statement):
        found.setdefault(row.asset_id, []).append(row)
    return found


def _current(figures: list[sa.Row[Any]]) -> int | None:
    """The current value that some figures on one report gave."""
    if not figures:
        return None
    last = max(figures, key=lambda each: (each.on, each.id))
    facts = ValueFacts(
        appraised_fen=last.appraised_fen, valid_until=last.on, valuation_fen=last.value_fen
    )
    return current_value_fen(facts, today=last.on)


# ---------------------------------------------------------------------------
# GEP accounts


def _gep_accounts(session: Session) -> Iterator[Violation]:
    """Every account again from its rows; published is what the journal says was published."""
    said = sa.select(col(AuditEvent.subject_id)).where(
        col(AuditEvent.action) == "gep-account.publish"
    )
    published = set(session.execute(said).scalars())
    statement = sa.select(GepAccount).order_by(col(GepAccount.id))
    for row in session.execute(statement.execution_options(yield_per=ACCOUNTS)).scalars():
        subject = f"GEP account of {row.region_code} in {row.year}"
        if row.digest != account_digest(
            row.accounted_on, row.model_version, row.document, row.result
        ):
            yield _broken("gep-account-content", subject, "the digest is not that of its content")
        if (row.state is GepAccountState.PUBLISHED) != (str(row.id) in published):
            detail = f"{row.state.value} is not what the journal says"
            yield _broken("gep-account-published", subject, detail)
        if row.published_by_id is not None and row.published_by_id == row.stored_by_id:
            yield _broken("gep-account-publisher", subject, "published by who stored it")
        wrong = sorted(_apart(row))
        if wrong:
            detail = f"worked out again, other {', '.join(wrong)}"
            yield _broken("gep-account-total", subject, detail)


def _apart(row: GepAccount) -> Iterator[str]:
    """What differs when the rows are worked out again; figures of another version of the model stand."""
    try:
        document = document_from(row.document)
        yield from _stated_apart(row, document)
        if row.model_version != GEP.spec.version:
            return
        found = account(document, row.accounted_on, row.year)
    except (InvalidAccount, ParameterNotInForce) as refusal:
        yield f"rows: {refusal}"
        return
    again = account_json(found, language=None)
    yield from (name for name in AMOUNTS if row.result.get(name) != again[name])
    if row.total_fen != found.total_fen:
        yield "total"


def _stated_apart(row: GepAccount, document: AccountDocument) -> Iterator[str]:
    if row.region_code != top_region(document.rows):
        yield "region"
    if row.norm_profile != named(document, "norm_profile"):
        yield "norm"
    if row.price_table != named(document, "price_table"):
        yield "price table"
