"""One scenario as it is analysed: its tables, the declared settings, and how its arms are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.analysis.model.comparison import Comparison, read_comparison
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.included_visits import PERSON, IncludedVisits, included_visits
from historical_controls.analysis.model.model_data import ModelData, model_table
from historical_controls.analysis.without_model.analysis_set import AnalysisSet, build_analysis_set
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS


@dataclass(frozen=True)
class AnalysisInputs:
    """What every analysis of a scenario reads.

    patients, visits: tables cohort_patients and visits of the scenario; summaries: table patient_summaries, None where
    no win ratio is asked for; horizon_days: last day of follow-up.
    """

    scenario: str
    patients: pd.DataFrame
    visits: pd.DataFrame
    settings: Analysis
    dictionary: Dictionary
    primary: Primary
    comparison: Comparison
    seed: int
    horizon_days: int = 0
    summaries: pd.DataFrame | None = None
    # As the config declares (Config.single_arm), never as the patients at hand look: controls who all dropped out, or
    # never arrived, are a comparison that failed, not a study that compares nobody.
    single_arm: bool = False

    @cached_property
    def compared_patients(self) -> pd.DataFrame:
        """Rows of `patients` that are compared: all, or the matched ones."""
        return self.comparison.select(self.patients)

    @property
    def weighted(self) -> bool:
        """Whether answers come from weighted equations: no likelihood, no permutation, no refits of them."""
        return self.comparison.weights is not None or self.settings.visit_weights != "none"

    @cached_property
    def analysis_set(self) -> AnalysisSet:
        """The included patients among those compared, with their visits."""
        return build_analysis_set(self.compared_patients, self.visits, self.settings, self.comparison, self.seed)

    def content(self, codes: Iterable[str]) -> tuple[bytes, ...]:
        """Hashes that tell one cohort from another by who is compared, from when and with which values of these
        outcomes: the tables of a scenario may hold fewer outcomes than those of another."""
        needed = sorted({*codes} & self._visits_hashes.keys())
        return (self._patients_hash, *(self._visits_hashes[code] for code in needed))

    @cached_property
    def weights(self) -> tuple[bytes, ...]:
        """Hashes of the weights or matched sets, none where everybody counts once."""
        own = (one.sort_index() for one in (self.comparison.weights, self.comparison.sets) if one is not None)
        return tuple(_hashed(_rounded(one).rename_axis("subject").reset_index(name="value")) for one in own)

    @cached_property
    def people(self) -> bytes:
        """A hash of who is included, in which arm and from when, whatever is known of them."""
        return _hashed(self._included[[*PERSON, "arm", "time_zero"]].sort_values(PERSON))

    @property
    def _included(self) -> pd.DataFrame:
        return self.patients.loc[self.patients["included"].fillna(False).astype(bool)]

    @cached_property
    def _patients_hash(self) -> bytes:
        included = self._included
        # Names and the rules that were undecided differ between scenarios whose patients are the same.
        patients = included.drop(columns=["scenario", "display_id", "undecided"], errors="ignore").sort_values(PERSON)
        return _hashed(patients)

    @cached_property
    def _visits_hashes(self) -> dict[str, bytes]:
        visits = self.visits.drop(columns="scenario").sort_values(["outcome", *PERSON, "day"], ignore_index=True)
        # Values that were converted and converted back differ in the last digit alone.
        rounded = {name: _rounded(visits[name]) for name in ("value", "lower", "upper")}
        # Rows are hashed together: a call for each outcome costs more than its rows.
        rows = pd.util.hash_pandas_object(visits.assign(**rounded), index=False).to_numpy()
        return {str(code): rows[own].tobytes() for code, own in visits.groupby("outcome").indices.items()}

    @cached_property
    def _compared_visits(self) -> IncludedVisits:
        return included_visits(self.compared_patients, self.visits)

    def table(self, code: str) -> ModelData:
        """The model table of one outcome."""
        data = model_table(self.dictionary.outcomes[code], self._compared_visits, self.settings, self.dictionary)
        # The seed enters by way of the model table: values beyond limits are drawn while fitting.
        return replace(data, seed=self.seed)

    def reason_against(self, data: ModelData) -> str | None:
        """Why no contrast of this outcome may be given, or None."""
        reason = reason_against(data, self.settings, self.comparison.refusal)
        included = self.patients.loc[self.patients["included"].fillna(False).astype(bool), "arm"]
        # Patients without values and no patients at all are different faults, and mended differently.
        alone = reason == "no_control_data" and not (included == "historical").any()
        return "no_controls" if alone else reason

    def is_headline(self, code: str) -> bool:
        """Whether the outcome is the primary or a key secondary one."""
        return code in (self.primary.outcome, *self.primary.key_secondary)


def _hashed(frame: pd.DataFrame) -> bytes:
    # index=False: the row numbers differ between scenarios, the patients need not.
    return pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()


def _rounded(values: pd.Series) -> pd.Series:
    """Numbers at twelve significant digits: of the sixteen they have, computing leaves the last ones open."""
    known = values.to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (11 - np.floor(np.log10(np.abs(known))))
        rounded = np.round(known * scale) / scale
    return pd.Series(np.where(np.isfinite(rounded), rounded, known), values.index)


def read_inputs(paths: Mapping[str, Any], settings: Analysis, primary: Primary, seed: int) -> AnalysisInputs:
    """The primary scenario from its tables; paths: those of patients, visits, the balance tables and the dictionary."""
    return AnalysisInputs(
        "primary",
        read_table(paths["patients"], COHORT_PATIENTS),
        read_table(paths["visits"], VISITS),
        settings,
        load_dictionary(Path(paths["dictionary"][0]).parent),
        primary,
        read_comparison(settings, paths),
        seed,
    )
