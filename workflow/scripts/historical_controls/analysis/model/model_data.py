"""From visits to the long table that a mixed model is fitted to: one row per patient and day after time zero."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.measurement.visit_intensity import inverse_intensity
from historical_controls.analysis.model.covariates import CovariateSource, build_covariates
from historical_controls.ard.keys.arms import ARMS
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.scales import transformed

PERSON = ["source", "patient_id"]


@dataclass(frozen=True)
class Courses:
    """When the subjects of one arm have responses: days (N,) of all rows, of which those of a subject begin at starts
    (n,); subjects (n,) and the first, last and number of their distinct days."""

    subjects: NDArray[np.object_]
    starts: NDArray[np.int64]
    days: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    distinct: NDArray[np.int64]

    def distance(self, day: int) -> NDArray[np.float64]:
        """Days between this day and the nearest response of each subject (n,)."""
        # reduceat has no answer for no subject at all.
        return np.minimum.reduceat(np.abs(self.days - day), self.starts) if len(self.starts) else np.empty(0)


def courses_of(own: pd.DataFrame) -> Courses:
    """Of rows with subject and day, in any order."""
    codes, names = pd.factorize(own["subject"])
    days = own["day"].to_numpy(dtype=float)
    order = np.lexsort((days, codes))
    codes, days = codes[order], days[order]
    first = np.diff(codes, prepend=-1) != 0
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(days))[: len(starts)] - 1
    # Two rows of one day are one day.
    new_day = (first | (np.diff(days, prepend=np.nan) != 0)).astype(np.int64)
    distinct = np.add.reduceat(new_day, starts) if len(starts) else new_day
    return Courses(np.asarray(names, dtype=object), starts, days, days[starts], days[ends], distinct)


@dataclass(frozen=True)
class ModelData:
    """What a model of one outcome needs.

    frame: subject, arm, day, y, lower, upper (model scale; y null where censored), baseline and covariate columns;
        rows are responses (day >= 1) of included patients, sorted by subject and day; visit_weight where
        `settings.visit_weights` asks for weights of visits.
    covariates: columns of `frame` that enter the model beside arm and time.
    imputed: per covariate that entered, patients measured whose value was imputed; left_out: why others did not enter;
        n_at_limit: patients measured whose own baseline is known only as a limit.
    assays: per arm, the known assays.
    share_beyond: responses known only to lie beyond a limit, over all responses, both arms pooled; nan without any.
    baseline_sd: standard deviation of the pooled baseline on the model scale; nan where fewer than two.
    seed: of the draws of values beyond limits.
    """

    outcome: Outcome
    frame: pd.DataFrame
    covariates: tuple[str, ...]
    imputed: dict[str, int]
    left_out: dict[str, str]
    n_at_limit: int
    assays: dict[str, frozenset[str]]
    baseline_sd: float
    share_beyond: float
    seed: int = 0

    @cached_property
    def courses(self) -> dict[str, Courses]:
        """When the patients of each arm have responses."""
        return {arm: courses_of(self.frame.loc[self.frame["arm"] == arm]) for arm in ARMS}

    def n_subjects(self, arm: str) -> int:
        """Patients of an arm with at least one response."""
        return int(self.frame.loc[self.frame["arm"] == arm, "subject"].nunique())

    def share_censored(self) -> float:
        """Responses that the model takes as censored, over all responses, both arms pooled."""
        return float(self.frame["y"].isna().mean()) if len(self.frame) else float("nan")


def model_data(
    outcome: Outcome, patients: pd.DataFrame, visits: pd.DataFrame, settings: Analysis, dictionary: Dictionary
) -> ModelData:
    """The model table of one outcome on its declared scale (SC-1, SC-2).

    patients, visits: tables cohort_patients and visits of one scenario.
    """
    people = patients.loc[patients["included"].fillna(False).astype(bool)].copy()
    people["subject"] = subject_of(people)
    own = _of_subjects(visits.loc[visits["outcome"] == outcome.code], people["subject"])
    # Before the scale: log 0 would be minus infinity.
    own = edges_as_limits(own, outcome)
    # Counted before any substitution: half-limit values are still beyond a limit.
    beyond = own.loc[own["day"] >= 1, "value"].isna()
    known = own if settings.limits == "likelihood" else at_half_the_limit(own)
    scaled = known.assign(**{name: to_scale(known[name], outcome) for name in ("value", "lower", "upper")})
    responses = scaled.loc[scaled["day"] >= 1]
    frame = responses.rename(columns={"value": "y"})[["subject", "arm", "day", "y", "lower", "upper"]]
    day_zero = _of_subjects(visits.loc[visits["day"] == 0], people["subject"])
    # Of patients with a response: only they can have a covariate that matters.
    arm = frame.drop_duplicates("subject").set_index("subject")["arm"].sort_index()
    covariates = build_covariates(outcome, CovariateSource(people, day_zero, arm, dictionary), settings)
    # Every response stays, covariates are complete by construction. Not a merge: pandas cannot merge two empty text
    # columns, and a study may be left with no patient.
    own_covariates = covariates.table.reindex(frame["subject"].to_numpy()).set_axis(frame.index)
    joined = pd.concat([frame, own_covariates], axis=1).sort_values(["subject", "day"], ignore_index=True)
    if settings.visit_weights == "inverse_intensity":
        before = scaled.loc[scaled["day"] == 0].set_index("subject")["value"]
        joined = joined.assign(visit_weight=inverse_intensity(joined, people, before))
    return ModelData(
        outcome,
        joined,
        tuple(map(str, covariates.table.columns)),
        covariates.imputed,
        covariates.left_out,
        covariates.n_at_limit,
        {arm: _assays(own.loc[own["arm"] == arm, "assay"]) for arm in ARMS},
        float(scaled.loc[scaled["day"] == 0, "value"].std()),
        float(beyond.mean()) if len(beyond) else float("nan"),
    )


def _of_subjects(visits: pd.DataFrame, subjects: pd.Series) -> pd.DataFrame:
    """The rows of these subjects, with their column."""
    named = visits.assign(subject=subject_of(visits))
    return named.loc[named["subject"].isin(subjects)].reset_index(drop=True)


def subject_of(people: pd.DataFrame) -> pd.Series:
    """A person's one name in models: source and id."""
    return people["source"] + "/" + people["patient_id"]


def edges_as_limits(own: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Values at the edge of the scale (0, or 100%) as what they say: beyond the outermost value inside it (SC-2).

    own: rows of table visits of one outcome.
    """
    scaled = to_scale(own["value"], outcome)
    inside = own.loc[np.isfinite(scaled), "value"]
    # Where nothing lies inside the scale there is no limit to take.
    if not np.isinf(scaled).any() or inside.empty:
        return own
    low, high = scaled == -np.inf, scaled == np.inf
    return own.assign(
        value=own["value"].mask(low | high),
        # On the natural scale: the outermost measured value becomes the limit, the other side stays open.
        lower=own["lower"].mask(low, 0.0).mask(high, inside.max()),
        upper=own["upper"].mask(low, inside.min()).mask(high),
    )


def at_half_the_limit(own: pd.DataFrame) -> pd.DataFrame:
    """Half of the limit for what lies below it, the limit for what lies above, the middle for what lies between.

    Biased, and too sure of itself (Helsel 2006, Chemosphere 65:2434-2439): a labelled sensitivity only.
    """
    lower, upper = own["lower"].fillna(0.0), own["upper"].fillna(own["lower"])
    return own.assign(value=own["value"].fillna((lower + upper) / 2))


def to_scale(values: pd.Series, outcome: Outcome) -> pd.Series:
    """Values on the outcome's model scale; infinite at its edges, where a bound says nothing."""
    return pd.Series(transformed(values.to_numpy(dtype=float), outcome.scale), index=values.index)


def _assays(assays: pd.Series) -> frozenset[str]:
    # A visit may join several assays of one day by ';'.
    return frozenset(name for joined in assays.unique() for name in str(joined).split(";") if name)
