"""The words of an issued report: both languages, the words of the pages, only what its row used, its mark."""

from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.appraisal.domain.comparing import Side, compared
from app.appraisal.domain.valuing import stored_inputs
from app.appraisal.models import Appraisal
from app.appraisal.report_parts import with_unit, with_unit_name
from app.appraisal.reports import appraisal_report
from app.appraisal.services import StatedPrice, WhatIf, what_if
from app.appraisal.services.annexes import shown
from app.appraisal.services.inputs import get_spec
from app.appraisal.services.reporting import INVENTED, report_view
from app.assets.domain import AssetKind
from app.assets.models import Asset, AssetParcel
from app.documents.pdf_blocks import Cell
from app.identity.models import Organisation
from app.kernel.errors import InvalidInput
from app.market.models import PricePoint
from tests.factories.appraisals import SIGNED_ON, add_asset, example_inputs, make_valid
from tests.support.documents import squeezed, text_of

TIMBER = StatedPrice(id="timber", yuan="900", source="Offer of a sawmill")
SINK = StatedPrice(id="local-sink", yuan="30", source="Notice of the centre")
FELLED = {
    "category": "commercial-timber",
    "age_group": "mature",
    "species_group": "poplar-planted",
    "stock_now_m3_per_mu": 7.2,
    "outturn_share": 0.68,
    "felling_cost_yuan_per_m3": 260,
    "normal_profit_share": 0.15,
}


def _view(session, appraised):
    return report_view(session, session.get_one(Appraisal, appraised.id), "CODE")


@pytest.mark.parametrize(
    ("asset", "owner", "agency", "marked"),
    [
        (True, False, False, True),
        (False, True, False, True),
        (False, False, True, True),
        (False, False, False, False),
    ],
)
def test_a_report_on_anything_invented_bears_the_mark(
    session, world, carbon, asset, owner, agency, marked
):
    appraised = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    for code in ("C1", "A", "AG1"):
        session.get_one(Organisation, world.organisation(code)).synthetic = False
    session.get_one(Organisation, world.organisation("C1")).synthetic = owner
    session.get_one(Organisation, world.organisation("AG1")).synthetic = agency
    session.get_one(Asset, carbon).synthetic = asset
    session.flush()
    assert (_view(session, appraised).notice == INVENTED) is marked


def test_sources_and_states_of_figures_stand_in_both_languages(session, world, carbon, tmp_path):
    for point in session.execute(sa.select(PricePoint)).scalars():
        point.source = "demonstration price"
    session.flush()
    appraised = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    view = _view(session, appraised)
    price, *_ = view.parameters
    assert price.source.zh == "LOCAL-SINK 2023-12-26：演示价格"
    assert price.source.en == "LOCAL-SINK 2023-12-26: demonstration price"
    judged = replace(price, id="carbon_sink.kind", status="judgement")
    text = text_of(appraisal_report(replace(view, parameters=[judged])), tmp_path)
    assert "经验判断" in text
    assert "专业判断" not in text
    assert "carbon_sink.kind" not in text
    assert squeezed("自 2023-12-26 起 since 2023-12-26") in text


def test_the_standards_of_a_report_stand_in_both_languages(session, world, carbon, tmp_path):
    # The fixture of another asset lays the ground.
    water = add_asset(session, world, AssetKind.WATER_RIGHT, number="A-8")
    view = _view(session, make_valid(session, world, water, example_inputs("water-right")))
    (standard,) = view.basis
    assert (standard.zh, standard.en) == (
        "资产评估执业准则",
        "Practice standards of asset appraisal",
    )
    text = text_of(appraisal_report(view), tmp_path)
    assert squeezed("Practice standards of asset appraisal") in text


def test_choices_and_units_of_annexes_stand_in_both_languages():
    spec = get_spec("carbon-sink-income")
    kind = spec.field("sink_kind")
    assert shown(kind, "forest", SIGNED_ON) == "乔木林 Forest"
    assert shown(spec.field("area_mu"), "29600", SIGNED_ON) == "29,600 亩 (mu)"


@pytest.mark.parametrize(
    ("figure", "unit", "printed"),
    [
        ("18.49", "year", "18.49 年 (years)"),
        ("1", "year", "1 年 (year)"),
        ("360", "day", "360 日 (days)"),
        ("30", "yuan/year", "30 元/年 (yuan/year)"),
        ("5", "place", "5 顺位 (place)"),
        ("7", "1", "7"),
        ("7", "of its own", "7 of its own"),
    ],
)
def test_a_figure_bears_its_unit_once_in_each_language(figure, unit, printed):
    assert with_unit_name(figure, unit) == printed


def test_a_year_of_the_calendar_is_neither_counted_nor_grouped():
    year = get_spec("gep").field("account_year")
    assert (year.unit, shown(year, 2023, SIGNED_ON)) == ("year", "2023")
    assert with_unit(2023.0, "year") == ("2023", Cell(text=""))
    assert with_unit(18.49, "year") == ("18.49", Cell(text="年", note="years"))


def test_a_price_that_the_row_does_not_use_stands_nowhere(session, world, forest):
    appraised = make_valid(session, world, forest, example_inputs("forest-right"))
    row = session.get_one(Appraisal, appraised.id)
    assert "local-sink" in (row.prices or {})
    assert "local-sink" not in {each.id for each in _view(session, appraised).parameters}


def test_a_stated_price_that_the_answers_cannot_use_is_refused(session, world, forest):
    inputs = example_inputs("forest-right")
    actor = world.actor("a-risk")
    for price in (SINK, TIMBER):
        command = WhatIf(valued_on=SIGNED_ON, inputs=inputs, prices=(price,))
        with pytest.raises(InvalidInput) as refused:
            what_if(session, actor, "forest-right", command)
        assert [each.pointer for each in refused.value.errors] == ["/prices/0/id"]
    felled = {**inputs, **FELLED}
    command = WhatIf(valued_on=SIGNED_ON, inputs=felled, prices=(TIMBER,))
    assert what_if(session, actor, "forest-right", command)["value_yuan"]


def test_a_price_that_neither_row_uses_is_no_change():
    spec = get_spec("forest-right")
    kept = {"unit": "yuan/tCO2e", "growth": "0", "curve": None, "source": "", "priced_on": None}
    then = Side(
        number="V-1",
        model_id=spec.id,
        model_version=spec.version,
        on=SIGNED_ON,
        inputs=stored_inputs(spec, example_inputs(spec.id)),
        prices={"local-sink": {**kept, "yuan": "30"}},
        value_fen=5_600_000_00,
    )
    now = replace(then, number="V-2", prices={"local-sink": {**kept, "yuan": "21"}})
    assert compared(then, now).changes == []


def test_parcels_of_a_report_stand_in_the_order_of_their_numbers(session, world, carbon):
    appraised = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    box = {"west_e7": 0, "east_e7": 10, "south_e7": 0, "north_e7": 10}
    for seq in (2, 1, 3):
        drawn = {"geometry": {}, "area_mu": Decimal(1), "vertices": 4, **box}
        session.add(AssetParcel(asset_id=carbon, seq=seq, **drawn))
        session.flush()
    parcels = _view(session, appraised).object.parcels
    assert [each.number for each in parcels] == ["1", "2", "3"]
