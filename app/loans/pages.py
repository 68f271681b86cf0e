"""Pages of loans: list, schedule, journal, a repayment, a schedule to look at."""

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import marshmallow as ma
from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext, ngettext
from sqlmodel import Session

from app.kernel.daycount import DayCount, days_by_year
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans import queries, services
from app.loans.books import business_day
from app.loans.domain.classification import LoanClass
from app.loans.domain.debtor import FACT_TITLES
from app.loans.domain.repricing import RESET_TITLES, TENOR_TITLES
from app.loans.domain.schedule import make_schedule
from app.loans.domain.signals import levels
from app.loans.domain.states import (
    CLOSE_STATE_TITLES,
    SECURITY_TITLES,
    STATE_TITLES,
    CloseState,
    LoanState,
)
from app.loans.domain.terms import Terms
from app.loans.due.next_payments import next_payments
from app.loans.inspection.signal_queries import worst_levels
from app.loans.running import running_interest
from app.loans.schedules import INSTALMENT_TITLES, InstalmentState, loan_schedule
from app.loans.schemas import (
    ACCOUNT_TITLES,
    CLASS_TITLES,
    DAY_COUNT_TITLES,
    ENTRY_TITLES,
    EVERY_TITLES,
    GROWTH_TITLES,
    KEPT_TITLES,
    METHOD_TITLES,
    YEAR_BASES,
    LoanQuery,
    ReverseSchema,
    SchedulePreviewSchema,
)
from app.reference.domain import RegionLevel
from app.reference.services import business_calendar, region_names
from app.web.access import access, current_actor, current_session, tell
from app.web.fields import Text
from app.web.formats import money_yuan
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema
from app.web.shell import words

loans = Blueprint("loans_pages", __name__, url_prefix="/loans")
schedules = Blueprint("schedules_pages", __name__, url_prefix="/schedules")

BLUEPRINTS = (loans, schedules)

Answer = Response | str | tuple[str, int]

READERS = (Permission.READ_LOANS,)
FILTERS = ("q", "state", "class", "county", "kept", "sort")

STATE_TONES = {
    LoanState.SIGNED: "amber",
    LoanState.PERFORMING: "green",
    LoanState.OVERDUE: "red",
    LoanState.WRITTEN_OFF: "red",
}
CLASS_TONES = {
    LoanClass.NORMAL: "green",
    LoanClass.SPECIAL_MENTION: "amber",
    LoanClass.SUBSTANDARD: "orange",
    LoanClass.DOUBTFUL: "red",
    LoanClass.LOSS: "red",
}
INSTALMENT_TONES = {
    InstalmentState.PAID: "green",
    InstalmentState.OVERDUE: "red",
    InstalmentState.DUE: "amber",
    InstalmentState.TO_COME: "grey",
    InstalmentState.EARLY: "green",
    InstalmentState.TAKEN_BACK: "amber",
}
CLOSE_TONES = {
    CloseState.REQUESTED.value: "grey",
    CloseState.RUNNING.value: "amber",
    CloseState.FINISHED.value: "green",
}


def _shown(titles: Any) -> dict[str, str]:
    return {str(getattr(key, "value", key)): gettext(text) for key, text in titles.items()}


def days_over_year(from_on: date, until_on: date, days: int, day_count: str) -> str:
    """The days of a formula over those of their year; across a year end each year with its own."""
    if day_count != DayCount.ACT_ACT:
        return f"{_days(days)} ÷ {YEAR_BASES[DayCount(day_count)]}"
    shares = [f"{_days(part)} ÷ {length}" for part, length in days_by_year(from_on, until_on)]
    return shares[0] if len(shares) == 1 else f"({' + '.join(shares)})"


def _days(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days, days=days)


def words_of_loans() -> dict[str, Any]:
    """Titles and tones that the templates of this room look up."""
    return {
        "state_titles": _shown(STATE_TITLES),
        "class_titles": _shown(CLASS_TITLES),
        "kept_titles": _shown(KEPT_TITLES),
        "method_titles": _shown(METHOD_TITLES),
        "day_count_titles": _shown(DAY_COUNT_TITLES),
        "year_bases": _shown(YEAR_BASES),
        "days_over_year": days_over_year,
        "growth_titles": _shown(GROWTH_TITLES),
        "account_titles": _shown(ACCOUNT_TITLES),
        "entry_titles": _shown(ENTRY_TITLES),
        "security_titles": _shown(SECURITY_TITLES),
        "instalment_titles": _shown(INSTALMENT_TITLES),
        "close_titles": _shown(CLOSE_STATE_TITLES),
        "fact_titles": _shown(FACT_TITLES),
        "tenor_words": _shown(TENOR_TITLES),
        "reset_words": _shown(RESET_TITLES),
        "state_tones": STATE_TONES,
        "class_tones": CLASS_TONES,
        "instalment_tones": INSTALMENT_TONES,
        "close_tones": CLOSE_TONES,
        "words": words,
    }


@loans.get("")
@access(*READERS)
def loan_list() -> str:
    """The loans in sight, by state, class, county, keeper and words."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in FILTERS}
    wanted, sort = load_schema(LoanQuery(), {name: text for name, text in asked.items() if text})
    statement = queries.list_loans(actor, wanted, sort or queries.DEFAULT_SORT)
    page = fetch_page(session, statement, page_request())
    loan_ids = [row[0].id for row in page.items]
    return render_template(
        "loans/list.html",
        page=replace(page, items=[queries.view_of(row) for row in page.items]),
        coming=next_payments(session, loan_ids),
        signals=worst_levels(session, actor, loan_ids),
        levels=levels(),
        asked=asked,
        counties=_counties(session),
        regions=region_names(session),
        sort_links=_sort_links(asked),
        **words_of_loans(),
    )


def _counties(session: Session) -> list[tuple[str, str]]:
    names = region_names(session, RegionLevel.COUNTY)
    return [(code, words(name)) for code, name in names.items()]


def _sort_links(asked: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each sortable column the address that sorts by it, or turns its order."""
    links = {}
    kept = [(name, text) for name, text in asked.items() if text and name != "sort"]
    for name in queries.SORTS:
        turned = f"-{name}" if asked["sort"] == name else name
        direction = {name: "ascending", f"-{name}": "descending"}.get(asked["sort"], "")
        links[name] = {"href": "?" + urlencode([*kept, ("sort", turned)]), "direction": direction}
    return links


@loans.get("/<uuid:loan_id>/schedule")
@access(*READERS)
def schedule_page(loan_id: UUID) -> str:
    """Bills and what is to come."""
    session, actor = current_session(), current_actor()
    return render_template(
        "loans/schedule.html",
        loan=services.loan_view(session, actor, loan_id),
        schedule=loan_schedule(session, actor, loan_id),
        running=running_interest(session, actor, loan_id),
        **words_of_loans(),
    )


@loans.get("/<uuid:loan_id>/journal")
@access(*READERS)
def journal_page(loan_id: UUID) -> str:
    """The journal and the balances of its accounts."""
    session, actor = current_session(), current_actor()
    cursor = request.args.get("cursor", "")
    return render_template(
        "loans/journal.html",
        loan=services.loan_view(session, actor, loan_id),
        journal=queries.journal(session, actor, loan_id, cursor=cursor),
        balances=queries.trial_balance(session, actor, loan_id=loan_id),
        repayments=queries.list_repayments(session, actor, loan_id),
        may_repay=actor.may(Permission.POST_REPAYMENT),
        may_propose=actor.may(Permission.PROPOSE_ENTRY),
        **words_of_loans(),
    )


@loans.route("/<uuid:loan_id>/repayments/<uuid:entry_id>/reversal", methods=["GET", "POST"])
@access(Permission.POST_REPAYMENT)
def reverse_repayment(loan_id: UUID, entry_id: UUID) -> Answer:
    """Take back a repayment."""
    session, actor = current_session(), current_actor()
    view = services.loan_view(session, actor, loan_id)
    repayments = queries.list_repayments(session, actor, loan_id)
    taken = next((each for each in repayments if each.entry_id == entry_id), None)
    if taken is None:
        raise NotFound

    def submit(data: dict[str, Any]) -> Response:
        command = services.Reverse(entry_id=entry_id, reason=data["reason"], loan_id=loan_id)
        done = services.reverse(session, actor, command)
        tell("ok", gettext("%(number)s is booked.", number=done.number))
        return redirect(f"/loans/{loan_id}/journal", 303)  # type: ignore[return-value]

    return form_page(
        ReverseSchema(),
        title=gettext("Take back a repayment"),
        subtitle=gettext(
            "%(number)s of %(day)s: %(amount)s yuan. %(loan)s · %(borrower)s",
            number=taken.number,
            day=taken.booked_on,
            amount=money_yuan(taken.amount_fen),
            loan=view.number,
            borrower=words(view.borrower_name),
        ),
        help_text=_what_reversal_does(taken, business_day(session, view.bank_id)),
        submit=submit,
        back=f"/loans/{loan_id}/journal",
        tone="danger",
    )


def _what_reversal_does(taken: queries.RepaymentView, day: date) -> str:
    """What becomes of the entries; of a month that is closed, what stays as it is."""
    first_on = day.replace(day=1)
    if taken.value_on >= first_on:
        return gettext(
            "The same amounts are booked the other way; what followed is booked again on its day."
            " All entries stay."
        )
    return gettext(
        "Its month is closed: the same amounts are booked the other way on %(first)s. What was"
        " repaid in closed months stays as it is, what followed since %(first)s is booked again on"
        " its day. What it settled is unpaid again since its due day, so the loan may be overdue"
        " by many days at once.",
        first=first_on,
    )


class PreviewFormSchema(SchedulePreviewSchema):
    """The form of a schedule to look at: the plan as text."""

    class Meta:
        """The list of amounts is written as text here."""

        exclude = ("plan_fen",)

    plan_text = Text(
        max_length=2000,
        title=N_("Principal amounts"),
        help=N_("For the method “by a plan”: amounts in yuan, divided by commas."),
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **kwargs: object) -> Any:
        """The terms with the plan read from text."""
        text = data.pop("plan_text", "").replace("，", ",")
        try:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            plan = tuple(Money.parse(part).fen for part in parts)
        except ValueError:
            raise InvalidInput.at(
                "/plan_text",
                N_("Enter an amount in yuan with at most two decimals, such as 1200.50."),
            ) from None
        return super().make({**data, "plan_fen": plan}, **kwargs)


@schedules.route("/new", methods=["GET", "POST"])
@access()
def new_schedule() -> Answer:
    """Draw a schedule from terms; nothing is stored."""

    def submit(terms: Any) -> Response:
        return _drawn(replace(terms, calendar=business_calendar(current_session())))  # type: ignore[return-value]

    return form_page(
        PreviewFormSchema(),
        title=gettext("Repayment schedule"),
        help_text=gettext("Nothing is stored; the figures are exact to the fen."),
        submit=submit,
        submit_title=gettext("Draw the schedule"),
        choices={"every": [(step, gettext(title)) for step, title in EVERY_TITLES.items()]},
    )


def _drawn(terms: Terms) -> str:
    return render_template(
        "loans/preview.html", schedule=make_schedule(terms), terms=terms, **words_of_loans()
    )


__all__ = ["BLUEPRINTS", "words_of_loans"]
