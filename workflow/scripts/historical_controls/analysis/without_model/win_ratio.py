"""Hierarchical win ratio: pairs of a treated and a historical patient by what matters most first (IN-14 to IN-17)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.without_model.analysis_set import AnalysisSet, count_rows, ranked_rows, treated
from historical_controls.analysis.without_model.pairs import last_values, oriented_bounds, value_pairs
from historical_controls.analysis.without_model.vital_status import survival_pairs
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.inference.pairwise.pairs import Pairs, first_decided
from historical_controls.inference.pairwise.win_ratio import win_ratio
from historical_controls.tables.endings import DEATH


def win_ratio_rows(
    cell: Cell, analysis_set: AnalysisSet, summaries: pd.DataFrame, dictionary: Dictionary, primary: Primary
) -> Iterator[Row]:
    """Win ratio and win odds over `primary.hierarchy`; pairs decided at each of its steps.

    summaries: table patient_summaries. No weighted form.
    """
    here = cell.at(analysis=AnalysisKey.WIN_RATIO, method="hierarchical", day=primary.day)
    yield from count_rows(here, analysis_set.patients)
    if analysis_set.weighted or analysis_set.too_few(analysis_set.patients):
        yield here.text(Statistic.NOT_RANKED, "weighted" if analysis_set.weighted else "too_few_patients")
        return
    # (n, n) matrices by step, in the order of what matters first.
    steps = {item: _pairs(item, analysis_set, summaries, dictionary, primary.day) for item in primary.hierarchy}
    arms = treated(analysis_set.patients)
    yield from _step_rows(here, steps, arms)
    whole = first_decided(*steps.values())
    result = win_ratio(whole, arms, analysis_set.settings.level)
    for name in (Statistic.N_WINS, Statistic.N_LOSSES, Statistic.N_TIES):
        yield here.number(name, getattr(result, name))
    ratio = here.at(level="win_ratio", contrast=CONTRAST)
    if not result.no_interval:
        for name in (Statistic.WIN_RATIO, Statistic.LOWER, Statistic.UPPER):
            yield ratio.number(name, getattr(result, name), "ratio", "0.00")
    else:
        yield ratio.text(Statistic.NO_INTERVAL, result.no_interval.value)
    yield from ranked_rows(here, analysis_set.patients, whole, analysis_set, full=True)


def _step_rows(here: Cell, steps: dict[str, Pairs], arms: NDArray[np.bool_]) -> Iterator[Row]:
    """Pairs that each step decides, of those that the steps before it left open."""
    # [arms][:, ~arms]: rows of treated patients against columns of controls.
    between = {item: pairs[arms][:, ~arms] for item, pairs in steps.items()}
    before = np.zeros_like(next(iter(between.values())))
    for item, pairs in between.items():
        own = np.where(before == 0, pairs, 0)
        yield here.at(level=item).number(Statistic.N_WINS, int((own > 0).sum()))
        yield here.at(level=item).number(Statistic.N_LOSSES, int((own < 0).sum()))
        before = first_decided(before, pairs)


def _pairs(item: str, analysis_set: AnalysisSet, summaries: pd.DataFrame, dictionary: Dictionary, day: int) -> Pairs:
    """One step's comparison of all patients (n, n), in the order of `who.patients`."""
    if item == DEATH:
        # Within the whole follow-up, not only up to the primary day.
        return survival_pairs(analysis_set.patients, np.inf)
    outcome = dictionary.outcomes[item]
    known = summaries.loc[summaries["outcome"] == item]
    if outcome.daily_summary != "none":
        known = last_values(analysis_set.visits, item, day)
    return value_pairs(oriented_bounds(known, analysis_set.patients, outcome))
