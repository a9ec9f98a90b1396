"""Whether one patient decides: the contrast again without each of them, by exact refits (SN-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates
from historical_controls.analysis.model.gates import reason_without_each
from historical_controls.analysis.model.ladder import FAILURES, Fit, Fitted
from historical_controls.analysis.model.mean_model import difference_rows
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.sensitivity.interval_verdict import verdict
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.mixed_model.inference.contrast import Contrast
from historical_controls.text.display_order import ordered


def leave_one_out_rows(estimates: ContrastEstimates, inputs: AnalysisInputs, most: int) -> Iterator[Row]:
    """The contrast at the primary day without each patient, and whether anybody decides (level '').

    most: with more patients only the treated are left out, since one of so many controls moves little; then it is not
    known that nobody decides. A patient decides where the interval excludes no difference with everybody but not
    without them, or the other way round, or where the estimate changes its sign.
    """
    data, day, settings = estimates.data, inputs.primary.day, inputs.settings
    cell = Cell(AnalysisKey.LEAVE_ONE_OUT, "primary", method="reml", outcome=data.outcome.code, day=day)
    # Leaving a patient out changes everybody's weights: no refit of the same equations would be right.
    if inputs.weighted:
        yield cell.text(Statistic.NOT_ESTIMABLE, "weighted_refits")
        return
    full = estimates.at(day)
    if isinstance(full, str):
        yield cell.text(Statistic.NOT_ESTIMABLE, full)
        return
    shown = inputs.analysis_set.display_ids
    left_out = _left_out(data, most)
    refits = {shown[subject]: one for subject, one in _refitted(estimates, day, settings, left_out)}
    without = {name: refits[name] for name in ordered(refits)}
    deciding = [name for name, one in without.items() if not isinstance(one, str) and decides(full, one)]
    for name, one in without.items():
        yield from _patient_rows(cell.at(level=name), one, name in deciding, data)
    yield from _summary_rows(cell, without, deciding, data)


def _left_out(data: ModelData, most: int) -> list[str]:
    """Everybody, or the treated where there are more patients than `most`."""
    people = data.frame.drop_duplicates("subject")
    return list(people.loc[(len(people) <= most) | (people["arm"] == "treated"), "subject"].astype(str))


def decides(full: Contrast, without: Contrast) -> bool:
    """The declared rule: another verdict of the interval, or another sign of the estimate."""
    same = verdict(full.lower, full.upper) == verdict(without.lower, without.upper)
    return not same or np.sign(full.estimate) != np.sign(without.estimate)


def _refitted(
    estimates: ContrastEstimates, day: int, settings: Analysis, subjects: list[str]
) -> Iterator[tuple[str, Contrast | str]]:
    """Each of the subjects with the contrast of a fit without it, or the reason why there is none."""
    data, fitted = estimates.data, estimates.fitted
    L = difference_rows(fitted.answers, fitted.mean, [day])
    # None lets the library take all subjects in one batch.
    everybody = len(subjects) == data.frame["subject"].nunique()
    reasons = reason_without_each(data, day, settings, subjects)
    for subject, refit in fitted.fit.refits(None if everybody else subjects, fitted.df_method):
        yield str(subject), _contrast(reasons[str(subject)], refit, L, fitted, settings.level)


def _contrast(reason: str | None, refit: Fit | None, L: np.ndarray, fitted: Fitted, level: float) -> Contrast | str:
    if reason is not None or refit is None:
        return reason or "not_converged"
    try:
        return refit.contrasts(L, fitted.df_method, level)[0]
    except FAILURES:
        return "df_too_small"


def _patient_rows(cell: Cell, one: Contrast | str, decides: bool, data: ModelData) -> Iterator[Row]:
    if isinstance(one, str):
        yield cell.text(Statistic.NOT_ESTIMABLE, one)
        return
    unit, shown = effect_unit(data.outcome)
    here = cell.at(contrast=CONTRAST)
    for name in INTERVAL:
        yield here.number(name, effect_of(getattr(one, name), data.outcome.scale), unit, shown)
    yield here.text(Statistic.DECIDES, "yes" if decides else "no")


def _summary_rows(
    cell: Cell, without: Mapping[str, Contrast | str], deciding: list[str], data: ModelData
) -> Iterator[Row]:
    unit, shown = effect_unit(data.outcome)
    estimates = pd.Series([one.estimate for one in without.values() if not isinstance(one, str)])
    yield cell.number(Statistic.N_LEFT_OUT, len(without))
    yield cell.number(Statistic.N_ESTIMATED, len(estimates))
    yield cell.number(Statistic.N_DECIDING, len(deciding))
    # "No" only if everybody was left out and every refit gave an estimate.
    complete = len(estimates) == data.frame["subject"].nunique()
    yield cell.text(Statistic.DECIDED_BY_ONE, "yes" if deciding else "no" if complete else "unknown")
    if len(estimates):
        for name, value in ((Statistic.SMALLEST, estimates.min()), (Statistic.LARGEST, estimates.max())):
            yield cell.number(name, effect_of(float(value), data.outcome.scale), unit, shown)
