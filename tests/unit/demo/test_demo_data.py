"""The demo world's files reproduce every published and derived total, to the last 万元."""

import csv
import json
import math
from collections import Counter, defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from shapely.geometry import shape

from app.assets.domain import AssetKind, ForestCategory
from app.identity.domain import OrganisationKind

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "app" / "demo" / "data"
REFERENCE = ROOT / "app" / "reference" / "data"
MARKET = ROOT / "app" / "market" / "data"
EXPECTED = ROOT / "tests" / "vectors" / "demo_world"

COUNTIES = {"620702", "620721", "620722", "620723", "620724", "620725"}
CLOSING, OPENING = "2023-12", "2022-12"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


MIRRORED = read(DEMO / "mirrored_loans.csv")
SERVICED = {row["loan_id"]: row for row in read(DEMO / "serviced_loans.csv")}
BALANCES = {row["loan_id"]: row for row in read(DEMO / "serviced_balances.csv")}
ASSETS = {row["asset_id"]: row for row in read(DEMO / "assets.csv")}
PROJECTS = read(DEMO / "projects.csv")
MONTHS = [name for name in MIRRORED[0] if name[:2] == "20"]


def green_loans() -> list[dict[str, str]]:
    """Mirrored rows and green serviced rows in one shape, with the balances by month."""
    serviced = [
        BALANCES[loan_id] | row for loan_id, row in SERVICED.items() if row["is_green"] == "yes"
    ]
    return MIRRORED + serviced


GREEN = green_loans()


def total(rows: list[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def sums_by(key: str, month: str) -> dict[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for row in GREEN:
        sums[row[key]] += int(row[month])
    return dict(sums)


# -- Green loan balance -------------------------------------------------------------------------


def test_published_balances_and_growth_are_reproduced() -> None:
    opening, closing = total(GREEN, OPENING), total(GREEN, CLOSING)
    growth = (Decimal(closing - opening) / opening * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)

    assert (opening, closing, closing - opening) == (974_800, 1_364_300, 389_500)
    assert growth == Decimal("39.96")


def test_the_tape_holds_25_consecutive_months() -> None:
    first = 2021 * 12 + 11
    assert [f"{(first + n) // 12}-{(first + n) % 12 + 1:02d}" for n in range(25)] == MONTHS


def test_each_month_equals_its_printed_total_and_classes() -> None:
    for expected in read(EXPECTED / "month_by_class.csv"):
        month = expected["month"]
        sums: Counter[str] = Counter()
        for row in GREEN:
            sums[row["catalogue_2019"][0]] += int(row[month])
        assert sum(sums.values()) == int(expected["total_wan"]), month
        assert {code: sums[code] for code in "123456"} == {
            code: int(expected[code]) for code in "123456"
        }, month


def test_year_end_by_county_and_class() -> None:
    cells: Counter[tuple[str, str]] = Counter()
    for row in GREEN:
        cells[row["region_code"], row["catalogue_2019"][0]] += int(row[CLOSING])
    closing, opening = sums_by("region_code", CLOSING), sums_by("region_code", OPENING)

    expected = read(EXPECTED / "year_end_by_county.csv")
    assert {row["region_code"] for row in expected} == set(closing) == COUNTIES | {"620700"}
    for row in expected:
        code = row["region_code"]
        assert {k: cells[code, k] for k in "123456"} == {k: int(row[k]) for k in "123456"}
        assert (opening[code], closing[code]) == (int(row["opening_wan"]), int(row["total_wan"]))


def test_year_end_by_bank_serviced_and_mirrored() -> None:
    closing, opening = sums_by("bank_id", CLOSING), sums_by("bank_id", OPENING)
    mirrored: Counter[str] = Counter()
    for row in MIRRORED:
        mirrored[row["bank_id"]] += int(row[CLOSING])

    for row in read(EXPECTED / "year_end_by_bank.csv"):
        bank = row["bank_id"]
        assert opening[bank] == int(row["opening_wan"])
        assert closing[bank] == int(row["closing_wan"])
        assert mirrored[bank] == int(row["mirrored_wan"])
        assert closing[bank] - mirrored[bank] == int(row["serviced_wan"])
    assert sum(mirrored.values()) == 1_346_235
    assert sum(closing.values()) - sum(mirrored.values()) == 18_065


def test_year_end_by_quality_and_non_performing_share() -> None:
    closing = sums_by("class", CLOSING)
    for row in read(EXPECTED / "year_end_by_quality.csv"):
        assert closing.get(row["class"], 0) == int(row["balance_wan"]), row["class"]
    non_performing = sum(closing.get(k, 0) for k in ("substandard", "doubtful", "loss"))
    share = (Decimal(non_performing) / 1_364_300 * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert (non_performing, share) == (6_645, Decimal("0.49"))


def test_year_end_by_second_level_of_the_catalogue() -> None:
    expected = read(EXPECTED / "year_end_by_catalogue.csv")
    assert sums_by("catalogue_2019", CLOSING) == {
        row["catalogue_2019"]: int(row["balance_wan"]) for row in expected
    }


def test_flow_of_2023_leads_from_opening_to_closing() -> None:
    issued = repaid = written_off = 0
    months = MONTHS[MONTHS.index(OPENING) :]
    for row in GREEN:
        for before, after in pairwise(months):
            change = int(row[after]) - int(row[before])
            if change >= 0:
                issued += change
            elif row["loan_id"] == "S08":
                written_off -= change
            else:
                repaid -= change

    assert (issued, repaid, written_off) == (415_510, 25_930, 80)
    assert 974_800 + issued - repaid - written_off == 1_364_300


def test_the_loan_for_coal_counts_as_ecological_but_not_as_green() -> None:
    assert SERVICED["S20"]["is_green"] == "no"
    assert SERVICED["S20"]["catalogue_2019"] == ""
    assert ASSETS["K19"]["secures"] == "S20"
    assert BALANCES["S20"][CLOSING] == "1200"


def test_published_first_loans_carry_no_invented_facts() -> None:
    published = [row for row in MIRRORED if row["mark"] == "S"]
    assert {row["loan_id"]: row[CLOSING] for row in published} == {"P01": "300", "P02": "100"}
    assert {row["class"] for row in published} == {"unpublished"}


def test_rural_banks_lend_in_their_own_county_only() -> None:
    homes = {"A": "620725", "R09": "620702", "R10": "620724", "R11": "620723", "R12": "620722"}
    homes["R13"] = "620721"
    for row in GREEN:
        home = homes.get(row["bank_id"])
        assert home is None or row["region_code"] == home, row["loan_id"]


# -- Project list -------------------------------------------------------------------------------


def test_project_list_counts_and_amounts() -> None:
    def marked(column: str) -> list[dict[str, str]]:
        return [row for row in PROJECTS if row[column] == "yes"]

    counts = [len(PROJECTS)] + [
        len(marked(column)) for column in ("sent_to_province", "has_credit", "is_new_energy")
    ]
    assert counts == [107, 27, 57, 26]
    assert total(PROJECTS, "credit_line_wan") == 2_839_000
    assert total(PROJECTS, "issued_wan") == total(marked("is_new_energy"), "issued_wan") == 315_400
    assert len({row["list_no"] for row in PROJECTS}) == 107


def test_credit_lines_stand_only_beside_credit_and_within_four_fifths_of_investment() -> None:
    for row in PROJECTS:
        line = int(row["credit_line_wan"])
        assert (line > 0) == (row["has_credit"] == "yes")
        assert line * 10 <= int(row["investment_wan"]) * 8


def test_each_new_energy_loan_drew_what_its_project_reports_as_issued() -> None:
    loans = {row["loan_id"]: row for row in MIRRORED}
    for row in PROJECTS:
        if row["is_new_energy"] == "yes":
            loan = loans[row["mirrored_loan_id"]]
            steps = pairwise(MONTHS)
            drawn = sum(max(0, int(loan[b]) - int(loan[a])) for a, b in steps)
            assert drawn + int(loan[MONTHS[0]]) == int(row["issued_wan"]), row["list_no"]


def test_ecology_oriented_development_sums_to_the_published_investment() -> None:
    pilots = [row for row in PROJECTS if row["mirrored_loan_id"] in {"M52", "M53"}]
    assert total(pilots, "investment_wan") == 117_600


# -- Insurance ----------------------------------------------------------------------------------


def test_forest_insurance_sums_and_shares() -> None:
    rows = read(DEMO / "forest_insurance.csv")
    assert total(rows, "area_mu") == 13_300_000
    assert total(rows, "sum_insured_yuan") == 6_650_000_000
    assert total(rows, "premium_yuan") == 13_300_000
    levels = ("central_yuan", "province_yuan", "city_yuan", "county_yuan", "insured_yuan")
    for row in rows:
        assert int(row["area_mu"]) * 500 == int(row["sum_insured_yuan"])
        assert int(row["sum_insured_yuan"]) * 2 == int(row["premium_yuan"]) * 1000
        assert sum(int(row[level]) for level in levels) == int(row["premium_yuan"])


def test_forest_budget_is_never_overspent() -> None:
    for row in read(DEMO / "forest_budget.csv"):
        used = sum(int(row[f"{stage}_yuan"]) for stage in ("reserved", "committed", "paid"))
        free = int(row["appropriated_yuan"]) - used - int(row["returned_yuan"])
        assert free == int(row["available_yuan"]) >= 0


def test_pollution_liability_counts_premiums_and_subsidies() -> None:
    rows = read(DEMO / "pollution_liability.csv")
    ladder = {"2023": Decimal("0.70"), "2022": Decimal("0.50"), "2021": Decimal("0.30")}
    assert (len(rows), total(rows, "limit_wan")) == (43, 4_534)
    assert total(rows, "premium_yuan") == 1_008_120
    assert total(rows, "subsidy_yuan") == 489_276
    for row in rows:
        premium = int(row["premium_yuan"])
        assert int(row["limit_wan"]) * 10_000 * int(row["rate_ppm"]) == premium * 1_000_000
        assert Decimal(row["subsidy_ratio"]) == ladder[row["first_year"]]
        assert premium * Decimal(row["subsidy_ratio"]) == int(row["subsidy_yuan"])


# -- GEP ----------------------------------------------------------------------------------------


def test_gep_of_counties_and_of_services_sum_to_the_city() -> None:
    rows = read(DEMO / "gep_accounts.csv")
    city = {
        row["year"]: Decimal(row["value_yi"])
        for row in rows
        if (row["service"], row["region_code"]) == ("total", "620700")
    }
    assert city == {"2021": Decimal("2339.41"), "2023": Decimal("2333.67")}
    for year, value in city.items():
        counties = [r for r in rows if r["year"] == year and r["region_code"] in COUNTIES]
        assert len(counties) == 6
        assert sum(Decimal(row["value_yi"]) for row in counties) == value
    services = [Decimal(row["value_yi"]) for row in rows if row["service"] != "total"]
    assert sum(services) == city["2021"]


# -- Collateral ---------------------------------------------------------------------------------


def test_lendable_value_is_recognised_value_times_cap() -> None:
    for row in ASSETS.values():
        recognised = Decimal(row["recognised_wan"])
        cap = Decimal(row["pledge_rate_cap_ratio"])
        assert recognised * cap == Decimal(row["lendable_wan"]), row["asset_id"]
        assert recognised <= Decimal(row["appraised_wan"]), row["asset_id"]


def line_of(ltv_percent: Decimal) -> str:
    for limit, name in ((80, "disposal"), (70, "top-up"), (60, "warning")):
        if ltv_percent >= limit:
            return name
    return "normal"


@pytest.mark.parametrize("pool", read(DEMO / "pools.csv"), ids=lambda row: row["pool_id"])
def test_pool_figures_follow_from_loans_and_assets(pool: dict[str, str]) -> None:
    principal = sum(int(BALANCES[loan][CLOSING]) for loan in pool["loans"].split(";"))
    recognised = sum(Decimal(ASSETS[a]["recognised_wan"]) for a in pool["assets"].split(";"))
    ltv = (principal / recognised * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)

    assert principal == int(pool["principal_wan"])
    assert recognised == Decimal(pool["recognised_wan"])
    assert ltv == Decimal(pool["ltv_percent"])
    assert line_of(ltv) == pool["line"]


COVERED_BY_PLEDGE = [row for row in read(DEMO / "pools.csv") if row["pool_id"] != "S05"]


@pytest.mark.parametrize("pool", COVERED_BY_PLEDGE, ids=lambda row: row["pool_id"])
def test_each_contract_was_covered_when_signed(pool: dict[str, str]) -> None:
    at_signing = sum(
        Decimal(ASSETS[a]["former_recognised_wan"] or ASSETS[a]["recognised_wan"])
        * Decimal(ASSETS[a]["pledge_rate_cap_ratio"])
        for a in pool["assets"].split(";")
    )
    contracts = sum(int(SERVICED[loan]["contract_wan"]) for loan in pool["loans"].split(";"))
    assert contracts <= at_signing


def test_the_gep_loan_is_covered_by_pledge_and_guarantee_together() -> None:
    rows = [row for row in read(DEMO / "securities.csv") if row["loan_id"] == "S05"]
    guaranteed = sum(Decimal(row["guaranteed_ratio"] or 0) for row in rows) * 150
    assert guaranteed == 120
    assert Decimal(ASSETS["K05"]["lendable_wan"]) + guaranteed >= 150


def test_every_security_names_a_known_loan_and_an_asset_or_guarantor() -> None:
    organisations = {row["org_id"] for row in read(DEMO / "organisations.csv")}
    for row in read(DEMO / "securities.csv"):
        assert row["loan_id"] in SERVICED
        assert (row["asset_id"] in ASSETS) != (row["guarantor_id"] in organisations)
    assert {asset for pool in read(DEMO / "pools.csv") for asset in pool["assets"].split(";")} | {
        "K22"
    } == set(ASSETS)


def test_protection_forest_is_never_mortgaged() -> None:
    protected = [r for r in ASSETS.values() if r["forest_category"] == "protection"]
    kinds = {row["security_kind"] for row in protected}
    assert kinds == {"pledge"}


# -- Organisations and people -------------------------------------------------------------------

CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_character(body: str) -> str:
    """Unified social credit code, GB 32100: weights 3^i modulo 31 over 17 characters."""
    weighted = sum(CODE_CHARACTERS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return CODE_CHARACTERS[-weighted % 31]


def test_registration_codes_pass_the_check_digit_and_belong_to_nobody() -> None:
    codes = [row["uscc"] for row in read(DEMO / "organisations.csv") if row["uscc"]]
    assert len(codes) == len(set(codes)) == 33
    for code in codes:
        assert len(code) == 18
        assert code[2:8] == "620799"
        assert check_character(code[:17]) == code[17], code


def test_synthetic_organisations_say_so_in_their_names() -> None:
    for row in read(DEMO / "organisations.csv"):
        synthetic = "示例" in row["name_zh"] or "演示" in row["name_zh"]
        assert synthetic == (row["mark"] == "synthetic"), row["org_id"]


def test_every_person_belongs_to_an_organisation_with_logins() -> None:
    homes = {r["org_id"] for r in read(DEMO / "organisations.csv") if r["has_logins"] == "yes"}
    people = read(DEMO / "people.csv")
    assert len({row["login"] for row in people}) == len(people) == 45
    assert {row["org_id"] for row in people} <= homes | {"PLATFORM"}


def test_every_role_is_one_that_exists_in_its_kind_of_organisation() -> None:
    path = ROOT / "app" / "identity" / "permissions.yaml"
    roles = yaml.safe_load(path.read_text(encoding="utf-8"))["roles"]
    kinds = {row["org_id"]: row["kind"] for row in read(DEMO / "organisations.csv")}
    for row in read(DEMO / "people.csv"):
        kind = kinds.get(row["org_id"], "platform")
        assert kind in roles[row["role"]]["kinds"], row["login"]


def test_everyone_who_may_approve_has_an_authority() -> None:
    path = ROOT / "app" / "identity" / "permissions.yaml"
    roles = yaml.safe_load(path.read_text(encoding="utf-8"))["roles"]
    for row in read(DEMO / "people.csv"):
        decides = "approve-application" in roles[row["role"]]["permissions"]
        assert decides == bool(row["authority_limit_wan"]), row["login"]


def test_kinds_are_those_of_the_register() -> None:
    assert {row["kind"] for row in ASSETS.values()} <= set(AssetKind)
    assert {row["forest_category"] for row in ASSETS.values()} - {""} <= set(ForestCategory)
    assert {row["kind"] for row in read(DEMO / "organisations.csv")} <= set(OrganisationKind)


def test_loans_applications_and_projects_name_known_parties_and_places() -> None:
    organisations = {row["org_id"] for row in read(DEMO / "organisations.csv")}
    regions = {row["code"] for row in read(REFERENCE / "regions.csv")}
    for row in SERVICED.values():
        assert {row["bank_id"], row["customer_id"]} <= organisations
    for row in read(DEMO / "applications.csv"):
        assert {row["bank_id"], row["customer_id"]} <= organisations
    for row in MIRRORED:
        assert row["bank_id"] in organisations | {""}
    for row in [*GREEN, *PROJECTS, *ASSETS.values(), *read(DEMO / "organisations.csv")]:
        assert row["region_code"] in regions


# -- Parcels ------------------------------------------------------------------------------------

EARTH_RADIUS_M = 6_371_008.8
M2_PER_MU = 10_000 / 15
PARCELS = json.loads((DEMO / "parcels.geojson").read_text(encoding="utf-8"))["features"]


def spherical_area_mu(ring: list[list[float]]) -> float:
    total_sr = 0.0
    for (lon_1, lat_1), (lon_2, lat_2) in pairwise(ring):
        sines = 2 + math.sin(math.radians(lat_1)) + math.sin(math.radians(lat_2))
        total_sr += math.radians(lon_2 - lon_1) * sines
    return abs(total_sr) * EARTH_RADIUS_M**2 / 2 / M2_PER_MU


@pytest.mark.parametrize("parcel", PARCELS, ids=lambda p: p["properties"]["parcel_no"])
def test_a_parcel_is_valid_and_as_large_as_it_says(parcel: dict) -> None:
    ring = parcel["geometry"]["coordinates"][0]
    stated = int(parcel["properties"]["area_mu"])

    assert shape(parcel["geometry"]).is_valid
    assert ring[0] == ring[-1]
    assert len(ring) <= 20
    assert all(97.40 < lon < 102.21 and 37.63 < lat < 39.89 for lon, lat in ring)
    assert abs(spherical_area_mu(ring) / stated - 1) < 0.01
    assert parcel["properties"]["mark"] == "synthetic"


def test_parcels_of_an_asset_sum_to_its_area_and_do_not_overlap() -> None:
    areas: Counter[str] = Counter()
    for parcel in PARCELS:
        properties = parcel["properties"]
        areas[properties["asset_id"]] += int(properties["area_mu"])
        assert properties["region_code"] == ASSETS[properties["asset_id"]]["region_code"]
    assert areas == {k: int(row["area_mu"]) for k, row in ASSETS.items() if row["area_mu"]}

    shapes = [shape(parcel["geometry"]) for parcel in PARCELS]
    assert not any(a.intersects(b) for i, a in enumerate(shapes) for b in shapes[:i])


# -- Reference and market -----------------------------------------------------------------------


def test_catalogues_hold_the_levels_known_today() -> None:
    older = yaml.safe_load((REFERENCE / "catalogue_2019.yaml").read_text(encoding="utf-8"))
    newer = yaml.safe_load((REFERENCE / "catalogue_2025.yaml").read_text(encoding="utf-8"))
    levels = Counter(item["level"] for item in older["items"])

    assert levels == {1: older["counts"]["level_1"], 2: older["counts"]["level_2"]} == {1: 6, 2: 30}
    assert [item["level"] for item in newer["items"]] == [1] * newer["counts"]["level_1"]
    codes = {item["code"] for item in older["items"]}
    assert len(codes) == 36
    assert all(item["parent"] in codes for item in older["items"] if item["level"] == 2)
    assert {row["catalogue_2019"] for row in GREEN} <= codes


def test_the_trial_remapping_knows_both_editions() -> None:
    newer = yaml.safe_load((REFERENCE / "catalogue_2025.yaml").read_text(encoding="utf-8"))
    targets = {item["code"] for item in newer["items"]} | {""}
    rows = read(DEMO / "catalogue_remap.csv")
    assert {row["catalogue_2025"] for row in rows} <= targets
    assert {row["catalogue_2019"] for row in rows} == {row["catalogue_2019"] for row in GREEN}
    assert {row["mark"] for row in rows} == {"J"}


def test_industries_are_the_twenty_sections() -> None:
    rows = read(REFERENCE / "industries.csv")
    assert "".join(row["code"] for row in rows) == "ABCDEFGHIJKLMNOPQRST"
    assert all(row["name_zh"] and row["name_en"] for row in rows)


@pytest.mark.parametrize(
    "path",
    [
        MARKET / "lpr.csv",
        MARKET / "carbon.csv",
        DEMO / "demo_sink.csv",
        DEMO / "demo_means.csv",
    ],
    ids=lambda p: p.stem,
)
def test_every_price_has_day_unit_source_and_status(path: Path) -> None:
    seen = set()
    for row in read(path):
        date.fromisoformat(row["on"])
        assert Decimal(row["value"]) > 0
        assert row["unit"]
        assert row["source"]
        assert row["status"] in {"sourced", "computed", "to-confirm", "synthetic"}
        seen.add((row["series"], row["on"], row["kind"]))
    assert len(seen) == len(read(path))


def test_published_carbon_figures_agree_with_each_other() -> None:
    points = {(r["series"], r["on"], r["kind"]): r for r in read(MARKET / "carbon.csv")}

    def value(on: str, kind: str, series: str = "CEA") -> Decimal:
        return Decimal(points[series, on, kind]["value"])

    for year, tolerance in (
        ("2021", "0.01"),
        ("2022", "0.01"),
        ("2023", "0.1"),
        ("2024", "0.2"),
        ("2025", "0.2"),
    ):
        on = f"{year}-12-31"
        mean = value(on, "year-turnover") / value(on, "year-volume")
        assert abs(mean - value(on, "year-mean")) <= Decimal(tolerance), year
    closing = (value("2024-12-31", "close") / Decimal("1.2275")).quantize(Decimal("0.01"))
    assert closing == value("2023-12-29", "close") == Decimal("79.42")


def test_no_national_credit_price_exists_on_the_demo_day() -> None:
    assert not [
        row
        for row in read(MARKET / "carbon.csv")
        if row["series"] == "CCER" and row["on"] <= "2024-01-02"
    ]


def test_the_demo_sink_fell_by_about_a_third_in_2023() -> None:
    prices = {row["on"][:7]: Decimal(row["value"]) for row in read(DEMO / "demo_sink.csv")}
    assert len(prices) == 24
    assert (prices["2023-02"], prices["2023-12"]) == (46, 30)
