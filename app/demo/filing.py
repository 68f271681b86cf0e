"""Applications in progress: each has come as far as its file says, by the desks that the rules ask for."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.db.engine import pretend_day
from app.demo.files import rows, table, wan_to_fen
from app.demo.lending import BANKS, OPEN_ON, system_of
from app.demo.people import Cast
from app.kernel.actor import Actor, system_actor
from app.loans.domain.terms import Method
from app.origination.services import decisions, drafts
from app.origination.services.pool import OfferedAsset, OfferedGuarantee
from app.origination.services.products import load_products

PRODUCTS_SINCE: Final = date(2023, 1, 1)
GUARANTOR: Final = "G1"
Step = Callable[[Session, Actor, UUID, Mapping[str, Any]], object]


def offer_products(session: Session, cast: Cast) -> None:
    """Both banks offer every product of the catalogue."""
    for bank in BANKS:
        load_products(
            session,
            system_of(cast, bank),
            cast.organisations[bank],
            valid_from=PRODUCTS_SINCE,
        )


def add_applications(session: Session, cast: Cast, assets: Mapping[str, UUID]) -> int:
    """Open every application of the file and walk its steps; gives how many."""
    pretend_day(session, OPEN_ON)
    stories = table("application_events")
    asked = {row["application_id"]: row for row in rows("applications")}
    for application_id, story in stories.items():
        _file(session, cast, asked[application_id], story, assets)
    return len(stories)


def _file(
    session: Session,
    cast: Cast,
    row: Mapping[str, str],
    story: Mapping[str, Any],
    assets: Mapping[str, UUID],
) -> None:
    bank, amount_fen = row["bank_id"], wan_to_fen(row["amount_wan"])
    guarantees: tuple[OfferedGuarantee, ...] = ()
    if "guarantee_wan" in story:
        covered = wan_to_fen(str(story["guarantee_wan"]))
        guarantor = cast.organisations[GUARANTOR]
        guarantees = (OfferedGuarantee(guarantor_id=guarantor, covered_fen=covered),)
    borrower = system_actor(
        organisation_id=cast.organisations[row["customer_id"]], organisation_kind="enterprise"
    )
    draft = drafts.OpenDraft(
        product=story["product"],
        amount_fen=amount_fen,
        term_months=story["term_months"],
        purpose=story["purpose"],
        region_code=story["region"],
        repayment_source="产品销售收入（示例）",
        credit_consent=True,
        bank_id=cast.organisations[bank],
        assets=tuple(OfferedAsset(asset_id=assets[each]) for each in story["assets"]),
        guarantees=guarantees,
    )
    view = drafts.open_draft(session, borrower, draft)
    told = {"amount_fen": amount_fen, "opinion": "符合条件（示例）", **story}
    for name in story["steps"]:
        desk, step = STEPS[name]
        actor = borrower if desk == "borrower" else _desk(session, cast, bank, desk)
        step(session, actor, view.id, told)


def _desk(session: Session, cast: Cast, bank: str, desk: str) -> Actor:
    """A desk of the bank; where nobody of the demonstration holds it, the system takes the step."""
    if f"{bank.lower()}-{desk}" in cast.people:
        return cast.of(session, bank, desk)
    return system_of(cast, bank)


def _submit(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:  # noqa: ARG001
    drafts.submit(session, actor, key, drafts.SubmitApplication())


def _accept(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:  # noqa: ARG001
    decisions.accept(session, actor, key, decisions.TakeUp())


def _sign(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:
    command = decisions.SignInvestigation(
        opinion="实地核查属实，同意上报（示例）",
        rate_ppm=told["rate_ppm"],
        method=Method(told["method"]),
        purpose_checked=True,
        financial_difficulty=False,
        catalogue_edition="2019",
        catalogue_code=told["leaf"],
        green_evidence="用途合同与现场照片（示例）",
    )
    decisions.sign(session, actor, key, command)


def _countersign(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:  # noqa: ARG001
    opinion = decisions.GiveOpinion(opinion="同意主办意见（示例）")
    decisions.countersign(session, actor, key, opinion)


def _pass(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:  # noqa: ARG001
    decisions.pass_review(session, actor, key, decisions.GiveOpinion(opinion="合规（示例）"))


def _approve(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:
    command = decisions.Approve(
        amount_fen=told["amount_fen"], opinion=told["opinion"], conditions=told["conditions"]
    )
    decisions.approve(session, actor, key, command)


def _reject(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:
    decisions.reject(session, actor, key, decisions.GiveOpinion(opinion=told["opinion"]))


def _return(session: Session, actor: Actor, key: UUID, told: Mapping[str, Any]) -> None:
    decisions.send_back(session, actor, key, decisions.GiveOpinion(opinion=told["opinion"]))


STEPS: Final[Mapping[str, tuple[str, Step]]] = {
    "submit": ("borrower", _submit),
    "accept": ("officer", _accept),
    "sign": ("officer", _sign),
    "countersign": ("co", _countersign),
    "pass": ("review", _pass),
    "approve": ("approve", _approve),
    "reject": ("approve", _reject),
    "return": ("officer", _return),
}
