"""What the analyses beside the mixed model read: one row per patient, and ways of calling other patients treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.included_visits import PERSON, subject_of
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.inference.labels import Labels, draw_labels
from historical_controls.inference.pairwise.pairs import Pairs
from historical_controls.inference.pairwise.relative_effect import RelativeEffect, effect_of_pairs

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AnalysisSet:
    """The included patients of one scenario (table cohort_patients and their subject), its visits, and how the arms
    are compared."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    settings: Analysis
    comparison: Comparison
    seed: int

    @property
    def display_ids(self) -> dict[str, str]:
        """The id that reports print, by subject."""
        return dict(zip(self.patients["subject"], self.patients["display_id"], strict=True))

    @property
    def weighted(self) -> bool:
        """To call other patients treated would change their weights: no labels are exchanged."""
        return self.comparison.weights is not None

    def labels(self, people: pd.DataFrame, full: bool = False) -> Labels:
        """Ways of labelling these patients (columns arm, subject), within matched sets where there are any.

        full: as many as the primary analysis has; else those of the supporting ones.
        """
        plan, sets = self.settings.permutation, self.comparison.sets
        strata = None if sets is None else sets.reindex(people["subject"]).to_numpy()
        # Supporting analyses are many; each enumerates no more than it would draw.
        exact, draws = (plan.exact_up_to, plan.draws) if full else (plan.scenario_draws, plan.scenario_draws)
        return draw_labels(treated(people), self.seed, exact, draws, strata)

    def too_few(self, people: pd.DataFrame) -> bool:
        """Whether an arm has fewer patients than an estimate needs."""
        return min(int((people["arm"] == arm).sum()) for arm in ARMS) < self.settings.min_patients_per_arm


def build_analysis_set(
    patients: pd.DataFrame, visits: pd.DataFrame, settings: Analysis, comparison: Comparison, seed: int
) -> AnalysisSet:
    """Of tables cohort_patients and visits of one scenario."""
    included = patients.loc[patients["included"].fillna(False).astype(bool)]
    people = included.assign(subject=subject_of(included)).sort_values(PERSON, ignore_index=True)
    return AnalysisSet(people, visits, settings, comparison, seed)


def treated(people: pd.DataFrame) -> NDArray[np.bool_]:
    return (people["arm"] == "treated").to_numpy(dtype=bool)


def count_rows(cell: Cell, people: pd.DataFrame) -> list[Row]:
    """Patients by arm."""
    return [cell.at(arm=arm).number(Statistic.N_SUBJECTS, int((people["arm"] == arm).sum())) for arm in ARMS]


def ranked_rows(
    cell: Cell, people: pd.DataFrame, pairs: Pairs, analysis_set: AnalysisSet, full: bool = False
) -> list[Row]:
    """Win odds of a treated against a historical patient, with their test and its interval (IN-1 to IN-5).

    people: columns arm, subject; pairs (n, n): who fares better, in the order of people. Or why there are none.
    """
    # Pairs have no weights here, and permuting labels would change those that the balance stage computed.
    if analysis_set.weighted:
        return [cell.text(Statistic.NOT_RANKED, "weighted")]
    if analysis_set.too_few(people):
        return [cell.text(Statistic.NOT_RANKED, "too_few_patients")]
    effect = effect_of_pairs(pairs, analysis_set.labels(people, full), analysis_set.settings.level)
    return effect_rows(cell.at(contrast=CONTRAST), effect)


def effect_rows(here: Cell, effect: RelativeEffect) -> list[Row]:
    """A relative effect with its p-value, floor and interval."""
    rows = [
        here.number(Statistic.PROBABILITY, effect.probability, format="0.00"),
        here.number(Statistic.P_VALUE, effect.p_value, format="p"),
        here.number(Statistic.P_FLOOR, effect.p_floor, format="p"),
        here.text(Statistic.PERMUTATIONS, "exact" if effect.exact else "drawn"),
    ]
    if effect.no_interval:
        finite = np.isfinite(effect.win_odds)
        # Infinite odds (complete separation) cannot be printed; odds of 1 (only ties) can.
        even = [here.number(Statistic.WIN_ODDS, effect.win_odds, "odds", "0.00")] if finite else []
        # Complete separation leaves one limit, the one towards win odds of 1: "at least", or "at most".
        limits = {Statistic.LOWER: effect.lower, Statistic.UPPER: effect.upper}
        one = [here.number(name, at, "odds", "0.00") for name, at in limits.items() if 0 < at < np.inf]
        return [*rows, *even, *one, here.text(Statistic.NO_INTERVAL, effect.no_interval.value)]
    odds = [
        here.number(name, getattr(effect, name), "odds", "0.00")
        for name in (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER)
    ]
    return [*rows, here.number(Statistic.DF, effect.df, format="0.0"), *odds]
