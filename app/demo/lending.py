"""Loans of the demonstration: signed, drawn, repaid as the file tells, secured by the assets of the pool."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.assets.services import share_asset
from app.audit.services import record
from app.collateral.domain.cover import ratio_ppm
from app.collateral.domain.kept import PLEDGE_FIGURES, figures_of
from app.collateral.domain.states import PledgeState, RegistrationKind, SecurityKind
from app.collateral.models import AssetLien, Guarantee, Pledge, Registration
from app.db.engine import now, pretend_day
from app.db.numbers import next_number
from app.demo.files import day_of, rows, table, wan_to_fen
from app.demo.people import Cast
from app.kernel.actor import Actor, system_actor
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.kernel.schedule_dates import add_months
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.states import LoanFact, LtvBasis, Security
from app.loans.domain.terms import Method
from app.loans.ledger.pledges import book_security
from app.loans.models import Loan
from app.loans.services import (
    Drawn,
    Extended,
    ExtendLoan,
    OpenLoan,
    PastEvent,
    PostDrawdown,
    RecordFact,
    Repaid,
    Repay,
    WriteOff,
    WrittenOff,
    finish_history,
    load_history,
    open_business_day,
    open_loan,
    record_fact,
    release_loan,
)
from app.reference.services import policy_for

OPEN_ON: Final = date(2024, 1, 2)
QUARTER_MONTHS: Final = (3, 6, 9, 12)
BANKS: Final = ("A", "B")


def add_loans(session: Session, cast: Cast, assets: Mapping[str, UUID]) -> dict[str, UUID]:
    """Open the banks' books and replay every serviced loan up to the business day."""
    for bank in BANKS:
        open_business_day(session, system_of(cast, bank), cast.organisations[bank], OPEN_ON)
    found = {}
    for row in rows("serviced_loans"):
        found[row["loan_id"]] = _add_loan(session, cast, row, assets)
    for bank in BANKS:
        finish_history(session, system_of(cast, bank), cast.organisations[bank])
    return found


def _add_loan(
    session: Session, cast: Cast, row: Mapping[str, str], assets: Mapping[str, UUID]
) -> UUID:
    story = table("loan_events")[row["loan_id"]]
    bank = system_of(cast, row["bank_id"])
    pretend_day(session, day_of(row["drawn_on"]))
    loan_id = open_loan(session, bank, _contract(session, cast, row, story))
    _secure(session, cast, row, loan_id, assets)
    pretend_day(session, OPEN_ON)
    for fact, since in story.get("facts", {}).items():
        command = RecordFact(
            loan_id=loan_id, fact=LoanFact(fact), from_on=since, reason=row["note_zh"]
        )
        record_fact(session, bank, command)
    events = list(_events(row, story, loan_id))
    load_history(session, bank, loan_id, events)
    if row["state"] == "released":
        release_loan(session, bank, loan_id)
    return loan_id


def _contract(
    session: Session, cast: Cast, row: Mapping[str, str], story: Mapping[str, Any]
) -> OpenLoan:
    bank_id, starts_on = cast.organisations[row["bank_id"]], day_of(row["drawn_on"])
    policy = policy_for(session, bank_id, starts_on)
    matures_on = story.get("signed_until", day_of(row["matures_on"]))
    return OpenLoan(
        bank_id=bank_id,
        borrower_id=cast.organisations[row["customer_id"]],
        title=row["product_zh"],
        contract_fen=wan_to_fen(row["contract_wan"]),
        rate_ppm=int(row["rate_ppm"]),
        penalty_ppm=policy.ppm("loans.penalty_rate.overdue_high"),
        starts_on=starts_on,
        matures_on=matures_on,
        region_code=row["region_code"],
        method=Method(story["method"]),
        every=str(story["every"]) if story["method"] == "equal-principal" else "3m",
        plan=_plan(wan_to_fen(row["contract_wan"]), matures_on, story),
        green=row["is_green"] == "yes",
        catalogue_edition="2019" if row["catalogue_2019"] else "",
        catalogue_code=row["catalogue_2019"],
        security=_security_of(row["loan_id"]),
        warning_ppm=policy.ppm("collateral.ltv.warning"),
        top_up_ppm=policy.ppm("collateral.ltv.top_up"),
        disposal_ppm=policy.ppm("collateral.ltv.disposal"),
        cure_ppm=policy.ppm("collateral.ltv.cure_target"),
        cure_days=policy.whole("collateral.cure_days"),
        ltv_basis=LtvBasis.EXPOSURE,
        synthetic=True,
        signed_on=starts_on,
    )


def _plan(total_fen: int, matures_on: date, story: Mapping[str, Any]) -> tuple[DatedAmount, ...]:
    """Equal parts every so many months; what is left falls due at maturity."""
    if story["method"] != "plan":
        return ()
    part, left, parts = wan_to_fen(str(story["principal_wan"])), total_fen, []
    first: date = story["first"]
    count = 0
    while left > part:
        on = add_months(first, count * story["every"], anchor_day=first.day)
        if on >= matures_on:
            break
        parts.append(DatedAmount(on=on, amount_fen=part))
        left -= part
        count += 1
    return (*parts, DatedAmount(on=matures_on, amount_fen=left))


def _events(row: Mapping[str, str], story: Mapping[str, Any], loan_id: UUID) -> Iterator[PastEvent]:
    """Drawdowns, payments of what fell due, prepayments, extension and write-off, in order of days."""
    drawn_on = day_of(row["drawn_on"])
    draws = story.get("draws", {drawn_on: row["contract_wan"]})
    events: list[tuple[date, int, PastEvent]] = [
        (drawn.on, 0, drawn) for drawn in _drawn(row, story, loan_id, draws)
    ]
    events += [(on, 1, Repaid(on=on)) for on in _due_days(row, story) if draws]
    for on, wan in story.get("prepaid", {}).items():
        command = Repay(amount_fen=wan_to_fen(str(wan)), prepay=True)
        events.append((on, 2, Repaid(on=on, command=command)))
    for on, wan in story.get("part_paid", {}).items():
        amount = wan_to_fen(str(wan)) + _last_interest_fen(row, story, on)
        events.append((on, 1, Repaid(on=on, command=Repay(amount_fen=amount))))
    if "extended_on" in story:
        extension = ExtendLoan(
            loan_id=loan_id, matures_on=day_of(row["matures_on"]), reason=story["reason"]
        )
        events.append(
            (story["extended_on"], 3, Extended(on=story["extended_on"], command=extension))
        )
    if "written_off_on" in story:
        on = story["written_off_on"]
        loss = WriteOff(loan_id=loan_id, reason=row["note_zh"])
        events.append((on, 3, WrittenOff(on=on, command=loss)))
    for _, _, event in sorted(events, key=lambda each: each[:2]):
        yield event


def _drawn(
    row: Mapping[str, str], story: Mapping[str, Any], loan_id: UUID, draws: Mapping[date, object]
) -> Iterator[Drawn]:
    """Each note takes the next amounts of the contract's plan, so that no fen is split."""
    matures_on = story.get("signed_until", day_of(row["matures_on"]))
    left = list(_plan(wan_to_fen(row["contract_wan"]), matures_on, story))
    for on, wan in draws.items():
        amount = wan_to_fen(str(wan))
        own = _take(left, amount)
        command = PostDrawdown(loan_id=loan_id, amount_fen=amount, plan=own)
        yield Drawn(on=on, command=command)


def _take(left: list[DatedAmount], amount_fen: int) -> tuple[DatedAmount, ...]:
    """The first amounts of a plan that together make an amount; they leave the plan."""
    taken = []
    while left and amount_fen:
        first = left.pop(0)
        part = min(first.amount_fen, amount_fen)
        taken.append(DatedAmount(on=first.on, amount_fen=part))
        amount_fen -= part
        if part < first.amount_fen:
            left.insert(0, DatedAmount(on=first.on, amount_fen=first.amount_fen - part))
    return tuple(taken)


def _due_days(row: Mapping[str, str], story: Mapping[str, Any]) -> Iterator[date]:
    """Days on which interest or principal fell due and was paid."""
    drawn_on = min(story.get("draws", {day_of(row["drawn_on"]): ""}), default=OPEN_ON)
    ends_on = day_of(row["matures_on"])
    until = min(story.get("unpaid_from", OPEN_ON), OPEN_ON)
    days = {
        date(year, month, 21)
        for year in range(drawn_on.year, OPEN_ON.year + 1)
        for month in QUARTER_MONTHS
    }
    if story["method"] == "plan":
        plan = _plan(wan_to_fen(row["contract_wan"]), ends_on, story)
        days |= {each.on for each in plan}
    days = {day for day in days if drawn_on < day < ends_on} | {ends_on}
    return iter(sorted(day for day in days if day < until))


def _last_interest_fen(row: Mapping[str, str], story: Mapping[str, Any], on: date) -> int:
    """Interest of a bullet loan since the last settlement, which a part payment covers first."""
    month = max(each for each in (0, *QUARTER_MONTHS) if each < on.month)
    since = date(on.year, month, 21) if month else date(on.year - 1, 12, 21)
    paid = sum(wan_to_fen(str(wan)) for wan in story.get("prepaid", {}).values())
    principal = wan_to_fen(row["contract_wan"]) - paid
    return round_half_up(principal * int(row["rate_ppm"]) * (on - since).days, PPM * 360)


def _security_of(loan_id: str) -> Security:
    kinds = {row["security_kind"] for row in rows("securities") if row["loan_id"] == loan_id}
    if not kinds:
        return Security.CREDIT
    return Security(kinds.pop()) if len(kinds) == 1 else Security.MIXED


def _secure(
    session: Session,
    cast: Cast,
    row: Mapping[str, str],
    loan_id: UUID,
    assets: Mapping[str, UUID],
) -> None:
    loan = session.get_one(Loan, loan_id)
    for each in rows("securities"):
        if each["loan_id"] != row["loan_id"]:
            continue
        if each["guarantor_id"]:
            _guarantee(session, cast, row, loan, each)
        else:
            _pledge(session, cast, row, loan, each, assets)


def _guarantee(
    session: Session, cast: Cast, row: Mapping[str, str], loan: Loan, each: Mapping[str, str]
) -> None:
    covered = round_half_up(loan.contract_fen * int(float(each["guaranteed_ratio"]) * 100), 100)
    guarantee = Guarantee(
        loan_id=loan.id,
        guarantor_id=cast.organisations[each["guarantor_id"]],
        covered_fen=covered,
        share_ppm=ratio_ppm(covered, loan.contract_fen) or 0,
        contracted_on=day_of(row["drawn_on"]),
        released_on=day_of(row["matures_on"]) if row["state"] == "released" else None,
    )
    session.add(guarantee)
    session.flush()
    record(
        session,
        system_of(cast, row["bank_id"]),
        "guarantee.contract",
        subject_kind="guarantee",
        subject_id=guarantee.id,
        loan=loan.number,
        guarantor=guarantee.guarantor_id,
        covered_fen=covered,
    )


def _pledge(
    session: Session,
    cast: Cast,
    row: Mapping[str, str],
    loan: Loan,
    each: Mapping[str, str],
    assets: Mapping[str, UUID],
) -> None:
    asset = session.get_one(Asset, assets[each["asset_id"]])
    value = next(line for line in rows("assets") if line["asset_id"] == each["asset_id"])
    relied = wan_to_fen(value["former_recognised_wan"] or value["recognised_wan"])
    appraised = wan_to_fen(value["appraised_wan"])
    registered = row["loan_id"] != "S24"
    policy = policy_for(session, loan.bank_id, day_of(row["drawn_on"]))
    pledge = Pledge(
        number=next_number(session, "P", day_of(row["drawn_on"]).year),
        loan_id=loan.id,
        asset_id=asset.id,
        bank_id=loan.bank_id,
        security=SecurityKind(each["security_kind"]),
        rank=int(each["rank"]),
        secured_fen=min(loan.contract_fen, relied),
        cap_ppm=policy.ppm(kind_info(asset.kind).cap_parameter),
        relied_current_fen=appraised,
        relied_recognised_fen=relied,
        relied_valid_until=day_of(row["drawn_on"]).replace(year=day_of(row["drawn_on"]).year + 1),
        state=PledgeState.REGISTERED if registered else PledgeState.CONTRACTED,
        contracted_on=day_of(row["drawn_on"]),
        created_at=now(session),
    )
    session.add(pledge)
    session.flush()
    record(
        session,
        system_of(cast, row["bank_id"]),
        "pledge.contract",
        subject_kind="pledge",
        subject_id=pledge.id,
        loan=loan.number,
        asset=asset.number,
        **figures_of(pledge, PLEDGE_FIGURES),
    )
    _take_lien(session, asset.id, pledge.secured_fen)
    share_asset(session, asset_id=asset.id, organisation_id=loan.bank_id, reason="pledged")
    if registered:
        _register(session, cast, row, pledge, asset)
        book_security(session, loan.id, secured_fen=pledge.secured_fen, number=pledge.number)


def _take_lien(session: Session, asset_id: UUID, secured_fen: int) -> None:
    lien = session.get(AssetLien, asset_id) or AssetLien(asset_id=asset_id, secured_fen=0)
    lien.secured_fen += secured_fen
    session.add(lien)
    session.flush()


def _register(
    session: Session, cast: Cast, row: Mapping[str, str], pledge: Pledge, asset: Asset
) -> None:
    custodian = cast.people[f"{row['bank_id'].lower()}-officer"]
    for code in kind_info(asset.kind).registries:
        session.add(
            Registration(
                pledge_id=pledge.id,
                kind=RegistrationKind.INITIAL,
                registry_code=code,
                number=f"示例-{pledge.number}",
                registered_on=pledge.contracted_on,
                person_id=custodian,
                created_at=now(session),
            )
        )
    session.flush()


def system_of(cast: Cast, code: str) -> Actor:
    """The scheduler acting for a bank."""
    return system_actor(organisation_id=cast.organisations[code], organisation_kind="bank")
