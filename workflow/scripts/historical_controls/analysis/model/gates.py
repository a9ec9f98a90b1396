"""Reasons not to estimate. Each is a locale key; the report prints it as a sentence."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from historical_controls.analysis.model.mean_model import MeanModel, choose_time
from historical_controls.analysis.model.model_data import ModelData, without
from historical_controls.ard.keys.arms import ARMS
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.inference.spread import varies

# Values that leave no mean to model, and too few of them: patients can be ranked all the same, the dead as the worst.
CONSTANT = ("constant_response", "constant_within_limits")
FEW_VALUES = ("too_few_patients", "no_treated_data", "no_control_data")


def may_be_ranked(reason: str | None, data: ModelData, settings: Analysis) -> bool:
    """Whether patients can be ranked under this answer of `reason_against`, which is of means."""
    if reason == "mostly_censored":
        # Beyond that share nearly all of the living are equal, and only detection is compared (LD-1).
        return data.share_beyond <= settings.max_share_ranked
    return reason is None or reason in (*CONSTANT, *FEW_VALUES)


def reason_against(data: ModelData, settings: Analysis, refusal: str | None = None) -> str | None:
    """Why no contrast of this outcome may be given, or None; refusal: a gate of the balance stage, for all outcomes."""
    # Declared by people before any data are looked at, hence first.
    declared = settings.not_concluded.get(data.outcome.code)
    if declared:
        return declared
    n = {arm: data.n_subjects(arm) for arm in ARMS}
    # In order: the first that holds is the reason printed, from the most to the least basic.
    checks = {
        "not_continuous": data.outcome.kind != "number",
        "no_data": not any(n.values()),
        "no_treated_data": not n["treated"],
        "no_control_data": not n["historical"],
        "too_few_patients": min(n.values()) < settings.min_patients_per_arm,
        "assays_differ": _assays_differ(data),
        "mostly_censored": data.share_beyond > settings.max_share_censored,
        # 0.1 + 0.2 and 0.3 are one value.
        _constant(data): not varies(data.frame["y"].dropna()),
    }
    # The gate of the balance stage last: a reason of the outcome's own says more.
    return next((reason for reason, holds in checks.items() if holds), refusal)


def _constant(data: ModelData) -> str:
    """What to call equal values: all of them, or those that are known beside others beyond a limit."""
    beyond = data.frame["y"].isna()
    if beyond.all():
        return "mostly_censored"
    return "constant_within_limits" if beyond.any() else "constant_response"


def _assays_differ(data: ModelData) -> bool:
    """Both arms name their assays, and have none in common."""
    treated, historical = data.assays["treated"], data.assays["historical"]
    # An arm that names no assay says nothing of a difference.
    return bool(treated and historical and not treated & historical)


def reason_against_day(data: ModelData, day: int, settings: Analysis) -> str | None:
    """Why no contrast may be given at this day: the model would extrapolate for one of the arms."""
    fewest = min(measured_at(data, arm, day, settings) for arm in ARMS)
    return "too_few_patients_at_day" if fewest < settings.min_patients_per_arm else None


def reason_against_contrast(data: ModelData, mean: MeanModel, day: int, settings: Analysis) -> str | None:
    """The same of a mean that was fitted: a visit of which an arm has no value has no difference."""
    reason = reason_against_day(data, day, settings)
    # Values within the windows of two contrast days are counted at one of them.
    elsewhere = bool(mean.visits) and day not in mean.shared_visits
    return reason or ("counted_at_another_day" if elsewhere else None)


def near_day(data: ModelData, arm: str, day: int, settings: Analysis) -> list[str]:
    """Subjects of an arm with a value within the visit window of a day: the n beneath an estimate of that day."""
    courses = data.courses[arm]
    return courses.subjects[courses.distance(day) <= settings.visit_window_days].tolist()


def measured_at(data: ModelData, arm: str, day: int, settings: Analysis) -> int:
    """How many `measured_subjects` there are."""
    return len(measured_subjects(data, arm, day, settings))


def measured_subjects(data: ModelData, arm: str, day: int, settings: Analysis) -> list[str]:
    """Patients of an arm whose values tell of a day: one of them lies within the window.

    A course whose values are on average no farther apart than twice the window must not end before the day or begin
    after it either. Of rarer values and scheduled visits the nearest counts.
    """
    courses, window = data.courses[arm], settings.visit_window_days
    near = courses.distance(day) <= window
    if not near.any() or choose_time(data, settings) == "visits":
        return courses.subjects[near].tolist()
    # A patient with one value has no gap, and is not `often`.
    gap = (courses.last - courses.first) / np.maximum(courses.distinct - 1, 1)
    often = (courses.distinct > 1) & (gap <= 2 * window)
    reaches = (courses.first <= day) & (courses.last >= day)
    return courses.subjects[near & (reaches | ~often)].tolist()


def reason_without_each(
    data: ModelData, day: int, settings: Analysis, subjects: Iterable[str]
) -> dict[str, str | None]:
    """By subject the answer of `reason_against_day` without it."""
    measured = {arm: frozenset(measured_subjects(data, arm, day, settings)) for arm in ARMS}

    def reason(subject: str) -> str | None:
        fewest = min(len(of_arm) - (subject in of_arm) for of_arm in measured.values())
        # A table for each would take as long as a refit. Without a patient time can become visits, and then others
        # count who did not: only too few need another look.
        enough = fewest >= settings.min_patients_per_arm
        return None if enough else reason_against_day(without(data, subject), day, settings)

    return {subject: reason(subject) for subject in subjects}
