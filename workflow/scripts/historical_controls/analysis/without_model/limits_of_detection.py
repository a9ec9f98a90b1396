"""Outcomes most of whose values lie beyond an assay's limit: ranks, or detection alone; and declared rank tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.without_model.analysis_set import AnalysisSet, count_rows, ranked_rows
from historical_controls.analysis.without_model.while_alive import oriented
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.inference.counts import central_exact
from historical_controls.inference.pairwise.pairs import by_bounds
from historical_controls.inference.shares import exact_interval


def limit_rows(cell: Cell, data: ModelData, analysis_set: AnalysisSet, reason: str | None) -> Iterator[Row]:
    """By the share beyond a limit, both arms pooled (LD-1): ranks up to the declared share, above it detection alone.

    reason: why no mean is modelled, if so. Outcomes with a declared rank test have one in any case.
    """
    mostly = reason == "mostly_censored"
    # Ranks are no way around a gate that refuses the comparison.
    if mostly and analysis_set.comparison.refusal is not None:
        return
    if mostly and data.share_beyond > analysis_set.settings.max_share_ranked:
        yield from _each_day(cell.at(analysis=AnalysisKey.DETECTION, method="fisher"), data, analysis_set)
    elif mostly or (reason is None and data.outcome.code in analysis_set.settings.rank_tests):
        yield from _each_day(cell.at(analysis=AnalysisKey.RANK_TEST, method="brunner_munzel"), data, analysis_set)


def _each_day(here: Cell, data: ModelData, analysis_set: AnalysisSet) -> Iterator[Row]:
    for day in analysis_set.settings.days:
        people = values_at(data, day, analysis_set.settings.visit_window_days)
        at_day = here.at(day=day)
        yield from count_rows(at_day, people)
        if analysis_set.too_few(people):
            yield at_day.text(Statistic.NOT_RANKED, "too_few_patients_at_day")
        elif here.analysis == AnalysisKey.DETECTION:
            yield from _detection_rows(at_day, people, data, analysis_set)
        else:
            lower, upper, odds = oriented(people, data)
            yield at_day.text(Statistic.ODDS_OF, odds)
            yield from ranked_rows(at_day, people, by_bounds(lower, upper), analysis_set)


def values_at(data: ModelData, day: int, window: int) -> pd.DataFrame:
    """Subject, arm, y, lower, upper of each patient measured within `window` days of `day`: the nearest, the earlier
    of two equally near."""
    rows = data.frame.assign(distance=(data.frame["day"] - day).abs())
    # The nearest value, the earlier of two as near.
    near = rows.loc[rows["distance"] <= window].sort_values(["subject", "distance", "day"])
    first = near.drop_duplicates("subject").reset_index(drop=True)
    lower = first["y"].fillna(first["lower"]).fillna(-np.inf)
    upper = first["y"].fillna(first["upper"]).fillna(np.inf)
    return first.assign(lower=lower, upper=upper)


def is_detected(people: pd.DataFrame, outcome: Outcome) -> pd.Series:
    """Whether each patient's value is known to lie above nothing: measured, above an upper limit, or between limits.

    people: columns y and lower, as `values_at` gives them (model scale).
    """
    # On the model scale: log 0 is minus infinity.
    nothing = 0.0 if outcome.scale == "linear" else -np.inf
    return people["y"].notna() | (people["lower"] > nothing)


def _detection_rows(here: Cell, people: pd.DataFrame, data: ModelData, analysis_set: AnalysisSet) -> Iterator[Row]:
    """Patients whose value is not below what the assay detects, by arm, and Fisher's exact test (LD-2)."""
    table = []
    detected = is_detected(people, data.outcome)
    for arm in ARMS:
        within = detected[people["arm"] == arm]
        table.append([int(within.sum()), int((~within).sum())])
        lower, upper = exact_interval(table[-1][0], len(within), analysis_set.settings.level)
        yield here.at(arm=arm).number(Statistic.N_DETECTED, table[-1][0])
        for name, share in ((Statistic.SHARE, within.mean()), (Statistic.LOWER, lower), (Statistic.UPPER, upper)):
            yield here.at(arm=arm).number(name, share, format="percent")
    # Fisher's test knows neither weights nor matched sets.
    if analysis_set.weighted or analysis_set.comparison.sets is not None:
        yield here.text(Statistic.NOT_COMPARED, "weighted")
        return
    yield from _exact_rows(here.at(contrast=CONTRAST), np.array(table), analysis_set.settings.level)


def _exact_rows(here: Cell, table: np.ndarray, level: float) -> Iterator[Row]:
    """Conditional odds ratio with its exact interval, as far as they are finite, and the p-value with its floor."""
    from scipy.stats import contingency  # slow to import, and few outcomes need it

    # Where everybody is alike no odds ratio is told from any other.
    if table.sum(axis=0).all():
        odds = contingency.odds_ratio(table, kind="conditional")
        interval = odds.confidence_interval(level)
        values = {Statistic.ODDS_RATIO: odds.statistic, Statistic.LOWER: interval.low, Statistic.UPPER: interval.high}
        yield from (here.number(name, x, "odds ratio", "0.00") for name, x in values.items() if np.isfinite(x))
    test = central_exact(table)
    yield here.number(Statistic.P_VALUE, test.p_value, format="p")
    yield here.number(Statistic.P_FLOOR, test.p_floor, format="p")
