"""How much worse or better the unobserved must be for the answer to change (SN-3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates
from historical_controls.analysis.model.included_visits import subject_of
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.sensitivity.interval_verdict import verdict
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.mixed_model.inference.contrast import Contrast


@dataclass(frozen=True)
class Unobserved:
    """Patients of an arm without a value near the day, how many of these had died, and their share of the weight."""

    n: int
    missing: int
    died: int
    share: float


def tipping_rows(
    estimates: ContrastEstimates, inputs: AnalysisInputs, steps: Sequence[float], heat_map: bool
) -> Iterator[Row]:
    """Per arm the smallest difference of the unobserved that changes what the interval says, in baseline SDs.

    At the primary day, of the patients compared. steps: the differences of the heat map's two axes.
    """
    data, day, window = estimates.data, inputs.primary.day, inputs.settings.visit_window_days
    cell = Cell(AnalysisKey.TIPPING_POINT, "primary", method="delta", outcome=data.outcome.code, day=day)
    contrast, sd = estimates.at(day), data.baseline_sd
    if isinstance(contrast, str) or not sd > 0:
        yield cell.text(Statistic.NOT_ESTIMABLE, contrast if isinstance(contrast, str) else "no_baseline_spread")
        return
    patients, weights = inputs.compared_patients, inputs.comparison.weights
    arms = {arm: unobserved(data, patients, weights, arm, day, window) for arm in ARMS}
    for arm, own in arms.items():
        here = cell.at(arm=arm)
        yield here.number(Statistic.N_SUBJECTS, own.n)
        yield here.number(Statistic.N_UNOBSERVED, own.missing)
        yield here.number(Statistic.N_UNOBSERVED_DIED, own.died)
        if not own.share > 0:
            yield here.text(Statistic.NO_TIPPING_POINT, "all_observed")
            continue
        for name, shift in shifts(contrast).items():
            # The contrast rises with the treated patients' unobserved values and falls with the controls'.
            sign = 1 if arm == "treated" else -1
            yield here.number(name, sign * shift / own.share / sd, "SD", "0.0")
    yield cell.text(Statistic.VERDICT, verdict(contrast.lower, contrast.upper))
    if heat_map:
        yield from _heat_rows(
            cell.at(output=OutputId.TIPPING_FIGURE, contrast=CONTRAST), contrast, arms, sd, steps, data
        )


def unobserved(
    data: ModelData, patients: pd.DataFrame, weights: pd.Series | None, arm: str, day: int, window: int
) -> Unobserved:
    """Who of an arm has no response within `window` days of `day`."""
    own = patients.loc[patients["included"].fillna(False).astype(bool) & (patients["arm"] == arm)]
    near = data.frame.loc[(data.frame["day"] - day).abs() <= window, "subject"].unique()
    # Under weights the share of the unobserved is a share of weight, since the estimate is weighted alike.
    weight = pd.Series(1.0, own.index) if weights is None else subject_of(own).map(weights).fillna(0.0)
    missing = ~subject_of(own).isin(near)
    # Up to the end of the window: a death within it explains why the window is empty.
    died = missing & (own["end_state"] == "death") & (own["end_day"] <= day + window)
    return Unobserved(len(own), int(missing.sum()), int(died.sum()), float(weight[missing].sum() / weight.sum()))


def shifts(contrast: Contrast) -> dict[Statistic, float]:
    """By how much the difference must move for another verdict of the interval: to hold none, or to leave it out."""
    match verdict(contrast.lower, contrast.upper):
        case "above":
            return {Statistic.TO_HOLDS: -contrast.lower}
        case "below":
            return {Statistic.TO_HOLDS: -contrast.upper}
    return {Statistic.TO_ABOVE: -contrast.lower, Statistic.TO_BELOW: -contrast.upper}


def shifted(contrast: Contrast, treated: float, historical: float) -> tuple[float, float, float]:
    """Estimate and bounds moved by what the unobserved of each arm differ by, times their share (SN-3)."""
    # The interval's width is kept: only its place moves.
    shift = treated - historical
    return contrast.estimate + shift, contrast.lower + shift, contrast.upper + shift


def _heat_rows(
    cell: Cell,
    contrast: Contrast,
    arms: dict[str, Unobserved],
    sd: float,
    steps: Sequence[float],
    data: ModelData,
) -> Iterator[Row]:
    unit, shown = effect_unit(data.outcome)
    for treated in steps:
        for historical in steps:
            moved = shifted(contrast, treated * sd * arms["treated"].share, historical * sd * arms["historical"].share)
            here = cell.at(level=f"treated={treated:g}|historical={historical:g}")
            for name, value in zip(INTERVAL, moved, strict=True):
                yield here.number(name, effect_of(value, data.outcome.scale), unit, shown)
            yield here.text(Statistic.VERDICT, verdict(moved[1], moved[2]))
