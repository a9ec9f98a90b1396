"""The permutation answer beside every model-based one: the same contrast, arm labels exchanged (IN-6 to IN-12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.gates import reason_against_contrast
from historical_controls.analysis.model.included_visits import PERSON, subject_of
from historical_controls.analysis.model.ladder import FAILURES, Fit, Fitted, fit_rung
from historical_controls.analysis.model.mean_model import MeanModel
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis, CovarianceRung
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.inference.labels import Labels, draw_labels
from historical_controls.inference.permutation.contrast import Permuted, permutation_test, statistics
from historical_controls.inference.scores import Scores
from historical_controls.mixed_model.design.design import fixed_rows
from historical_controls.mixed_model.fits.scores import subject_scores


@dataclass(frozen=True)
class Joint:
    """Everyone included, in order of subject, and the labellings that all outcomes of a scenario share."""

    subjects: pd.Index
    treated: NDArray[np.bool_]
    labels: Labels


@dataclass(frozen=True)
class PermutedOutcome:
    """tests: one per day of `days`; statistics: T (B, days), nan where a labelling leaves too few patients."""

    days: tuple[int, ...]
    tests: tuple[Permuted, ...]
    statistics: NDArray[np.float64]


def joint_labels(
    patients: pd.DataFrame, settings: Analysis, scenario: str, seed: int, sets: pd.Series | None = None
) -> Joint | None:
    """Labellings of the included patients; one seed gives all outcomes the same. None: an arm is empty.

    sets: number of the matched set by subject, within which labels are exchanged. Scenarios other than the primary one
    draw fewer, since no multiplicity is adjusted for in them.
    """
    people = patients.loc[patients["included"].fillna(False).astype(bool), [*PERSON, "arm"]].sort_values(PERSON)
    treated = (people["arm"] == "treated").to_numpy()
    if treated.all() or not treated.any():
        return None
    plan = settings.permutation
    draws = plan.draws if scenario == "primary" else plan.scenario_draws
    subjects = pd.Index(subject_of(people))
    strata = None if sets is None else sets.reindex(subjects).to_numpy()
    # Other scenarios enumerate only as many labellings as they would draw.
    labels = draw_labels(treated, seed, plan.exact_up_to if scenario == "primary" else draws, draws, strata)
    return Joint(subjects, treated, labels)


def permute(data: ModelData, fitted: Fitted, settings: Analysis, joint: Joint) -> PermutedOutcome | None:
    """Contrasts at the declared days under every labelling; None where no fit without arms gives scores.

    Without any day that has a contrast there is nothing to permute, and no day in the answer.
    """
    reasons = {day: reason_against_contrast(data, fitted.mean, day, settings) for day in settings.days}
    days = tuple(day for day, reason in reasons.items() if reason is None)
    if not days:
        return PermutedOutcome((), (), np.empty((len(joint.labels.members), 0)))
    try:
        scores, labels = _scores(data, fitted, settings, joint, days)
    except FAILURES:
        return None
    fewest = settings.min_patients_per_arm
    return PermutedOutcome(
        days, permutation_test(scores, labels, settings.level, fewest), statistics(scores, labels, fewest)
    )


def _scores(
    data: ModelData, fitted: Fitted, settings: Analysis, joint: Joint, days: tuple[int, ...]
) -> tuple[Scores, Labels]:
    """Scores of the patients with data, and their labels. Raises ModelError."""
    # The null model: no arm in the mean and one covariance for all (IN-7).
    fit = fit_rung(fitted.mean, replace_pooled(fitted.rungs[0].rung), settings, null=True)
    present = joint.subjects.isin(fit.design.subjects)
    # The design has the subjects of one group in order, as the labels have them.
    order = fit.design.subjects.get_indexer(joint.subjects[present])
    # Columns that carry time: all that no covariate has a part in.
    names = [name for name in fit.names if not set(name.split(":")) & set(data.covariates)]
    # At covariates of 0: the shape in time (IN-6) does not depend on them.
    own = subject_scores(fit, names, _time_rows(fit, fitted.mean, data.covariates, days)[:, _places(fit, names)])
    treated = np.empty(len(order), dtype=bool)
    # Into the design's order for the shift, which sums over treated subjects; back by [order] below.
    treated[order] = joint.treated[present]
    shift = own.shift(treated)
    return Scores(own.score[order], own.information[order], shift[order]), joint.labels.take(np.flatnonzero(present))


def _places(fit: Fit, names: list[str]) -> list[int]:
    return [list(fit.names).index(name) for name in names]


def replace_pooled(rung: CovarianceRung) -> CovarianceRung:
    """The rung's covariance without arms, which the null hypothesis does not know."""
    return rung.model_copy(update={"per_arm": "pooled"})


def _time_rows(fit: Fit, mean: MeanModel, covariates: tuple[str, ...], days: tuple[int, ...]) -> NDArray[np.float64]:
    """The null model's rows at each day with covariates of zero (days, p)."""
    table = pd.DataFrame({mean.time: mean.moments(days), **dict.fromkeys(covariates, 0.0)})
    if mean.visits:
        # The category needs all levels of the fit, or its indicators would be other columns.
        table = table.astype({mean.time: mean.frame[mean.time].dtype})
    return fixed_rows(fit.design, table)


def permutation_rows(cell: Cell, data: ModelData, permuted: PermutedOutcome | None) -> Iterator[Row]:
    """Estimate, interval, p-value and floor per day; or that there is no permutation answer."""
    here = replace(cell, analysis=AnalysisKey.PERMUTATION, method="studentised", contrast=CONTRAST)
    if permuted is None:
        yield replace(here, contrast="").text(Statistic.NOT_PERMUTED, "no_null_fit")
        return
    for day, test in zip(permuted.days, permuted.tests, strict=True):
        # No labelling had enough patients for this outcome and day.
        if not np.isnan(test.p_value):
            yield from test_rows(here.at(day=day), data, test)


def test_rows(here: Cell, data: ModelData, test: Permuted, per: str = "") -> Iterator[Row]:
    """Estimate, p-value with its floor, and interval of one permuted contrast; `per` ends its unit ('/d')."""
    unit, shown = effect_unit(data.outcome)
    unit += per
    yield here.number(Statistic.ESTIMATE, effect_of(test.estimate, data.outcome.scale), unit, shown)
    yield here.number(Statistic.P_VALUE, test.p_value, format="p")
    yield here.number(Statistic.P_FLOOR, test.p_floor, format="p")
    yield here.number(Statistic.N_LABELLINGS, test.n_used)
    yield here.text(Statistic.PERMUTATIONS, "exact" if test.exact else "drawn")
    if test.no_interval:
        yield here.text(Statistic.NO_INTERVAL, test.no_interval.value)
        return
    for name, bound in ((Statistic.LOWER, test.lower), (Statistic.UPPER, test.upper)):
        if np.isfinite(bound):
            yield here.number(name, effect_of(bound, data.outcome.scale), unit, shown)
