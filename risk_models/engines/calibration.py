"""Calibration: what a dated series of prices says about how its price moves.

The step is the mean time between two points, so a year has as many steps as the series has
points a year, and days without trade do not count as calm ones. All figures but the level do not
change when every price is multiplied by one number.

- Volatility a year: standard deviation of the log returns, divided by the root of the step.
- Return to a mean: x of the next point on x of this one, x the logarithm of the price, fitted by
  least squares (AR(1), exact for an Ornstein-Uhlenbeck process): b = exp(-kappa * step).
- Jumps by a threshold: a return further than four standard deviations of the others from their
  mean is a jump; repeated until no further return is one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.contract import Floats
from risk_models.engines.haircuts import haircuts
from risk_models.engines.outliers import OutlierRule, outlier_words
from risk_models.engines.paths import Process
from risk_models.trace import DAYS_A_YEAR
from risk_models.words import Text

__all__ = [
    "Calibration",
    "Fit",
    "InvalidSeries",
    "Jumps",
    "Reversion",
    "Warned",
    "calibrate",
    "calibration_json",
    "series_problems",
]

FEWEST_POINTS: Final = 10
"""Fewer give no regression worth the name."""

SHORT_POINTS: Final = 120
SHORT_YEARS: Final = 1.0
"""A shorter series says little of a year: half a year of daily points, or less than one year."""

LARGE_MOVE: Final = 0.10
"""The daily price limit of the national carbon market; a freely traded market rarely moves more."""

THIN_LARGE_SHARE: Final = 0.01
THIN_STILL_SHARE: Final = 0.20
"""More large moves of single days, or more steps without any, than this say that trade is thin."""

DAILY_DAYS: Final = 4.0
"""Up to this mean step a series is daily; over weeks large moves say nothing of trade."""

GAP_DAYS: Final = 15
GAP_STEPS: Final = 5.0
"""A gap is longer than the longest holiday, and than five usual steps of the series."""

JUMP_DEVIATIONS: Final = 4.0
"""Of 10,000 normal returns less than one lies further out."""

DICKEY_FULLER: Final = -2.86
"""Critical value of the Dickey-Fuller statistic with a constant at 5 %, for long series."""


class InvalidSeries(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """A series that cannot be calibrated; `detail` says why and what to do."""

    def __init__(self, code: str, detail: Text) -> None:
        super().__init__(detail.en)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """What makes the figures weak."""

    code: str
    detail: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How likely the series is under one process, seen from its first point."""

    log_likelihood: float
    parameters: int

    @property
    def aic(self) -> float:
        return 2.0 * self.parameters - 2.0 * self.log_likelihood


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversion:
    """The AR(1) fit of the logarithm and, where it falls back, the process behind it.

    `speed`, `level`, `half_life_years` and `volatility` are None where b is not between 0 and 1.
    """

    b: float
    r_squared: float
    residual_deviation: float
    dickey_fuller: float
    speed: float | None
    level: float | None
    half_life_years: float | None
    volatility: float | None

    @property
    def is_shown(self) -> bool:
        """Whether a random walk would rarely look like this."""
        return self.speed is not None and self.dickey_fuller < DICKEY_FULLER


@dataclass(frozen=True, slots=True, kw_only=True)
class Jumps:
    """Returns beyond the threshold, and what the rest moves like."""

    count: int
    per_year: float
    mean: float
    deviation: float
    volatility_without: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The report on one series. Volatility and drift are yearly figures of the logarithm."""

    points: int
    first_on: date
    last_on: date
    span_years: float
    step_days: float
    volatility: float
    drift: float
    kurtosis: float
    large_share: float
    still_share: float
    gaps: int
    reversion: Reversion
    jumps: Jumps
    walk: Fit
    reverting: Fit
    warnings: tuple[Warned, ...] = ()

    @property
    def better(self) -> str:
        """The process with the lower AIC: "walk" or "reverting"."""
        return "reverting" if self.reverting.aic < self.walk.aic else "walk"

    @property
    def process(self) -> Process:
        """The random walk of the series."""
        return Process(volatility=self.volatility)

    @property
    def reverting_process(self) -> Process | None:
        """The return to the mean, where the series shows one."""
        speed, volatility = self.reversion.speed, self.reversion.volatility
        if not self.reversion.is_shown or speed is None or volatility is None:
            return None
        return Process(volatility=volatility, reversion_speed=speed)


def calibrate(
    days: Sequence[date], prices: Sequence[float], outliers: OutlierRule | None = None
) -> Calibration:
    """The report on prices in the order of their days. A bad series is refused, never mended.

    With a rule for `outliers` the days whose prices stand apart are named in the warnings.
    """
    at = np.asarray(days, dtype="datetime64[D]")
    values = np.asarray(prices, dtype=np.float64)
    _require(at, values)
    gaps_days = np.diff(at).astype(np.float64)
    span = float(gaps_days.sum()) / DAYS_A_YEAR
    step = span / len(gaps_days)
    logs = np.log(values)
    returns = np.diff(logs)
    variance = float(returns.var(ddof=1))
    reversion = _reversion(logs, step)
    found = Calibration(
        points=len(values),
        first_on=days[0],
        last_on=days[-1],
        span_years=span,
        step_days=step * DAYS_A_YEAR,
        volatility=math.sqrt(variance / step),
        drift=float(returns.mean()) / step,
        kurtosis=_kurtosis(returns),
        large_share=float((np.abs(returns) > LARGE_MOVE).mean()),
        still_share=float((returns == 0.0).mean()),
        gaps=int((gaps_days > max(GAP_DAYS, GAP_STEPS * float(np.median(gaps_days)))).sum()),
        reversion=reversion,
        jumps=_jumps(returns, span, step),
        walk=Fit(log_likelihood=_normal(returns - returns.mean()), parameters=2),
        reverting=Fit(log_likelihood=_normal(_residuals(logs)[0]), parameters=3),
    )
    apart = outlier_words(days, prices, outliers) if outliers is not None else []
    told = [Warned(code="outlier", detail=words) for words in apart[:MOST_TOLD]]
    return _with_warnings(found, told)


# ---------------------------------------------------------------------------
# Refusals


TOO_FEW: Final = Text(
    en=f"The series has fewer than {FEWEST_POINTS} points. Choose a longer period.",
    zh=f"序列不足{FEWEST_POINTS}个数据点，请选择更长的期间。",
)
UNEQUAL: Final = Text(en="There are not as many prices as days.", zh="价格与日期的个数不一致。")
UNSORTED: Final = Text(
    en="The days do not ascend from %(on)s on. Sort the series by day.",
    zh="自%(on)s起日期未按升序排列，请按日期排序。",
)
DOUBLE: Final = Text(
    en="The day %(on)s stands twice. Keep one price a day.",
    zh="日期%(on)s重复出现，请每日只保留一个价格。",
)
NOT_ABOVE_ZERO: Final = Text(
    en="The price of %(on)s is not a number above zero. Correct it or leave the day out.",
    zh="%(on)s的价格不是大于零的数字，请更正或去除该日。",
)
NO_CHANCE: Final = Text(
    en="The price never moves, or follows an exact rule, so there is no chance to measure.",
    zh="价格始终未变动或完全按固定规则变动，无随机性可供估计。",
)

EXACT: Final = 1e-12
"""Log returns or residuals this small are the rounding of an exact rule."""


MOST_TOLD: Final = 20
"""Days named at once; who corrects them sees the next."""


def series_problems(days: Sequence[date], prices: Sequence[float]) -> tuple[Warned, ...]:
    """Every day that stands out of order or twice, or whose price is not above zero; then the length."""
    at = np.asarray(days, dtype="datetime64[D]")
    values = np.asarray(prices, dtype=np.float64)
    steps = np.diff(at).astype(np.int64)
    first = np.zeros(min(1, len(at)), dtype=np.bool_)
    found = [
        Warned(code=code, detail=detail.filled({"on": str(at[place])}))
        for code, detail, wrong in (
            ("unsorted-days", UNSORTED, np.append(first, steps < 0)),
            ("double-day", DOUBLE, np.append(first, steps == 0)),
            ("not-above-zero", NOT_ABOVE_ZERO, ~(np.isfinite(values) & (values > 0.0))),
        )
        for place in np.flatnonzero(wrong)
    ]
    if len(values) < FEWEST_POINTS:
        found.append(Warned(code="too-few-points", detail=TOO_FEW))
    return tuple(found[:MOST_TOLD])


def _require(at: npt.NDArray[np.datetime64], values: Floats) -> None:
    if len(at) != len(values):
        raise InvalidSeries("unequal-length", UNEQUAL)
    problems = series_problems(at.tolist(), values.tolist())
    if problems:
        told = [problem.detail for problem in problems]
        together = Text(en=" ".join(each.en for each in told), zh="".join(each.zh for each in told))
        raise InvalidSeries(problems[0].code, together)
    logs = np.log(values)
    if np.diff(logs).std() < EXACT or np.abs(_residuals(logs)[0]).max() < EXACT:
        raise InvalidSeries("no-chance", NO_CHANCE)


# ---------------------------------------------------------------------------
# Fits


def _kurtosis(returns: Floats) -> float:
    """Raw: 3 for a normal distribution."""
    away = returns - returns.mean()
    return float((away**4).mean() / (away**2).mean() ** 2)


def _normal(residuals: Floats) -> float:
    """Log-likelihood of residuals under a normal law with their own variance."""
    variance = float((residuals**2).mean())
    return -0.5 * len(residuals) * (math.log(2.0 * math.pi * variance) + 1.0)


def _residuals(logs: Floats) -> tuple[Floats, float, float]:
    """Residuals of the AR(1) fit around the mean, its b, and the spread of what explains."""
    before, after = logs[:-1] - logs[:-1].mean(), logs[1:] - logs[1:].mean()
    spread = float((before**2).sum())
    b = float((before * after).sum()) / spread
    return after - b * before, b, spread


def _reversion(logs: Floats, step: float) -> Reversion:
    residuals, b, spread = _residuals(logs)
    squares = float((residuals**2).sum())
    deviation = math.sqrt(squares / (len(residuals) - 2))
    total = float(((logs[1:] - logs[1:].mean()) ** 2).sum())
    returns_to_mean = 0.0 < b < 1.0
    speed = -math.log(b) / step if returns_to_mean else None
    constant = float(logs[1:].mean() - b * logs[:-1].mean())
    return Reversion(
        b=b,
        r_squared=1.0 - squares / total,
        residual_deviation=deviation,
        dickey_fuller=(b - 1.0) / (deviation / math.sqrt(spread)),
        speed=speed,
        level=math.exp(constant / (1.0 - b)) if returns_to_mean else None,
        half_life_years=math.log(2.0) / speed if speed is not None else None,
        volatility=(
            deviation * math.sqrt(2.0 * speed / (1.0 - b * b)) if speed is not None else None
        ),
    )


def _jumps(returns: Floats, span: float, step: float) -> Jumps:
    calm = np.ones(len(returns), dtype=np.bool_)
    while True:
        mean, deviation = returns[calm].mean(), returns[calm].std(ddof=1)
        beyond = calm & (np.abs(returns - mean) > JUMP_DEVIATIONS * deviation)
        if not beyond.any() or calm.sum() - beyond.sum() < FEWEST_POINTS // 2:
            break
        calm &= ~beyond
    sizes = returns[~calm] - returns[calm].mean()
    return Jumps(
        count=len(sizes),
        per_year=len(sizes) / span,
        mean=float(sizes.mean()) if len(sizes) else 0.0,
        deviation=float(sizes.std(ddof=1)) if len(sizes) > 1 else 0.0,
        volatility_without=float(returns[calm].std(ddof=1)) / math.sqrt(step),
    )


# ---------------------------------------------------------------------------
# Warnings

SHORT: Final = Text(
    en="The series is short: %(points)d points over %(years).1f years. A yearly volatility shows in a"
    " year of daily prices or more; take the figures as a rough guide.",
    zh="序列较短：%(points)d个数据点，跨度%(years).1f年。年波动率须有一年以上的日度价格才能可靠估计，以下数字仅供参考。",
)
WILD: Final = Text(
    en="Trade is thin: %(large).1f%% of the moves of single days exceed 10%%. The volatility is that"
    " of single deals rather than of a market.",
    zh="交易稀疏：%(large).1f%%的单日变动超过10%%。所得波动率反映个别成交而非市场。",
)
STILL: Final = Text(
    en="Trade is thin: over %(still).1f%% of the steps the price did not move. The volatility is that"
    " of single deals rather than of a market.",
    zh="交易稀疏：%(still).1f%%的间隔价格未变。所得波动率反映个别成交而非市场。",
)
GAPS: Final = Text(
    en="The series has %(gaps)d gaps. A move over a gap counts as one step.",
    zh="序列存在%(gaps)d处缺口，跨缺口的变动按一步计算。",
)
FAST: Final = Text(
    en="Half of the way back to the mean takes %(days).1f days, less than the step of the series. A market"
    " does not return so fast: look for slips, or for single deals far from the others.",
    zh="回到均值一半路程仅需%(days).1f天，短于序列间隔。真实市场的回复不会如此之快，请检查录入差错或偏离较大的个别成交。",
)
NO_RETURN: Final = Text(
    en="A return to a mean is not shown: a random walk of this length often looks like this. Use"
    " the volatility without the return.",
    zh="未能证实均值回复：同长度的随机游走亦常呈此形态。请使用不含均值回复的波动率。",
)


def _step_years(found: Calibration) -> float:
    return found.step_days / DAYS_A_YEAR


def _with_warnings(found: Calibration, told: list[Warned]) -> Calibration:
    if found.points < SHORT_POINTS or found.span_years < SHORT_YEARS:
        facts: dict[str, object] = {"points": found.points, "years": found.span_years}
        told.append(Warned(code="short", detail=SHORT.filled(facts)))
    if found.step_days <= DAILY_DAYS and found.large_share > THIN_LARGE_SHARE:
        large: dict[str, object] = {"large": 100.0 * found.large_share}
        told.append(Warned(code="thin", detail=WILD.filled(large)))
    if found.still_share > THIN_STILL_SHARE:
        still: dict[str, object] = {"still": 100.0 * found.still_share}
        told.append(Warned(code="thin", detail=STILL.filled(still)))
    if found.gaps:
        told.append(Warned(code="gaps", detail=GAPS.filled({"gaps": found.gaps})))
    half_life = found.reversion.half_life_years
    if found.reversion.is_shown and half_life is not None and half_life < _step_years(found):
        told.append(
            Warned(code="fast-return", detail=FAST.filled({"days": DAYS_A_YEAR * half_life}))
        )
    if not found.reversion.is_shown:
        told.append(Warned(code="no-return", detail=NO_RETURN))
    return replace(found, warnings=tuple(told))


# ---------------------------------------------------------------------------
# As JSON


def calibration_json(found: Calibration, *, language: str = "en") -> dict[str, object]:
    """The report as plain figures; what does not apply is null.

    `haircuts` assume a random walk; `haircuts_reverting` is empty unless a return to a mean is shown.
    """
    reversion, jumps, reverting = found.reversion, found.jumps, found.reverting_process
    return {
        "points": found.points,
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "span_years": found.span_years,
        "step_days": found.step_days,
        "volatility": found.volatility,
        "drift": found.drift,
        "kurtosis": found.kurtosis,
        "large_share": found.large_share,
        "still_share": found.still_share,
        "gaps": found.gaps,
        "reversion": {
            "shown": reversion.is_shown,
            "speed": reversion.speed,
            "level": reversion.level,
            "half_life_years": reversion.half_life_years,
            "volatility": reversion.volatility,
            "b": reversion.b,
            "r_squared": reversion.r_squared,
            "residual_deviation": reversion.residual_deviation,
            "dickey_fuller": reversion.dickey_fuller,
        },
        "jumps": {
            "count": jumps.count,
            "per_year": jumps.per_year,
            "mean": jumps.mean,
            "deviation": jumps.deviation,
            "volatility_without": jumps.volatility_without,
        },
        "fits": {
            "better": found.better,
            "walk": {"log_likelihood": found.walk.log_likelihood, "aic": found.walk.aic},
            "reverting": {
                "log_likelihood": found.reverting.log_likelihood,
                "aic": found.reverting.aic,
            },
        },
        "haircuts": _haircuts_json(found.process),
        "haircuts_reverting": [] if reverting is None else _haircuts_json(reverting),
        "warnings": [
            {"code": warned.code, "detail": warned.detail.in_language(language)}
            for warned in found.warnings
        ],
    }


def _haircuts_json(process: Process) -> list[dict[str, float]]:
    return [
        {"years": cell.years, "confidence": cell.confidence, "share": cell.share}
        for cell in haircuts(process)
    ]
