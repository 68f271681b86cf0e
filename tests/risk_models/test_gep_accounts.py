"""GEP accounts: totals that agree, differences that are named, years at constant prices."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from risk_models.accounts import InvalidAccount, account, compare, document_from
from risk_models.models import gep

ON = date(2023, 12, 26)
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = json.loads((ROOT / "docs" / "examples" / "gep-account.json").read_text("utf-8"))
VECTORS = yaml.safe_load((ROOT / "tests" / "vectors" / "valuation_gep.yaml").read_text("utf-8"))
SHARED = {"norm_profile": "garze-2010", "price_table": "garze-2010", "area_unit": "ha"}


def _row(region, ecosystem="meadow", year=2010, parent="city", **inputs):
    return {
        "region": region,
        "parent": parent,
        "ecosystem": ecosystem,
        "year": year,
        "inputs": {"area": 1_000.0, **inputs},
    }


def _stated(region, year=2021, parent="city", **yuan):
    return {"region": region, "parent": parent, "year": year, "stated_yuan": yuan}


def _document(*rows, **shared):
    return document_from({**SHARED, **shared, "rows": list(rows)})


def _account(*rows, **shared):
    return account(_document(*rows, **shared), ON)


def test_totals_by_service_ecosystem_and_region_are_one():
    found = account(document_from(EXAMPLE), ON)
    assert found.year == 2023
    assert sum(found.by_service.values()) == found.total_fen
    assert sum(found.by_ecosystem.values()) == found.total_fen
    assert found.by_region["620700"] == found.total_fen
    assert found.by_region["620721"] + found.by_region["620725"] == found.total_fen
    by_cell = sum(sum(line.values()) for line in found.matrix.values())
    assert by_cell == found.total_fen


def test_published_account_stands_by_service_and_by_ecosystem():
    """The prefecture's own figures by service, its parts by ecosystem: nothing is left open."""
    case = next(case for case in VECTORS["totals"] if case["id"] == "V14-total")
    names = ["water_retention", "soil_retention", "sand_fixation", "flood_mitigation"]
    names += ["air_purification", "water_purification", "carbon_fixation", "climate_regulation"]
    names += ["pest_control", "provisioning", "cultural"]
    by_service = dict(zip(names, [f"{each}e8" for each in case["by_service"]], strict=True))
    parts = [
        _stated(f"part-{place}", undivided=f"{each}e8")
        for place, each in enumerate(case["by_ecosystem"])
    ]
    found = _account(_stated("city", parent="", **by_service), *parts)
    assert found.total_fen == round(case["total"] * 1e10)
    assert found.adds_up


def test_a_figure_that_does_not_add_up_is_named_and_left():
    found = _account(
        _stated("city", parent="", provisioning=100.0, cultural=7.0),
        _stated("one", provisioning=60.0, cultural=7.0),
        _stated("two", provisioning=39.0),
    )
    assert found.total_fen == 10_600
    difference = found.differences[0]
    assert (difference.region, difference.service, difference.fen) == ("city", "provisioning", 100)
    assert len(found.differences) == 1
    assert not found.adds_up


def test_areas_that_do_not_add_up_are_named():
    rows = [_row("one", visits=1.0), _row("city", "undivided", parent="", visits=1.0)]
    assert _account(*rows).adds_up
    rows[1]["inputs"]["area"] = 1_100.0
    found = _account(*rows)
    assert [(each.own_ha, each.sum_ha) for each in found.boundaries] == [(1_100.0, 1_000.0)]


def test_a_refused_row_is_left_out_and_told_by_field():
    found = _account(_row("one", visits=10.0), _row("two", visits=-1.0), _row("three", visit=2.0))
    assert {(each.row, each.field, each.code) for each in found.refused} == {
        (2, "visits", "below-minimum"),
        (3, "visit", "unknown-field"),
    }
    assert found.total_fen == 1_970_190


def test_quantities_are_added_in_their_unit():
    found = _account(_row("one", visits=10.0), _row("two", visits=5.0))
    assert found.quantities["visits"] == (15.0, "visit")


def test_effects_of_quantity_and_price_make_up_the_change():
    document = document_from(EXAMPLE)
    found = compare(document, document, ON, base_year=2021)
    for change in (found.whole, *found.by_service, *found.by_ecosystem, *found.by_region):
        assert change.quantity_fen + change.price_fen == change.after_fen - change.before_fen
    for parts in (found.by_service, found.by_ecosystem):
        assert sum(change.quantity_fen for change in parts) == found.whole.quantity_fen
    assert found.whole.growth < 0


def test_prices_alone_change_nothing_at_constant_prices():
    early = _row("one", year=2021, price_factor=1.3, visits=10.0)
    late = _row("one", year=2023, price_factor=1.4, visits=10.0)
    document = _document(early, late)
    whole = compare(document, document, ON, base_year=2021).whole
    assert whole.quantity_fen == 0
    assert whole.price_fen == whole.after_fen - whole.before_fen > 0
    assert whole.growth == 0.0


def test_a_factor_that_the_base_does_not_have_is_left_out_of_constant_prices():
    document = _document(
        _row("one", year=2021, visits=10.0), _row("one", year=2023, price_factor=1.4, visits=10.0)
    )
    assert compare(document, document, ON, base_year=2021).whole.quantity_fen == 0


CARBON = {"gep.carbon": {"yuan": "63.5", "unit": "yuan/tCO2", "source": "market, mean of 2023"}}
LENT = {"norm_profile": "exchange-value", "storage_yearly_share": 0.04}


def _sink(year, **inputs):
    given = {"carbon_fixed_tco2": 1_000.0, "storage_upkeep_yuan_per_m3": 0.1, **LENT, **inputs}
    return _row("one", year=year, parent="", **given)


def test_a_market_price_given_with_its_source_counts():
    found = _account(_sink(2023), prices=CARBON)
    assert not found.refused
    assert found.total_fen == 6_350_000


def test_a_market_price_that_is_missing_is_named():
    refused = _account(_sink(2023)).refused
    title = next(use.title for use in gep.MODEL.spec.prices if use.id == "gep.carbon")
    assert title.en in refused[0].detail.en
    assert title.zh in refused[0].detail.zh


def test_a_given_price_is_a_price_effect():
    base = _document(_sink(2021), prices={"gep.carbon": {**CARBON["gep.carbon"], "yuan": 40}})
    whole = compare(_document(_sink(2023), prices=CARBON), base, ON).whole
    assert (whole.quantity_fen, whole.price_fen) == (0, 2_350_000)


def test_the_base_is_counted_on_its_own_day():
    early = date(2022, 1, 4)
    document = document_from(EXAMPLE)
    found = compare(document, document, ON, base_on=early, base_year=2021)
    assert found.before == account(document, early, 2021)


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ({"carbon": {"yuan": 1, "source": "s"}}, "no price 'carbon'"),
        ({"gep.carbon": 63.5}, "an object"),
        ({"gep.carbon": {"yuan": 63.5}}, "where the price comes from"),
        ({"gep.carbon": {"yuan": 63.5, "source": " "}}, "where the price comes from"),
        ({"gep.carbon": {"yuan": 0, "source": "s"}}, "above 0"),
        ({"gep.carbon": {"yuan": None, "source": "s"}}, "yuan are needed"),
        ({"gep.carbon": {"yuan": 1, "unit": "yuan/tC", "source": "s"}}, "the unit is yuan/tCO2"),
        ({"gep.carbon": {"yuan": 1, "source": "s", "on": "today"}}, "no field 'on'"),
    ],
)
def test_a_price_without_unit_or_source_is_refused(prices, words):
    with pytest.raises(InvalidAccount, match=words):
        _document(_sink(2023), prices=prices)


def test_stated_figures_are_compared_in_current_prices_only():
    case = next(case for case in VECTORS["growth"] if case["id"] == "V25")
    document = _document(
        _stated("one", 2000, undivided=f"{case['before']}e8"),
        _stated("one", 2010, undivided=f"{case['after']}e8"),
    )
    whole = compare(document, document, ON, base_year=2000).whole
    assert whole.constant_fen is None
    assert whole.growth == pytest.approx(case["share"], rel=case["tolerance"])


def test_published_share_of_regulating_services():
    case = next(case for case in VECTORS["growth"] if case["id"] == "V25-share")
    rest = f"{case['whole'] - case['part']}e12"
    found = _account(_stated("one", regulating=f"{case['part']}e12", undivided=rest))
    share = found.by_service["regulating"] / found.total_fen
    assert share == pytest.approx(case["share"], rel=case["tolerance"])


def test_units_of_one_year_only_are_named():
    document = _document(_row("one", year=2021, visits=1.0), _row("two", year=2023, visits=1.0))
    found = compare(document, document, ON, base_year=2021)
    assert (found.only_before, found.only_after) == ((("one", "meadow"),), (("two", "meadow"),))


def _changes(*rows):
    document = _document(*rows)
    found = compare(document, document, ON, base_year=2021)
    listed = (*found.by_service, *found.by_ecosystem, *found.by_region)
    return found, {each.name: each for each in listed}


def test_a_unit_that_a_year_does_not_account_has_no_figure_and_no_growth():
    """Counties beside a whole city: what the city's account held of others is not lost."""
    found, lines = _changes(
        _row("one", year=2021, visits=10.0),
        _row("two", year=2021, visits=90.0),
        _row("one", year=2023, visits=11.0),
        _row("new", year=2023, ecosystem="farmland", visits=5.0),
    )
    assert not found.same_units
    gone, new = lines["two"], lines["new"]
    assert (gone.before_fen > 0, gone.after_fen, gone.constant_fen) == (True, None, None)
    assert (gone.growth, gone.quantity_fen, gone.price_fen) == (None, None, None)
    assert (new.before_fen, new.growth, new.after_fen > 0) == (None, None, True)
    assert (lines["farmland"].before_fen, lines["farmland"].growth) == (None, None)
    for shared in (found.whole, lines["city"], lines["meadow"], lines["cultural"]):
        assert shared.growth == pytest.approx(0.1, abs=1e-6)
        assert shared.quantity_fen is None
    assert lines["one"].growth == pytest.approx(0.1, abs=1e-6)
    assert lines["one"].quantity_fen > 0


def test_years_without_a_unit_in_common_have_no_growth():
    found, lines = _changes(
        _stated("city", parent="", year=2021, undivided=100.0),
        _stated("one", year=2023, cultural=3.0),
        _stated("two", year=2023, cultural=4.0),
    )
    assert (found.whole.before_fen, found.whole.after_fen) == (10_000, 700)
    assert (found.whole.growth, lines["city"].growth) == (None, None)
    assert (lines["cultural"].before_fen, lines["one"].before_fen) == (None, None)


def test_a_unit_of_both_years_that_gives_nothing_more_is_lost_whole():
    found, lines = _changes(_row("one", year=2021, visits=10.0), _row("one", year=2023, visits=0.0))
    assert found.same_units
    assert (lines["one"].after_fen, lines["one"].growth) == (0, -1.0)
    assert (lines["cultural"].after_fen, found.whole.growth) == (0, -1.0)


def test_an_own_figure_of_a_region_with_parts_is_no_unit_of_its_own():
    found, _ = _changes(
        _stated("city", parent="", year=2021, undivided=100.0),
        _stated("one", year=2021, undivided=50.0),
        _stated("one", year=2023, undivided=60.0),
    )
    assert found.same_units
    assert found.whole.growth == pytest.approx(0.2)


def test_years_under_different_norms_are_not_compared():
    other = _row("one", year=2023, norm_profile="open", visits=1.0)
    document = _document(_row("one", year=2021, visits=1.0), other)
    with pytest.raises(InvalidAccount, match="different norms"):
        compare(document, document, ON, base_year=2021)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "at least one row"),
        ([{"region": "one", "year": 2021}], "either inputs or stated_yuan"),
        ([_stated("one", unknown=1.0)], "no service"),
        ([_stated("one", cultural=-1.0)], "between 0"),
        ([_stated("one", cultural="nan")], "yuan are needed"),
        ([_stated("one", 21, cultural=1.0)], "a year such as"),
        ([_stated("", cultural=1.0)], "a code or a name"),
        ([_stated("one", cultural=1.0), _stated("one", cultural=1.0)], "stands twice"),
        (
            [_stated("one", parent="two", cultural=1.0), _stated("one", 2022, cultural=1.0)],
            "two pa",
        ),
        ([_stated("one", parent="one", cultural=1.0)], "lies in itself"),
        ([{**_stated("one", cultural=1.0), "area": 3}], "no field"),
    ],
)
def test_what_is_no_account_is_refused(rows, words):
    with pytest.raises(InvalidAccount, match=words):
        document_from({**SHARED, "rows": rows})
