"""The cohort of every scenario of a grid: the same records, judged and followed under other declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

import pandas as pd

from historical_controls.cohort.batches import iter_patient_batches
from historical_controls.cohort.eligibility.time_zero import Decisions, decide_historical, decide_treated, treated_waits
from historical_controls.cohort.follow_up.display import display_ids
from historical_controls.cohort.inputs import CohortInputs, TreatedTimes, merge_waits, window_of
from historical_controls.cohort.records.clean_tables import Clean
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.scenarios.wait_draws import Draws, followed
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS
from historical_controls.tables.schema import conform

# Of the cohort, what records are made from: derived values, the clock of results, and where stays begin and end.
RECORDS: dict[str, bool | set[str]] = {
    **dict.fromkeys(("derivations", "altitude", "known_from", "dates_without_clock"), True),
    **dict.fromkeys(("baseline_hours", "baseline_hours_after"), True),
    "time_zero": {"treated", "standard_care_from", "historical_stay", "new_stay_after_hours"},
}
Frames = tuple[pd.DataFrame, pd.DataFrame]


def redefine_cohorts(clean: Clean, cohorts: Mapping[str, Cohort], inputs: CohortInputs) -> Draws:
    """Included patients and their visits under each scenario's cohort, as `define_cohort` would give them.

    Of `inputs.cohort`, the primary scenario's, only the convention of altitude is read, in which all values are given.
    Scenarios whose values are derived alike share the derived records.
    """
    given = replace(inputs, altitude=inputs.cohort.altitude)
    by_scenario = {name: replace(given, cohort=cohort.as_read(), scenario=name) for name, cohort in cohorts.items()}
    parts: list[Frames] = []
    # groupby joins neighbours only.
    names = sorted(by_scenario, key=lambda name: _derived(by_scenario[name]))
    for _, alike in groupby(names, lambda name: _derived(by_scenario[name])):
        parts += _of_alike(clean, [by_scenario[name] for name in alike])
    if not parts:
        return Draws(COHORT_PATIENTS.empty(), VISITS.empty())
    patients, visits = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    named = [own.assign(display_id=display_ids(own, inputs.seed)) for _, own in patients.groupby("scenario")]
    return Draws(conform(pd.concat(named), COHORT_PATIENTS), conform(visits, VISITS))


def _derived(inputs: CohortInputs) -> str:
    """What the records of a cohort depend on: everything but who is eligible and from when."""
    return inputs.cohort.model_dump_json(include=RECORDS)


def _of_alike(clean: Clean, alike: list[CohortInputs]) -> Iterator[Frames]:
    derived = (alike[0].cohort, alike[0].dictionary)
    waits: dict[str, tuple[float, ...]] = {own.scenario: () for own in alike}
    treated: dict[str, list[Frames]] = {own.scenario: [] for own in alike}
    for records in iter_patient_batches(clean, "treated", *derived):
        cache = FollowUpCache(records)
        for own in alike:
            decided = decide_treated(records, own.cohort)
            waits[own.scenario] = merge_waits(waits[own.scenario], treated_waits(records, decided, own.cohort))
            treated[own.scenario].append(cache.followed(decided, own))
    for frames in treated.values():
        yield from frames
    times = {
        name: TreatedTimes(waits[name], window_of(patients for patients, _ in frames), alike[0].study.timezone or "UTC")
        for name, frames in treated.items()
    }
    for records in iter_patient_batches(clean, "historical", *derived):
        cache = FollowUpCache(records)
        for own in alike:
            yield cache.followed(decide_historical(records, own.cohort, times[own.scenario], own.seed), own)


@dataclass
class FollowUpCache:
    """Follow-up of one batch of records, computed once for all scenarios that start it at the same times."""

    records: PatientRecords
    kept: dict[tuple[bytes, int], Frames] = field(default_factory=dict)

    def followed(self, decided: Decisions, inputs: CohortInputs) -> Frames:
        # Follow-up depends on nothing else of a scenario: many readings give the same time zeros.
        key = (decided.time_zero.tobytes(), inputs.cohort.horizon_days)
        if key not in self.kept:
            self.kept[key] = followed(self.records, decided, inputs)
        patients, visits = self.kept[key]
        return patients.assign(scenario=inputs.scenario), visits.assign(scenario=inputs.scenario)
