"""The steps of the forest-right model, each with the formula it prints.

The quality factor K follows appendix C of LY/T 2407-2015 and prints it. The harvest present value,
the replacement cost and the land expectation value are the formulas of Chinese forest appraisal
textbooks, from memory, and so print no norm.
"""

from typing import Final

import numpy as np

from risk_models.comparables import adjusted_mean
from risk_models.contract import Floats, step
from risk_models.modelling import Days, years
from risk_models.trace import placed

__all__ = [
    "adjusted_area",
    "age_years",
    "assortment_price",
    "bamboo_years",
    "carbon_tco2e",
    "carbon_years",
    "comparable_price",
    "costs_spent",
    "cutting_yuan_per_m3",
    "diameter_k",
    "harvest_at_market_m3",
    "harvest_at_stated_m3",
    "harvest_m3",
    "haul_yuan_per_m3",
    "height_k",
    "land_after_right_years",
    "land_area",
    "land_free_now",
    "land_starts_years",
    "market_share",
    "measured_quality",
    "next_age",
    "next_age_years",
    "next_care_yuan",
    "next_costs",
    "next_cutting_yuan",
    "next_harvest_m3",
    "next_sales_yuan",
    "next_thinning_costs",
    "next_thinning_sales",
    "next_thinnings",
    "now_at_market_m3",
    "now_at_stated_m3",
    "productive_area",
    "profit_yuan_per_m3",
    "release_tco2e",
    "stated_quality",
    "stocking_k",
    "tending_years",
    "thinnable_area",
    "thinning_price",
    "thinnings",
    "timber_now_m3",
    "volume_k",
    "welfare_area",
    "years_to_rotation",
    "yield_years",
    "young_quality",
]

NORM: Final = "LY/T 2407-2015"

# ---------------------------------------------------------------------------
# Time


@step(unit="year", zh="林龄")
def age_years(*, planted_on: Days, valuation_on: Days) -> Floats:
    """Age of the stand: years(planted_on, valuation_on)."""
    return years(planted_on, valuation_on)


@step(unit="year", zh="距主伐或盛产期末年数")
def years_to_rotation(*, rotation_years: Floats, age_years: Floats) -> Floats:
    """Years to felling, or to the end of bearing: rotation_years - age_years."""
    return rotation_years - age_years


@step(unit="year", zh="管护年数")
def tending_years(*, years_to_rotation: Floats, right_years: Floats) -> Floats:
    """Years of tending until felling or the end of the right, both ends counted.

    Formula: min(years_to_rotation, right_years) + 1.
    """
    return np.minimum(years_to_rotation, right_years) + 1.0


@step(unit="year", zh="权利内收益年数")
def yield_years(*, years_to_rotation: Floats, right_years: Floats) -> Floats:
    """Years of yield that belong to the right: min(years_to_rotation, right_years)."""
    return np.minimum(years_to_rotation, right_years)


@step(unit="year", zh="竹林收益年数")
def bamboo_years(*, right_years: Floats) -> Floats:
    """Years of yield of bamboo, which is cut each year and renews itself: right_years."""
    return right_years


@step(unit="year", zh="权利内碳汇收益年数")
def carbon_years(*, years_to_rotation: Floats, right_years: Floats) -> Floats:
    """Years of carbon income inside rotation and right: min(years_to_rotation, right_years)."""
    return np.minimum(years_to_rotation, right_years)


# ---------------------------------------------------------------------------
# Area and quality


@step(unit="mu", zh="可采伐经营面积")
def productive_area(*, area_mu: Floats, public_welfare_share: Floats) -> Floats:
    """Area that may be felled and run for profit: area_mu * (1 - public_welfare_share)."""
    return area_mu * (1.0 - public_welfare_share)


@step(unit="mu", zh="公益林面积")
def welfare_area(*, area_mu: Floats, public_welfare_share: Floats) -> Floats:
    """Area of public-welfare forest, where nothing is felled: area_mu * public_welfare_share."""
    return area_mu * public_welfare_share


@step(unit="1", zh="株数保存率调整系数K1", reference=NORM)
def stocking_k(
    *, survival_share: Floats, standard_share: Floats, replant_below_share: Floats
) -> Floats:
    """Stocking K1, none where it must be replanted and 1 from the planting standard on.

    Formula: (survival_share >= replant_below_share) * min(1, survival_share / standard_share).
    """
    full = np.minimum(1.0, survival_share / standard_share)
    return np.asarray((survival_share >= replant_below_share) * full)


@step(unit="1", zh="树高调整系数K2", reference=NORM)
def height_k(*, height_m: Floats, height_reference_m: Floats) -> Floats:
    """Height K2: height_m / height_reference_m."""
    return height_m / height_reference_m


@step(unit="1", zh="胸径调整系数K3", reference=NORM)
def diameter_k(*, dbh_cm: Floats, dbh_reference_cm: Floats) -> Floats:
    """Diameter K3: dbh_cm / dbh_reference_cm."""
    return dbh_cm / dbh_reference_cm


@step(unit="1", zh="蓄积调整系数K3", reference=NORM)
def volume_k(*, volume_m3_per_mu: Floats, volume_reference_m3_per_mu: Floats) -> Floats:
    """Volume K3: volume_m3_per_mu / volume_reference_m3_per_mu."""
    return volume_m3_per_mu / volume_reference_m3_per_mu


@step(unit="1", zh="林分质量调整系数K", reference=NORM)
def measured_quality(*, stocking_k: Floats, height_k: Floats, size_k: Floats) -> Floats:
    """Quality factor K of the measured stand: stocking_k * height_k * size_k."""
    return stocking_k * height_k * size_k


@step(unit="1", zh="林分质量调整系数K", reference=NORM)
def young_quality(*, stocking_k: Floats, height_k: Floats) -> Floats:
    """Quality factor K of a stand too young to be measured by volume: stocking_k * height_k."""
    return stocking_k * height_k


@step(unit="1", zh="林分质量调整系数K", reference=NORM)
def stated_quality(*, quality_k: Floats) -> Floats:
    """Quality factor K as stated: quality_k."""
    return quality_k


@step(unit="mu", zh="按林分质量调整后的面积")
def adjusted_area(*, productive_area: Floats, quality: Floats) -> Floats:
    """Area at reference quality: productive_area * quality."""
    return productive_area * quality


# ---------------------------------------------------------------------------
# Costs spent, yields


@step(unit="yuan/mu", zh="已投入营林成本")
def costs_spent(*, costs_by_year_yuan_per_mu: Floats, year: Floats, age_years: Floats) -> Floats:
    """Raising costs of the years begun so far: costs_by_year_yuan_per_mu * (year <= age_years)."""
    return np.nan_to_num(costs_by_year_yuan_per_mu * (year <= age_years))


@step(unit="yuan/mu", zh="可比案例加权单价")
def comparable_price(
    *,
    comparable_prices_yuan_per_mu: Floats,
    comparable_factors: Floats,
    comparable_weights: Floats,
) -> Floats:
    """Mean price of the comparables, each adjusted to this stand.

    Formula: sum(comparable_prices_yuan_per_mu * comparable_factors * comparable_weights)
    / sum(comparable_weights).
    """
    return adjusted_mean(comparable_prices_yuan_per_mu, comparable_factors, comparable_weights)


# ---------------------------------------------------------------------------
# Timber


@step(unit="m3", zh="主伐出材量")
def harvest_m3(
    *,
    adjusted_area: Floats,
    stock_at_harvest_m3_per_mu: Floats,
    outturn_share: Floats,
    quota_share: Floats,
) -> Floats:
    """Timber at felling, within the quota.

    Formula: adjusted_area * stock_at_harvest_m3_per_mu * outturn_share * quota_share.
    """
    return adjusted_area * stock_at_harvest_m3_per_mu * outturn_share * quota_share


@step(unit="m3", zh="现有出材量")
def timber_now_m3(
    *,
    productive_area: Floats,
    stock_now_m3_per_mu: Floats,
    outturn_share: Floats,
    quota_share: Floats,
) -> Floats:
    """Timber standing today, within the quota.

    Formula: productive_area * stock_now_m3_per_mu * outturn_share * quota_share.
    """
    return productive_area * stock_now_m3_per_mu * outturn_share * quota_share


@step(unit="1", zh="按市场价销售的出材比例")
def market_share(*, assortment_outturn_shares: Floats, outturn_share: Floats) -> Floats:
    """Share of the timber sold at the market price, not in an assortment of stated price.

    Formula: 1 - sum(assortment_outturn_shares) / outturn_share.
    """
    stated = np.nansum(assortment_outturn_shares, axis=1)
    return np.asarray(1.0 - stated / outturn_share)


@step(unit="yuan/m3", zh="材种加权单价")
def assortment_price(
    *, assortment_outturn_shares: Floats, assortment_prices_yuan_per_m3: Floats
) -> Floats:
    """Mean price of the assortments.

    Formula: sum(assortment_outturn_shares * assortment_prices_yuan_per_m3)
    / max(sum(assortment_outturn_shares), 0.000000001).
    """
    sold = np.nansum(assortment_outturn_shares * assortment_prices_yuan_per_m3, axis=1)
    return np.asarray(sold / np.maximum(np.nansum(assortment_outturn_shares, axis=1), 1e-9))


@step(unit="m3", zh="主伐按市场价销售量")
def harvest_at_market_m3(*, harvest_m3: Floats, market_share: Floats) -> Floats:
    """Timber at felling sold at the market price: harvest_m3 * market_share."""
    return harvest_m3 * market_share


@step(unit="m3", zh="主伐按材种价销售量")
def harvest_at_stated_m3(*, harvest_m3: Floats, market_share: Floats) -> Floats:
    """Timber at felling sold in assortments: harvest_m3 * (1 - market_share)."""
    return harvest_m3 * (1.0 - market_share)


@step(unit="m3", zh="现有林木按市场价销售量")
def now_at_market_m3(*, timber_now_m3: Floats, market_share: Floats) -> Floats:
    """Timber of today sold at the market price: timber_now_m3 * market_share."""
    return timber_now_m3 * market_share


@step(unit="m3", zh="现有林木按材种价销售量")
def now_at_stated_m3(*, timber_now_m3: Floats, market_share: Floats) -> Floats:
    """Timber of today sold in assortments: timber_now_m3 * (1 - market_share)."""
    return timber_now_m3 * (1.0 - market_share)


@step(unit="yuan/m3", zh="运输成本")
def haul_yuan_per_m3(*, haul_km: Floats, haul_cost_yuan_per_m3_km: Floats) -> Floats:
    """Haul to the place of sale: haul_km * haul_cost_yuan_per_m3_km."""
    return haul_km * haul_cost_yuan_per_m3_km


@step(unit="yuan/m3", zh="木材采运正常利润")
def profit_yuan_per_m3(
    *, felling_cost_yuan_per_m3: Floats, haul_yuan_per_m3: Floats, normal_profit_share: Floats
) -> Floats:
    """Normal profit of felling and haul.

    Formula: (felling_cost_yuan_per_m3 + haul_yuan_per_m3) * normal_profit_share.
    """
    return (felling_cost_yuan_per_m3 + haul_yuan_per_m3) * normal_profit_share


# ---------------------------------------------------------------------------
# Thinnings


@step(unit="year", zh="下一整数林龄")
def next_age(*, age_years: Floats) -> Floats:
    """Next whole age of the stand: -floor(-age_years)."""
    return np.asarray(-np.floor(-age_years))


@step(unit="year", zh="距下一整数林龄年数")
def next_age_years(*, next_age: Floats, age_years: Floats) -> Floats:
    """Years to the next whole age: next_age - age_years."""
    return next_age - age_years


@step(unit="m3/mu", zh="各年间伐蓄积")
def thinnings(
    *,
    thinning_stock_m3_per_mu: Floats,
    thinning_ages_years: Floats,
    next_age: Floats,
    year: Floats,
    rotation_years: Floats,
) -> Floats:
    """Stock thinned in each year to come, at whole ages before the felling.

    Formula: placed(thinning_stock_m3_per_mu, floor(thinning_ages_years), next_age + year)
    * (next_age + year < rotation_years).
    """
    at = next_age + year
    found = placed(thinning_stock_m3_per_mu, np.floor(thinning_ages_years), at)
    return np.asarray(found * (at < rotation_years))


@step(unit="mu", zh="间伐出材折算面积")
def thinnable_area(*, adjusted_area: Floats, outturn_share: Floats, quota_share: Floats) -> Floats:
    """Area times the share of thinned stock that is sold.

    Formula: adjusted_area * outturn_share * quota_share.
    """
    return adjusted_area * outturn_share * quota_share


@step(unit="yuan/m3", zh="间伐材价格")
def thinning_price(*, price: Floats, thinning_price_share: Floats) -> Floats:
    """Price of thinned timber: price * thinning_price_share."""
    return price * thinning_price_share


@step(unit="yuan/m3", zh="采运成本与利润")
def cutting_yuan_per_m3(
    *, felling_cost_yuan_per_m3: Floats, haul_yuan_per_m3: Floats, profit_yuan_per_m3: Floats
) -> Floats:
    """Felling, haul and profit of a cubic metre.

    Formula: felling_cost_yuan_per_m3 + haul_yuan_per_m3 + profit_yuan_per_m3.
    """
    return felling_cost_yuan_per_m3 + haul_yuan_per_m3 + profit_yuan_per_m3


# ---------------------------------------------------------------------------
# Land


@step(unit="mu", zh="权利内可再造林面积")
def land_area(*, productive_area: Floats, land_starts_years: Floats, right_years: Floats) -> Floats:
    """Area that is free before the right ends.

    Formula: productive_area * (land_starts_years < right_years).
    """
    return np.asarray(productive_area * (land_starts_years < right_years))


@step(unit="year", zh="距林地腾空年数")
def land_starts_years(*, years_to_rotation: Floats) -> Floats:
    """Years until the stand is felled and the land is free: max(0, years_to_rotation)."""
    return np.maximum(0.0, years_to_rotation)


@step(unit="year", zh="距林地腾空年数")
def land_free_now(*, productive_area: Floats) -> Floats:
    """Years until the land is free, felled today or bare already: 0 * productive_area."""
    return 0.0 * productive_area


@step(unit="year", zh="权利到期后林地归还年数")
def land_after_right_years(*, land_starts_years: Floats, right_years: Floats) -> Floats:
    """Years until the land goes back to its owner: max(land_starts_years, right_years)."""
    return np.maximum(land_starts_years, right_years)


@step(unit="m3", zh="后续各轮主伐出材量")
def next_harvest_m3(
    *,
    land_area: Floats,
    next_stock_m3_per_mu: Floats,
    outturn_share: Floats,
    quota_share: Floats,
) -> Floats:
    """Timber at the felling of each later rotation.

    Formula: land_area * next_stock_m3_per_mu * outturn_share * quota_share.
    """
    return land_area * next_stock_m3_per_mu * outturn_share * quota_share


@step(unit="yuan/mu", zh="后续轮伐期营林成本")
def next_costs(
    *, next_costs_by_year_yuan_per_mu: Floats, year: Floats, rotation_years: Floats
) -> Floats:
    """Raising costs of a later rotation.

    Formula: next_costs_by_year_yuan_per_mu * (year < rotation_years).
    """
    return np.nan_to_num(next_costs_by_year_yuan_per_mu * (year < rotation_years))


@step(unit="m3/mu", zh="后续轮伐期间伐蓄积")
def next_thinnings(
    *,
    thinning_stock_m3_per_mu: Floats,
    thinning_ages_years: Floats,
    year: Floats,
    rotation_years: Floats,
) -> Floats:
    """Stock thinned in each year of a later rotation.

    Formula: placed(thinning_stock_m3_per_mu, floor(thinning_ages_years), year)
    * (year < rotation_years).
    """
    found = placed(thinning_stock_m3_per_mu, np.floor(thinning_ages_years), year)
    return np.asarray(found * (year < rotation_years))


@step(unit="yuan", zh="后续各轮主伐收入")
def next_sales_yuan(*, next_harvest_m3: Floats, long_run_price_yuan_per_m3: Floats) -> Floats:
    """Sales at each later felling: next_harvest_m3 * long_run_price_yuan_per_m3."""
    return next_harvest_m3 * long_run_price_yuan_per_m3


@step(unit="yuan", zh="后续各轮采运成本与利润")
def next_cutting_yuan(*, next_harvest_m3: Floats, cutting_yuan_per_m3: Floats) -> Floats:
    """Felling, haul and profit at each later felling: next_harvest_m3 * cutting_yuan_per_m3."""
    return next_harvest_m3 * cutting_yuan_per_m3


@step(unit="yuan*mu/m3", zh="后续间伐单位蓄积收入")
def next_thinning_sales(
    *,
    land_area: Floats,
    outturn_share: Floats,
    quota_share: Floats,
    long_run_price_yuan_per_m3: Floats,
    thinning_price_share: Floats,
) -> Floats:
    """Sales for each cubic metre a mu thinned in a later rotation.

    Formula: land_area * outturn_share * quota_share * long_run_price_yuan_per_m3
    * thinning_price_share.
    """
    sold = land_area * outturn_share * quota_share
    return sold * long_run_price_yuan_per_m3 * thinning_price_share


@step(unit="yuan*mu/m3", zh="后续间伐单位蓄积成本")
def next_thinning_costs(
    *,
    land_area: Floats,
    outturn_share: Floats,
    quota_share: Floats,
    cutting_yuan_per_m3: Floats,
) -> Floats:
    """Costs for each cubic metre a mu thinned in a later rotation.

    Formula: land_area * outturn_share * quota_share * cutting_yuan_per_m3.
    """
    return land_area * outturn_share * quota_share * cutting_yuan_per_m3


@step(unit="yuan/year", zh="林地年费用合计")
def next_care_yuan(*, land_area: Floats, land_cost_yuan_per_mu: Floats) -> Floats:
    """Cost of each year of the land: land_area * land_cost_yuan_per_mu."""
    return land_area * land_cost_yuan_per_mu


# ---------------------------------------------------------------------------
# Carbon on the same trees


@step(unit="tCO2e/year", zh="年可售碳汇量")
def carbon_tco2e(*, productive_area: Floats, carbon_tco2e_per_mu: Floats) -> Floats:
    """Tonnes sold a year until felling: productive_area * carbon_tco2e_per_mu."""
    return productive_area * carbon_tco2e_per_mu


@step(unit="tCO2e", zh="主伐释放应归还碳汇量")
def release_tco2e(*, productive_area: Floats, release_tco2e_per_mu: Floats) -> Floats:
    """Credited tonnes given back at felling: productive_area * release_tco2e_per_mu."""
    return productive_area * release_tco2e_per_mu
