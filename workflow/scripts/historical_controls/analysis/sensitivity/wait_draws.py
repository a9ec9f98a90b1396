"""How far the answer hangs on the draw of the controls' waits: the primary contrast under every further draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.fit_rows import Row, contrast_rows
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.ladder import Refused, climb_down
from historical_controls.analysis.model.model_data import ARMS, model_data
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import Dictionary

OUTPUT = "14.2.12"


def analyse_draws(
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    settings: Analysis,
    dictionary: Dictionary,
    primary: Primary,
    comparisons: Mapping[str, Comparison],
) -> pd.DataFrame:
    """ARD rows: the primary outcome's contrast at the primary day for each draw (a scenario), and their spread.

    `patients`, `visits`: tables cohort_patients and visits of all draws; `comparisons`: by draw, whether and how the
    balance stage lets its arms be compared. The spread stands in scenario 'primary'.
    """
    rows: list[Row] = []
    for draw in sorted(patients["scenario"].unique(), key=_number):
        people, seen = (frame[frame["scenario"] == draw] for frame in (patients, visits))
        rows += _of_draw(str(draw), people, seen, settings, dictionary, primary, comparisons[str(draw)])
    return ard_frame([*rows, *_spread(rows, primary, int(patients["scenario"].nunique()))])


def _number(draw: str) -> int:
    return int(draw.rsplit("_", 1)[-1])


def _of_draw(
    draw: str,
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    settings: Analysis,
    dictionary: Dictionary,
    primary: Primary,
    compared: Comparison,
) -> Iterator[Row]:
    patients = compared.of(patients)
    cell = Cell(OUTPUT, draw, "wait_draws", method="reml", outcome=primary.outcome)
    for arm in ARMS:
        yield cell.at(arm=arm).number("n_subjects", int((patients["arm"] == arm).sum()))
    data = model_data(dictionary.outcomes[primary.outcome], patients, visits, settings, dictionary)
    reason = reason_against(data, settings, compared.refusal)
    if reason is not None:
        yield cell.text("not_estimable", reason)
        return
    found = climb_down(data, settings, compared.weights)
    if isinstance(found, Refused):
        yield cell.text("not_estimable", found.reason)
        return
    for row in contrast_rows(cell, data, found, settings):
        if row["day"] == primary.day and row["output_id"] == OUTPUT:
            yield row


def _spread(rows: list[Row], primary: Primary, draws: int) -> Iterator[Row]:
    """Smallest, middle and largest estimate and bound over the draws, and how many gave one."""
    cell = Cell(OUTPUT, "primary", "wait_draws", method="reml", outcome=primary.outcome, day=primary.day)
    yield cell.number("n_draws", draws)
    for statistic in ("estimate", "lower", "upper"):
        found = [row for row in rows if row["statistic"] == statistic and row["contrast"]]
        values = [float(row["value"]) for row in found]  # type: ignore[arg-type]
        if statistic == "estimate":
            yield cell.number("n_estimated", len(values))
        if values:
            shown = cell.at(level=statistic, contrast=str(found[0]["contrast"]))
            for name, value in (("min", min(values)), ("median", float(np.median(values))), ("max", max(values))):
                yield shown.number(name, value, str(found[0]["unit"]), str(found[0]["format"]))
    counts = [float(row["value"]) for row in rows if (row["statistic"], row["arm"]) == ("n_subjects", "historical")]  # type: ignore[arg-type]
    if counts:
        for name, value in (("min", min(counts)), ("max", max(counts))):
            yield cell.at(arm="historical", level="n_subjects").number(name, value)
