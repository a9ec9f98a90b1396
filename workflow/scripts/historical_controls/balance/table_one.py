"""Table 1: each covariate by arm, before and after weighting, the differences between the arms, as results rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import QUANTILE_BOUNDS, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.balance.covariates import CategoryCovariate, Covariate, Floats, NumberCovariate
from historical_controls.balance.differences import (
    Moments,
    at_limit,
    moments_of,
    on_scale,
    pooled_sd,
    share_moments,
    smd,
    variance_ratio,
)
from historical_controls.balance.envelope import Chance, smd_by_chance
from historical_controls.balance.key_covariates import Flags
from historical_controls.balance.weights.methods import UNWEIGHTED
from historical_controls.balance.weights.weighting import Weighting
from historical_controls.dictionary.scales import mean_of

QUANTILES = {Statistic.Q1: 0.25, Statistic.MEDIAN: 0.5, Statistic.Q3: 0.75}

Masks = Mapping[str, Flags]


@dataclass(frozen=True)
class BalanceMeasures:
    """One covariate (or category) under one method: moments of both arms, the unweighted denominator, the envelope."""

    method: str
    covariate: Covariate
    level: str
    treated: Moments
    historical: Moments
    spread: float
    by_chance: float

    @property
    def smd(self) -> float:
        return smd(self.treated, self.historical, self.spread)

    @property
    def variance_ratio(self) -> float:
        if isinstance(self.covariate, CategoryCovariate):
            # The variance p (1 - p) of a share follows from the shares; its ratio would say nothing more.
            return np.nan
        return variance_ratio(self.treated, self.historical)


def compare(
    covariate: Covariate, masks: Masks, weightings: Mapping[str, Weighting], chance: Chance
) -> Iterator[BalanceMeasures]:
    """The covariate's levels under every method, unweighted first."""
    for name in levels_of(covariate):
        values = _values(covariate, name)
        # A category is compared level by level, each as a share.
        share = isinstance(covariate, CategoryCovariate)
        plain = [_moments(values, share, masks[arm], np.ones(len(values))) for arm in ARMS]
        spread = pooled_sd(*plain)
        bound = smd_by_chance(values, masks[ARMS[0]], share, chance)
        yield BalanceMeasures(UNWEIGHTED, covariate, name, plain[0], plain[1], spread, bound)
        for method, weighting in weightings.items():
            if method != UNWEIGHTED:
                arms = [_moments(values, share, masks[arm], weighting.weights) for arm in ARMS]
                # No chance limit after weighting: the weights were made for these labels and would differ under others.
                yield BalanceMeasures(method, covariate, name, arms[0], arms[1], spread, np.nan)


def levels_of(covariate: Covariate) -> tuple[str, ...]:
    return covariate.levels if isinstance(covariate, CategoryCovariate) else ("",)


def _values(covariate: Covariate, level: str) -> Floats:
    """On the scale compared, 0 or 1 for a category; nan where missing."""
    if isinstance(covariate, NumberCovariate):
        return on_scale(covariate)
    missing = np.array([value is None for value in covariate.category], dtype=bool)
    return np.where(missing, np.nan, (covariate.category == level).astype(np.float64))


def _moments(values: Floats, share: bool, rows: Flags, weights: Floats) -> Moments:
    # Patients without weight (unmatched) are not counted in n either.
    kept = rows & ~np.isnan(values) & (weights > 0)
    x, w = values[kept], weights[kept]
    return share_moments(float(w @ x), float(w.sum()), len(x)) if share else moments_of(x, w)


def balance_row(scenario: str, measures: BalanceMeasures) -> Row:
    """The row of table `balance`."""
    return {
        "scenario": scenario,
        "method": measures.method,
        "covariate": measures.covariate.code,
        "level": measures.level,
        "n_treated": measures.treated.n,
        "n_historical": measures.historical.n,
        "mean_treated": measures.treated.mean,
        "mean_historical": measures.historical.mean,
        "sd_treated": measures.treated.sd,
        "sd_historical": measures.historical.sd,
        "smd": measures.smd,
        "variance_ratio": measures.variance_ratio,
        "smd_by_chance": measures.by_chance,
    }


def table_rows(measures: BalanceMeasures, masks: Masks, scenario: str) -> Iterator[Row]:
    """Rows of outputs 14.1.4 and 15.3 of one comparison."""
    if measures.method == UNWEIGHTED:
        yield from _unweighted_rows(measures, masks, Cell(AnalysisKey.BASELINE, scenario, UNWEIGHTED))
    else:
        yield from _weighted_rows(measures, Cell(AnalysisKey.BASELINE_WEIGHTED, scenario, measures.method))
    love = Cell(AnalysisKey.LOVE, scenario, measures.method, outcome=measures.covariate.code, level=measures.level)
    for name, value in ((Statistic.SMD, measures.smd), (Statistic.SMD_BY_CHANCE, measures.by_chance)):
        if not np.isnan(value):
            yield love.at(contrast=CONTRAST).number(name, value, format="0.00")


def _unweighted_rows(measures: BalanceMeasures, masks: Masks, cell: Cell) -> Iterator[Row]:
    covariate, level = measures.covariate, measures.level
    cell = cell.at(outcome=covariate.code, level=level)
    for arm, moments in zip(ARMS, (measures.treated, measures.historical), strict=True):
        here = cell.at(arm=arm)
        if isinstance(covariate, NumberCovariate):
            yield from _number_rows(here, covariate, masks[arm])
        else:
            yield from _category_rows(here, covariate, moments, masks[arm])
        yield from _centre_rows(here, covariate, moments)
    yield from _smd_rows(cell.at(contrast=CONTRAST), measures)


def _weighted_rows(measures: BalanceMeasures, cell: Cell) -> Iterator[Row]:
    """Means (geometric on the log scale) and proportions of both arms, and their difference."""
    covariate = measures.covariate
    cell = cell.at(outcome=covariate.code, level=measures.level)
    for arm, moments in zip(ARMS, (measures.treated, measures.historical), strict=True):
        here = cell.at(arm=arm)
        yield here.number(Statistic.N, moments.n)
        yield from _centre_rows(here, covariate, moments)
    yield from _smd_rows(cell.at(contrast=CONTRAST), measures)


def _centre_rows(cell: Cell, covariate: Covariate, moments: Moments) -> Iterator[Row]:
    """The proportion, or the mean on the scale compared, in the unit: of logs the geometric mean, limits as values."""
    if not moments.n:
        return
    if isinstance(covariate, CategoryCovariate):
        yield cell.number(Statistic.CENTRE, moments.mean, format="0.00")
    else:
        centre = mean_of(moments.mean, covariate.scale)
        yield cell.number(Statistic.CENTRE, centre, covariate.unit, number_format(covariate))


def _smd_rows(cell: Cell, measures: BalanceMeasures) -> Iterator[Row]:
    numbers = {
        Statistic.SMD: measures.smd,
        Statistic.VARIANCE_RATIO: measures.variance_ratio,
        Statistic.SMD_BY_CHANCE: measures.by_chance,
    }
    for name, value in numbers.items():
        if not np.isnan(value):
            yield cell.number(name, value, format="0.00")
    # A reader must know whether an SMD is of values or of their logs.
    if isinstance(measures.covariate, NumberCovariate) and not np.isnan(measures.smd):
        yield cell.text(Statistic.SMD_SCALE, measures.covariate.scale)
        # Any censored value was compared at its limit, which readers of the SMD must know.
        if measures.covariate.of(np.ones(len(measures.covariate.lower), dtype=bool)).censored.any():
            yield cell.text(Statistic.SMD_CENSORED, "at_limit")


def _category_rows(cell: Cell, covariate: CategoryCovariate, moments: Moments, rows: Flags) -> Iterator[Row]:
    yield cell.number(Statistic.N, moments.n)
    yield cell.number(Statistic.N_MISSING, int(rows.sum()) - moments.n)
    yield cell.number(Statistic.COUNT, int((covariate.category[rows] == cell.level).sum()))
    if moments.n:
        yield cell.number(Statistic.SHARE, moments.mean, format="percent")


def _number_rows(cell: Cell, covariate: NumberCovariate, rows: Flags) -> Iterator[Row]:
    """Counts; mean and SD where no value is censored; quartiles, or the bounds that censoring leaves for them."""
    own = covariate.of(rows)
    censored = int(own.censored.sum())
    yield cell.number(Statistic.N, len(own.lower))
    yield cell.number(Statistic.N_MISSING, int(rows.sum()) - len(own.lower))
    if censored:
        yield cell.number(Statistic.N_CENSORED, censored)
    if not len(own.lower):
        return
    # By both arms together, so that their cells have the same decimals.
    form = number_format(covariate)
    # The mean of values that include limits is not a mean; quartiles survive as long as they are not censored.
    if not censored:
        moments = moments_of(own.lower)
        yield cell.number(Statistic.MEAN, moments.mean, covariate.unit, form)
        if not np.isnan(moments.sd):
            yield cell.number(Statistic.SD, moments.sd, covariate.unit, form)
    for name, share in QUANTILES.items():
        yield from _quantile_rows(cell, own, name, share, form)


def _quantile_rows(cell: Cell, own: NumberCovariate, name: Statistic, share: float, form: str) -> Iterator[Row]:
    """A quantile rises with every value, so the quantiles of the lower and upper bounds bound it."""
    lower, upper = (bounded_quantile(bound, share) for bound in (own.lower, own.upper))
    if lower == upper:
        yield cell.number(name, lower, own.unit, form)
        return
    for statistic, bound in zip(QUANTILE_BOUNDS[name], (lower, upper), strict=True):
        if np.isfinite(bound):
            yield cell.number(statistic, bound, own.unit, form)


def bounded_quantile(values: np.ndarray, share: float) -> float:
    """Linear interpolation between order statistics (type 7 of Hyndman & Fan, Am Stat 1996;50:361-365)."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
    part = place - np.floor(place)
    # inf - inf and 0 * inf would be nan; an unbounded neighbour that has no part in the quantile must not spoil it.
    if low == high or part == 0 or np.isinf(low):
        return float(low)
    return float(low + part * (high - low))


def number_format(covariate: NumberCovariate) -> str:
    """Decimals by the size of the typical value in both arms."""
    values = at_limit(covariate.lower, covariate.upper)
    typical = float(np.median(np.abs(values[~np.isnan(values)])))
    return "0" if typical >= 100 else "0.0" if typical >= 1 else "0.00"
