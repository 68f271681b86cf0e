"""The rooms that answer requests, in the order of their layers, and the sidebar."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint
from sqlmodel import Session

from app.appraisal import api as appraisal_api
from app.appraisal import gep_api
from app.appraisal import pages as appraisal_pages
from app.assets import api as assets_api
from app.assets import pages as assets_pages
from app.audit import api as audit_api
from app.collateral import api as collateral_api
from app.collateral import pages as collateral_pages
from app.db.engine import demonstration_day
from app.desk import api as desk_api
from app.desk import document_api as loan_document_api
from app.desk import document_pages as loan_document_pages
from app.desk import journal_pages as audit_pages
from app.desk import pages as desk_pages
from app.documents import api as documents_api
from app.documents import pages as documents_pages
from app.identity import api as identity_api
from app.identity import pages as identity_pages
from app.jobs import api as jobs_api
from app.jobs import pages as jobs_pages
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans import api as loans_api
from app.loans import pages as loans_pages
from app.loans.classes import api as class_api
from app.loans.classes import pages as class_pages
from app.loans.classes import provision_api, provision_pages
from app.loans.closing import api as close_api
from app.loans.closing import pages as close_pages
from app.loans.due import api as due_api
from app.loans.due import pages as due_pages
from app.loans.inspection import api as inspection_api
from app.loans.inspection import pages as inspection_pages
from app.loans.ledger import api as ledger_api
from app.loans.ledger import pages as ledger_pages
from app.loans.notices import api as loan_notices_api
from app.loans.notices import pages as loan_notices_pages
from app.loans.rates import api as rates_api
from app.loans.rates import pages as rates_pages
from app.loans.repayments import api as repayment_api
from app.loans.repayments import pages as repayment_pages
from app.loans.services import find_business_day
from app.market import api as market_api
from app.market import pages as market_pages
from app.notices import pages as notices_pages
from app.origination import api as origination_api
from app.origination import change_api, change_pages, write_off_api, write_off_pages
from app.origination import pages as origination_pages
from app.oversight import api as oversight_api
from app.oversight import pages as oversight_pages
from app.reference import api as reference_api
from app.reference import pages as reference_pages
from app.web.openapi import ApiBlueprint
from app.web.shell import NavItem

API_BLUEPRINTS: Sequence[ApiBlueprint] = (
    *appraisal_api.BLUEPRINTS,
    gep_api.blueprint,
    *documents_api.BLUEPRINTS,
    *reference_api.BLUEPRINTS,
    *loans_api.BLUEPRINTS,
    *ledger_api.BLUEPRINTS,
    *repayment_api.BLUEPRINTS,
    *inspection_api.BLUEPRINTS,
    *class_api.BLUEPRINTS,
    provision_api.blueprint,
    due_api.blueprint,
    close_api.blueprint,
    rates_api.blueprint,
    *loan_notices_api.BLUEPRINTS,
    *origination_api.BLUEPRINTS,
    *change_api.BLUEPRINTS,
    *write_off_api.BLUEPRINTS,
    market_api.blueprint,
    assets_api.blueprint,
    *identity_api.BLUEPRINTS,
    audit_api.blueprint,
    *collateral_api.BLUEPRINTS,
    *oversight_api.BLUEPRINTS,
    desk_api.repayments,
    loan_document_api.blueprint,
    jobs_api.blueprint,
)

PAGE_BLUEPRINTS: Sequence[Blueprint] = (
    *appraisal_pages.BLUEPRINTS,
    notices_pages.blueprint,
    documents_pages.blueprint,
    *reference_pages.BLUEPRINTS,
    *loans_pages.BLUEPRINTS,
    *ledger_pages.BLUEPRINTS,
    *repayment_pages.BLUEPRINTS,
    *inspection_pages.BLUEPRINTS,
    *class_pages.BLUEPRINTS,
    provision_pages.blueprint,
    due_pages.blueprint,
    close_pages.blueprint,
    rates_pages.blueprint,
    *loan_notices_pages.BLUEPRINTS,
    *origination_pages.BLUEPRINTS,
    *change_pages.BLUEPRINTS,
    *write_off_pages.BLUEPRINTS,
    market_pages.blueprint,
    assets_pages.blueprint,
    *identity_pages.BLUEPRINTS,
    audit_pages.blueprint,
    *collateral_pages.BLUEPRINTS,
    oversight_pages.blueprint,
    desk_pages.blueprint,
    loan_document_pages.blueprint,
    jobs_pages.blueprint,
)

NAVIGATION: Sequence[NavItem] = (
    NavItem(
        endpoint="desk_pages.enterprise",
        title=N_("Overview"),
        icon="layout-dashboard",
        permissions=(Permission.REGISTER_ASSET,),
    ),
    NavItem(
        endpoint="desk_pages.waiting",
        title=N_("My tasks"),
        icon="checklist",
        permissions=desk_pages.WORKERS,
        count=desk_pages.waiting_count,
    ),
    NavItem(
        endpoint="oversight_pages.balances",
        title=N_("Oversight"),
        icon="chart-bar",
        permissions=(Permission.READ_BALANCES,),
    ),
    NavItem(
        endpoint="assets_pages.asset_list",
        title=N_("Assets"),
        icon="leaf",
        permissions=(Permission.READ_ASSETS,),
        prefix="/assets",
    ),
    NavItem(
        endpoint="appraisal_pages.appraisal_list",
        title=N_("Appraisals"),
        icon="scale",
        permissions=(Permission.READ_APPRAISALS,),
        prefix="/appraisals",
    ),
    NavItem(
        endpoint="gep_account_pages.account_list",
        title=N_("GEP accounts"),
        icon="chart-line",
        permissions=(Permission.READ_GEP_ACCOUNTS,),
        prefix="/gep-accounts",
    ),
    NavItem(
        endpoint="application_pages.application_list",
        title=N_("Applications"),
        icon="file-text",
        permissions=(Permission.READ_APPLICATIONS,),
        prefix="/loan-applications",
    ),
    NavItem(
        endpoint="drawdown_pages.drawdown_list",
        title=N_("Drawdowns"),
        icon="cash",
        permissions=(
            Permission.REQUEST_DRAWDOWN,
            Permission.CHECK_DRAWDOWN,
            Permission.POST_DRAWDOWN,
        ),
        prefix="/drawdowns",
    ),
    NavItem(
        endpoint="loans_pages.loan_list",
        title=N_("Loans"),
        icon="coin",
        permissions=(Permission.READ_LOANS,),
        prefix="/loans",
    ),
    NavItem(
        endpoint="due_pages.due_list",
        title=N_("Due dates"),
        icon="calendar-due",
        permissions=(Permission.READ_LOANS,),
        prefix="/due-dates",
    ),
    NavItem(
        endpoint="inspection_pages.inspection_list",
        title=N_("Post-loan checks"),
        icon="eye",
        permissions=(Permission.READ_INSPECTIONS,),
        prefix="/inspections",
    ),
    NavItem(
        endpoint="signal_pages.signal_list",
        title=N_("Warning signals"),
        icon="flag",
        permissions=(Permission.READ_INSPECTIONS,),
        prefix="/warning-signals",
    ),
    NavItem(
        endpoint="repayment_batch_pages.batch_list",
        title=N_("Files of repayments"),
        icon="upload",
        permissions=(Permission.POST_REPAYMENT,),
        prefix="/repayment-batches",
    ),
    NavItem(
        endpoint="provision_pages.provision_page",
        title=N_("Provisions"),
        icon="chart-bar",
        permissions=(Permission.READ_PROVISIONS,),
        prefix="/provisions",
    ),
    NavItem(
        endpoint="pledge_pages.pledge_list",
        title=N_("Pledges and mortgages"),
        icon="shield-check",
        permissions=(Permission.READ_COLLATERAL,),
        prefix="/pledges",
    ),
    NavItem(
        endpoint="margin_call_pages.margin_call_list",
        title=N_("Top-up cases"),
        icon="alert-triangle",
        permissions=(Permission.READ_COLLATERAL,),
        prefix="/margin-calls",
    ),
    NavItem(
        endpoint="stress_pages.stress",
        title=N_("Portfolio stress"),
        icon="activity",
        permissions=(Permission.RUN_STRESS,),
        prefix="/collateral/risk",
    ),
    NavItem(
        endpoint="revaluation_pages.run_list",
        title=N_("Revaluations"),
        icon="refresh",
        permissions=(Permission.RUN_REVALUATION,),
        prefix="/revaluations",
    ),
    NavItem(
        endpoint="day_closes_pages.close_list",
        title=N_("Day closes"),
        icon="lock",
        permissions=(Permission.CLOSE_DAY,),
        prefix="/day-closes",
    ),
    NavItem(
        endpoint="ledger_pages.trial_balance",
        title=N_("Ledger"),
        icon="scale",
        permissions=(Permission.READ_LEDGER,),
        prefix="/ledger",
    ),
    NavItem(
        endpoint="market_pages.series_list",
        title=N_("Prices"),
        icon="chart-line",
        permissions=(Permission.READ_PRICES,),
        prefix="/market",
    ),
    NavItem(
        endpoint="identity_pages.people",
        title=N_("People"),
        icon="users",
        permissions=(Permission.MANAGE_PEOPLE,),
    ),
    NavItem(
        endpoint="identity_pages.organisations",
        title=N_("Organisations"),
        icon="building",
        permissions=(Permission.MANAGE_ORGANISATIONS,),
    ),
    NavItem(
        endpoint="audit_pages.events",
        title=N_("Audit journal"),
        icon="history",
        permissions=(Permission.READ_AUDIT,),
    ),
    NavItem(
        endpoint="jobs_pages.jobs",
        title=N_("Jobs"),
        icon="clock",
        permissions=(Permission.READ_JOBS,),
    ),
    NavItem(
        endpoint="reference_pages.catalogue",
        title=N_("Reference"),
        icon="book",
        permissions=(Permission.READ_REFERENCE,),
        prefix="/reference",
    ),
)


def business_day_of(session: Session, actor: Actor) -> date | None:
    """The open business day of the actor's bank; for others the day of a demonstration, for the banner."""
    return find_business_day(session, actor.organisation_id) or demonstration_day(session)
