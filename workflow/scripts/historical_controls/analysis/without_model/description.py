"""One arm alone: its means by day, their change from baseline, and each patient's worst and last value (DE-1, DE-2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.analysis.model.included_visits import PERSON, subject_of
from historical_controls.analysis.model.model_data import edges_as_limits, to_scale
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.scales import effect_of, effect_unit, mean_format, mean_of
from historical_controls.inference.spread import varies
from historical_controls.mixed_model.likelihood.laws import t_quantile

MEAN = (Statistic.MEAN, Statistic.LOWER, Statistic.UPPER)


@dataclass(frozen=True)
class Described:
    """One outcome of the treated patients.

    visits: subject, day, y (model scale; null where only limits are known), sorted by subject and day.
    """

    outcome: Outcome
    visits: pd.DataFrame
    settings: Analysis
    horizon_days: int


def described(
    outcome: Outcome, patients: pd.DataFrame, visits: pd.DataFrame, settings: Analysis, horizon_days: int
) -> Described:
    """Of tables cohort_patients and visits of a study whose patients are all treated."""
    people = patients.loc[patients["included"].fillna(False).astype(bool)]
    people = people.assign(subject=subject_of(people))
    own = visits.loc[visits["outcome"] == outcome.code].merge(people[[*PERSON, "subject"]], on=PERSON)
    own = edges_as_limits(own, outcome)
    frame = own.assign(y=to_scale(own["value"], outcome))[["subject", "day", "y"]]
    return Described(outcome, frame.sort_values(["subject", "day"], ignore_index=True), settings, horizon_days)


def description_rows(cell: Cell, data: Described) -> Iterator[Row]:
    """Baseline, each declared day and the change to it, and the last and worst value up to the horizon.

    Means and their t intervals on the outcome's scale; where a value is known only to lie beyond a limit there is none,
    and the row says so.
    """
    here = cell.at(analysis=AnalysisKey.DESCRIPTION, method="t", arm="treated")
    days = data.visits
    baseline = days.loc[days["day"] == 0].set_index("subject")["y"]
    yield from _mean_rows(here.at(day=0), baseline, data)
    for day in data.settings.days:
        near = _nearest(data, day)
        yield from _mean_rows(here.at(day=day), near, data)
        both = near.index.intersection(baseline.index)
        yield from _change_rows(here.at(day=day, level="change"), near[both] - baseline[both], data)
    by_patient = days.loc[days["day"].between(1, data.horizon_days)].groupby("subject")["y"]
    horizon = here.at(day=data.horizon_days)
    # Not pandas' own 'last', which would pass over a last value that is only a limit.
    yield from _mean_rows(horizon.at(level="last"), by_patient.agg(lambda y: y.iloc[-1]), data)
    if data.outcome.benefit != "none":
        worst = np.min if data.outcome.benefit == "up" else np.max
        # With a limit among a patient's values, the worst of the others need not be the worst.
        yield from _mean_rows(horizon.at(level="worst"), by_patient.agg(lambda y: worst(y.to_numpy())), data)


def _nearest(data: Described, day: int) -> pd.Series:
    """Each patient's value after time zero nearest to a day and within its window, the earlier of two as near."""
    after = data.visits.loc[data.visits["day"] >= 1]
    apart = after.assign(apart=(after["day"] - day).abs())
    near = apart.loc[apart["apart"] <= data.settings.visit_window_days].sort_values(["subject", "apart", "day"])
    return near.drop_duplicates("subject").set_index("subject")["y"]


def _mean_rows(here: Cell, values: pd.Series, data: Described) -> Iterator[Row]:
    """Patients, mean and its interval (DE-1)."""
    unit, form = data.outcome.unit, mean_format(data.outcome)
    mean = mean_interval(values, data.settings)
    yield from _rows(here, len(values), mean, MEAN, lambda y: (mean_of(y, data.outcome.scale), unit, form))


def _change_rows(here: Cell, changes: pd.Series, data: Described) -> Iterator[Row]:
    """Patients with both values; their mean change, or its ratio, with its interval (DE-2)."""
    unit, form = effect_unit(data.outcome)
    change = mean_interval(changes, data.settings)
    yield from _rows(here, len(changes), change, INTERVAL, lambda y: (effect_of(y, data.outcome.scale), unit, form))


def _rows(
    here: Cell,
    n: int,
    estimated: tuple[float, ...] | str,
    names: tuple[Statistic, ...],
    shown: Callable[[float], tuple[float, str, str]],
) -> Iterator[Row]:
    """Patients, and a centre with its limits, or why there is none. shown: a number with its unit and format."""
    yield here.number(Statistic.N_SUBJECTS, n)
    if isinstance(estimated, str):
        yield here.text(Statistic.NOT_ESTIMABLE, estimated)
        return
    # The centre alone where nothing varies.
    for name, value in zip(names, estimated, strict=False):
        yield here.number(name, *shown(value))


def mean_interval(values: pd.Series, settings: Analysis) -> tuple[float, ...] | str:
    """Mean and t limits (DE-1), the mean alone where nothing varies; or why there is none, as a key of 'reason'."""
    if len(values) < settings.min_patients_per_arm:
        return "too_few_described"
    if not np.isfinite(values.to_numpy(dtype=float)).all():
        return "limits_described"
    mean = float(values.mean())
    if not varies(values.to_numpy(dtype=float)):
        return (mean,)
    quantile = t_quantile((1 + settings.level) / 2, len(values) - 1)
    half = quantile * float(values.std(ddof=1)) / np.sqrt(len(values))
    return mean, mean - half, mean + half
