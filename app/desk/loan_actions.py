"""What the actor may do with a loan now, from all rooms, as links of its page."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from app.collateral.events import CALL_EVENTS
from app.desk.links import href
from app.desk.loan_page import LoanPage
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.domain.states import LoanState


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A link of the page's head."""

    title: str
    href: str
    tone: str = "secondary"
    icon: str | None = None


def loan_actions(actor: Actor, page: LoanPage) -> list[Action]:
    """Legal steps first, documents after; what this installation does not have is left out."""
    if not page.serviced:
        return []
    return [
        *_case_actions(page),
        *_money_actions(actor, page),
        *_security_actions(actor, page),
        *_change_actions(actor, page),
        *_write_off_actions(actor, page),
        *_papers(page),
    ]


def _case_actions(page: LoanPage) -> list[Action]:
    call = page.collateral.open_call if page.collateral else None
    if call is None:
        return []
    return [
        Action(title=button.title, href=button.href, tone="primary", icon="send")
        for button in CALL_EVENTS.buttons(call)[:1]
    ]


def _money_actions(actor: Actor, page: LoanPage) -> list[Action]:
    loan_id, actions = page.loan.id, []
    if page.open and actor.may(Permission.POST_REPAYMENT):
        address = url_for("desk_pages.repay", loan_id=loan_id)
        actions.append(
            Action(title=gettext("Book a repayment"), href=address, tone="primary", icon="cash")
        )
    quotes = href("repayment_pages.quote_list", loan_id=loan_id)
    if page.open and quotes and actor.may(Permission.POST_REPAYMENT):
        actions.append(
            Action(title=gettext("Quotes of early repayment"), href=quotes, icon="calculator")
        )
    undrawn = page.loan.contract_fen > sum(note.amount_fen for note in page.notes)
    drawable = page.loan.state in {LoanState.SIGNED, LoanState.PERFORMING} and undrawn
    request = href("loan_drawdown_pages.new_drawdown", loan_id=loan_id)
    if drawable and request and actor.may(Permission.REQUEST_DRAWDOWN):
        actions.append(Action(title=gettext("Request a drawdown"), href=request, icon="coin"))
    return actions


def _security_actions(actor: Actor, page: LoanPage) -> list[Action]:
    address = href("recognition_pages.add_pledge", loan_id=page.loan.id)
    standing = page.open or page.loan.state is LoanState.SIGNED
    if address is None or not standing or not actor.may(Permission.SIGN_CONTRACT):
        return []
    return [Action(title=gettext("Add security"), href=address, icon="plus")]


def _change_actions(actor: Actor, page: LoanPage) -> list[Action]:
    address = href("changes_of_loan_pages.change_list", loan_id=page.loan.id)
    if address is None or not page.open or not actor.may(Permission.INVESTIGATE):
        return []
    return [
        Action(title=gettext("Extend, restructure or renew"), href=address, icon="calendar-due")
    ]


def _write_off_actions(actor: Actor, page: LoanPage) -> list[Action]:
    loan_id, actions = page.loan.id, []
    address = href("write_offs_of_loan_pages.write_off_list", loan_id=loan_id)
    ended = page.loan.state is LoanState.WRITTEN_OFF and actor.organisation_kind == "bank"
    if address and ((page.open and actor.may(Permission.WRITE_OFF_LOAN)) or ended):
        title = gettext("The write-off") if ended else gettext("Write off")
        actions.append(Action(title=title, href=address, icon="file-text"))
    recovery = href("loan_entry_pages.recover", loan_id=loan_id)
    if ended and recovery and actor.may(Permission.POST_REPAYMENT):
        actions.append(Action(title=gettext("Book a recovery"), href=recovery, icon="cash"))
    return actions


def _papers(page: LoanPage) -> list[Action]:
    found = (
        (gettext("Statement"), "loans.get_statement", "file-type-pdf"),
        (
            gettext("Statement as workbook"),
            "repayment-steps.get_statement_workbook",
            "file-spreadsheet",
        ),
    )
    return [
        Action(title=title, href=address, icon=icon)
        for title, endpoint, icon in found
        if (address := href(endpoint, loan_id=page.loan.id)) is not None
    ]
