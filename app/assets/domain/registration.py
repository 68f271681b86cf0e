"""The rules of the registry: what may be registered, and in which order it is measured and filed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.assets.domain import (
    ASSET,
    FOREST_CATEGORY_TITLES,
    AssetEvent,
    AssetKind,
    AssetState,
    ForestCategory,
    MrvAct,
)
from app.assets.domain.geometry import off_by
from app.kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, RuleViolation
from app.kernel.text import N_

ACT_EVENTS: Final = {
    MrvAct.MEASURE: AssetEvent.MEASURE,
    MrvAct.CERTIFY: AssetEvent.CERTIFY,
    MrvAct.FILE: AssetEvent.FILE,
}


class ForestNotMortgageable(RuleViolation):
    """Protection or special-use forest offered as a forest right, which would be a mortgage."""

    code = "forest-not-mortgageable"
    title = N_("This forest cannot be mortgaged")
    detail = N_(
        "Forest of the category “%(category)s” cannot be mortgaged. Register its compensation income or its "
        "carbon-sink income instead: both may be pledged."
    )


class AreaDiffers(RuleViolation):
    """The stated area is too far from what was drawn."""

    code = "area-differs"
    title = N_("The stated area does not fit the drawing")
    detail = N_(
        "The certificate states %(stated_mu)s mu, the drawing has %(drawn_mu)s mu: %(off_percent)s %% apart, "
        "at most %(limit_percent)s %% are accepted. Correct the figure or the drawing."
    )


class ParcelsMissing(RuleViolation):
    """Land without a drawing, or without an area."""

    code = "parcels-missing"
    title = N_("The parcels are missing")
    detail = N_("This kind of asset lies on land: state its area and send its parcels as GeoJSON.")


class ParcelsOverlap(RuleViolation):
    """The land belongs to another asset of the same kind, or is drawn twice."""

    code = "parcels-overlap"
    title = N_("The land is registered already")
    detail = N_(
        "Parcel %(parcel)s overlaps %(other)s by %(overlap_percent)s %%. The same land cannot carry the same "
        "kind of right twice."
    )


class ParcelTooTangled(RuleViolation):
    """Two borders cross so often that they cannot be compared in reasonable time."""

    code = "parcel-too-tangled"
    title = N_("The border cannot be compared")
    detail = N_(
        "The border of parcel %(parcel)s is too tangled to be compared. Draw it more simply."
    )


class TooManyNeighbours(RuleViolation):
    """The box of a parcel meets those of more parcels than are compared."""

    code = "too-many-neighbours"
    title = N_("The parcel spans too many others")
    detail = N_(
        "Parcel %(parcel)s spans an area with more than %(limit)s registered parcels. Divide it."
    )


class CertificateTaken(Conflict):
    """Another active asset has the same certificate of the same registry."""

    code = "certificate-taken"
    title = N_("This certificate is registered already")
    detail = N_(
        "The certificate %(certificate)s of %(registry)s belongs to another registered asset."
    )


class RightEnded(RuleViolation):
    """A right that has ended, or will before it can secure anything."""

    code = "right-ended"
    title = N_("The right has ended")
    detail = N_("The right ended on %(right_ends_on)s. An ended right cannot be registered.")


class ActsOutOfOrder(RuleViolation):
    """An act dated before the one it builds on, or in the future."""

    code = "acts-out-of-order"
    title = N_("The day does not fit")
    detail = N_("This act lies neither before %(first)s nor after %(last)s.")


class ActsBySameBody(RuleViolation):
    """Measured, certified or filed by a body that did an earlier act, or that owns the asset."""

    code = "acts-by-same-body"
    title = N_("Another body must do this")
    detail = N_(
        "Measurement, certification and filing are done by three different bodies, none of which is the owner."
    )


class QuantityNotCovered(RuleViolation):
    """More certified than measured, more filed than certified, or in another unit."""

    code = "quantity-not-covered"
    title = N_("The quantity is not covered")
    detail = N_(
        "The act before covers %(former)s %(former_unit)s; %(quantity)s %(unit)s is more or another unit."
    )


class NothingToMeasure(RuleViolation):
    """An act on a kind of asset that is not measured."""

    code = "nothing-to-measure"
    title = N_("This kind of asset is not measured")
    detail = N_("Only income rights from measured quantities are measured, certified and filed.")


class AssetInUse(Conflict):
    """Pledged assets stay until their security is released."""

    code = "asset-in-use"
    title = N_("The asset secures a loan")
    detail = N_("The asset is pledged. It can be withdrawn after the security was released.")


class EncumbranceEnded(Conflict):
    """A third party's right that ended before does not end again."""

    code = "encumbrance-ended"
    title = N_("The right has ended already")
    detail = N_("The end of this right was recorded for %(ended_on)s. There is nothing more to do.")


class LandDrawn(Conflict):
    """More land for an asset that was registered with what it has."""

    code = "land-drawn"
    title = N_("The land of a registered asset stays")
    detail = N_(
        "Parcels are drawn while the asset is a draft; this one is in the state “%(state)s”. "
        "Withdraw it and register it anew with all its land."
    )


class EncumbranceOfOthers(Forbidden):
    """Somebody else recorded the right, and no pledge here makes it the bank's concern."""

    code = "encumbrance-of-others"
    title = N_("Another organisation recorded this right")
    detail = N_(
        "Its end is recorded by the organisation that recorded the right, or by a bank to which the "
        "asset is pledged. Ask one of them, with the proof."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFacts:
    """What a registration is decided on; the shares are of one, such as 0.05."""

    kind: AssetKind
    land: bool
    forest_category: ForestCategory | None
    mortgageable: frozenset[str]
    right_ends_on: date
    area_mu: Decimal | None
    parcels: Sequence[tuple[str, Decimal, Decimal | None]]
    area_tolerance: Decimal
    today: date


def require_registrable(facts: RegistrationFacts) -> None:
    """Refuse what may not be registered; the first broken rule is named with its figures."""
    if facts.right_ends_on <= facts.today:
        raise RightEnded(right_ends_on=facts.right_ends_on)
    _require_forest(facts)
    if facts.land and (facts.area_mu is None or not facts.parcels):
        raise ParcelsMissing
    if facts.area_mu is not None and facts.parcels:
        drawn = sum((drawn for _, drawn, _ in facts.parcels), Decimal(0))
        _require_area("", drawn, facts.area_mu, facts.area_tolerance)
    for name, drawn, stated in facts.parcels:
        if stated is not None:
            _require_area(name, drawn, stated, facts.area_tolerance)


def _require_forest(facts: RegistrationFacts) -> None:
    if facts.kind is not AssetKind.FOREST_RIGHT:
        return
    if facts.forest_category is None:
        raise InvalidInput.at("/forest_category", N_("Say the category of the forest."))
    if facts.forest_category.value not in facts.mortgageable:
        category = FOREST_CATEGORY_TITLES[facts.forest_category]
        at_field = FieldError(
            pointer="/forest_category",
            detail=ForestNotMortgageable.detail,
            facts={"category": category},
        )
        raise ForestNotMortgageable(
            errors=(at_field,),
            forest_category=facts.forest_category.value,
            category=category,
            advice=[AssetKind.COMPENSATION_INCOME.value, AssetKind.CARBON_SINK_INCOME.value],
        )


def _require_area(parcel: str, drawn_mu: Decimal, stated_mu: Decimal, limit: Decimal) -> None:
    off = off_by(drawn_mu, stated_mu)
    if off > limit:
        raise AreaDiffers(
            parcel=parcel,
            stated_mu=f"{stated_mu:f}",
            drawn_mu=f"{drawn_mu:f}",
            off_percent=f"{off * 100:.2f}",
            limit_percent=f"{limit * 100:f}".rstrip("0").rstrip("."),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerAct:
    """An act that was done before."""

    act: MrvAct
    organisation_id: UUID
    on: date
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFacts:
    """What an act is decided on."""

    act: MrvAct
    state: AssetState
    needs_mrv: bool
    owner_id: UUID
    organisation_id: UUID
    on: date
    quantity: Decimal
    unit: str
    former: Sequence[FormerAct]
    right_starts_on: date
    today: date


def decide_act(facts: ActFacts) -> AssetState:
    """The state after an act; refused when out of order, by the same body, or not covered."""
    if not facts.needs_mrv:
        raise NothingToMeasure
    if facts.quantity <= 0:
        raise InvalidInput.at("/quantity", N_("Enter a quantity above zero."))
    state = ASSET.next(facts.state, ACT_EVENTS[facts.act])
    if facts.organisation_id in {facts.owner_id, *(act.organisation_id for act in facts.former)}:
        raise ActsBySameBody
    first = max([facts.right_starts_on, *(act.on for act in facts.former)])
    if not first <= facts.on <= facts.today:
        raise ActsOutOfOrder(first=first, last=facts.today)
    if facts.former:
        _require_covered(facts, facts.former[-1])
    return state


def _require_covered(facts: ActFacts, former: FormerAct) -> None:
    if facts.unit != former.unit or facts.quantity > former.quantity:
        raise QuantityNotCovered(
            former=f"{former.quantity:f}",
            former_unit=former.unit,
            quantity=f"{facts.quantity:f}",
            unit=facts.unit,
        )
