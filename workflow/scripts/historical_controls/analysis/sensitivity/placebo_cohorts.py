"""Placebo cohorts: historical patients labelled treated, and the observed answer among theirs (SN-8).

What separates such groups is chance, calendar drift and whatever the model gets wrong, never the treatment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates, estimate_contrasts
from historical_controls.analysis.model.fit_rows import one_more_decimal
from historical_controls.analysis.model.included_visits import subject_of
from historical_controls.analysis.model.ladder import Maxima
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.config.analysis.sensitivity import PlaceboCohorts
from historical_controls.dictionary.scales import effect_of, effect_unit, error_unit
from historical_controls.mixed_model.inference.contrast import Contrast


@dataclass(frozen=True)
class Placebo:
    """One group of historical patients labelled treated. kind: consecutive or random; subjects: who they are."""

    kind: str
    subjects: frozenset[str]


def placebo_cohort_rows(inputs: AnalysisInputs, plan: PlaceboCohorts) -> pd.DataFrame:
    """ARD rows of the primary outcome at its day: each placebo's estimate, and the observed one calibrated by them.

    The treated patients take no part in the placebos. Weights and matched sets were made for the treated patients at
    hand: a study compared by them has a reason instead.
    """
    primary = inputs.primary
    # Of an event no arm has a mean.
    if inputs.single_arm or inputs.dictionary.outcomes[primary.outcome].kind != "number":
        return ard_frame([])
    cell = Cell(AnalysisKey.PLACEBO_COHORTS, "primary", "reml", primary.outcome, day=primary.day)
    if inputs.weighted or inputs.comparison.sets is not None:
        return ard_frame([cell.text(Statistic.NOT_ESTIMABLE, "placebo_weighted")])
    observed = _contrast(_estimates(inputs, inputs.comparison.refusal), primary.day)
    if isinstance(observed, str):
        return ard_frame([cell.text(Statistic.NOT_ESTIMABLE, observed)])
    placebos = draw_placebos(inputs.patients, plan, inputs.seed)
    answers = list(placebo_contrasts(inputs, placebos))
    return ard_frame(
        [*_single_rows(cell, inputs, placebos, answers), *_calibrated_rows(cell, inputs, observed, answers)]
    )


def draw_placebos(patients: pd.DataFrame, plan: PlaceboCohorts, seed: int) -> list[Placebo]:
    """Runs of k historical patients in the order of their time zeros, k the number treated, then random groups.

    Every run, or of more than `plan.most` so many that are evenly spaced.

    patients: table cohort_patients. Fewer than two groups' worth of historical patients leave nobody to compare with.
    """
    included = patients.loc[patients["included"].fillna(False).astype(bool)]
    k = int((included["arm"] == "treated").sum())
    # The id breaks ties of patients who share an hour.
    own = included.loc[included["arm"] == "historical"].sort_values(["time_zero", "source", "patient_id"])
    names = subject_of(own).astype(str).to_numpy()
    if k == 0 or len(names) < 2 * k:
        return []
    out: list[Placebo] = []
    if plan.consecutive:
        # From the earliest to the latest, in equal steps where there are too many.
        starts = np.linspace(0, len(names) - k, min(plan.most, len(names) - k + 1)).round().astype(int)
        out += [Placebo("consecutive", frozenset(names[i : i + k])) for i in dict.fromkeys(starts.tolist())]
    # Enough groups for the number asked for; a small history has fewer than that.
    wanted = min(plan.random, math.comb(len(names), k) - len(out))
    rng, groups = np.random.default_rng([seed, k, len(names)]), {one.subjects for one in out}
    while wanted > 0:
        group = frozenset(rng.choice(names, k, replace=False))
        if group not in groups:
            groups.add(group)
            out.append(Placebo("random", group))
            wanted -= 1
    return out


def placebo_contrasts(inputs: AnalysisInputs, placebos: Sequence[Placebo]) -> Iterator[Contrast | str]:
    """The primary contrast of each placebo against the other historical patients, or why there is none.

    Nearly the same patients are fitted again and again: each fit starts from the covariance parameters of the first.
    """
    near: Maxima | None = None
    history = _history(inputs)
    for one in placebos:
        estimates = _estimates(_relabelled(history, one), None, near)
        if near is None and not isinstance(estimates, str):
            near = estimates.fitted.maxima
        yield _contrast(estimates, inputs.primary.day)


def _history(inputs: AnalysisInputs) -> AnalysisInputs:
    """The historical patients alone, with the visits that the model of the primary outcome reads."""
    patients = inputs.patients.loc[inputs.patients["arm"] == "historical"]
    needed = [inputs.primary.outcome, *inputs.settings.covariates]
    visits = inputs.visits.loc[(inputs.visits["arm"] == "historical") & inputs.visits["outcome"].isin(needed)]
    return replace(inputs, patients=patients, visits=visits.reset_index(drop=True))


def _relabelled(history: AnalysisInputs, placebo: Placebo) -> AnalysisInputs:
    """The same patients, those of the placebo labelled treated."""
    tables = (
        table.assign(arm=np.where(subject_of(table).isin(placebo.subjects), "treated", "historical"))
        for table in (history.patients, history.visits)
    )
    patients, visits = tables
    return replace(history, patients=patients, visits=visits)


def _estimates(inputs: AnalysisInputs, refusal: str | None, near: Maxima | None = None) -> ContrastEstimates | str:
    """The primary contrast through gates and ladder, or why there is none. near: the maxima of similar data."""
    primary = inputs.primary
    return estimate_contrasts(inputs.table(primary.outcome), inputs.settings, [primary.day], None, refusal, near)


def _contrast(estimates: ContrastEstimates | str, day: int) -> Contrast | str:
    return estimates if isinstance(estimates, str) else estimates.at(day)


def _single_rows(
    cell: Cell, inputs: AnalysisInputs, placebos: Sequence[Placebo], answers: Sequence[Contrast | str]
) -> Iterator[Row]:
    outcome = inputs.dictionary.outcomes[cell.outcome]
    for kind in ("consecutive", "random"):
        own = [one for placebo, one in zip(placebos, answers, strict=True) if placebo.kind == kind]
        found = [one for one in own if isinstance(one, Contrast)]
        here = cell.at(level=kind, method="placebo")
        yield here.number(Statistic.N_DRAWS, len(own))
        yield here.number(Statistic.N_ESTIMATED, len(found))
        for number, one in enumerate(found, start=1):
            single = cell.at(level=f"{kind} {number}", contrast=CONTRAST)
            yield single.number(Statistic.ESTIMATE, effect_of(one.estimate, outcome.scale), *effect_unit(outcome))


def _calibrated_rows(
    cell: Cell, inputs: AnalysisInputs, observed: Contrast, answers: Sequence[Contrast | str]
) -> Iterator[Row]:
    """p-value and interval that agree by construction: both compare t statistics with those of the placebos."""
    here = cell.at(level="calibrated", method="placebo")
    null = [abs(one.estimate / one.standard_error) for one in answers if isinstance(one, Contrast)]
    limit = critical_value(null, inputs.settings.level)
    if limit is None:
        yield here.text(Statistic.NOT_ESTIMABLE, "few_placebos")
        return
    outcome, here = inputs.dictionary.outcomes[cell.outcome], here.at(contrast=CONTRAST)
    half, (unit, shown) = limit * observed.standard_error, effect_unit(outcome)
    limits = (observed.estimate, observed.estimate - half, observed.estimate + half)
    for name, value in zip(INTERVAL, limits, strict=True):
        yield here.number(name, effect_of(value, outcome.scale), unit, shown)
    yield here.number(Statistic.STANDARD_ERROR, observed.standard_error, error_unit(outcome), one_more_decimal(shown))
    yield here.number(Statistic.P_VALUE, p_among(abs(observed.estimate / observed.standard_error), null))
    yield here.number(Statistic.P_FLOOR, 1 / (len(null) + 1))


def p_among(observed: float, null: Sequence[float]) -> float:
    """Share of statistics at least as large, the observed one among them (Phipson & Smyth 2010, SAGMB 9:39)."""
    return (1 + sum(one >= observed for one in null)) / (1 + len(null))


def critical_value(null: Sequence[float], level: float) -> float | None:
    """The size that exactly the statistics with p <= 1 - level exceed; None where even the largest has a greater p."""
    # The r-th largest of n has p = (r + 1) / (n + 1) where it ties; beyond it p = r / (n + 1).
    r = math.floor((1 - level) * (len(null) + 1) + 1e-9)
    return sorted(null)[-r] if 0 < r <= len(null) else None
