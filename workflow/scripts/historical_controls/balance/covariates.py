"""The covariates of Table 1: characteristics, and baselines (day 0) with the bounds of censored ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from historical_controls.dictionary.dictionary import Dictionary, Outcome, Scale

Floats = npt.NDArray[np.float64]

# Known of every patient from time zero itself, hence compared in every study: unit by column of `cohort_patients`.
TIMING = {"days_from_onset": "d", "hours_from_admission": "h", "calendar_week": "weeks"}


@dataclass(frozen=True)
class NumberCovariate:
    """Bounds per patient in the unit (equal where exact, infinite where unbounded, nan where missing)."""

    code: str
    unit: str
    scale: Scale
    lower: Floats
    upper: Floats

    def of(self, rows: npt.NDArray[np.bool_]) -> NumberCovariate:
        """The same of those patients who have a value."""
        # A missing value has nan as both bounds; an unbounded one has an infinite bound and stays.
        kept = rows & ~np.isnan(self.lower)
        return replace(self, lower=self.lower[kept], upper=self.upper[kept])

    @property
    def censored(self) -> npt.NDArray[np.bool_]:
        return self.lower != self.upper


@dataclass(frozen=True)
class CategoryCovariate:
    """Category per patient, None where missing. `levels`: those reported; a flag reports only its 'yes', as ''."""

    code: str
    levels: tuple[str, ...]
    category: npt.NDArray[np.object_]


Covariate = NumberCovariate | CategoryCovariate


def collect(
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    codes: Sequence[str],
    dictionary: Dictionary,
    timings: Sequence[str] = tuple(TIMING),
) -> list[Covariate]:
    """The declared covariates of these patients (their order), then the timing ones that any patient has.

    Time since an event that is time zero itself is 0 for all, and tells of nobody.
    """
    declared = [_covariate(patients, visits, dictionary.outcomes[code]) for code in codes]
    told = (name for name in timings if not patients[name].dropna().eq(0).all())
    return [*declared, *(timing(patients, name) for name in told)]


def _covariate(patients: pd.DataFrame, visits: pd.DataFrame, outcome: Outcome) -> Covariate:
    if outcome.family != "characteristic":
        return _baseline(patients, visits, outcome)
    column = patients.get(outcome.code, pd.Series(np.nan, patients.index, dtype=object))
    if outcome.kind == "number":
        # Nullable dtypes have pd.NA, which needs `na_value` to become nan.
        values = pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)
        return NumberCovariate(outcome.code, outcome.unit, outcome.scale, values, values)
    if outcome.kind == "flag":
        # '' is the only level of a flag, so that Table 1 has one row for it (the 'yes').
        said = [None if pd.isna(value) else "" if bool(value) else "no" for value in column]
        return CategoryCovariate(outcome.code, ("",), np.array(said, dtype=object))
    category = np.array([None if pd.isna(value) else str(value) for value in column], dtype=object)
    # Categories found in the data and not in the dictionary get a row too, after the declared ones.
    others = sorted({value for value in category if value is not None} - set(outcome.categories))
    return CategoryCovariate(outcome.code, (*outcome.categories, *others), category)


def _baseline(patients: pd.DataFrame, visits: pd.DataFrame, outcome: Outcome) -> NumberCovariate:
    rows = visits[(visits["outcome"] == outcome.code) & (visits["day"] == 0)]
    keyed = rows.set_index(["source", "patient_id"])
    own = keyed.reindex(pd.MultiIndex.from_frame(patients[["source", "patient_id"]]))
    # A visit whose bounds are both null is unbounded, not missing; only a patient without a visit has no `n`.
    there = own["n"].notna().to_numpy()
    # A quantity on the log scale cannot be below 0.
    open_below = 0.0 if outcome.scale == "log" else -np.inf
    lower = np.where(there, own["lower"].fillna(open_below), np.nan)
    upper = np.where(there, own["upper"].fillna(np.inf), np.nan)
    return NumberCovariate(outcome.code, outcome.unit, outcome.scale, lower, upper)


def timing(patients: pd.DataFrame, name: str) -> NumberCovariate:
    """One of TIMING as a covariate."""
    values = patients[name].to_numpy(np.float64)
    return NumberCovariate(name, TIMING[name], "linear", values, values)
