"""What the analyses beside the mixed model read: one row per patient, and ways of calling other patients treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.model_data import ARMS, PERSON, subject_of
from historical_controls.ard.rows import Cell
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.inference import Labels, RelativeEffect, draw_labels, effect_of_pairs

Row = dict[str, object]
Array = NDArray[np.float64]
CONTRAST = "treated - historical"


@dataclass(frozen=True)
class Sample:
    """The included patients of one scenario (table cohort_patients and their subject), its visits, and how the arms
    are compared."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    settings: Analysis
    compared: Comparison
    seed: int

    @property
    def weighted(self) -> bool:
        """To call other patients treated would change their weights: no labels are exchanged."""
        return self.compared.weights is not None

    def labels(self, people: pd.DataFrame, full: bool = False) -> Labels:
        """Ways of labelling these patients (columns arm, subject), within matched sets where there are any.

        full: as many as the primary analysis has; else those of the supporting ones.
        """
        plan, sets = self.settings.permutation, self.compared.sets
        strata = None if sets is None else sets.reindex(people["subject"]).to_numpy()
        exact, draws = (plan.exact_up_to, plan.draws) if full else (plan.scenario_draws, plan.scenario_draws)
        return draw_labels(treated(people), self.seed, exact, draws, strata)

    def too_few(self, people: pd.DataFrame) -> bool:
        """Whether an arm has fewer patients than an estimate needs."""
        return min(int((people["arm"] == arm).sum()) for arm in ARMS) < self.settings.min_patients_per_arm


def sample(patients: pd.DataFrame, visits: pd.DataFrame, settings: Analysis, compared: Comparison, seed: int) -> Sample:
    """Of tables cohort_patients and visits of one scenario."""
    included = patients.loc[patients["included"].fillna(False).astype(bool)]
    people = included.assign(subject=subject_of(included)).sort_values(PERSON, ignore_index=True)
    return Sample(people, visits, settings, compared, seed)


def treated(people: pd.DataFrame) -> NDArray[np.bool_]:
    return (people["arm"] == "treated").to_numpy(dtype=bool)


def count_rows(cell: Cell, people: pd.DataFrame) -> list[Row]:
    """Patients by arm."""
    return [cell.at(arm=arm).number("n_subjects", int((people["arm"] == arm).sum())) for arm in ARMS]


def ranked_rows(cell: Cell, people: pd.DataFrame, pairs: Array, who: Sample, full: bool = False) -> list[Row]:
    """Win odds of a treated against a historical patient, by the studentised permutation test (IN-1 to IN-5).

    people: columns arm, subject; pairs (n, n): who fares better, in the order of people. Or why there are none.
    """
    if who.weighted:
        return [cell.text("not_ranked", "weighted")]
    if who.too_few(people):
        return [cell.text("not_ranked", "too_few_patients")]
    found = effect_of_pairs(pairs, who.labels(people, full), who.settings.level)
    return effect_rows(cell.at(contrast=CONTRAST), found)


def effect_rows(here: Cell, found: RelativeEffect) -> list[Row]:
    """A relative effect with its p-value, floor and interval."""
    rows = [
        here.number("probability", found.probability, format="0.00"),
        here.number("p_value", found.p_value, format="p"),
        here.number("p_floor", found.p_floor, format="p"),
        here.text("permutations", "exact" if found.exact else "drawn"),
    ]
    if np.isnan(found.lower):
        return [*rows, here.text("no_interval", "complete_separation")]
    odds = [here.number(name, getattr(found, name), "odds", "0.00") for name in ("win_odds", "lower", "upper")]
    return [*rows, here.number("df", found.df, format="0.0"), *odds]
