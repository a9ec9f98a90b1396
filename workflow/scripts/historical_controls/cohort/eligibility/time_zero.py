"""From which hour follow-up counts, and which step excluded whom.

Treated: the declared event. Historical: the first hour of standard care at which every filter holds, plus a wait drawn
from the treated patients' own, which the control must live through and end still eligible; so that nobody is credited
with time in which, as a treated patient, they could not have died (immortal time: Hernan & Robins, Am J Epidemiol
2016;183:758-764).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from historical_controls.cohort.eligibility.rules import Memo, judge_rules
from historical_controls.cohort.inputs import TreatedTimes, midnight
from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.kleene import TRUE, UNKNOWN, States, kleene_and
from historical_controls.cohort.records.patient_records import PERSON, PatientRecords
from historical_controls.cohort.records.stays import candidate_moments
from historical_controls.cohort.records.timeline import HOUR, NEVER, Moments, hours
from historical_controls.config.cohort.cohort import Cohort

NO_HOUR = np.int8(-2)


@dataclass(frozen=True)
class Decisions:
    """By position of the patient.

    `time_zero`: NEVER for excluded. `judged_at`: the hour whose rule states are shown, NEVER where there is none.
    `excluded_by`: the step, '' for included; `undecided`: excluded for lack of data, not for a rule that fails.
    `first_eligible`: first hour at which all filters hold. `ever`: best state of each rule over all candidate hours
    and the hour shown, where it was asked for.
    """

    time_zero: Integers
    judged_at: Integers
    excluded_by: np.ndarray
    undecided: Flags
    first_eligible: Integers
    ever: Mapping[str, States] = field(default_factory=dict)


@dataclass(frozen=True)
class Screening:
    """What the candidate hours (`moments`, with the `states` of all rules) say, by position of the patient."""

    moments: Moments
    states: Mapping[str, States]
    excluded_by: np.ndarray
    undecided: Flags
    first_eligible: Integers
    closest: Integers


def filters_of(cohort: Cohort, arm: str) -> list[str]:
    """The filters that apply to an arm, in order."""
    return [name for name in cohort.filters if cohort.rules[name].applies_to in ("both", arm)]


def screen(
    records: PatientRecords, cohort: Cohort, arm: str, moments: Moments, entry: str, memo: Memo | None = None
) -> Screening:
    """Judge every candidate hour; a patient passes a step if one hour meets it together with all steps before.

    `entry`: the step that excludes patients without any candidate hour. `memo`: see `judge_rules`.
    """
    count = len(records)
    states = judge_rules(cohort.rules, moments, records, memo)
    excluded_by = np.where(_any(moments.patient, count), "", entry).astype(object)
    # Without a recorded start there is no hour to judge: not decided, rather than refused.
    undecided = (excluded_by == entry) & (records.stays.start == NEVER)
    joint = np.ones(len(moments), dtype=bool)
    depth = np.zeros(len(moments), dtype=np.int64)
    for name in filters_of(cohort, arm):
        # Filters must hold at one and the same hour: meeting each at some hour is not being eligible.
        passed = joint & (states[name] == TRUE)
        lost = (excluded_by == "") & ~_any(moments.patient[passed], count)
        excluded_by[lost] = name
        # Lost for lack of data: at some hour this filter alone was unknown and all before it held.
        undecided |= lost & _any(moments.patient[joint & (states[name] == UNKNOWN)], count)
        joint, depth = passed, depth + passed
    first, closest = _first(moments, joint, count), _closest(moments, depth, count)
    return Screening(moments, states, excluded_by, undecided, first, closest)


def _any(patients: Integers, count: int) -> Flags:
    return np.bincount(patients, minlength=count) > 0


def _first(moments: Moments, mask: Flags, count: int) -> Integers:
    out = np.full(count, NEVER)
    np.minimum.at(out, moments.patient[mask], moments.time[mask])
    return out


def _closest(moments: Moments, depth: Integers, count: int) -> Integers:
    """The first hour that met most filters in order."""
    deepest = np.full(count, -1)
    # `.at` applies repeated indices one after another; plain indexing would keep only the last hour of a patient.
    np.maximum.at(deepest, moments.patient, depth)
    return _first(moments, depth == deepest[moments.patient], count)


def best_state(state: States, patients: Integers, count: int) -> States:
    """Best state of each patient over its hours; NO_HOUR without any."""
    out = np.full(count, NO_HOUR, dtype=np.int8)
    np.maximum.at(out, patients, state)
    return out


def decide_treated(records: PatientRecords, cohort: Cohort) -> Decisions:
    """Everyone with the event that starts follow-up, whatever the rules say then, unless the config asks for more."""
    event = event_times(records, cohort.time_zero.treated)
    # Only hours up to the treatment: eligibility after it may be the treatment's effect.
    moments = candidate_moments(records.stays, cohort.time_zero.standard_care_hours, until=event)
    screening = screen(records, cohort, "treated", moments, "")
    # Treated patients are analysed whatever the rules say; the entry step '' excludes none of them.
    zero = event
    if cohort.time_zero.treated_start == "eligibility":
        known = (event != NEVER) & (records.stays.start != NEVER)
        zero = np.where(known, np.minimum(_ready(records, screening.first_eligible, cohort), event), event)
    ever = ever_states(screening, records, cohort, zero)
    missing = np.where(zero == NEVER, "time_zero", "").astype(object)
    nothing = np.zeros(len(records), dtype=bool)
    decided = Decisions(zero, zero, missing, nothing, screening.first_eligible, ever)
    return passing_only(records, cohort, decided) if cohort.treated_must_pass else decided


def passing_only(records: PatientRecords, cohort: Cohort, decided: Decisions) -> Decisions:
    """Treated patients who fail a filter at time zero, or for whom it is unknown, left out at the first such filter."""
    moments = moments_at(decided.time_zero)
    states = judge_rules(cohort.rules, moments, records)
    excluded_by, undecided = decided.excluded_by.copy(), decided.undecided.copy()
    # In reverse, so that the first filter that failed is written last and remains.
    for name in reversed(filters_of(cohort, "treated")):
        failed = moments.patient[states[name] != TRUE]
        excluded_by[failed], undecided[failed] = name, states[name][states[name] != TRUE] == UNKNOWN
    return replace(
        decided,
        time_zero=np.where(excluded_by == "", decided.time_zero, NEVER),
        excluded_by=excluded_by,
        undecided=undecided,
    )


def _ready(records: PatientRecords, first_eligible: Integers, cohort: Cohort) -> Integers:
    """When standard care was completed and, where ever so, the patient eligible; only where care has a start."""
    start = records.stays.start
    ready = np.where(start != NEVER, start, 0) + hours(cohort.time_zero.standard_care_hours)
    return np.where(first_eligible == NEVER, ready, np.maximum(ready, first_eligible))


def ever_states(screening: Screening, records: PatientRecords, cohort: Cohort, at: Integers) -> dict[str, States]:
    """Best state of each rule over the candidate hours and `at`, the hour shown, which need not be one of them.

    Unknown for patients without any hour.
    """
    count, moments = len(records), moments_at(at)
    out = {}
    for name, state in judge_rules(cohort.rules, moments, records).items():
        best = best_state(screening.states[name], screening.moments.patient, count)
        best[moments.patient] = np.maximum(best[moments.patient], state)
        out[name] = np.where(best == NO_HOUR, UNKNOWN, best)
    return out


def moments_at(times: Integers) -> Moments:
    """One moment per patient that has a time."""
    patient = np.flatnonzero(times != NEVER)
    return Moments(patient, times[patient])


def event_times(records: PatientRecords, event: str) -> Integers:
    return records.first_event.get(event, np.full(len(records), NEVER))


def treated_waits(records: PatientRecords, decisions: Decisions, cohort: Cohort) -> tuple[float, ...]:
    """Hours from max(standard care completed, first eligible hour if any) to the treated patients' treatment (EL-4).

    Never below 0, in ascending order; patients whose standard care has no recorded start have none.
    """
    known = (decisions.time_zero != NEVER) & (records.stays.start != NEVER)
    event = event_times(records, cohort.time_zero.treated)
    waits = (event - _ready(records, decisions.first_eligible, cohort))[known] / HOUR
    return tuple(sorted(waits.clip(min=0).tolist()))


def draw_waits(people: pd.DataFrame, waits: Sequence[float], seed: int, draw: int) -> Integers:
    """One of the treated patients' waits for each control, in milliseconds (EL-5).

    Drawn by a hash of seed, draw and patient, so that a patient keeps the wait whoever else is in the export. As many
    draws in a row from draw 2 on as there are waits give every control every wait once, each in another order: their
    mean is that over all waits, whatever the seed.
    """
    if not waits:
        return np.zeros(len(people), dtype=np.int64)
    # `turn` shifts every control's wait by one per draw within a block: a Latin arrangement of waits over draws. Blocks
    # begin at draw 2, where the further draws do: draw 1 is the declared one.
    block, turn = divmod(draw - 2, len(waits)) if draw > 1 else (0, 0)
    first = block * len(waits) + 2 if draw > 1 else 1
    # The unit separator keeps apart what plain joining would not: ('a1', '2') and ('a', '12').
    names = (
        f"{seed}\x1f{first}\x1f{source}\x1f{patient}" for source, patient in people[PERSON].itertuples(index=False)
    )
    drawn = [
        # A 64-bit hash times the number of waits, shifted by 64 bits, is even over the waits (no modulo bias).
        ((int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") * len(waits) >> 64) + turn) % len(waits)
        for name in names
    ]
    return np.array([hours(wait) for wait in waits], dtype=np.int64)[np.array(drawn, dtype=np.int64)]


def decide_historical(records: PatientRecords, cohort: Cohort, times: TreatedTimes, seed: int) -> Decisions:
    """Time zero of each control by the declared rule, or the step that excluded it."""
    screening = screen_controls(records, cohort)
    decided = assign_time_zero(records, cohort, screening, times, seed)
    return replace(decided, ever=ever_states(screening, records, cohort, decided.judged_at))


def screen_controls(records: PatientRecords, cohort: Cohort, memo: Memo | None = None) -> Screening:
    """What the hours at which a control may start say: every full hour after standard care, or the declared event."""
    zero = cohort.time_zero
    if zero.historical == "event":
        at = moments_at(event_times(records, zero.historical_event or ""))
        return screen(records, cohort, "historical", at, "time_zero", memo)
    moments = candidate_moments(records.stays, zero.standard_care_hours)
    return screen(records, cohort, "historical", moments, "standard_care", memo)


def assign_time_zero(
    records: PatientRecords,
    cohort: Cohort,
    screening: Screening,
    times: TreatedTimes,
    seed: int,
    draw: int | None = None,
) -> Decisions:
    """Time zero of screened controls: after the drawn wait where one is asked for, and within the restrictions.

    `draw`: another draw of waits than the declared one.
    """
    zero = cohort.time_zero
    if zero.historical == "event" or not zero.match_waits:
        decided = without_wait(screening)
    else:
        wait = draw_waits(records.people, times.waits, seed, zero.wait_draw if draw is None else draw)
        decided = after_wait(records, cohort, screening, wait)
    return restricted(decided, records, cohort, times)


def restricted(decided: Decisions, records: PatientRecords, cohort: Cohort, times: TreatedTimes) -> Decisions:
    """The decisions with the declared restrictions laid on top, each a step of its own."""
    zero, window = decided.time_zero, times.window
    if cohort.calendar_window_weeks is not None and window is not None:
        # Excluded controls have NEVER as time zero, beyond every limit; `_left_out` leaves them at their first step.
        room = hours(cohort.calendar_window_weeks * 7 * 24)
        decided = _left_out(decided, (zero < window[0] - room) | (zero > window[1] + room), "calendar_window")
    decided = _of_era(decided, cohort, times.timezone)
    if cohort.leave_out_sources:
        there = records.people["source"].isin(cohort.leave_out_sources).to_numpy()
        decided = _left_out(decided, there, "source_left_out")
    if cohort.time_zero.drop_early_deaths_hours is not None:
        dead = records.stays.end_state == "death"
        until = np.where(zero == NEVER, 0, zero) + hours(cohort.time_zero.drop_early_deaths_hours)
        decided = _left_out(decided, dead & (records.stays.end < until), "early_death")
    return decided


def _of_era(decided: Decisions, cohort: Cohort, timezone: str) -> Decisions:
    for first_day, wrong in ((cohort.controls_before, np.greater_equal), (cohort.controls_from, np.less)):
        if first_day is not None:
            decided = _left_out(decided, wrong(decided.time_zero, midnight(first_day, timezone)), "calendar_era")
    return decided


def _left_out(decided: Decisions, mask: Flags, step: str) -> Decisions:
    lost = mask & (decided.excluded_by == "")
    return replace(
        decided,
        time_zero=np.where(lost, NEVER, decided.time_zero),
        excluded_by=np.where(lost, step, decided.excluded_by).astype(object),
    )


def without_wait(screening: Screening) -> Decisions:
    """Time zero at the first eligible hour."""
    first = screening.first_eligible
    # Patients never eligible are shown at the hour that came closest.
    judged = np.where(first == NEVER, screening.closest, first)
    return Decisions(first, judged, screening.excluded_by, screening.undecided, first)


def after_wait(records: PatientRecords, cohort: Cohort, screening: Screening, wait: Integers) -> Decisions:
    """Time zero at the end of the wait for those alive, in hospital and still eligible then."""
    # Eligibility is judged again at the end of the wait: a treated patient had to be treatable at the infusion.
    at = np.where(screening.first_eligible == NEVER, NEVER, screening.first_eligible + wait)
    moments = moments_at(at)
    here = records.stays.present(moments)
    joint = _joint(records, cohort, moments)
    stayed = np.zeros(len(records), dtype=bool)
    stayed[moments.patient] = here & (joint == TRUE)
    open_question = np.zeros(len(records), dtype=bool)
    open_question[moments.patient] = here & (joint == UNKNOWN)
    gone = np.ones(len(records), dtype=bool)
    gone[moments.patient] = ~here
    lost = (screening.excluded_by == "") & ~stayed
    # Whoever has left hospital has no state at the end of the wait, and is shown at the first eligible hour.
    judged = np.where(gone, screening.first_eligible, at)
    return Decisions(
        np.where(stayed, at, NEVER),
        np.where(screening.excluded_by == "", judged, screening.closest),
        np.where(lost, "wait", screening.excluded_by),
        screening.undecided | (lost & open_question),
        screening.first_eligible,
    )


def _joint(records: PatientRecords, cohort: Cohort, moments: Moments) -> States:
    return all_filters(judge_rules(cohort.rules, moments, records), cohort, "historical", len(moments))


def all_filters(states: Mapping[str, States], cohort: Cohort, arm: str, count: int) -> States:
    """All filters of an arm together, at each of `count` moments."""
    # The row of TRUE covers cohorts without filters: `and` of nothing is true.
    return kleene_and([np.full(count, TRUE, dtype=np.int8), *(states[name] for name in filters_of(cohort, arm))])
