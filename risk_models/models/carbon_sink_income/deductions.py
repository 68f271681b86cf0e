"""What of the removals can be sold: after baseline, leakage, reversal and an imprecise sample."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from risk_models.contract import Basis, Batch, Floats, Recorder, step
from risk_models.models.carbon_sink_income.names import (
    AFOLU_LIMITS,
    AFOLU_LOSS,
    AFOLU_MITIGATION,
    FREE_HALF_WIDTH,
    GOLD_STANDARD_BUFFER,
    K_RISK,
    PRECISION,
)
from risk_models.student import student_t

__all__ = ["CONFIDENT", "half_width", "kept_shares", "loss_scores"]

CONFIDENT: Final = 0.95
"""Five per cent on either side of a confidence interval of 90 %."""

Ways = Mapping[tuple[str, ...], Callable[[Batch], Floats]]
"""What makes a column of the rows with one of some answers."""

POINTS: Final = (
    *("points_to_10", "points_to_25", "points_to_50"),
    *("points_to_100", "points_above_100"),
)

# ---------------------------------------------------------------------------
# Steps


@step(unit="1", zh="可售比例")
def sellable_share(
    *, baseline_share: Floats, leakage_share: Floats, buffer_share: Floats
) -> Floats:
    """Share of removals that can be sold.

    Formula: (1 - baseline_share) * (1 - leakage_share) * (1 - buffer_share).
    """
    return (1.0 - baseline_share) * (1.0 - leakage_share) * (1.0 - buffer_share)


@step(unit="1", zh="可售比例")
def sellable_by_parts(
    *, additional_share: Floats, kept_share: Floats, accountable_share: Floats
) -> Floats:
    """Share of removals that can be sold.

    Formula: additional_share * kept_share * accountable_share.
    """
    return additional_share * kept_share * accountable_share


@step(unit="1", zh="额外碳汇量占比")
def additional_after_share(*, baseline_share: Floats) -> Floats:
    """Share that would not have happened without the project: 1 - baseline_share."""
    return 1.0 - baseline_share


@step(unit="1", zh="额外碳汇量占比")
def additional_whole(*, area_mu: Floats) -> Floats:
    """All removals, as the baseline is taken off by itself: area_mu >= 0."""
    return np.asarray((area_mu >= 0.0).astype(np.float64))


@step(unit="1", zh="扣减后留存比例")
def kept_share(*, leakage_share: Floats, withheld_share: Floats) -> Floats:
    """Share kept after leakage and reversal: (1 - leakage_share) * (1 - withheld_share)."""
    return (1.0 - leakage_share) * (1.0 - withheld_share)


@step(unit="1", zh="非持久性扣减比例")
def withheld_as_given(*, buffer_share: Floats) -> Floats:
    """Share withheld against reversal: buffer_share."""
    return buffer_share


@step(unit="1", zh="非持久性扣减比例", reference="CCER-14-001-V01")
def withheld_by_methodology(*, k_risk: Floats) -> Floats:
    """Share withheld against reversal: k_risk."""
    return k_risk


@step(unit="1", zh="非持久性扣减比例", reference="Gold Standard 403 v2.1")
def withheld_by_gold_standard(*, gold_standard_buffer: Floats) -> Floats:
    """Share withheld against reversal: gold_standard_buffer."""
    return gold_standard_buffer


@step(unit="point", zh="自然风险分值", reference="Verra AFOLU NPRT v4.2")
def loss_score(
    *,
    points_to_10: Floats,
    points_to_25: Floats,
    points_to_50: Floats,
    points_to_100: Floats,
    points_above_100: Floats,
    loss_return_years: Floats,
) -> Floats:
    """Points of loss and return.

    Formula: points_to_10 + (points_to_25 - points_to_10) * (loss_return_years >= 10)
    + (points_to_50 - points_to_25) * (loss_return_years >= 25)
    + (points_to_100 - points_to_50) * (loss_return_years >= 50)
    + (points_above_100 - points_to_100) * (loss_return_years >= 100).
    """
    return np.asarray(
        points_to_10
        + (points_to_25 - points_to_10) * (loss_return_years >= 10.0)
        + (points_to_50 - points_to_25) * (loss_return_years >= 25.0)
        + (points_to_100 - points_to_50) * (loss_return_years >= 50.0)
        + (points_above_100 - points_to_100) * (loss_return_years >= 100.0)
    )


@step(unit="1", zh="非持久性扣减比例", reference="Verra AFOLU NPRT v4.2")
def withheld_by_table(
    *,
    least_points: Floats,
    loss_score: Floats,
    mitigation_factor: Floats,
    other_risk_points: Floats,
) -> Floats:
    """Share withheld against reversal.

    Formula: max(least_points, loss_score * mitigation_factor + other_risk_points) / 100.
    """
    points = loss_score * mitigation_factor + other_risk_points
    return np.asarray(np.maximum(least_points, points) / 100.0)


@step(unit="t/ha", zh="样地均值")
def sample_mean(*, strata_areas_mu: Floats, strata_means: Floats) -> Floats:
    """Mean of the sample: sum(strata_areas_mu * strata_means) / sum(strata_areas_mu)."""
    whole = np.nansum(strata_areas_mu, axis=-1)
    return np.asarray(np.nansum(strata_areas_mu * strata_means, axis=-1) / whole)


@step(unit="t/ha", zh="均值标准误")
def sample_error(
    *, strata_areas_mu: Floats, strata_spreads: Floats, strata_plots: Floats
) -> Floats:
    """Standard error of the mean.

    Formula: sum((strata_areas_mu * strata_spreads) ** 2 / strata_plots) ** 0.5
    / sum(strata_areas_mu).
    """
    variance = (strata_areas_mu * strata_spreads) ** 2.0 / strata_plots
    return np.asarray(np.nansum(variance, axis=-1) ** 0.5 / np.nansum(strata_areas_mu, axis=-1))


@step(unit="1", zh="自由度")
def sample_freedom(*, strata_plots: Floats) -> Floats:
    """Whole plots less strata: floor(sum(strata_plots)) - sum(strata_plots > 0)."""
    plots = np.floor(np.nansum(strata_plots, axis=-1))
    return np.asarray(plots - np.sum(strata_plots > 0.0, axis=-1))


@step(unit="ratio", zh="90%置信相对半宽", reference="CDM AR-TOOL14 v04.2")
def half_width_of_sample(
    *, sample_freedom: Floats, sample_error: Floats, sample_mean: Floats
) -> Floats:
    """Half-width at 90 % over the mean.

    Formula: student_t(0.95, sample_freedom) * sample_error / sample_mean.
    """
    distinct_freedom, place = np.unique(sample_freedom, return_inverse=True)
    quantiles = np.array([student_t(CONFIDENT, float(each)) for each in distinct_freedom])
    return np.asarray(quantiles[place] * sample_error / sample_mean)


@step(unit="ratio", zh="90%置信相对半宽")
def half_width_as_given(*, half_width_share: Floats) -> Floats:
    """Half-width at 90 % over the mean: half_width_share."""
    return half_width_share


@step(unit="1", zh="精度扣减后比例", reference="CDM AR-TOOL14 v04.2")
def accountable_by_ladder(  # noqa: PLR0913 - the ladder has four steps.
    *,
    half_width: Floats,
    from_1: Floats,
    from_2: Floats,
    from_3: Floats,
    from_4: Floats,
    takes_1: Floats,
    takes_2: Floats,
    takes_3: Floats,
    takes_4: Floats,
) -> Floats:
    """Share that an imprecise sample leaves.

    Formula: max(0, 1 - half_width * (takes_1 * (half_width > from_1)
    + (takes_2 - takes_1) * (half_width > from_2) + (takes_3 - takes_2) * (half_width > from_3)
    + (takes_4 - takes_3) * (half_width > from_4))).
    """
    taken = (
        takes_1 * (half_width > from_1)
        + (takes_2 - takes_1) * (half_width > from_2)
        + (takes_3 - takes_2) * (half_width > from_3)
        + (takes_4 - takes_3) * (half_width > from_4)
    )
    return np.asarray(np.maximum(0.0, 1.0 - half_width * taken))


@step(unit="1", zh="精度扣减后比例", reference="Gold Standard 403 v2.1")
def accountable_by_gold_standard(*, half_width: Floats, free_half_width: Floats) -> Floats:
    """Share that an imprecise sample leaves: 1 - max(0, half_width - free_half_width)."""
    return np.asarray(1.0 - np.maximum(0.0, half_width - free_half_width))


@step(unit="1", zh="精度扣减后比例")
def accountable_whole(*, area_mu: Floats) -> Floats:
    """All, as nothing is said of the sample: area_mu >= 0."""
    return np.asarray((area_mu >= 0.0).astype(np.float64))


# ---------------------------------------------------------------------------
# What the model takes


def kept_shares(batch: Batch, basis: Basis, steps: Recorder) -> tuple[Floats, Floats]:
    """By row: the share of removals that can be sold, and the share a baseline is reduced by."""
    plain = (
        batch.is_level("baseline_basis", "share", "")
        & batch.is_level("permanence_basis", "given-share", "")
        & batch.is_level("precision_basis", "not-stated", "")
    )
    if plain.all():
        return _plainly(batch, steps), np.zeros(batch.n)
    sold, kept = np.zeros(batch.n), np.zeros(batch.n)
    for rows, by_parts in ((plain, False), (~plain, True)):
        hit = np.flatnonzero(rows)
        if not len(hit):
            continue
        part = batch.take(hit)
        if by_parts:
            sold[hit], kept[hit] = _by_parts(part, basis, steps)
        else:
            sold[hit] = _plainly(part, steps)
    return sold, kept


def _plainly(batch: Batch, steps: Recorder) -> Floats:
    names = ("baseline_share", "leakage_share", "buffer_share")
    return steps("sellable_share", sellable_share, **{name: batch.numbers(name) for name in names})


def _by_parts(batch: Batch, basis: Basis, steps: Recorder) -> tuple[Floats, Floats]:
    kept = steps(
        "kept_share",
        kept_share,
        leakage_share=batch.numbers("leakage_share"),
        withheld_share=_withheld(batch, basis, steps),
    )
    additional = _joined(
        batch,
        {
            ("share", ""): lambda part: steps(
                "additional_share",
                additional_after_share,
                baseline_share=part.numbers("baseline_share"),
            ),
            ("crown-cover", "stock-growth"): lambda part: steps(
                "additional_share", additional_whole, area_mu=part.numbers("area_mu")
            ),
        },
        "baseline_basis",
    )
    sold = steps(
        "sellable_share",
        sellable_by_parts,
        additional_share=additional,
        kept_share=kept,
        accountable_share=_accountable(batch, basis, steps),
    )
    return sold, kept


def _joined(batch: Batch, ways: Ways, field: str) -> Floats:
    """A column put together of what each answer to a choice makes of its rows."""
    whole = np.full(batch.n, np.nan)
    for answers, way in ways.items():
        hit = np.flatnonzero(batch.is_level(field, *answers))
        if len(hit):
            whole[hit] = way(batch.take(hit))
    return whole


def _withheld(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    parameters = basis.parameters
    name = "withheld_share"
    return _joined(
        batch,
        {
            ("given-share", ""): lambda part: steps(
                name, withheld_as_given, buffer_share=part.numbers("buffer_share")
            ),
            ("k-risk",): lambda part: steps(
                name, withheld_by_methodology, k_risk=np.full(part.n, parameters.number(K_RISK))
            ),
            ("gold-standard",): lambda part: steps(
                name,
                withheld_by_gold_standard,
                gold_standard_buffer=np.full(part.n, parameters.number(GOLD_STANDARD_BUFFER)),
            ),
            ("risk-table",): lambda part: _withheld_by_table(part, basis, steps),
        },
        "permanence_basis",
    )


def _withheld_by_table(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    table = basis.parameters.table(AFOLU_MITIGATION)
    factors = table.column("mitigation_factor", batch.levels["loss_mitigation"])
    return steps(
        "withheld_share",
        withheld_by_table,
        least_points=np.array(
            basis.parameters.table(AFOLU_LIMITS).number("points", "least_points")
        ),
        loss_score=loss_scores(batch, basis, steps),
        mitigation_factor=batch.by_level("loss_mitigation", factors),
        other_risk_points=batch.numbers("other_risk_points"),
    )


def loss_scores(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    """Points of natural risk before mitigation, NaN where nothing was chosen."""
    table = basis.parameters.table(AFOLU_LOSS)
    levels = batch.levels["loss_per_event"]
    return steps(
        "loss_score",
        loss_score,
        **{name: batch.by_level("loss_per_event", table.column(name, levels)) for name in POINTS},
        loss_return_years=batch.numbers("loss_return_years"),
    )


def half_width(batch: Batch, steps: Recorder) -> Floats:
    """Half-width at 90 % over the mean of rows that state a sample, NaN elsewhere."""
    return _joined(
        batch,
        {
            ("plots",): lambda part: _half_width_of_plots(part, steps),
            ("half-width",): lambda part: steps(
                "half_width",
                half_width_as_given,
                half_width_share=part.numbers("half_width_share"),
            ),
        },
        "precision_basis",
    )


def _half_width_of_plots(batch: Batch, steps: Recorder) -> Floats:
    areas = batch.numbers("strata_areas_mu")
    plots = batch.numbers("strata_plots")
    return steps(
        "half_width",
        half_width_of_sample,
        sample_freedom=steps("sample_freedom", sample_freedom, strata_plots=plots),
        sample_error=steps(
            "sample_error",
            sample_error,
            strata_areas_mu=areas,
            strata_spreads=batch.numbers("strata_spreads"),
            strata_plots=plots,
        ),
        sample_mean=steps(
            "sample_mean",
            sample_mean,
            strata_areas_mu=areas,
            strata_means=batch.numbers("strata_means"),
        ),
    )


def _accountable(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    return _joined(
        batch,
        {
            ("not-stated", ""): lambda part: steps(
                "accountable_share", accountable_whole, area_mu=part.numbers("area_mu")
            ),
            ("plots", "half-width"): lambda part: _accountable_sample(part, basis, steps),
        },
        "precision_basis",
    )


def _accountable_sample(batch: Batch, basis: Basis, steps: Recorder) -> Floats:
    parameters = basis.parameters
    ladder = {
        name: np.array(given) for name, given in parameters.table(PRECISION)["ar-tool14"].items()
    }
    free = np.array(parameters.number(FREE_HALF_WIDTH))
    return _joined(
        batch,
        {
            ("ar-tool14",): lambda part: steps(
                "accountable_share",
                accountable_by_ladder,
                half_width=half_width(part, steps),
                **ladder,
            ),
            ("gold-standard",): lambda part: steps(
                "accountable_share",
                accountable_by_gold_standard,
                half_width=half_width(part, steps),
                free_half_width=free,
            ),
        },
        "precision_rule",
    )
