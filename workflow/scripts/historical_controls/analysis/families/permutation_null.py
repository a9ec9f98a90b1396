"""The statistics of exchanged labels as a histogram, with the observed one: what figure 15.13 draws (IN-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Primary

BINS = 40
# Statistics farther out than these quantiles are counted in the outermost bins.
INNER = (0.002, 0.998)


def null_rows(statistics: Mapping[str, pd.DataFrame], primary: Primary) -> Iterator[Row]:
    """ARD rows 15.13 of the primary and the key secondary outcomes at the primary day.

    statistics: table `statistics` by outcome; row 0 is the observed labelling.
    """
    for code in (primary.outcome, *primary.key_secondary):
        column = f"day {primary.day:g}"
        if code in statistics and column in statistics[code]:
            cell = Cell(
                AnalysisKey.PERMUTATION_NULL, "primary", "studentised", code, day=primary.day, contrast=CONTRAST
            )
            yield from _histogram(cell, statistics[code][column].to_numpy(dtype=float))


def _histogram(cell: Cell, T: np.ndarray) -> Iterator[Row]:
    finite = T[np.isfinite(T)]
    if not len(finite) or not np.isfinite(T[0]):
        return
    # The observed statistic is always within the figure, and the axis symmetric.
    reach = max(float(np.abs(np.quantile(finite, INNER)).max()), abs(float(T[0]))) * 1.05
    # Clipped, so that few extreme labellings do not stretch the axis; they stay counted.
    counts, edges = np.histogram(np.clip(finite, -reach, reach), BINS, (-reach, reach))
    yield cell.number(Statistic.OBSERVED, float(T[0]), format="0.00")
    for number, count in enumerate(counts):
        bin_ = cell.at(level=f"{number + 1:02d}")
        yield bin_.number(Statistic.LOWER, edges[number], format="0.00")
        yield bin_.number(Statistic.UPPER, edges[number + 1], format="0.00")
        yield bin_.number(Statistic.N_LABELLINGS, int(count))
