"""What the identity API reads and writes; the forms of its pages are drawn from the same."""

import marshmallow as ma

from app.identity import domain, services
from app.identity.passwords import MAX_LENGTH
from app.kernel.text import N_
from app.web.fields import Choice, Day, Entries, Flag, Ident, Instant, OneOf, Text, Whole, Yuan
from app.web.schemas import CommandSchema, ThingSchema, ViewSchema, page_of

LOGIN_PATTERN = r"[a-z0-9][a-z0-9._-]{2,59}"


class SecretText(Text):
    """A password: taken as typed, drawn as a password field."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(max_length=MAX_LENGTH, **kwargs)  # type: ignore[arg-type]
        self.form_kind = "password"

    def from_form(self, text: str) -> str:
        """Spaces at the ends belong to a password."""
        return text

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> str:
        super()._deserialize(value, attr, data, **kwargs)
        return str(value)


class OrganisationSchema(ViewSchema):
    """An organisation."""

    id = Ident()
    code = Text(max_length=20)
    kind = Choice(domain.OrganisationKind)
    name_zh = Text(max_length=120)
    name_en = Text(max_length=160)
    uscc = Text(max_length=18)
    region_code = Text(max_length=6)
    note = Text(max_length=300)
    synthetic = Flag()
    version = Whole(low=1, high=2**31)
    created_at = Instant()


class AddOrganisationSchema(CommandSchema):
    """A new organisation."""

    command = services.AddOrganisation

    kind = Choice(
        domain.OrganisationKind,
        titles=domain.ORGANISATION_KIND_TITLES,
        required=True,
        title=N_("Kind"),
    )
    code = Text(
        max_length=20,
        pattern=r"[A-Za-z0-9][A-Za-z0-9-]{0,19}",
        pattern_help=N_("Use letters, digits and hyphens."),
        required=True,
        title=N_("Code"),
        help=N_("Short name in files and commands."),
    )
    name_zh = Text(max_length=120, required=True, title=N_("Chinese name"))
    name_en = Text(max_length=160, title=N_("English name"))
    uscc = Text(
        max_length=18,
        pattern=r"[0-9A-HJ-NPQRTUWXY]{18}",
        pattern_help=N_("Enter the 18 characters of the unified social credit code."),
        title=N_("Unified social credit code"),
    )
    region_code = Text(
        max_length=6,
        pattern=r"[0-9]{6}",
        pattern_help=N_("Enter the six digits of the region code."),
        required=True,
        title=N_("Region code"),
        help=N_("GB/T 2260, six digits."),
    )
    note = Text(max_length=300, lines=True, title=N_("Note"))


class RoleHeldSchema(ViewSchema):
    """A role of a person in an organisation."""

    organisation_id = Ident()
    role = Text(max_length=40)
    valid_from = Day()
    valid_until = Day()
    ceiling_fen = Yuan()


class AuthorityHeldSchema(ViewSchema):
    """What a person may approve, now or from a day to come; the product `*` is every product."""

    organisation_id = Ident()
    product = Text(max_length=40)
    ceiling_fen = Yuan()
    valid_from = Day()
    valid_until = Day(allow_none=True)
    basis = Text(max_length=200)


class PersonSchema(ThingSchema):
    """A person and the roles that the reader may see; `number` is the login."""

    login = Text(max_length=60)
    name_zh = Text(max_length=60)
    name_en = Text(max_length=80)
    roles = ma.fields.List(ma.fields.Nested(RoleHeldSchema))
    authorities = ma.fields.List(ma.fields.Nested(AuthorityHeldSchema))


class AddPersonSchema(CommandSchema):
    """A new person with a first role."""

    command = services.AddPerson

    login = Text(
        max_length=60,
        pattern=LOGIN_PATTERN,
        pattern_help=N_("Use 3 to 60 small letters, digits, dots, hyphens and underscores."),
        required=True,
        title=N_("Login"),
    )
    name_zh = Text(max_length=60, required=True, title=N_("Chinese name"))
    name_en = Text(max_length=80, title=N_("English name"))
    organisation_id = Ident(required=True, title=N_("Organisation"))
    role = OneOf(required=True, title=N_("Role"))
    password = SecretText(
        required=True,
        title=N_("First password"),
        help=N_("At least ten characters. The person changes it after the first sign-in."),
    )


class GrantRoleSchema(CommandSchema):
    """One more role."""

    command = services.GrantRole

    organisation_id = Ident(
        title=N_("Organisation"), help=N_("Your own organisation when left empty.")
    )
    role = OneOf(required=True, title=N_("Role"))


class GrantAuthoritySchema(CommandSchema):
    """What a person may approve."""

    command = services.GrantAuthority

    ceiling_fen = Yuan(required=True, low_fen=1, title=N_("May approve up to"))
    valid_from = Day(title=N_("From"), help=N_("Today when left empty."))
    product = Text(
        max_length=40,
        pattern=r"[a-z][a-z0-9-]*|\*",
        pattern_help=N_("Write the code of a product, such as gep-loan."),
        title=N_("Product"),
        help=N_("All products when left empty."),
    )
    basis = Text(
        max_length=200,
        required=True,
        title=N_("Letter of authority"),
        help=N_("Number and day of the decision."),
    )
    organisation_id = Ident(
        title=N_("Organisation"), help=N_("Your own organisation when left empty.")
    )


class DisablePersonSchema(CommandSchema):
    """Why access ends."""

    command = services.DisablePerson

    reason = Text(max_length=200, required=True, title=N_("Reason"))


class EnablePersonSchema(CommandSchema):
    """Why access is given back."""

    command = services.EnablePerson

    reason = Text(max_length=200, required=True, title=N_("Reason"))


class ChangePasswordSchema(CommandSchema):
    """A new password for oneself."""

    command = services.ChangePassword

    current_password = SecretText(required=True, title=N_("Current password"))
    new_password = SecretText(
        required=True,
        title=N_("New password"),
        help=N_("At least ten characters; a sentence is easy to keep in mind."),
    )


class TokenSchema(ViewSchema):
    """A token without its secret."""

    id = Ident()
    title = Text(max_length=80)
    scopes = ma.fields.List(Text(max_length=40))
    created_at = Instant()
    expires_at = Instant()
    revoked_at = Instant()


class IssuedTokenSchema(TokenSchema):
    """A token as it is shown once."""

    secret = Text(max_length=80)


class IssueTokenSchema(CommandSchema):
    """A token for a program."""

    command = services.IssueToken

    title = Text(
        max_length=80,
        required=True,
        title=N_("Name"),
        help=N_("Which program it is for."),
    )
    days = Whole(low=1, high=services.MAX_TOKEN_DAYS, title=N_("Valid for"), unit=N_("days"))
    scopes = ma.fields.List(
        Text(max_length=40),
        validate=Entries(min=1, max=60),
    )

    @ma.post_load
    def make(self, data: dict[str, object], **_kwargs: object) -> services.IssueToken:
        """Scopes as a tuple; without any the token may do what its person may."""
        scopes = data.pop("scopes", ["*"])
        return services.IssueToken(**data, scopes=tuple(scopes))  # type: ignore[arg-type]


class MeSchema(ViewSchema):
    """Who is calling, for which organisation, with which roles and permissions."""

    person_id = Ident()
    login = Text(max_length=60)
    name_zh = Text(max_length=60)
    name_en = Text(max_length=80)
    organisation = ma.fields.Nested(OrganisationSchema)
    roles = ma.fields.List(Text(max_length=40))
    permissions = ma.fields.List(Text(max_length=40))


OrganisationPageSchema = page_of(OrganisationSchema)
PersonPageSchema = page_of(PersonSchema)
TokenPageSchema = page_of(TokenSchema)
