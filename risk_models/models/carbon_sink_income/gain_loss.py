"""Removals as the growth of biomass less what is taken out and what is destroyed each year."""

from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Batch, Floats, Recorder, step

__all__ = ["net_carbon"]

SOURCE: Final = "IPCC 2006, volume 4, chapter 4"

SHARED: Final = ("biomass_root_ratio", "biomass_carbon_fraction")


@step(unit="tC/year", zh="生物量年增碳量", reference=SOURCE)
def carbon_gain(
    *,
    area_mu: Floats,
    growth_t_per_ha: Floats,
    biomass_root_ratio: Floats,
    biomass_carbon_fraction: Floats,
) -> Floats:
    """Carbon gained by growth.

    Formula: area_mu / 15 * growth_t_per_ha * (1 + biomass_root_ratio) * biomass_carbon_fraction.
    """
    grown = area_mu / 15.0 * growth_t_per_ha
    return grown * (1.0 + biomass_root_ratio) * biomass_carbon_fraction


@step(unit="tC/year", zh="采伐木材碳损失", reference=SOURCE)
def wood_loss(
    *,
    wood_removed_m3: Floats,
    removal_bcef: Floats,
    biomass_root_ratio: Floats,
    bark_share: Floats,
    biomass_carbon_fraction: Floats,
) -> Floats:
    """Carbon lost with the wood taken out.

    Formula: wood_removed_m3 * removal_bcef * (1 + biomass_root_ratio + bark_share)
    * biomass_carbon_fraction.
    """
    whole = 1.0 + biomass_root_ratio + bark_share
    return wood_removed_m3 * removal_bcef * whole * biomass_carbon_fraction


@step(unit="tC/year", zh="薪材碳损失", reference=SOURCE)
def fuelwood_loss(
    *,
    fuelwood_m3: Floats,
    removal_bcef: Floats,
    biomass_root_ratio: Floats,
    biomass_carbon_fraction: Floats,
) -> Floats:
    """Carbon lost with fuelwood.

    Formula: fuelwood_m3 * removal_bcef * (1 + biomass_root_ratio) * biomass_carbon_fraction.
    """
    return fuelwood_m3 * removal_bcef * (1.0 + biomass_root_ratio) * biomass_carbon_fraction


@step(unit="tC/year", zh="灾害干扰碳损失", reference=SOURCE)
def disturbance_loss(
    *,
    disturbed_area_mu: Floats,
    disturbed_biomass_t_per_ha: Floats,
    biomass_root_ratio: Floats,
    biomass_carbon_fraction: Floats,
    disturbed_loss_share: Floats,
) -> Floats:
    """Carbon lost to fire, pests and storms.

    Formula: disturbed_area_mu / 15 * disturbed_biomass_t_per_ha * (1 + biomass_root_ratio)
    * biomass_carbon_fraction * disturbed_loss_share.
    """
    standing = disturbed_area_mu / 15.0 * disturbed_biomass_t_per_ha * (1.0 + biomass_root_ratio)
    return standing * biomass_carbon_fraction * disturbed_loss_share


@step(unit="tC/year", zh="年净增碳量", reference=SOURCE)
def net_gain(
    *,
    area_mu: Floats,
    carbon_gain: Floats,
    wood_loss: Floats,
    fuelwood_loss: Floats,
    disturbance_loss: Floats,
) -> Floats:
    """Gains less losses, none without land.

    Formula: (area_mu > 0) * (carbon_gain - wood_loss - fuelwood_loss - disturbance_loss).
    """
    return np.asarray(
        (area_mu > 0.0) * (carbon_gain - wood_loss - fuelwood_loss - disturbance_loss)
    )


def net_carbon(batch: Batch, rows: npt.NDArray[np.integer], steps: Recorder) -> Floats:
    """Tonnes of carbon a year [r] that growth leaves on the whole area of some rows."""

    def told(*names: str) -> dict[str, Floats]:
        return {name: batch.numbers(name)[rows] for name in (*names, *SHARED)}

    gained = steps("carbon_gain", carbon_gain, **told("area_mu", "growth_t_per_ha"))
    wood = steps("wood_loss", wood_loss, **told("wood_removed_m3", "removal_bcef", "bark_share"))
    fuel = steps("fuelwood_loss", fuelwood_loss, **told("fuelwood_m3", "removal_bcef"))
    disturbed = ("disturbed_area_mu", "disturbed_biomass_t_per_ha", "disturbed_loss_share")
    burnt = steps("disturbance_loss", disturbance_loss, **told(*disturbed))
    return steps(
        "net_gain",
        net_gain,
        area_mu=batch.numbers("area_mu")[rows],
        carbon_gain=gained,
        wood_loss=wood,
        fuelwood_loss=fuel,
        disturbance_loss=burnt,
    )
