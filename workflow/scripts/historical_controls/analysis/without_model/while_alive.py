"""While alive and in hospital: one summary per patient over the days that were lived there (WA-1 to WA-3)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.analysis.model.fit_rows import estimate_rows
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.model.permutation import test_rows
from historical_controls.analysis.without_model.analysis_set import AnalysisSet, count_rows, ranked_rows, treated
from historical_controls.analysis.without_model.welch import welch, why_no_interval
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.inference.pairwise.pairs import by_bounds
from historical_controls.inference.permutation.contrast import Permuted, permutation_test
from historical_controls.inference.scores import Scores, scores_of_values
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.design.errors import ModelError
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.weighted import solve_independent
from historical_controls.mixed_model.inference.contrast import Contrast

SUMMARIES = ("mean", "last")


def while_alive_rows(cell: Cell, data: ModelData, analysis_set: AnalysisSet) -> Iterator[Row]:
    """Mean of days 1 to d, and last value up to d, of every patient measured by then, compared at each declared day.

    Nothing is asked of days that nobody lived in hospital. Methods: 'welch' (under weights 'cr2'), 'studentised'
    (permutation), 'adjusted' (the same, given the baseline). Where values lie beyond a limit a mean is not known, and
    the patients' summaries are ranked as far as their bounds decide ('brunner_munzel').
    """
    for day in analysis_set.settings.days:
        for level in SUMMARIES:
            people = summaries(data, day, level)
            here = cell.at(analysis=AnalysisKey.WHILE_ALIVE, method="", level=level, day=day)
            yield from count_rows(here, people)
            if analysis_set.too_few(people):
                yield here.text(Statistic.NOT_COMPARED, "too_few_patients")
            elif people["y"].isna().any():
                yield from _bounds_rows(here, people, data, analysis_set)
            else:
                yield from _model_rows(here, people, data, analysis_set)
                yield from _permutation_rows(here, people, data, analysis_set)


def summaries(data: ModelData, day: int, level: str) -> pd.DataFrame:
    """Subject, arm, covariates, y, lower and upper (model scale) of each patient with a value on days 1 to `day`.

    lower and upper are the summary's bounds; y is nan where they differ (WA-1).
    """
    # Responses begin at day 1; the frame ends with a patient's stay.
    rows = data.frame.loc[data.frame["day"] <= day]
    lower = rows["y"].fillna(rows["lower"]).fillna(-np.inf)
    upper = rows["y"].fillna(rows["upper"]).fillna(np.inf)
    grouped = rows.assign(lower=lower, upper=upper).groupby("subject", sort=True)
    # Mean and last never fall when a value rises: the summary of the bounds bounds the summary.
    bounds = grouped[["lower", "upper"]].agg(level)
    fixed = grouped[["arm", *data.covariates]].first()
    people = fixed.join(bounds).reset_index()
    # Exact where both bounds agree.
    return people.assign(y=people["lower"].where(people["lower"] == people["upper"]))


def _model_rows(here: Cell, people: pd.DataFrame, data: ModelData, analysis_set: AnalysisSet) -> Iterator[Row]:
    method = "cr2" if analysis_set.weighted else "welch"
    here = here.at(method=method)
    contrast = (
        weighted_means(people, analysis_set) if analysis_set.weighted else welch(people, analysis_set.settings.level)
    )
    if isinstance(contrast, str):
        yield here.text(Statistic.NOT_COMPARED, contrast)
    else:
        yield from estimate_rows(here.at(contrast=CONTRAST), contrast, data)


def weighted_means(people: pd.DataFrame, analysis_set: AnalysisSet) -> Contrast | str:
    """Weighted means with CR2 errors, the weights taken as known (EE-1 to EE-5), or the reason for none."""
    spec = MixedModelSpec(fixed="y ~ arm", subject="subject", random=None, residual="iid")
    weights = analysis_set.comparison.weights
    assert weights is not None
    try:
        fit = solve_independent(build_design(people[["subject", "arm", "y"]], spec), weights)
        return fit.contrasts(fit.difference_rows("arm", ARMS), level=analysis_set.settings.level)[0]
    except ModelError as error:
        return why_no_interval(error)


def _permutation_rows(here: Cell, people: pd.DataFrame, data: ModelData, analysis_set: AnalysisSet) -> Iterator[Row]:
    # Weights belong to the observed labels: another labelling would have others.
    if analysis_set.weighted:
        yield here.at(method="studentised").text(Statistic.NOT_PERMUTED, "weighted")
        return
    for method, scores in scores_by_method(people, data).items():
        test = permuted(scores, people, analysis_set)
        yield from test_rows(here.at(method=method, contrast=CONTRAST), data, test)


def scores_by_method(people: pd.DataFrame, data: ModelData) -> dict[str, Scores]:
    """'studentised' of the summaries as they are; 'adjusted' for the baseline, where there is one (IN-8)."""
    y, arms = people["y"].to_numpy(dtype=float), treated(people)
    scores = {"studentised": scores_of_values(y, arms)}
    # Only where the baseline entered the model too: most of an arm may lack it.
    if "baseline" in data.covariates:
        scores["adjusted"] = scores_of_values(y, arms, people[["baseline"]].to_numpy(dtype=float))
    return scores


def permuted(scores: Scores, people: pd.DataFrame, analysis_set: AnalysisSet) -> Permuted:
    """The studentised test with the supporting analyses' number of labellings."""
    plan = analysis_set.settings
    return permutation_test(scores, analysis_set.labels(people), plan.level, plan.min_patients_per_arm)[0]


def _bounds_rows(here: Cell, people: pd.DataFrame, data: ModelData, analysis_set: AnalysisSet) -> Iterator[Row]:
    """Pairs of patients by the bounds of their summaries: win odds of the better one, or of the higher (WA-3)."""
    yield here.text(Statistic.NOT_COMPARED, "beyond_limits")
    lower, upper, odds = oriented(people, data)
    ranked = here.at(method="brunner_munzel")
    yield ranked.text(Statistic.ODDS_OF, odds)
    yield from ranked_rows(ranked, people, by_bounds(lower, upper), analysis_set)


def oriented(people: pd.DataFrame, data: ModelData) -> tuple[np.ndarray, np.ndarray, str]:
    """Bounds turned so that higher is better, and 'better'; as they are, and 'higher', without a good direction."""
    lower, upper = (people[name].to_numpy(dtype=float) for name in (Statistic.LOWER, Statistic.UPPER))
    if data.outcome.benefit == "down":
        return -upper, -lower, "better"
    return lower, upper, "better" if data.outcome.benefit == "up" else "higher"
