"""Sign-in and sign-out, the own profile, people and organisations."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext

from app.identity import domain, queries, services, signing_in
from app.identity.calling import COOKIE
from app.identity.events import EVENTS
from app.identity.schemas import (
    AddOrganisationSchema,
    AddPersonSchema,
    ChangePasswordSchema,
    GrantAuthoritySchema,
    GrantRoleSchema,
    IssueTokenSchema,
)
from app.kernel.errors import Refusal
from app.kernel.permissions import Permission
from app.web.access import access, current_actor, current_session, public, tell
from app.web.dispatch import database
from app.web.forms import Choices, form_page
from app.web.paging import PageRequest, page_request
from app.web.problems import problem_of, status_of
from app.web.schemas import CommandSchema
from app.web.shell import local_target, words

blueprint = Blueprint("identity_pages", __name__)

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


# --- Sign-in ---


@blueprint.get("/sign-in")
@public
def sign_in_form() -> Answer:
    """The sign-in page."""
    if g.actor is not None:
        return go_to(local_target(request.args.get("next"), "/"))
    return _sign_in_page(onward=request.args.get("next", ""))


@blueprint.post("/sign-in")
@public
def sign_in() -> Answer:
    """Check login and password; a person of several organisations then chooses one."""
    login, address = request.form.get("login", "").strip().lower()[:60], request.remote_addr or "-"
    password, onward = request.form.get("password", ""), request.form.get("next", "")
    try:
        person, desks = signing_in.authenticate(
            database(), login=login, password=password, address=address
        )
    except Refusal as refusal:
        return _sign_in_page(login=login, onward=onward, refusal=refusal)
    chosen = signing_in.chosen_desk(desks, request.form.get("organisation", ""))
    if chosen is None:
        return _sign_in_page(login=login, onward=onward, desks=desks)
    secret = signing_in.enter(current_session(), person.id, chosen.id, login=login, address=address)
    return _with_cookie(local_target(onward, "/"), secret)


@blueprint.post("/sign-out")
@access()
def sign_out() -> Answer:
    """End the session; its cookie is dead at once."""
    signing_in.leave(current_session(), current_actor(), request.cookies.get(COOKIE, ""))
    response = go_to(url_for("identity_pages.sign_in_form"))
    response.delete_cookie(COOKIE)
    return response


def _sign_in_page(
    *,
    login: str = "",
    onward: str = "",
    desks: list[queries.OrganisationView] | None = None,
    refusal: Refusal | None = None,
) -> Answer:
    choices = [(str(desk.id), words(desk.name)) for desk in desks or []]
    page = render_template(
        "identity/sign_in.html",
        problem=problem_of(refusal) if refusal else None,
        login=login,
        desks=choices,
        next=onward,
    )
    wait = refusal.facts.get("retry_after") if refusal else None
    headers = {"Retry-After": str(wait)} if wait is not None else {}
    return page, status_of(refusal) if refusal else 200, headers


def _with_cookie(target: str, secret: str) -> Response:
    response = go_to(target)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(COOKIE, secret, httponly=True, samesite="Lax", secure=secure)
    return response


def go_to(target: str) -> Response:
    """See other: a read follows the write."""
    return make_response(redirect(target, 303))


# --- The own profile ---


@blueprint.get("/profile")
@access()
def profile() -> Answer:
    """Who I am, for whom I act, and my tokens."""
    session, actor = current_session(), current_actor()
    return render_template(
        "identity/profile.html",
        me=queries.profile_of(session, actor),
        role_title=words(actor.role_title),
        organisation_name=words(actor.organisation_name),
        tokens=queries.list_own_tokens(session, actor, page_request()),
        now=database().clock.now(),
        may_hold_tokens=actor.may(Permission.MANAGE_OWN_TOKENS),
    )


@blueprint.route("/profile/password", methods=["GET", "POST"])
@access(secret=True)
def change_password() -> Any:
    """A new password for oneself; other browsers are signed out."""

    def submit(command: services.ChangePassword) -> Response:
        secret = services.change_password(current_session(), current_actor(), command)
        tell("ok", gettext("Your password was changed. Other browsers were signed out."))
        return _with_cookie(url_for("identity_pages.profile"), secret)

    return form_page(
        ChangePasswordSchema(),
        title=gettext("Change password"),
        back=url_for("identity_pages.profile"),
        submit=submit,
    )


@blueprint.route("/profile/tokens/new", methods=["GET", "POST"])
@access(Permission.MANAGE_OWN_TOKENS, secret=True)
def issue_token() -> Any:
    """A token for a program; the secret is shown on the page that follows and never again."""

    def submit(command: services.IssueToken) -> Response:
        row, secret = services.issue_token(current_session(), current_actor(), command)
        page = render_template(
            "identity/token_issued.html", token=queries.token_view(row), secret=secret
        )
        return make_response(page, 201)

    return form_page(
        IssueTokenSchema(),
        title=gettext("Issue a token"),
        help_text=gettext(
            "A program that carries the token may do what you may, until it expires."
        ),
        values={"days": "90"},
        back=url_for("identity_pages.profile"),
        submit=submit,
    )


@blueprint.post("/profile/tokens/<uuid:token_id>/revoke")
@access(Permission.MANAGE_OWN_TOKENS)
def revoke_token(token_id: UUID) -> Answer:
    """Revoke one of the own tokens."""
    services.revoke_token(current_session(), current_actor(), token_id)
    tell("ok", gettext("The token was revoked."))
    return go_to(url_for("identity_pages.profile"))


# --- People ---


@blueprint.get("/people")
@access(Permission.MANAGE_PEOPLE)
def people() -> Answer:
    """The people whom the actor administers."""
    search = request.args.get("search", "").strip()[:60]
    page = queries.list_people(current_session(), current_actor(), page_request(), search=search)
    return render_template(
        "identity/people.html",
        page=page,
        search=search,
        state_titles=domain.PERSON_STATE_TITLES,
        words=words,
    )


@blueprint.route("/people/new", methods=["GET", "POST"])
@access(Permission.MANAGE_PEOPLE, secret=True)
def add_person() -> Any:
    """A new person with a first role."""

    def submit(command: services.AddPerson) -> Response:
        row = services.add_person(current_session(), current_actor(), command)
        tell("ok", gettext("%(login)s was added.", login=row.login))
        return go_to(url_for("identity_pages.person", person_id=row.id))

    return form_page(
        AddPersonSchema(),
        title=gettext("Add a person"),
        back=url_for("identity_pages.people"),
        choices={"organisation_id": _organisation_choices(), "role": _role_choices()},
        submit=submit,
    )


@blueprint.get("/people/<uuid:person_id>")
@access(Permission.MANAGE_PEOPLE)
def person(person_id: UUID) -> Answer:
    """One person, the roles held and what may be done."""
    view = queries.get_person(current_session(), current_actor(), person_id)
    return render_template(
        "identity/person.html",
        person=view,
        state_titles=domain.PERSON_STATE_TITLES,
        buttons=EVENTS.buttons(view),
        words=words,
    )


@blueprint.route("/people/<uuid:person_id>/roles/new", methods=["GET", "POST"])
@access(Permission.MANAGE_PEOPLE)
def grant_role(person_id: UUID) -> Any:
    """One more role for a person."""
    return _given_to(
        person_id,
        GrantRoleSchema(),
        services.grant_role,
        title=gettext("Give a role"),
        told=gettext("The role was given."),
        choices={"role": _role_choices()},
    )


@blueprint.route("/people/<uuid:person_id>/authority-limits/new", methods=["GET", "POST"])
@access(Permission.MANAGE_PEOPLE)
def grant_authority(person_id: UUID) -> Any:
    """What a person may approve from a day on."""
    return _given_to(
        person_id,
        GrantAuthoritySchema(),
        services.grant_authority,
        title=gettext("Grant an authority to approve"),
        told=gettext("The authority was granted."),
    )


def _given_to(
    person_id: UUID,
    schema: CommandSchema,
    give: Callable[..., Any],
    *,
    title: str,
    told: str,
    choices: Choices | None = None,
) -> Any:
    """The form of something that a person is given in an organisation."""
    session, actor = current_session(), current_actor()
    view = queries.get_person(session, actor, person_id)
    back = url_for("identity_pages.person", person_id=person_id)

    def submit(command: Any) -> Response:
        give(session, actor, command, person_id=person_id)
        tell("ok", told)
        return go_to(back)

    return form_page(
        schema,
        title=title,
        subtitle=words(view.name),
        back=back,
        choices={"organisation_id": _organisation_choices(), **(choices or {})},
        submit=submit,
    )


people_blueprint = Blueprint("people_pages", __name__, url_prefix="/people")
EVENTS.register_pages(people_blueprint)
BLUEPRINTS = (blueprint, people_blueprint)


def _organisation_choices() -> list[tuple[str, str]]:
    everything = PageRequest(size=domain.MAX_CHOICES)
    page = queries.list_organisations(current_session(), current_actor(), everything)
    return [(str(each.id), f"{each.code} {words(each.name)}") for each in page.items]


def _role_choices() -> list[tuple[str, str]]:
    """The roles of the kinds of organisation that the actor administers."""
    actor = current_actor()
    everywhere = queries.sees_everyone(actor, "people")
    return [
        (role.id, words(role.title))
        for role in domain.roles().values()
        if everywhere or actor.organisation_kind in role.kinds
    ]


# --- Organisations ---


@blueprint.get("/organisations")
@access(Permission.MANAGE_ORGANISATIONS)
def organisations() -> Answer:
    """All organisations."""
    kind = request.args.get("kind", "")
    titles = domain.ORGANISATION_KIND_TITLES
    known = [(each.value, gettext(titles[each])) for each in domain.OrganisationKind]
    page = queries.list_organisations(
        current_session(),
        current_actor(),
        page_request(),
        kind=kind if kind in dict(known) else "",
    )
    return render_template(
        "identity/organisations.html",
        page=page,
        kind=kind,
        kinds=known,
        kind_titles=dict(known),
        words=words,
    )


@blueprint.route("/organisations/new", methods=["GET", "POST"])
@access(Permission.MANAGE_ORGANISATIONS)
def add_organisation() -> Any:
    """A new organisation."""

    def submit(command: services.AddOrganisation) -> Response:
        row = services.add_organisation(current_session(), current_actor(), command)
        tell("ok", gettext("%(code)s was added.", code=row.code))
        return go_to(url_for("identity_pages.organisations"))

    return form_page(
        AddOrganisationSchema(),
        title=gettext("Add an organisation"),
        back=url_for("identity_pages.organisations"),
        submit=submit,
    )
