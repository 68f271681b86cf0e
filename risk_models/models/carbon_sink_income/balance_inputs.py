"""What the carbon-sink model asks about rotations, and about gains and losses of biomass."""

from typing import Final

from risk_models.contract import Field
from risk_models.fields import number, share
from risk_models.models.carbon_sink_income.input_kinds import when
from risk_models.words import Text

__all__ = ["BALANCE"]

ROTATION: Final = when("removal_basis", "rotation")
GAIN_LOSS: Final = when("removal_basis", "gain-loss")

BALANCE: Final = (
    Field(
        name="rotation_years",
        title=Text(en="Rotation", zh="轮伐期"),
        help=Text(
            en="Years from one felling to the next; the stand is taken as planted when crediting"
            " starts.",
            zh="两次采伐之间的年数；按计入期开始时造林计。",
        ),
        kind="integer",
        unit="year",
        low=2.0,
        high=60.0,
        example=12.0,
        required=False,
        needed_when=ROTATION,
        group="removals",
    ),
    number(
        "cleared_tco2e_per_mu",
        Text(en="Carbon cleared at the start", zh="期初清理的碳储量"),
        Text(
            en="Stock per mu that was cleared to plant the first rotation; 0 for bare land.",
            zh="为第一轮造林而清理的每亩碳储量，原为无林地的填0。",
        ),
        unit="tCO2e/mu",
        high=20.0,
        example=0.05,
        needed_when=ROTATION,
        group="removals",
    ),
    number(
        "growth_t_per_ha",
        Text(en="Growth of biomass", zh="地上生物量年生长量"),
        Text(
            en="Dry matter above ground gained per hectare and year.",
            zh="每公顷每年增加的地上干物质。",
        ),
        unit="t/ha/year",
        low_open=True,
        high=50.0,
        example=1.4,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "biomass_root_ratio",
        Text(en="Roots over shoots", zh="根茎比"),
        Text(
            en="Dry matter below ground over that above ground.", zh="地下干物质与地上干物质之比。"
        ),
        unit="ratio",
        high=3.0,
        example=0.29,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "biomass_carbon_fraction",
        Text(en="Carbon fraction", zh="含碳率"),
        Text(en="Carbon in a tonne of dry matter.", zh="每吨干物质的含碳量。"),
        unit="tC/t",
        low=0.3,
        high=0.6,
        example=0.47,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "wood_removed_m3",
        Text(en="Wood taken out a year", zh="年采伐木材量"),
        Text(en="Round wood of the whole area; 0 if none.", zh="全部面积的原木采伐量，没有填0。"),
        unit="m3/year",
        high=1e8,
        example=180.0,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "fuelwood_m3",
        Text(en="Fuelwood a year", zh="年薪材采集量"),
        Text(
            en="Whole trees taken for fuel on the whole area; 0 if none.",
            zh="全部面积整株采作薪材的数量，没有填0。",
        ),
        unit="m3/year",
        high=1e8,
        example=90.0,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "removal_bcef",
        Text(en="Expansion of the wood taken out, BCEF_R", zh="采伐木的转换扩展系数BCEF_R"),
        Text(
            en="Tonnes of dry matter above ground for each m3 taken out, by class of stock.",
            zh="每立方米采伐量对应的地上干物质吨数，按蓄积级取值。",
        ),
        unit="t/m3",
        low_open=True,
        high=10.0,
        example=1.11,
        needed_when=GAIN_LOSS,
        group="removals",
        reference="IPCC 2006 Guidelines, volume 4, table 4.5",
    ),
    share(
        "bark_share",
        Text(en="Bark", zh="树皮比例"),
        Text(en="Bark over the wood taken out under bark.", zh="树皮与去皮原木之比。"),
        example=0.1,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "disturbed_area_mu",
        Text(en="Area disturbed a year", zh="年受灾面积"),
        Text(
            en="Mean area a year hit by fire, pests or storm; 0 if the yearly hazard of loss stands"
            " for it.",
            zh="年均遭受火灾、病虫害或风雪灾害的面积；已按年损失概率计的填0。",
        ),
        unit="mu/year",
        high=1e8,
        example=300.0,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    number(
        "disturbed_biomass_t_per_ha",
        Text(en="Biomass where disturbed", zh="受灾地块生物量"),
        Text(
            en="Dry matter above ground per hectare of the area hit.",
            zh="受灾地块每公顷的地上干物质。",
        ),
        unit="t/ha",
        high=1_000.0,
        example=22.0,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
    share(
        "disturbed_loss_share",
        Text(en="Share lost there", zh="受灾损失比例"),
        Text(en="Share of that biomass that is lost.", zh="受灾生物量中损失的比例。"),
        example=0.3,
        needed_when=GAIN_LOSS,
        group="removals",
    ),
)
