"""Which covariates enter a model of one outcome, as which columns, and what became of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.baseline_limits import at_limit, expected_beyond
from historical_controls.analysis.model.included_visits import Codes, IncludedVisits
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.config.name_types import Timing
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.scales import transformed

Array = NDArray[np.float64]

BASELINE = "baseline"
TIMINGS = get_args(Timing)
# Relative to the spread of a standardised column: what is left of one that others determine.
DEPENDENT = 1e-8
# Share of each arm who must have a value: filling most of an arm with the pooled mean invents a difference.
LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class Covariates:
    """table: one numeric column per covariate, or per level of a category but its reference; by subject, nothing
    missing. imputed: by covariate, patients whose value was missing, of those measured. left_out: by covariate, the
    reason (a locale key). n_at_limit: patients measured whose own baseline is known only as a limit.
    """

    table: pd.DataFrame
    imputed: dict[str, int]
    left_out: dict[str, str]
    n_at_limit: int


@dataclass(frozen=True)
class CovariateSource:
    """What covariates are read from: included patients with their visits, those measured by their positions among the
    subjects (m,), and the arm of each of these by name."""

    included: IncludedVisits
    measured: Codes
    arm: pd.Series
    dictionary: Dictionary

    @cached_property
    def arms(self) -> NDArray[np.object_]:
        """The arm of each patient measured (m,)."""
        return self.arm.to_numpy(dtype=object)


def build_covariates(outcome: Outcome, source: CovariateSource, settings: Analysis) -> Covariates:
    """The covariates of one outcome in their declared order, its own baseline first.

    A covariate enters unless most of an arm lack it, all patients measured have the same, or those before it and
    the arm determine it. Missing values become the mean of both arms pooled, so that no patient is dropped; only
    values up to time zero go in, so that the imputation knows nothing of what the treatment did.
    """
    columns: dict[str, Array] = {}
    imputed, left_out = {}, {}
    for name, values in _declared(outcome, source, settings):
        known = ~pd.isna(values[source.measured])
        reason = _reason_against(known, source.arms)
        own = _columns(name, values, source) if reason is None else {}
        reason = reason or _redundant(list(own.values()), list(columns.values()), source.arms)
        if reason is not None:
            left_out[name] = reason
            continue
        columns |= own
        imputed[name] = int((~known).sum())
    table = pd.DataFrame(columns, index=source.arm.index)
    return Covariates(table, imputed, left_out, _at_limit(outcome, source) if BASELINE in columns else 0)


def _declared(outcome: Outcome, source: CovariateSource, settings: Analysis) -> Iterator[tuple[str, NDArray[Any]]]:
    """Name and value by included subject (n,), missing ones still missing."""
    if settings.adjust_for_baseline:
        yield BASELINE, baseline_of(outcome, source.included, settings)
    for code in settings.covariates:
        # A timing, or what a patient brings along.
        of_patient = code in TIMINGS or source.dictionary.outcomes[code].family == "characteristic"
        if of_patient:
            yield code, source.included.characteristic(code)
        else:
            yield code, baseline_of(source.dictionary.outcomes[code], source.included, settings)


def baseline_of(outcome: Outcome, included: IncludedVisits, settings: Analysis) -> Array:
    """Baseline on the model scale by included subject (n,); one beyond a limit as `settings.baseline_limits` says."""
    rows = included.at_time_zero(outcome.code)
    scaled = {
        name: transformed(rows[name].to_numpy(dtype=float), outcome.scale) for name in ("value", "lower", "upper")
    }
    finite = np.isfinite(scaled["value"])
    # log 0 cannot enter a design; it counts as missing.
    entered = scaled["value"] = np.where(finite, scaled["value"], np.nan)
    if not finite.all():
        values = pd.DataFrame(scaled, index=rows.index)
        expected = settings.baseline_limits == "expected"
        entered = (expected_beyond(values, rows["arm"]) if expected else at_limit(values)).to_numpy()
    out = np.full(len(included.subjects), np.nan)
    out[rows["place"].to_numpy()] = entered
    return out


def _at_limit(outcome: Outcome, source: CovariateSource) -> int:
    rows = source.included.at_time_zero(outcome.code)
    value, lower, upper = (rows[name].to_numpy(dtype=float) for name in ("value", "lower", "upper"))
    limits = np.isnan(value) & ~(np.isnan(lower) & np.isnan(upper))
    return int(np.isin(rows["place"].to_numpy()[limits], source.measured).sum())


def _columns(name: str, values: NDArray[Any], source: CovariateSource) -> dict[str, Array]:
    """The columns (m,) of one covariate: its numbers, or an indicator for each level of a category but the reference.

    The reference is the most frequent level of both arms pooled, the first by name of several; levels that none of
    those measured has get no column. A missing value is the mean; a patient of unknown category is thereby each level's
    share of it.
    """
    column = name if name == BASELINE else f"x_{name}"
    if values.dtype != object:
        return {column: _filled(values)[source.measured]}
    category = pd.Series(values[source.measured])
    counts = category.value_counts()
    levels = sorted(map(str, counts.index))
    # -index: of levels equally frequent the first by name.
    reference = max(levels, key=lambda level: (counts[level], -levels.index(level)))
    others = [level for level in levels if level != reference]
    # .where: comparing None with a level gives False, which would be a known "no".
    known = category.notna()
    indicators = [(category == level).astype("float64").where(known) for level in others]
    return {
        f"{column}_{number}": _filled(np.asarray(one, dtype=np.float64))
        for number, one in enumerate(indicators, start=1)
    }


def _filled(values: Array) -> Array:
    """Missing values as the mean of the others."""
    missing = np.isnan(values)
    return np.where(missing, np.where(missing, 0.0, values).sum() / max((~missing).sum(), 1), values)


def _reason_against(known: NDArray[np.bool_], arms: NDArray[np.object_]) -> str | None:
    """Why a covariate with these known values (m,) cannot be adjusted for."""
    if not known.any():
        return "covariate_unknown"
    shares = np.array([known[arms == arm].mean() for arm in pd.unique(arms)])
    # An arm without any value would be filled from the other one.
    if not shares.all():
        return "covariate_unknown_in_arm"
    return None if (shares >= LEAST_KNOWN).all() else "covariate_mostly_unknown"


def _redundant(own: list[Array], before: list[Array], arms: NDArray[np.object_]) -> str | None:
    """Whether the columns add nothing to the mean, the arm and the covariates before them, among those measured."""
    if not own:
        return "covariate_constant"
    values = np.column_stack(own)
    centred = values - values.mean(axis=0)
    size = np.sqrt((centred**2).mean(axis=0))
    if not (size > DEPENDENT * np.abs(values).max(axis=0)).all():
        return "covariate_constant"
    fixed = np.column_stack([(arms == "treated").astype(float), *before])
    fixed = fixed - fixed.mean(axis=0)
    spread = np.sqrt((fixed**2).mean(axis=0))
    # The arm of a single-arm outcome does not vary; it is refused elsewhere.
    basis = fixed[:, spread > 0] / spread[spread > 0]
    both = np.column_stack([basis, centred / size])
    # Columns have unit root mean square, hence singular values of the size sqrt(n): the tolerance grows with them.
    full = np.linalg.matrix_rank(both, tol=DEPENDENT * np.sqrt(len(arms)) * both.shape[1]) == both.shape[1]
    return None if full else "covariate_collinear"
