"""Every scenario of the sensitivity grid: the same contrasts, each under one change (SN-1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from historical_controls.analysis.copies import same_cohort_remark, same_inputs, same_people, without_copies
from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import build_comparison, read_balance_tables
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates, estimate_contrasts
from historical_controls.analysis.model.fit_rows import estimate_rows
from historical_controls.analysis.model.gates import may_be_ranked, reason_against
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.model.permutation import joint_labels, permutation_rows, permute
from historical_controls.analysis.without_model.worst_rank import headline_cell, rank_rows
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame, row_id
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.mixed_model.likelihood.optimiser import Near
from historical_controls.tables.parquet import read_table, read_where
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

# Settings that decide what the model table holds; those that only fits ask for are left out.
DATA_SETTINGS = ("covariates", "adjust_for_baseline", "limits", "baseline_limits", "visit_weights")
# Of these, what only the model table reads: where it changes no table it needs no fit.
TABLE_SETTINGS = ("limits", "baseline_limits")
BALANCE_TABLES = ("weights", "matched_sets", "gates")
SCENARIO_TABLES = ("patients", "visits", *BALANCE_TABLES)


def read_scenario_tables(
    paths: Mapping[str, str | Path], outcomes: Collection[str] | None = None
) -> dict[str, pd.DataFrame]:
    """Tables cohort_patients, visits, weights, matched_sets and gates by their names; `paths` by the same.

    outcomes: those whose visits are read, covariates among them; None = all.
    """
    if outcomes is None:
        visits = read_table(paths["visits"], VISITS)
    else:
        # A registry measures many more outcomes than it analyses.
        visits = read_where(paths["visits"], VISITS, "outcome", sorted(outcomes))
    return {"patients": read_table(paths["patients"], COHORT_PATIENTS), "visits": visits} | read_balance_tables(paths)


@dataclass(frozen=True)
class ScenarioSource:
    """Where scenarios come from: tables as `read_scenario_tables` gives them, and what all of them are asked.

    shared: all scenarios have the one cohort that the tables hold; else each has its own rows, by column scenario.
    """

    tables: Mapping[str, pd.DataFrame]
    shared: bool
    dictionary: Dictionary
    primary: Primary
    seed: int

    def inputs(self, name: str, settings: Analysis) -> AnalysisInputs:
        """The inputs of one scenario."""
        own = {key: frame if self.shared else frame[frame["scenario"] == name] for key, frame in self.tables.items()}
        comparison = build_comparison(settings, *(own[key] for key in BALANCE_TABLES))
        return AnalysisInputs(
            name, own["patients"], own["visits"], settings, self.dictionary, self.primary, comparison, self.seed
        )


@dataclass
class ResultCache:
    """What several scenarios share is computed once: model tables and rows, by the content of what they come from."""

    tables: dict[tuple[object, ...], ModelData] = field(default_factory=dict)
    rows: dict[tuple[object, ...], list[Row]] = field(default_factory=dict)
    # By the rows that are fitted: with other rows there may be two maxima, and a start would choose between them.
    maxima: dict[tuple[object, ...], dict[tuple[str, ...], Near]] = field(default_factory=dict)


def analyse_grid(
    scenarios: Iterable[AnalysisInputs],
    codes: Sequence[str],
    days: Sequence[int],
    primary: AnalysisInputs | None = None,
) -> pd.DataFrame:
    """ARD rows 14.2.12: each outcome's contrast at these days under each scenario.

    The primary outcome has its permutation and its death-aware answer as well. primary: the primary scenario. One that
    changes nothing is no second answer: it says so once, or for each outcome and analysis that it does not change.
    """
    cache, rows = ResultCache(), []
    # Asked as a scenario is: the primary analysis draws more labellings, whose other answer would look like a change.
    primary = None if primary is None else replace(primary, scenario="")
    for scenario in scenarios:
        for row in _scenario_rows(scenario, codes, list(days), primary, cache):
            # Cached rows carry the name of the scenario that computed them; the id is a hash of the key.
            named = {**row, "scenario": scenario.scenario}
            rows.append({**named, "id": row_id(named)})
    return ard_frame(rows)


def _scenario_rows(
    scenario: AnalysisInputs, codes: Sequence[str], days: list[int], primary: AnalysisInputs | None, cache: ResultCache
) -> list[Row]:
    if scenario.comparison.refusal is not None:
        return [row for code in codes for row in _refused_rows(scenario, code)]
    repeated = primary if primary is not None and same_people(scenario, primary) else None
    if repeated is not None and same_inputs(scenario, repeated, codes):
        return [same_cohort_remark(scenario.scenario)]
    rows = _all_rows(scenario, codes, days, cache)
    return (
        rows if repeated is None else without_copies(scenario.scenario, rows, _all_rows(repeated, codes, days, cache))
    )


def _all_rows(inputs: AnalysisInputs, codes: Sequence[str], days: list[int], cache: ResultCache) -> list[Row]:
    return [row for code in codes for row in _outcome_rows(inputs, code, days, cache)]


def _refused_rows(inputs: AnalysisInputs, code: str) -> Iterator[Row]:
    """A gate that refuses the comparison refuses it for every outcome."""
    cell = Cell(AnalysisKey.MIXED_MODEL, inputs.scenario, "reml", code, output=OutputId.SENSITIVITY)
    yield from inputs.comparison.rows(cell)
    # The table of patients may hold everyone considered, as the primary one does.
    compared = inputs.compared_patients
    included = compared.loc[compared["included"].fillna(False).astype(bool)]
    for arm in ARMS:
        yield cell.at(arm=arm).number(Statistic.N_SUBJECTS, int((included["arm"] == arm).sum()))
    yield cell.text(Statistic.NOT_ESTIMABLE, str(inputs.comparison.refusal))


def _outcome_rows(inputs: AnalysisInputs, code: str, days: list[int], cache: ResultCache) -> list[Row]:
    settings = inputs.settings
    data_settings = settings.model_dump_json(include=set(DATA_SETTINGS))
    # By content, not by name: many readings select the same patients.
    content = inputs.content({code, *settings.covariates})
    key = (code, *content, inputs.comparison.method, *inputs.weights, data_settings)
    if key not in cache.tables:
        cache.tables[key] = inputs.table(code)
    data = cache.tables[key]
    frame = pd.util.hash_pandas_object(data.frame, index=False).to_numpy().tobytes()
    fits = (*key[:-1], frame, settings.model_dump_json(exclude=set(TABLE_SETTINGS)))
    if fits not in cache.rows:
        known = cache.maxima.setdefault((code, frame), {})
        cache.rows[fits] = list(_rows(inputs, data, days, known))
    return cache.rows[fits]


def _rows(
    inputs: AnalysisInputs, data: ModelData, days: list[int], known: dict[tuple[str, ...], Near]
) -> Iterator[Row]:
    """known: the maxima of these rows, to which those that are found here are added."""
    comparison, code = inputs.comparison, data.outcome.code
    method = "cr2" if inputs.weighted else "reml"
    cell = Cell(AnalysisKey.MIXED_MODEL, inputs.scenario, method, code, output=OutputId.SENSITIVITY)
    yield from comparison.rows(cell)
    for arm in ARMS:
        yield cell.at(arm=arm).number(Statistic.N_SUBJECTS, data.n_subjects(arm))
    estimates = estimate_contrasts(data, inputs.settings, days, comparison.weights, None, known)
    if isinstance(estimates, str):
        yield cell.text(Statistic.NOT_ESTIMABLE, estimates)
    else:
        known |= estimates.fitted.maxima
        yield from answer_rows(cell, estimates)
    if code != inputs.primary.outcome:
        return
    # The model's interval counts nobody's death, under no choice; ranks need no model.
    may_rank = may_be_ranked(reason_against(data, inputs.settings), data, inputs.settings)
    if data.outcome.benefit != "none" and may_rank:
        ranked = headline_cell(cell).at(output=OutputId.SENSITIVITY)
        for day in days:
            yield from rank_rows(ranked.at(day=day), data.outcome, inputs.analysis_set, full=False)
    if not inputs.weighted and not isinstance(estimates, str):
        yield from _permutation_rows(cell, inputs, estimates, days)


def answer_rows(cell: Cell, estimates: ContrastEstimates) -> Iterator[Row]:
    """The rung taken, and the contrast or the reason for none at each day."""
    yield cell.text(Statistic.COVARIANCE_RUNG, estimates.fitted.rung)
    for day, contrast in estimates.contrasts.items():
        if isinstance(contrast, str):
            yield cell.at(day=day).text(Statistic.NOT_ESTIMABLE, contrast)
        else:
            yield from estimate_rows(cell.at(day=day, contrast=CONTRAST), contrast, estimates.data)


def _permutation_rows(
    cell: Cell, inputs: AnalysisInputs, estimates: ContrastEstimates, days: list[int]
) -> Iterator[Row]:
    # Permuted at the days asked for, which the scenario's settings may not list.
    settings = inputs.settings.model_copy(update={"days": days})
    joint = joint_labels(inputs.compared_patients, settings, inputs.scenario, inputs.seed, inputs.comparison.sets)
    if joint is not None:
        yield from permutation_rows(cell, estimates.data, permute(estimates.data, estimates.fitted, settings, joint))
