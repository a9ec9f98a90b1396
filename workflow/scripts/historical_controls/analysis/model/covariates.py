"""Which covariates enter a model of one outcome, as which columns, and what became of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from historical_controls.analysis.model.baseline_limits import at_limit, expected_beyond
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.config.name_types import Timing
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.scales import transformed

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
    """What covariates are read from: included patients (table cohort_patients with `subject`), the rows of table
    visits at day 0 with `subject`, and the arm of each subject with a response."""

    people: pd.DataFrame
    baseline: pd.DataFrame
    arm: pd.Series
    dictionary: Dictionary


def build_covariates(outcome: Outcome, source: CovariateSource, settings: Analysis) -> Covariates:
    """The covariates of one outcome in their declared order, its own baseline first.

    A covariate enters unless most of an arm lack it, all patients measured have the same, or those before it and
    the arm determine it. Missing values become the mean of both arms pooled, so that no patient is dropped; only
    values up to time zero go in, so that the imputation knows nothing of what the treatment did.
    """
    columns: dict[str, pd.DataFrame] = {}
    imputed, left_out = {}, {}
    for name, values in _declared(outcome, source, settings):
        known = values.reindex(source.arm.index).notna()
        reason = _reason_against(known, source.arm)
        own = _columns(name, values, source.arm.index) if reason is None else pd.DataFrame()
        # The mean of a 0/1 column is a share: a patient of unknown category is that share of each level.
        filled = own.fillna(own.mean()).reindex(source.arm.index)
        reason = reason or _redundant(filled, columns, source.arm)
        if reason is not None:
            left_out[name] = reason
            continue
        columns[name] = filled
        imputed[name] = int((~known).sum())
    table = pd.concat(columns.values(), axis=1) if columns else pd.DataFrame(index=source.arm.index)
    return Covariates(table, imputed, left_out, _at_limit(outcome, source) if BASELINE in columns else 0)


def _declared(outcome: Outcome, source: CovariateSource, settings: Analysis) -> Iterator[tuple[str, pd.Series]]:
    """Name and value by included subject, missing ones still missing."""
    subjects = pd.Index(sorted(source.people["subject"]), name="subject")
    if settings.adjust_for_baseline:
        yield BASELINE, baseline_of(outcome, source, settings).reindex(subjects)
    for code in settings.covariates:
        if code in TIMINGS:
            yield code, _characteristic(source.people, code).reindex(subjects)
            continue
        item = source.dictionary.outcomes[code]
        of_patient = item.family == "characteristic"
        values = _characteristic(source.people, code) if of_patient else baseline_of(item, source, settings)
        yield code, values.reindex(subjects)


def baseline_of(outcome: Outcome, source: CovariateSource, settings: Analysis) -> pd.Series:
    """Baseline on the model scale; one beyond a limit enters as `settings.baseline_limits` says."""
    rows = source.baseline.loc[source.baseline["outcome"] == outcome.code].set_index("subject")
    scaled = rows[["value", "lower", "upper"]].apply(
        lambda column: pd.Series(transformed(column.to_numpy(dtype=float), outcome.scale), index=column.index)
    )
    # log 0 cannot enter a design; it counts as missing.
    scaled["value"] = scaled["value"].where(np.isfinite(scaled["value"]))
    return expected_beyond(scaled, rows["arm"]) if settings.baseline_limits == "expected" else at_limit(scaled)


def _at_limit(outcome: Outcome, source: CovariateSource) -> int:
    rows = source.baseline.loc[source.baseline["outcome"] == outcome.code]
    limits = rows.loc[rows["value"].isna() & (rows["lower"].notna() | rows["upper"].notna()), "subject"]
    return int(limits.isin(source.arm.index).sum())


def _characteristic(people: pd.DataFrame, code: str) -> pd.Series:
    values = people.set_index("subject")[code] if code in people else pd.Series(np.nan, index=people["subject"])
    # Nullable integers and booleans become floats with nan; everything else is a category.
    numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
    return values.astype("float64") if numeric else values.astype("object")


def _columns(name: str, values: pd.Series, measured: pd.Index) -> pd.DataFrame:
    """The columns of one covariate: its numbers, or an indicator for each level of a category but the reference.

    The reference is the most frequent level of both arms pooled, the first by name of several; levels that none of
    those measured has get no column. Where the category is missing all indicators are.
    """
    column = name if name == BASELINE else f"x_{name}"
    if values.dtype != object:
        return values.to_frame(column)
    values = values.reindex(measured)
    counts = values.value_counts()
    levels = sorted(map(str, counts.index))
    # -index: of levels equally frequent the first by name.
    reference = max(levels, key=lambda level: (counts[level], -levels.index(level)))
    others = [level for level in levels if level != reference]
    indicators = {f"{column}_{number}": (values == level) for number, level in enumerate(others, start=1)}
    # .where: comparing None with a level gives False, which would be a known "no".
    return pd.DataFrame(indicators, index=values.index).astype("float64").where(values.notna())


def _reason_against(known: pd.Series, arm: pd.Series) -> str | None:
    """Why a covariate with these known values (by subject measured) cannot be adjusted for."""
    if not known.any():
        return "covariate_unknown"
    by_arm = known.groupby(arm).mean()
    # An arm without any value would be filled from the other one.
    if not by_arm.all():
        return "covariate_unknown_in_arm"
    return None if (by_arm >= LEAST_KNOWN).all() else "covariate_mostly_unknown"


def _redundant(own: pd.DataFrame, before: dict[str, pd.DataFrame], arm: pd.Series) -> str | None:
    """Whether the columns add nothing to the mean, the arm and the covariates before them, among those measured."""
    if own.empty:
        return "covariate_constant"
    values = own.to_numpy(dtype=float)
    centred = values - values.mean(axis=0)
    size = np.sqrt((centred**2).mean(axis=0))
    if not (size > DEPENDENT * np.abs(values).max(axis=0)).all():
        return "covariate_constant"
    treated = (arm == "treated").to_numpy(dtype=float)
    fixed = np.column_stack([treated, *(one.to_numpy(dtype=float) for one in before.values())])
    fixed = fixed - fixed.mean(axis=0)
    spread = np.sqrt((fixed**2).mean(axis=0))
    # The arm of a single-arm outcome does not vary; it is refused elsewhere.
    basis = fixed[:, spread > 0] / spread[spread > 0]
    both = np.column_stack([basis, centred / size])
    # Columns have unit root mean square, hence singular values of the size sqrt(n): the tolerance grows with them.
    full = np.linalg.matrix_rank(both, tol=DEPENDENT * np.sqrt(len(arm)) * both.shape[1]) == both.shape[1]
    return None if full else "covariate_collinear"
