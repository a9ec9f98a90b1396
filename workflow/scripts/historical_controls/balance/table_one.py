"""Table 1: each covariate by arm, the difference between the arms, and the rows of the results table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..ard import Cell, ard_frame
from ..dictionary import Dictionary
from ..table_io import conform
from ..tables import BALANCE
from .covariates import CategoryCovariate, Covariate, NumberCovariate, collect
from .differences import Moments, at_limit, moments_of, on_scale, share_moments, smd

ARMS = ("treated", "historical")
CONTRAST = "treated - historical"
METHOD = "unweighted"
QUANTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}

Row = dict[str, object]
Masks = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class BalanceTables:
    balance: pd.DataFrame
    ard: pd.DataFrame


def balance_arms(
    patients: pd.DataFrame, visits: pd.DataFrame, covariates: Sequence[str], dictionary: Dictionary, scenario: str
) -> BalanceTables:
    """Table 1 of the included patients (tables cohort_patients, visits): table `balance` and rows of output 14.1.4."""
    included = patients[patients["included"]].reset_index(drop=True)
    masks = {arm: (included["arm"] == arm).to_numpy() for arm in ARMS}
    found = collect(included, visits, covariates, dictionary)
    rows = [{"scenario": scenario, **row} for covariate in found for row in _balance_rows(covariate, masks)]
    balance = pd.DataFrame(rows, columns=list(BALANCE.names))
    ard = [row for covariate in found for row in _ard_rows(covariate, masks, scenario)]
    return BalanceTables(conform(balance, BALANCE), ard_frame(ard))


def _balance_rows(covariate: Covariate, masks: Masks) -> Iterator[Row]:
    for level in levels_of(covariate):
        treated, historical = (level_moments(covariate, level, masks[arm]) for arm in ARMS)
        yield {
            "method": METHOD,
            "covariate": covariate.code,
            "level": level,
            "n_treated": treated.n,
            "n_historical": historical.n,
            "mean_treated": treated.mean,
            "mean_historical": historical.mean,
            "sd_treated": treated.sd,
            "sd_historical": historical.sd,
            "smd": smd(treated, historical),
        }


def levels_of(covariate: Covariate) -> tuple[str, ...]:
    return covariate.levels if isinstance(covariate, CategoryCovariate) else ("",)


def level_moments(covariate: Covariate, level: str, rows: np.ndarray) -> Moments:
    """Moments of one arm that the difference is computed from."""
    if isinstance(covariate, NumberCovariate):
        return moments_of(on_scale(covariate.of(rows)))
    category = covariate.category[rows]
    return share_moments(int((category == level).sum()), int((category != None).sum()))  # noqa: E711


def _ard_rows(covariate: Covariate, masks: Masks, scenario: str) -> Iterator[Row]:
    cell = Cell("14.1.4", scenario, "baseline", METHOD, outcome=covariate.code)
    for level in levels_of(covariate):
        for arm in ARMS:
            here = cell.at(arm=arm, level=level)
            if isinstance(covariate, NumberCovariate):
                yield from _number_rows(here, covariate, masks[arm])
            else:
                yield from _category_rows(here, covariate, level, masks[arm])
        difference = smd(*(level_moments(covariate, level, masks[arm]) for arm in ARMS))
        if not np.isnan(difference):
            yield from _smd_rows(cell.at(level=level, contrast=CONTRAST), covariate, difference)


def _smd_rows(cell: Cell, covariate: Covariate, difference: float) -> Iterator[Row]:
    yield cell.number("smd", difference, format="0.00")
    if isinstance(covariate, NumberCovariate):
        yield cell.text("smd_scale", covariate.scale)
        if covariate.of(np.ones(len(covariate.lower), dtype=bool)).censored.any():
            yield cell.text("smd_censored", "at_limit")


def _category_rows(cell: Cell, covariate: CategoryCovariate, level: str, rows: np.ndarray) -> Iterator[Row]:
    moments = level_moments(covariate, level, rows)
    yield cell.number("n", moments.n)
    yield cell.number("n_missing", int(rows.sum()) - moments.n)
    yield cell.number("count", int((covariate.category[rows] == level).sum()))
    if moments.n:
        yield cell.number("share", moments.mean, format="percent")


def _number_rows(cell: Cell, covariate: NumberCovariate, rows: np.ndarray) -> Iterator[Row]:
    """Counts; mean and SD where no value is censored; quartiles, or the bounds that censoring leaves for them."""
    own = covariate.of(rows)
    censored = int(own.censored.sum())
    yield cell.number("n", len(own.lower))
    yield cell.number("n_missing", int(rows.sum()) - len(own.lower))
    if censored:
        yield cell.number("n_censored", censored)
    if not len(own.lower):
        return
    form = number_format(covariate)
    if not censored:
        moments = moments_of(own.lower)
        yield cell.number("mean", moments.mean, covariate.unit, form)
        if not np.isnan(moments.sd):
            yield cell.number("sd", moments.sd, covariate.unit, form)
    for name, share in QUANTILES.items():
        yield from _quantile_rows(cell, own, name, share, form)


def _quantile_rows(cell: Cell, own: NumberCovariate, name: str, share: float, form: str) -> Iterator[Row]:
    """A quantile rises with every value, so the quantiles of the lower and upper bounds bound it."""
    lower, upper = (bounded_quantile(bound, share) for bound in (own.lower, own.upper))
    if lower == upper:
        yield cell.number(name, lower, own.unit, form)
        return
    for side, bound in (("lower", lower), ("upper", upper)):
        if np.isfinite(bound):
            yield cell.number(f"{name}_{side}", bound, own.unit, form)


def bounded_quantile(values: np.ndarray, share: float) -> float:
    """Linear interpolation between order statistics (type 7 of Hyndman & Fan, Am Stat 1996;50:361-365)."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
    part = place - np.floor(place)
    if low == high or part == 0 or np.isinf(low):
        return float(low)
    return float(low + part * (high - low))


def number_format(covariate: NumberCovariate) -> str:
    """Decimals by the size of the typical value in both arms."""
    values = at_limit(covariate.lower, covariate.upper)
    typical = float(np.median(np.abs(values[~np.isnan(values)])))
    return "0" if typical >= 100 else "0.0" if typical >= 1 else "0.00"
