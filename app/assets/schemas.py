"""What callers send and receive about assets."""

from typing import Any

import marshmallow as ma

from app.assets import services
from app.assets.domain import (
    ENCUMBRANCE_TITLES,
    FOREST_CATEGORY_TITLES,
    AssetKind,
    AssetState,
    EncumbranceKind,
    ForestCategory,
    MrvAct,
)
from app.assets.queries import AssetFilter
from app.documents.services import UploadFile
from app.kernel.text import N_
from app.web.fields import (
    Choice,
    Day,
    Entries,
    Flag,
    Ident,
    Instant,
    Number,
    OneOf,
    Structure,
    Text,
    Whole,
    Yuan,
)
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ThingSchema, ViewSchema
from app.web.uploads import File, UploadSchema

AREA_PLACES = 4
QUANTITY_PLACES = 4
MAX_SEND_TO = 10
"""Three centres act; a few more may be asked when one is closed."""


class RegisterAssetSchema(CommandSchema):
    """A right with its certificate and its land."""

    command = services.RegisterAsset

    kind = Choice(AssetKind, required=True, title=N_("Kind of asset"))
    title = Text(
        required=True,
        max_length=120,
        title=N_("Title"),
        help=N_("How the right is called in contracts, such as: economic forest (seabuckthorn)."),
    )
    title_en = Text(max_length=160, title=N_("Title in English"))
    region_code = OneOf(required=True, max_length=6, title=N_("County"))
    certificate_registry = Text(
        required=True,
        max_length=60,
        title=N_("Issued by"),
        help=N_("The registry or authority that issued the certificate."),
    )
    certificate_number = Text(required=True, max_length=80, title=N_("Number of the certificate"))
    right_starts_on = Day(required=True, title=N_("Right starts on"))
    right_ends_on = Day(required=True, title=N_("Right ends on"))
    forest_category = Choice(
        ForestCategory,
        titles=FOREST_CATEGORY_TITLES,
        title=N_("Category of forest"),
        help=N_("Needed for forest rights. Protection and special-use forest cannot be mortgaged."),
    )
    area_mu = Number(
        places=AREA_PLACES,
        low=0,
        high=10**9,
        title=N_("Area by the certificate"),
        unit=N_("mu"),
        help=N_("Needed where the right lies on land; at most 5 % apart from the drawing."),
    )
    quantity = Number(places=QUANTITY_PLACES, low=0, high=10**12, title=N_("Quantity"))
    quantity_unit = Text(
        max_length=30, title=N_("Unit of the quantity"), help=N_("Such as tCO2e/year or m3/year.")
    )
    model_id = Text(max_length=60, title=N_("Appraisal model"))
    note = Text(max_length=500, lines=True, title=N_("Note"))
    parcels = Structure(
        title=N_("Parcels as GeoJSON"),
        help=N_("A FeatureCollection, Polygon or MultiPolygon in WGS 84, at most 200 parcels."),
    )
    send_to = ma.fields.List(Ident(), validate=Entries(max=MAX_SEND_TO))
    as_draft = Flag(title=N_("Keep as a draft"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.RegisterAsset:
        """The frozen command."""
        return services.RegisterAsset(**{**data, "send_to": tuple(data.get("send_to", ()))})


class AssetParcelsSchema(CommandSchema):
    """More parcels of a draft."""

    parcels = Structure(required=True, title=N_("Parcels as GeoJSON"))


class AssetSendSchema(CommandSchema):
    """The centre that may see an asset to measure, certify or file it."""

    organisation_id = Ident(required=True, title=N_("Centre"))


class AssetActSchema(CommandSchema):
    """What a body measured, certified or filed."""

    command = services.RecordAct

    number = Text(required=True, max_length=80, title=N_("Number of the report or entry"))
    on = Day(required=True, title=N_("Day"))
    quantity = Number(
        required=True,
        places=QUANTITY_PLACES,
        low=0,
        high=10**12,
        title=N_("Quantity"),
        help=N_("Above zero."),
    )
    unit = Text(
        required=True,
        max_length=30,
        title=N_("Unit of the quantity"),
        help=N_("Such as tCO2e/year or m3/year."),
    )
    document_id = Ident(title=N_("Evidence file"))


class AssetWithdrawSchema(CommandSchema):
    """Why an asset leaves the registry."""

    command = services.WithdrawAsset

    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class AddAssetEvidenceSchema(UploadSchema):
    """A file with what it proves."""

    title = Text(required=True, max_length=120, title=N_("What it proves"))
    file = File(
        required=True,
        title=N_("File"),
        help=N_(
            "PDF up to 20 MiB, PNG or JPEG up to 12 MiB, XLSX or CSV up to 10 MiB, GeoJSON up to 5 MiB."
        ),
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.AddEvidence:
        """The frozen command."""
        sent = data["file"]
        file = UploadFile(name=sent.name, content=sent.content)
        return services.AddEvidence(title=data["title"], file=file)


class AddAssetEncumbranceSchema(CommandSchema):
    """A third party's right."""

    command = services.AddEncumbrance

    kind = Choice(
        EncumbranceKind, required=True, titles=ENCUMBRANCE_TITLES, title=N_("Kind of right")
    )
    holder = Text(required=True, max_length=120, title=N_("Holder"))
    since_on = Day(required=True, title=N_("Since"))
    secured_fen = Yuan(title=N_("Amount secured"))
    note = Text(max_length=300, lines=True, title=N_("Note"))


class EndAssetEncumbranceSchema(CommandSchema):
    """When a third party's right ended."""

    command = services.EndEncumbrance

    ended_on = Day(required=True, title=N_("Ended on"))


class AssetQuery(ListQuery):
    """Filters of the list of assets."""

    kind = Choice(AssetKind)
    county = Text(max_length=6, pattern=r"[0-9]{2,6}")
    state = Choice(AssetState)
    q = Text(max_length=60)
    number = Text(max_length=40)

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> AssetFilter:
        """The filter; which page is read elsewhere."""
        names = AssetFilter.__dataclass_fields__
        return AssetFilter(**{name: data[name] for name in names if name in data})


class AssetParcelSchema(ViewSchema):
    """A drawn parcel."""

    id = Ident()
    seq = Whole(low=1, high=200)
    name = Text(max_length=60)
    geometry = Structure()
    area_mu = Number(places=AREA_PLACES)
    stated_area_mu = Number(places=AREA_PLACES, allow_none=True)


class AssetMeasurementSchema(ViewSchema):
    """An act of the measurement chain."""

    id = Ident()
    act = Choice(MrvAct)
    organisation_id = Ident()
    organisation = ma.fields.Nested(BilingualSchema)
    number = Text(max_length=80)
    on = Day()
    quantity = Number(places=QUANTITY_PLACES)
    unit = Text(max_length=30)
    document_id = Ident(allow_none=True)
    recorded_at = Instant()


class AssetEvidenceSchema(ViewSchema):
    """A file of an asset."""

    document_id = Ident()
    title = Text(max_length=120)
    name = Text(max_length=160)
    media_type = Text(max_length=100)
    size_bytes = Whole(low=1, high=2**31)
    sha256 = Text(max_length=64)
    added_at = Instant()


class AssetEncumbranceSchema(ViewSchema):
    """A third party's right."""

    id = Ident()
    kind = Choice(EncumbranceKind)
    holder = Text(max_length=120)
    secured_fen = Yuan(allow_none=True)
    since_on = Day()
    ended_on = Day(allow_none=True)
    note = Text(max_length=300)
    may_end = Flag()


class AssetSummarySchema(ThingSchema):
    """An asset as lists show it."""

    kind = Choice(AssetKind)
    title = Text(max_length=120)
    title_en = Text(max_length=160)
    owner_id = Ident()
    owner = ma.fields.Nested(BilingualSchema)
    region_code = Text(max_length=6)
    region = ma.fields.Nested(BilingualSchema)
    area_mu = Number(places=AREA_PLACES, allow_none=True)
    quantity = Number(places=QUANTITY_PLACES, allow_none=True)
    quantity_unit = Text(max_length=30)
    right_ends_on = Day()
    registered_on = Day(allow_none=True)
    ready_for_pledge = Flag()
    encumbered = Flag()
    synthetic = Flag()


class AssetSchema(AssetSummarySchema):
    """An asset with all that hangs on it."""

    certificate_registry = Text(max_length=60)
    certificate_number = Text(max_length=80)
    right_starts_on = Day()
    forest_category = Choice(ForestCategory, allow_none=True)
    model_id = Text(max_length=60, allow_none=True)
    note = Text(max_length=500)
    security = Text(max_length=20)
    ecological = Flag()
    needs_mrv = Flag()
    drawn_area_mu = Number(places=AREA_PLACES, allow_none=True)
    parcels = ma.fields.List(ma.fields.Nested(AssetParcelSchema))
    measurements = ma.fields.List(ma.fields.Nested(AssetMeasurementSchema))
    evidence = ma.fields.List(ma.fields.Nested(AssetEvidenceSchema))
    encumbrances = ma.fields.List(ma.fields.Nested(AssetEncumbranceSchema))


def items_of(item: type[ViewSchema]) -> type[ViewSchema]:
    """The schema of a short list that is never paged."""
    name = item.__name__.removesuffix("Schema") + "ListSchema"
    return type(name, (ViewSchema,), {"items": ma.fields.List(ma.fields.Nested(item))})
