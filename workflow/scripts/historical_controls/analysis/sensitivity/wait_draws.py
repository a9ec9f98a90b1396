"""How far the answer hangs on the draw of the controls' waits: the primary contrast under every further draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.fit_rows import contrast_rows
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.ladder import Refused, fit_ladder
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.dictionary.scales import effect_unit


def analyse_draws(draws: Sequence[AnalysisInputs]) -> pd.DataFrame:
    """ARD rows: the primary outcome's contrast at the primary day for each draw (a scenario), and their spread.

    The spread stands in scenario 'primary'.
    """
    if not draws:
        return ard_frame([])
    rows = [row for draw in sorted(draws, key=_number) for row in _draw_rows(draw)]
    return ard_frame([*rows, *_spread(rows, draws[0], len(draws))])


def _number(draw: AnalysisInputs) -> int:
    return int(draw.scenario.rsplit("_", 1)[-1])


def _draw_rows(inputs: AnalysisInputs) -> Iterator[Row]:
    primary, settings, comparison = inputs.primary, inputs.settings, inputs.comparison
    patients = inputs.compared_patients
    cell = Cell(AnalysisKey.WAIT_DRAWS, inputs.scenario, method="reml", outcome=primary.outcome)
    for arm in ARMS:
        yield cell.at(arm=arm).number(Statistic.N_SUBJECTS, int((patients["arm"] == arm).sum()))
    data = inputs.table(primary.outcome)
    reason = reason_against(data, settings, comparison.refusal)
    if reason is not None:
        yield cell.text(Statistic.NOT_ESTIMABLE, reason)
        return
    fitted = fit_ladder(data, settings, comparison.weights)
    if isinstance(fitted, Refused):
        yield cell.text(Statistic.NOT_ESTIMABLE, fitted.reason)
        return
    for row in contrast_rows(cell, data, fitted, settings):
        if row["day"] == primary.day and row["analysis"] == AnalysisKey.WAIT_DRAWS:
            yield row


def _spread(rows: list[Row], inputs: AnalysisInputs, draws: int) -> Iterator[Row]:
    """Smallest, middle and largest estimate and bound over the draws, and how many gave one."""
    primary = inputs.primary
    cell = Cell(AnalysisKey.WAIT_DRAWS, "primary", method="reml", outcome=primary.outcome, day=primary.day)
    yield cell.number(Statistic.N_DRAWS, draws)
    for statistic in INTERVAL:
        own = [row for row in rows if row["statistic"] == statistic and row["contrast"]]
        values = [float(row["value"]) for row in own]  # type: ignore[arg-type]
        if statistic == Statistic.ESTIMATE:
            yield cell.number(Statistic.N_ESTIMATED, len(values))
        if values:
            here = cell.at(level=statistic, contrast=str(own[0]["contrast"]))
            for name, value in (
                (Statistic.MIN, min(values)),
                (Statistic.MEDIAN, float(np.median(values))),
                (Statistic.MAX, max(values)),
            ):
                yield here.number(name, value, *effect_unit(inputs.dictionary.outcomes[primary.outcome]))
    counted = [row for row in rows if row["statistic"] == Statistic.N_SUBJECTS and row["arm"] == "historical"]
    counts = [float(row["value"]) for row in counted]  # type: ignore[arg-type]
    if counts:
        for name, value in ((Statistic.MIN_SUBJECTS, min(counts)), (Statistic.MAX_SUBJECTS, max(counts))):
            yield cell.at(arm="historical").number(name, value)
