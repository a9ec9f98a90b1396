"""From visits to the long table that a mixed model is fitted to: one row per patient and day after time zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.measurement.visit_intensity import inverse_intensity
from historical_controls.analysis.model.covariates import CovariateSource, build_covariates
from historical_controls.analysis.model.included_visits import IncludedVisits, included_visits
from historical_controls.ard.keys.arms import ARMS
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.scales import transformed
from historical_controls.inference.spread import varies

# Per cent; bounds that touch would leave 0 and 100 undecided.
MIDDLE = 50.0
BELOW_MIDDLE = float(np.nextafter(MIDDLE, 0.0))


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

    @cached_property
    def _arms(self) -> list[str]:
        """The arm of each patient with a response."""
        return self.frame.drop_duplicates("subject")["arm"].tolist()

    def n_subjects(self, arm: str) -> int:
        """Patients of an arm with at least one response."""
        return self._arms.count(arm)

    def share_censored(self) -> float:
        """Responses that the model takes as censored, over all responses, both arms pooled."""
        return float(self.frame["y"].isna().mean()) if len(self.frame) else float("nan")


def without(data: ModelData, subject: str) -> ModelData:
    """The model table without one patient; what was imputed from everybody stays."""
    # Imputed baselines stay, so that a change is the patient's own doing and not the imputation's.
    return replace(data, frame=data.frame[data.frame["subject"] != subject].reset_index(drop=True))


def model_data(
    outcome: Outcome, patients: pd.DataFrame, visits: pd.DataFrame, settings: Analysis, dictionary: Dictionary
) -> ModelData:
    """The model table of one outcome on its declared scale (SC-1, SC-2).

    patients, visits: tables cohort_patients and visits of one scenario.
    """
    return model_table(outcome, included_visits(patients, visits), settings, dictionary)


def model_table(outcome: Outcome, included: IncludedVisits, settings: Analysis, dictionary: Dictionary) -> ModelData:
    """The same of patients and visits that other outcomes have as well."""
    # Before the scale: log 0 would be minus infinity.
    own = edges_as_limits(included.of(outcome.code), outcome)
    place, day = own["place"].to_numpy(), own["day"].to_numpy()
    # Counted before any substitution: half-limit values are still beyond a limit.
    beyond = np.isnan(own["value"].to_numpy(dtype=float)[day >= 1])
    known = own if settings.limits == "likelihood" else at_half_the_limit(own)
    value, lower, upper = (on_scale(known[name], outcome) for name in ("value", "lower", "upper"))
    # Rows are sorted by subject and day: of two of one day the first stays first.
    responses = np.flatnonzero(day >= 1)
    rows = responses[np.lexsort((day[responses], place[responses]))]
    measured, first, row_of = np.unique(place[rows], return_index=True, return_inverse=True)
    arms = own["arm"].array
    arm = pd.Series(arms.take(rows[first]), included.subjects.take(measured), name="arm")
    covariates = build_covariates(outcome, CovariateSource(included, measured, arm, dictionary), settings)
    # Every response stays, covariates are complete by construction.
    own_covariates = {str(name): column.to_numpy()[row_of] for name, column in covariates.table.items()}
    columns = {"day": day[rows], "y": value[rows], "lower": lower[rows], "upper": upper[rows]}
    subject = included.subjects.array.take(place[rows])
    joined = pd.DataFrame({"subject": subject, "arm": arms.take(rows), **columns, **own_covariates})
    baseline = pd.Series(value[day == 0], included.subjects.take(place[day == 0]))
    if settings.visit_weights == "inverse_intensity":
        joined = joined.assign(visit_weight=inverse_intensity(joined, included.people, baseline))
    return ModelData(
        outcome,
        joined,
        tuple(own_covariates),
        covariates.imputed,
        covariates.left_out,
        covariates.n_at_limit,
        _assays(own),
        spread_of(baseline),
        float(beyond.mean()) if len(beyond) else float("nan"),
    )


def spread_of(values: pd.Series) -> float:
    """Standard deviation of numbers, 0 where rounding alone sets them apart; nan of fewer than two."""
    known = values.dropna()
    return float(known.std()) if len(known) < 2 or varies(known) else 0.0


def edges_as_limits(own: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Values at the edge of the scale (0, or 100%) as what they say: beyond the outermost value inside it (SC-2).

    own: rows of table visits of one outcome.
    """
    scaled = to_scale(own["value"], outcome)
    if not np.isinf(scaled).any():
        return own
    inside = own.loc[np.isfinite(scaled), "value"]
    low, high = scaled == -np.inf, scaled == np.inf
    # Where nothing lies inside the scale no value is a limit: the middle parts 0% and 100%, and zeros alone stay open.
    least, most = (inside.min(), inside.max()) if len(inside) else (BELOW_MIDDLE if high.any() else np.nan, MIDDLE)
    return own.assign(
        value=own["value"].mask(low | high),
        # On the natural scale: the outermost measured value becomes the limit, the other side stays open.
        lower=own["lower"].mask(low, 0.0).mask(high, most),
        upper=own["upper"].mask(low, least).mask(high),
    )


def at_half_the_limit(own: pd.DataFrame) -> pd.DataFrame:
    """Half of the limit for what lies below it, the limit for what lies above, the middle for what lies between.

    Biased, and too sure of itself (Helsel 2006, Chemosphere 65:2434-2439): a labelled sensitivity only.
    """
    lower, upper = own["lower"].fillna(0.0), own["upper"].fillna(own["lower"])
    return own.assign(value=own["value"].fillna((lower + upper) / 2))


def to_scale(values: pd.Series, outcome: Outcome) -> pd.Series:
    """Values on the outcome's model scale; infinite at its edges, where a bound says nothing."""
    return pd.Series(on_scale(values, outcome), index=values.index)


def on_scale(values: pd.Series, outcome: Outcome) -> NDArray[np.float64]:
    """The same without the index."""
    return transformed(values.to_numpy(dtype=float), outcome.scale)


def _assays(own: pd.DataFrame) -> dict[str, frozenset[str]]:
    """The known assays of each arm."""
    arm, assay = (own[name].to_numpy(dtype=object) for name in ("arm", "assay"))
    # A visit may join several assays of one day by ';'.
    return {
        one: frozenset(name for joined in pd.unique(assay[arm == one]) for name in str(joined).split(";") if name)
        for one in ARMS
    }
