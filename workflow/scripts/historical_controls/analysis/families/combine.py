"""All outcomes and days seen together: step-down max-T, Holm, Benjamini-Hochberg, and the fixed sequence (IN-13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from historical_controls.analysis.families.permutation_null import null_rows
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.config.analysis.analysis import Primary
from historical_controls.inference.multiplicity import fixed_sequence, step_down_max_t

Contrast = tuple[str, float]
ANALYSES = (AnalysisKey.PERMUTATION, AnalysisKey.MIXED_MODEL)
CELL = Cell(AnalysisKey.MULTIPLICITY, "primary", contrast=CONTRAST)


def combine_outcomes(ard: pd.DataFrame, statistics: Mapping[str, pd.DataFrame], primary: Primary) -> pd.DataFrame:
    """ARD rows 14.2.10 and 15.13 of the primary scenario: adjusted p-values, all together and none chosen afterwards.

    ard: the outcomes' rows, those of events included; statistics: table `statistics` by outcome, rows of all in the
    order of the same labellings.
    """
    raw = _p_values(ard, AnalysisKey.PERMUTATION)
    rows = [*_family_rows(raw, statistics), *_sequence_rows(ard, primary), *null_rows(statistics, primary)]
    return ard_frame(rows)


def _p_values(ard: pd.DataFrame, analysis: AnalysisKey) -> dict[Contrast, float]:
    wanted = (ard["analysis"] == analysis) & (ard["statistic"] == Statistic.P_VALUE) & (ard["contrast"] == CONTRAST)
    rows = ard.loc[wanted & (ard["level"] == "")]
    return {
        (str(code), float(day)): float(p)
        for code, day, p in zip(rows["outcome"], rows["day"], rows["value"], strict=True)
    }


def _family_rows(raw: Mapping[Contrast, float], statistics: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """One family: every outcome and day that has a permutation p-value."""
    from statsmodels.stats.multitest import multipletests

    contrasts = sorted(raw)
    yield CELL.at(contrast="").number(Statistic.N_CONTRASTS, len(contrasts))
    if not contrasts:
        return
    # (B, contrasts): all outcomes were permuted with the same labellings, row by row.
    T = np.column_stack([statistics[code][f"day {day:g}"].to_numpy() for code, day in contrasts])
    p = [raw[contrast] for contrast in contrasts]
    yield CELL.at(contrast="").number(Statistic.N_LABELLINGS, len(T))
    adjusted = {
        Statistic.P_RAW: p,
        # A contrast's own p-value counts only the labellings under which it exists, and may be the larger one.
        Statistic.P_MAX_T: np.fmax(step_down_max_t(T), p),
        Statistic.P_HOLM: multipletests(p, method="holm")[1],
        Statistic.P_BENJAMINI_HOCHBERG: multipletests(p, method="fdr_bh")[1],
    }
    for position, (code, day) in enumerate(contrasts):
        here = CELL.at(outcome=code, day=day)
        yield from (here.number(name, values[position], format="p") for name, values in adjusted.items())


def _sequence_rows(ard: pd.DataFrame, primary: Primary) -> Iterator[Row]:
    """The primary outcome, then the key secondary ones in their declared order, each by both analyses."""
    order = [primary.outcome, *primary.key_secondary]
    # Of an event both have the p-value of its count.
    counted = _p_values(ard, AnalysisKey.PRIMARY_EVENT)
    for analysis in ANALYSES:
        p_values = counted | _p_values(ard, analysis)
        own = [p_values.get((code, float(primary.day)), float("nan")) for code in order]
        for position, (code, p) in enumerate(zip(order, fixed_sequence(own), strict=True), start=1):
            here = CELL.at(analysis=AnalysisKey.FIXED_SEQUENCE, method=analysis, outcome=code, day=primary.day)
            yield here.number(Statistic.POSITION, position)
            if not np.isnan(p):
                yield here.number(Statistic.P_VALUE, p, format="p")
            else:
                # A contrast without a p-value ends the sequence: it and all after it have none.
                yield here.text(
                    Statistic.NOT_ESTIMABLE, "no_p_value" if np.isnan(own[position - 1]) else "sequence_ended"
                )
