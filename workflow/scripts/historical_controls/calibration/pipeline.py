"""Cohort, balance and analysis of one simulated study, one after the other as the workflow runs them, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import build_comparison
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.balance.arms import balance_arms
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.calibration.records import study_of
from historical_controls.calibration.scales import Scale
from historical_controls.calibration.verdicts import Answer
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.balance import Balance
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.merging import merged
from historical_controls.config.study import Study
from historical_controls.dictionary.dictionary import Dictionary

SCENARIO = "simulated"
DAY = 7
# What differs from the declared config: simulated studies hold P/F itself and few other things, contrasts are read at
# one day, and 1,000 labellings are drawn.
SIMULATED: dict[str, Any] = {
    "cohort": {
        "derivations": {},
        "summaries": {},
        "filters": ["I3"],
        "readings": {},
        "read_as": {},
        "reading_products": [],
        "co_treatments": {},
    },
    "balance": {
        "covariates": ["AGE", "PF"],
        "key_covariates": ["PF", "AGE", "days_from_onset"],
        "methods": [],
        "envelope": {"draws": 100},
    },
    "analysis": {"days": [DAY], "permutation": {"exact_up_to": 1000, "draws": 1000, "scenario_draws": 1000}},
    "primary": {"day": DAY, "key_secondary": []},
}
ONLY_RULE = "I3"
Spoil = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Declared:
    """The parts of a config that the stages read."""

    study: Study
    cohort: Cohort
    balance: Balance
    analysis: Analysis
    primary: Primary
    dictionary: Dictionary


@dataclass(frozen=True)
class AnalysisVariant:
    """One way to analyse a study. overrides: of the declared config; spoil: what is done to table visits before."""

    overrides: Mapping[str, Any] = field(default_factory=dict)
    spoil: Spoil | None = None

    @property
    def own_cohort(self) -> bool:
        return "cohort" in self.overrides


def declared(raw: Mapping[str, Any], dictionary: Dictionary, overrides: Mapping[str, Any]) -> Declared:
    """The declared config (config.yaml as read) cut down to what simulated studies hold, with overrides."""
    plain = {name: raw[name] for name in ("study", "cohort", "balance", "analysis", "primary")}
    # Keys that SIMULATED replaces are taken out first: `merged` would merge mappings and leave the example's entries.
    plain["cohort"] = {
        name: value for name, value in plain["cohort"].items() if name not in SIMULATED["cohort"] and name != "rules"
    }
    plain["cohort"]["rules"] = {ONLY_RULE: raw["cohort"]["rules"][ONLY_RULE]}
    plain = merged(merged(plain, SIMULATED), overrides)
    return Declared(
        Study.model_validate(plain["study"]),
        Cohort.model_validate(plain["cohort"]),
        Balance.model_validate(plain["balance"]),
        Analysis.model_validate(plain["analysis"]),
        Primary.model_validate(plain["primary"]),
        dictionary,
    )


@dataclass(frozen=True)
class Included:
    """Tables cohort_patients and visits of one study."""

    patients: pd.DataFrame
    visits: pd.DataFrame


def cohorts(clean: CleanTables, settings: Declared, seed: int) -> dict[int, Included]:
    """The cohorts of several studies by number.

    All their treated wait the same five times, so that one pass through the stage gives each control the wait that it
    would draw in its own study.
    """
    # Studies that share a pass also share the window, which spans the treated patients of all of them.
    if settings.cohort.calendar_window_weeks is not None and len(set(study_of(clean.patients["patient_id"]))) > 1:
        raise ValueError("a calendar window belongs to one study")
    inputs = CohortInputs(settings.cohort, settings.study, settings.dictionary, seed, ["PF"], SCENARIO)
    # The seed of the waits is the same for all studies; what differs between them is the patients.
    tables = define_cohort(clean, inputs)
    people, visits = (dict(list(f.groupby(study_of(f["patient_id"])))) for f in (tables.patients, tables.visits))
    return {number: Included(people[number], visits[number]) for number in people}


def analysed(
    tables: Included, look: AnalysisVariant, settings: Declared, codes: Iterable[str], seed: int
) -> pd.DataFrame:
    """ARD rows of the analysis under one look, the gates of balance heeded."""
    patients, visits = tables.patients, tables.visits
    # Gates look at the visits as they were; what a look spoils is what an analyst would not have noticed.
    arms = balance_arms(patients, visits, BalanceInputs(settings.balance, settings.dictionary, seed, SCENARIO))
    comparison = build_comparison(settings.analysis, arms.weights, arms.matched_sets, arms.gates)
    spoilt = visits if look.spoil is None else look.spoil(visits)
    inputs = AnalysisInputs(
        SCENARIO,
        patients,
        spoilt,
        settings.analysis,
        settings.dictionary,
        settings.primary,
        comparison,
        seed,
        settings.cohort.horizon_days,
    )
    return analyse_outcomes(codes, inputs).ard


def read_answer(ard: pd.DataFrame, outcome: str, analysis: str, scale: Scale) -> Answer:
    """What one analysis says of an outcome at the day, on this scale.

    `analysis` names the analysis, and a level and a method where there are several: 'while_alive/mean/welch'.
    """
    # Missing parts become '', which is what rows without a level have.
    name, level, method = [*analysis.split("/"), "", ""][:3]
    own = ard[(ard["outcome"] == outcome) & (ard["analysis"] == name) & (ard["level"] == level)]
    rows = own[(own["day"] == DAY) & (own["contrast"] == CONTRAST) & (own["method"].eq(method) | (method == ""))]
    found = dict(zip(rows["statistic"], rows["value"], strict=True))
    if scale.estimated not in found:
        # A refused comparison has no estimate at all; the reason is a text row.
        refusals = ard[
            (ard["outcome"] == outcome) & ard["statistic"].isin([Statistic.NOT_ESTIMABLE, Statistic.NOT_RANKED])
        ]
        return Answer(reason=str(refusals["text"].iloc[0]) if len(refusals) else "no_answer")
    # A limit that is not printed is none, on whatever scale.
    low, high = (
        scale.limit(found[name]) if name in found else none
        for name, none in ((Statistic.LOWER, -np.inf), (Statistic.UPPER, np.inf))
    )
    return Answer(scale.estimate(found[scale.estimated]), low, high, found.get(Statistic.P_VALUE, np.nan))
