"""The stage as a whole: cohort tables in, balance, weights, sets, gates and results rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.rows import Row, ard_frame
from historical_controls.balance.covariates import Covariate, NumberCovariate, collect, timing
from historical_controls.balance.differences import at_limit
from historical_controls.balance.envelope import Chance
from historical_controls.balance.gates import LEAST_KNOWN, Gate, gates_of
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.balance.key_covariates import Flags, KeyCovariates, key_covariates
from historical_controls.balance.table_one import BalanceMeasures, Masks, balance_row, compare, table_rows
from historical_controls.balance.weight_rows import gate_rows, imputed_rows, overlap_rows, weight_rows
from historical_controls.balance.weights.matching import Matched
from historical_controls.balance.weights.methods import weightings
from historical_controls.balance.weights.weighting import Infeasible, Weighting
from historical_controls.config.analysis.balance import Balance
from historical_controls.config.name_types import Timing
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.registry import BALANCE, GATES, MATCHED_SETS, WEIGHTS
from historical_controls.tables.schema import Table, conform
from historical_controls.text.display_order import by_display_id

TIMINGS = get_args(Timing)
# What prints as 0.0 hours is the same moment.
LEAST_HOURS = 0.05
Methods = Mapping[str, Weighting | Infeasible]


@dataclass(frozen=True)
class BalanceTables:
    """listing: weights and sets by display id (16.2.9), for the study team only."""

    balance: pd.DataFrame
    weights: pd.DataFrame
    matched_sets: pd.DataFrame
    gates: pd.DataFrame
    listing: pd.DataFrame
    ard: pd.DataFrame


def balance_arms(patients: pd.DataFrame, visits: pd.DataFrame, inputs: BalanceInputs) -> BalanceTables:
    """Table 1, weights, sets and gates of the included patients (tables cohort_patients, visits)."""
    settings, scenario = inputs.settings, inputs.scenario
    # Sorted, so that ties in matching and the drawn labellings do not depend on the order of a file.
    people = patients[patients["included"].fillna(False).astype(bool)].sort_values(["source", "patient_id"])
    people = people.reset_index(drop=True)
    treated = (people["arm"] == "treated").to_numpy(dtype=bool)
    keys = [_named(people, visits, code, inputs.dictionary) for code in settings.key_covariates]
    key = key_covariates(keys, treated, settings.missing == "indicator")
    methods = weightings(key, people, settings, inputs.dictionary)
    gates = _gates(methods, key, people, settings)
    compared = list(_compared(people, visits, treated, methods, inputs))
    for one in compared:
        if one.method in gates:  # an empty arm has none
            gates[one.method] += time_axis_gates(one, settings)
    masks = dict(zip(ARMS, (treated, ~treated), strict=True))
    for own in gates.values():
        own += [*unknown_times(people, masks, settings), *immortal_time(people, treated)]
    rows = [row for one in compared for row in table_rows(one, masks, scenario)]
    rows += _method_rows(methods, gates, key, scenario)
    if scenario == "primary":
        rows += overlap_rows(_printed(keys), treated, people["display_id"].to_numpy(), scenario, inputs.public)
    weights, sets = _weights(methods, people, scenario), _sets(methods, people, scenario)
    return BalanceTables(
        _frame([balance_row(scenario, one) for one in compared], BALANCE),
        weights,
        sets,
        _frame([{"scenario": scenario, "method": m, **vars(g)} for m, own in gates.items() for g in own], GATES),
        _listing(weights, sets, people),
        ard_frame(rows),
    )


def time_axis_gates(one: BalanceMeasures, settings: Balance) -> list[Gate]:
    """A time before time zero that nothing balances and that differs by more than chance, warned of as the gates are.

    Weighted differences have no chance limit of their own: that of the unweighted arms would be the wrong one.
    """
    code = one.covariate.code
    watched = code in settings.key_covariates or code not in TIMINGS
    if watched or not abs(one.smd) > one.by_chance:
        return []
    return [Gate("time_axis", "warn", float(one.smd), float(one.by_chance), code)]


def unknown_times(people: pd.DataFrame, masks: Masks, settings: Balance) -> list[Gate]:
    """Times before time zero that one arm has and most of the other lacks: whether they differ cannot be told."""
    found = []
    for code in (code for code in TIMINGS if code not in settings.key_covariates):
        known = {arm: float(people.loc[rows, code].notna().mean()) for arm, rows in masks.items()}
        if max(known.values()) >= LEAST_KNOWN:  # what nobody records says nothing of the arms
            lacking = ((arm, share) for arm, share in known.items() if share < LEAST_KNOWN)
            found += [Gate("unknown_in_arm", "warn", share, LEAST_KNOWN, code, arm) for arm, share in lacking]
    return found


def immortal_time(people: pd.DataFrame, treated: Flags) -> list[Gate]:
    """Treatment after time zero, and treatment that nobody dates (EL-11).

    Who was treated could not have died before it: Suissa 2008, Am J Epidemiol 167:492-499. No weight mends it.
    """
    hours = people.loc[treated, "hours_to_treatment"].astype("float64")
    later, undated = hours[hours >= LEAST_HOURS], float(hours.isna().mean())
    found = [Gate("treated_later", "warn", float(later.median()), 0.0, level="treated")] if len(later) else []
    if undated > 1 - LEAST_KNOWN:
        found.append(Gate("treatment_undated", "warn", undated, 1 - LEAST_KNOWN, level="treated"))
    return found


def _frame(rows: list[Row], table: Table) -> pd.DataFrame:
    return conform(pd.DataFrame(rows, columns=list(table.names)), table)


def _named(people: pd.DataFrame, visits: pd.DataFrame, code: str, dictionary: Dictionary) -> Covariate:
    return timing(people, code) if code in TIMINGS else collect(people, visits, [code], dictionary, ())[0]


def _compared(
    people: pd.DataFrame, visits: pd.DataFrame, treated: Flags, methods: Methods, inputs: BalanceInputs
) -> Iterator[BalanceMeasures]:
    settings = inputs.settings
    masks = dict(zip(ARMS, (treated, ~treated), strict=True))
    feasible = {method: one for method, one in methods.items() if isinstance(one, Weighting)}
    chance = Chance(settings.envelope.level, settings.envelope.draws, inputs.seed)
    for covariate in collect(people, visits, settings.covariates, inputs.dictionary):
        yield from compare(covariate, masks, feasible, chance)


def _gates(methods: Methods, key: KeyCovariates, people: pd.DataFrame, settings: Balance) -> dict[str, list[Gate]]:
    ids = people["display_id"].to_numpy()
    weeks = timing(people, "calendar_week") if people["calendar_week"].notna().any() else None
    # As a key covariate the week has its own `outside_range` gate; a second warning would say the same.
    calendar = None if "calendar_week" in settings.key_covariates else weeks
    return {method: gates_of(one, key, ids, calendar, settings.gates) for method, one in methods.items()}


def _method_rows(methods: Methods, gates: Mapping[str, list[Gate]], key: KeyCovariates, scenario: str) -> list[Row]:
    rows = list(imputed_rows(key, scenario)) if methods else []
    for method, one in methods.items():
        rows += weight_rows(method, one, key, scenario)
        rows += gate_rows(method, gates[method], scenario)
    return rows


def _printed(keys: list[Covariate]) -> dict[str, tuple[str, np.ndarray]]:
    """Unit and values of the key covariates that are numbers, as printed; a censored one at its limit."""
    numbers = [one for one in keys if isinstance(one, NumberCovariate)]
    return {one.code: (one.unit, at_limit(one.lower, one.upper)) for one in numbers}


def _weights(methods: Methods, people: pd.DataFrame, scenario: str) -> pd.DataFrame:
    frames = [
        people[["source", "patient_id", "arm"]].assign(scenario=scenario, method=method, weight=one.weights)
        # Infeasible methods have no weights; their gates and their reason remain.
        for method, one in methods.items()
        if isinstance(one, Weighting)
    ]
    joined = pd.concat(frames, ignore_index=True) if frames else WEIGHTS.empty()
    return conform(joined, WEIGHTS)


def _sets(methods: Methods, people: pd.DataFrame, scenario: str) -> pd.DataFrame:
    matched = methods.get("matching")
    if not isinstance(matched, Matched):
        return MATCHED_SETS.empty()
    frame = people[["source", "patient_id", "arm"]].assign(
        scenario=scenario, matched_set=matched.set, distance=matched.distance
    )
    # Set 0 marks the unmatched, who are named by a gate instead.
    return conform(frame[matched.set > 0], MATCHED_SETS)


def _listing(weights: pd.DataFrame, sets: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """A row a patient: display id, arm, a column of weights per method, set and distance; heaviest sets together."""
    person = ["source", "patient_id"]
    shown = people[[*person, "display_id", "arm"]]
    if weights.empty:
        return shown.drop(columns=person)
    wide = weights.pivot_table(index=person, columns="method", values="weight").reset_index()
    joined = shown.merge(wide, on=person, how="left").merge(
        sets[[*person, "matched_set", "distance"]], on=person, how="left"
    )
    # Nullable: the left join leaves unmatched patients without a set.
    joined["matched_set"] = joined["matched_set"].astype("Int64")
    # Each set starts with its treated patient; unmatched patients come last (NA sorts last).
    order = joined.assign(first=joined["arm"] != "treated").sort_values(
        ["matched_set", "first", "display_id"], key=by_display_id
    )
    return order.drop(columns=[*person, "first"]).reset_index(drop=True)
