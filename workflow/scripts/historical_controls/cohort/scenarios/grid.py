"""The cohort of every scenario of a grid: the same records, judged and followed under other declarations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import pandas as pd

from historical_controls.cohort.define import groups, window_of
from historical_controls.cohort.eligibility.time_zero import Decisions, decide_historical, decide_treated, treated_waits
from historical_controls.cohort.follow_up.display import display_ids
from historical_controls.cohort.records.clean_tables import Clean
from historical_controls.cohort.records.records import Records
from historical_controls.cohort.scenarios.wait_draws import Draws, followed
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study_config import Study
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.parquet import conform
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

Frames = tuple[pd.DataFrame, pd.DataFrame]


def redefine_cohorts(
    clean: Clean,
    cohorts: Mapping[str, Cohort],
    study: Study,
    dictionary: Dictionary,
    seed: int,
    outcomes: Collection[str],
) -> Draws:
    """Included patients and their visits under each scenario's cohort, as `define_cohort` would give them.

    outcomes: those whose visits are wanted. Scenarios whose values are derived alike share the derived records.
    """
    as_read = {name: cohort.as_read() for name, cohort in cohorts.items()}
    parts: list[Frames] = []
    for _, alike in groupby(sorted(as_read, key=lambda name: _derived(as_read[name])), lambda n: _derived(as_read[n])):
        parts += _of_alike(clean, {name: as_read[name] for name in alike}, study, dictionary, seed, outcomes)
    if not parts:
        return Draws(COHORT_PATIENTS.empty(), VISITS.empty())
    patients, visits = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    named = [own.assign(display_id=display_ids(own, seed)) for _, own in patients.groupby("scenario")]
    return Draws(conform(pd.concat(named), COHORT_PATIENTS), conform(visits, VISITS))


def _derived(cohort: Cohort) -> str:
    """What the records of a cohort hang on: everything but who is eligible and from when."""
    return cohort.model_dump_json(include={"derivations", "altitude", "known_from", "baseline_hours"})


def _of_alike(
    clean: Clean,
    cohorts: Mapping[str, Cohort],
    study: Study,
    dictionary: Dictionary,
    seed: int,
    outcomes: Collection[str],
) -> Iterator[Frames]:
    any_cohort = next(iter(cohorts.values()))
    waits: dict[str, tuple[float, ...]] = dict.fromkeys(cohorts, ())
    treated: dict[str, list[Frames]] = {name: [] for name in cohorts}
    for records in groups(clean, "treated", any_cohort, dictionary):
        once = Once(records, study, dictionary, outcomes)
        for name, cohort in cohorts.items():
            decided = decide_treated(records, cohort)
            waits[name] = tuple(sorted((*waits[name], *treated_waits(records, decided, cohort))))
            treated[name].append(once.followed(decided, name, cohort))
    for found in treated.values():
        yield from found
    windows = {name: window_of(patients for patients, _ in found) for name, found in treated.items()}
    for records in groups(clean, "historical", any_cohort, dictionary):
        once = Once(records, study, dictionary, outcomes)
        for name, cohort in cohorts.items():
            yield once.followed(decide_historical(records, cohort, waits[name], seed, windows[name]), name, cohort)


@dataclass
class Once:
    """Follow-up of one group of records, computed once for all scenarios that start it at the same times."""

    records: Records
    study: Study
    dictionary: Dictionary
    outcomes: Collection[str]
    found: dict[tuple[bytes, int], Frames] = field(default_factory=dict)

    def followed(self, decided: Decisions, scenario: str, cohort: Cohort) -> Frames:
        key = (decided.time_zero.tobytes(), cohort.horizon_days)
        if key not in self.found:
            self.found[key] = followed(
                self.records, decided, scenario, self.study, cohort, self.dictionary, self.outcomes
            )
        patients, visits = self.found[key]
        return patients.assign(scenario=scenario), visits.assign(scenario=scenario)
