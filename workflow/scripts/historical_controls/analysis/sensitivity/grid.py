"""Every scenario of the sensitivity grid: the same contrasts, each under one change (SN-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from historical_controls.analysis.model.comparison import Comparison, balance_tables, comparison
from historical_controls.analysis.model.contrast import Answered, answered
from historical_controls.analysis.model.fit_rows import CONTRAST, Row, estimate_rows
from historical_controls.analysis.model.model_data import ARMS, ModelData, model_data
from historical_controls.analysis.model.permutation import joint_labels, permutation_rows, permute
from historical_controls.ard.rows import Cell, ard_frame, row_id
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

OUTPUT = "14.2.12"
# Settings that decide what the model table holds; those that only fits ask for are left out.
OF_DATA = ("covariates", "adjust_for_baseline", "limits")


@dataclass(frozen=True)
class Scenario:
    """One scenario's arms as they are compared, and how they are analysed.

    patients, visits: its rows of tables cohort_patients and visits.
    """

    name: str
    patients: pd.DataFrame
    visits: pd.DataFrame
    settings: Analysis
    compared: Comparison

    @cached_property
    def content(self) -> tuple[object, ...]:
        """What distinguishes the cohort, whatever the scenario's name."""
        frames = (self.patients.drop(columns=["scenario", "display_id"]), self.visits.drop(columns="scenario"))
        return tuple(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes() for frame in frames)

    @cached_property
    def by_outcome(self) -> dict[str, pd.DataFrame]:
        return {str(code): own for code, own in self.visits.groupby("outcome")}

    def table(self, code: str, dictionary: Dictionary) -> ModelData:
        """The model table of one outcome; of the visits it needs only the outcome's own and the covariates'."""
        own = [self.by_outcome[name] for name in {code, *self.settings.covariates} & self.by_outcome.keys()]
        visits = pd.concat(own) if own else self.visits.iloc[:0]
        people = self.compared.of(self.patients)
        return model_data(dictionary.outcomes[code], people, visits, self.settings, dictionary)


def scenario_tables(paths: Mapping[str, str | Path]) -> dict[str, pd.DataFrame]:
    """What `scenarios_of` takes, by name; `paths` by the same."""
    cohort = {"patients": COHORT_PATIENTS, "visits": VISITS}
    return {name: read_table(paths[name], table) for name, table in cohort.items()} | balance_tables(paths)


def scenarios_of(
    settings: Mapping[str, Analysis],
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    weights: pd.DataFrame,
    matched_sets: pd.DataFrame,
    gates: pd.DataFrame,
    shared: bool,
) -> list[Scenario]:
    """Each scenario with its rows of tables cohort_patients, visits, weights, matched_sets and gates.

    settings: the analysis by scenario; shared: all of them have the one cohort that the tables hold.
    """
    frames = (patients, visits, weights, matched_sets, gates)
    found = []
    for name, own in settings.items():
        mine = frames if shared else tuple(frame[frame["scenario"] == name] for frame in frames)
        found.append(Scenario(name, mine[0], mine[1], own, comparison(own, *mine[2:])))
    return found


@dataclass
class Once:
    """What several scenarios share is computed once: model tables and rows, by the content of what they come from."""

    tables: dict[tuple[object, ...], ModelData] = field(default_factory=dict)
    rows: dict[tuple[object, ...], list[Row]] = field(default_factory=dict)


def analyse_grid(
    scenarios: Sequence[Scenario],
    codes: Sequence[str],
    dictionary: Dictionary,
    primary: Primary,
    days: Sequence[int],
    seed: int,
) -> pd.DataFrame:
    """ARD rows 14.2.12: each outcome's contrast at these days under each scenario.

    The primary outcome has its permutation answer as well.
    """
    once, rows = Once(), []
    for scenario in scenarios:
        for code in codes:
            if scenario.compared.refusal is not None:
                rows += list(_refused_rows(scenario, code))
                continue
            for row in _of_outcome(scenario, code, dictionary, primary, list(days), seed, once):
                named = {**row, "scenario": scenario.name}
                rows.append({**named, "id": row_id(named)})
    return ard_frame(rows)


def _refused_rows(scenario: Scenario, code: str) -> Iterator[Row]:
    """A gate that refuses the comparison refuses it for every outcome."""
    cell = Cell(OUTPUT, scenario.name, "mixed_model", method="reml", outcome=code)
    yield from scenario.compared.rows(cell)
    for arm in ARMS:
        yield cell.at(arm=arm).number("n_subjects", int((scenario.patients["arm"] == arm).sum()))
    yield cell.text("not_estimable", str(scenario.compared.refusal))


def _of_outcome(
    scenario: Scenario,
    code: str,
    dictionary: Dictionary,
    primary: Primary,
    days: list[int],
    seed: int,
    once: Once,
) -> list[Row]:
    settings = scenario.settings
    of_data = settings.model_dump_json(include=set(OF_DATA))
    key = (code, *scenario.content, scenario.compared.method, of_data)
    if key not in once.tables:
        once.tables[key] = scenario.table(code, dictionary)
    data = once.tables[key]
    unread = "ladder" if data.share_censored() > 0 else "censored_ladder"
    fits = (*key, settings.model_dump_json(exclude={unread}))
    if fits not in once.rows:
        once.rows[fits] = list(_rows(scenario, data, days, seed, code == primary.outcome))
    return once.rows[fits]


def _rows(scenario: Scenario, data: ModelData, days: list[int], seed: int, permuted: bool) -> Iterator[Row]:
    compared, settings = scenario.compared, scenario.settings
    method = "reml" if compared.weights is None else "cr2"
    cell = Cell(OUTPUT, scenario.name, "mixed_model", method=method, outcome=data.outcome.code)
    yield from compared.rows(cell)
    for arm in ARMS:
        yield cell.at(arm=arm).number("n_subjects", data.n_subjects(arm))
    found = answered(data, settings, days, compared.weights, None)
    if isinstance(found, str):
        yield cell.text("not_estimable", found)
        return
    yield from answer_rows(cell, found)
    if permuted and compared.weights is None:
        yield from _permutation_rows(cell, scenario, found, days, seed)


def answer_rows(cell: Cell, found: Answered) -> Iterator[Row]:
    """The rung taken, and the contrast or the reason for none at each day."""
    yield cell.text("covariance_rung", found.found.rung)
    for day, contrast in found.contrasts.items():
        if isinstance(contrast, str):
            yield cell.at(day=day).text("not_estimable", contrast)
        else:
            yield from estimate_rows(cell.at(day=day, contrast=CONTRAST), contrast, found.data)


def _permutation_rows(cell: Cell, scenario: Scenario, found: Answered, days: list[int], seed: int) -> Iterator[Row]:
    settings = scenario.settings.model_copy(update={"days": days})
    people = scenario.compared.of(scenario.patients)
    joint = joint_labels(people, settings, scenario.name, seed, scenario.compared.sets)
    if joint is not None:
        yield from permutation_rows(cell, found.data, permute(found.data, found.found, settings, joint))
