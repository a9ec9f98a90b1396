"""Reading the analysis results data: what pages and figures ask of it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd

from historical_controls.ard.keys.analyses import GATES, AnalysisKey, declared_analysis
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic, declared_statistic


@dataclass(frozen=True)
class Result:
    """One row of the results table; `day`, `value` and `text` are None where null."""

    output_id: str
    scenario: str
    analysis: AnalysisKey
    method: str
    outcome: str
    population: str
    arm: str
    level: str
    day: float | None
    contrast: str
    statistic: Statistic
    id: str
    value: float | None
    text: str | None
    unit: str
    format: str


class Keys(TypedDict, total=False):
    """Columns of the results table that a question may name."""

    output_id: str
    method: str
    outcome: str
    population: str
    arm: str
    level: str
    day: float | None
    contrast: str
    unit: str


class AmbiguousResultError(LookupError):
    """A page asked for one number and the results table holds several: a bug of the page."""


@dataclass(frozen=True)
class Results:
    """The results table by what is asked for; rows keep the table's order."""

    rows: Mapping[tuple[str, AnalysisKey, Statistic], tuple[Result, ...]]

    def all(
        self, analysis: AnalysisKey, statistic: Statistic, scenario: str = "primary", **keys: Unpack[Keys]
    ) -> list[Result]:
        """Every row with these keys; keys not named may be anything.

        Raises UndeclaredKeyError for an analysis or statistic that `ard/keys` does not declare.
        """
        # Asking for an undeclared key must fail: an empty answer would look like a result that was not computed.
        at = (scenario, declared_analysis(analysis), declared_statistic(statistic))
        # Numbers by day are asked for one by one: a scan for each took minutes for a course of years.
        found: Iterable[Result]
        if "outcome" not in keys:
            found = self.rows.get(at, ())
        elif "day" in keys:
            found = self._by_day.get((at, keys["outcome"], keys["day"]), ())
        else:
            found = self._by_outcome.get((at, keys["outcome"]), ())
        for key, wanted in keys.items():
            value_of = attrgetter(key)
            found = [row for row in found if value_of(row) == wanted]
        return list(found)

    @cached_property
    def _by_outcome(self) -> dict[tuple[object, str], list[Result]]:
        """The same rows by outcome as well."""
        found: dict[tuple[object, str], list[Result]] = defaultdict(list)
        for at, rows in self.rows.items():
            for row in rows:
                found[at, row.outcome].append(row)
        return found

    @cached_property
    def _by_day(self) -> dict[tuple[object, str, float | None], list[Result]]:
        """The same rows by outcome and day as well."""
        found: dict[tuple[object, str, float | None], list[Result]] = defaultdict(list)
        for at, rows in self.rows.items():
            for row in rows:
                found[at, row.outcome, row.day].append(row)
        return found

    def one(
        self, analysis: AnalysisKey, statistic: Statistic, scenario: str = "primary", **keys: Unpack[Keys]
    ) -> Result | None:
        """The row with these keys, those not named being empty; None where the analysis did not write it."""
        whole: Keys = {"outcome": "", "arm": "", "level": "", "day": None, "contrast": "", **keys}
        rows = self.all(analysis, statistic, scenario, **whole)
        if len(rows) > 1:
            raise AmbiguousResultError(f"{len(rows)} rows for {analysis}, {statistic}, {whole['outcome']}: {rows[0]}")
        return rows[0] if rows else None

    def not_estimable(self, outcome: str, day: float | None = None, scenario: str = "primary") -> Result | None:
        """The reason why an outcome, or its contrast at one day, has no estimate; None where it has one."""
        stated = {
            row.day: row
            for analysis in self.analyses(Statistic.NOT_ESTIMABLE, scenario)
            # An outcome with an estimate may have no tipping point.
            if analysis.answers
            for row in self.all(analysis, Statistic.NOT_ESTIMABLE, scenario, outcome=outcome, level="")
        }
        # A refusal without a day is one of the whole outcome, and explains more than that of one day.
        return stated.get(None) or stated.get(day)

    def not_applicable(
        self, outcome: str, scenario: str, day: float, analysis: AnalysisKey = AnalysisKey.MIXED_MODEL
    ) -> Result | None:
        """That a scenario leaves an answer as it was: all of them, an outcome's analysis, or that at a day alone.

        None where the scenario changes it.
        """
        # Of all outcomes at once it is said for all analyses, by the one that each outcome has.
        everywhere = self.one(AnalysisKey.MIXED_MODEL, Statistic.NOT_APPLICABLE, scenario)
        of_outcome = (
            self.one(analysis, Statistic.NOT_APPLICABLE, scenario, outcome=outcome, day=at) for at in (None, day)
        )
        return everywhere or next((row for row in of_outcome if row is not None), None)

    def distinct_choices(self, statistic: Statistic) -> list[Result]:
        """Rows of single combinations of choices, without those that compare the same patients as another one."""
        of_figure: Keys = {"output_id": OutputId.SPECIFICATION_FIGURE}
        same = {row.level for row in self.all(AnalysisKey.SPECIFICATION, Statistic.NOT_APPLICABLE, **of_figure)}
        rows = self.all(AnalysisKey.SPECIFICATION, statistic, **of_figure)
        return [row for row in rows if row.level not in same]

    def analyses(self, statistic: Statistic, scenario: str = "primary") -> list[AnalysisKey]:
        """The analyses that wrote this statistic, by name."""
        return sorted(
            analysis for at, analysis, name in self.rows if name == declared_statistic(statistic) and at == scenario
        )


def results_of(frame: pd.DataFrame) -> Results:
    """The results table (columns of table `ard`) made ready for questions.

    Raises UndeclaredKeyError where it holds an analysis or statistic that `ard/keys` does not declare.
    """
    rows: dict[tuple[str, AnalysisKey, Statistic], list[Result]] = defaultdict(list)
    for row in _typed(frame):
        rows[row.scenario, row.analysis, row.statistic].append(row)
    return Results({key: tuple(found) for key, found in rows.items()})


def _typed(frame: pd.DataFrame) -> Iterable[Result]:
    columns = {field.name: frame[field.name].to_numpy(dtype=object) for field in fields(Result)}
    for name in ("day", "value"):
        # pandas has nan for null: it is not equal to itself, and a question for day=None would miss it.
        numbers = frame[name].to_numpy(dtype=float, na_value=math.nan)
        columns[name] = numbers.astype(object)
        columns[name][np.isnan(numbers)] = None
    columns["text"] = columns["text"].copy()
    columns["text"][frame["text"].isna().to_numpy()] = None
    for name, declared in (("analysis", declared_analysis), ("statistic", declared_statistic)):
        # Each name once: few are declared, and the table has tens of thousands of rows.
        known = {said: declared(said) for said in dict.fromkeys(columns[name])}
        columns[name] = np.array([known[said] for said in columns[name]], dtype=object)
    return map(Result, *columns.values())


def reason_facts(results: Results, outcome: str, scenario: str = "primary") -> dict[str, Result | None]:
    """The rows whose numbers the words of a reason may quote, by placeholder name."""
    return {
        f"{name}_{arm}": results.one(AnalysisKey.AVAILABILITY, statistic, scenario, outcome=outcome, arm=arm)
        or results.one(AnalysisKey.MIXED_MODEL, statistic, scenario, outcome=outcome, arm=arm)
        for arm in ARMS
        for name, statistic in (("n", Statistic.N_SUBJECTS), ("assays", Statistic.ASSAYS))
    }


# Reasons that say of whom there are no values.
WITHOUT_VALUES = {"no_data": ARMS, "no_treated_data": ARMS[:1], "no_control_data": ARMS[1:]}


def became_of_values(results: Results, outcome: str, reason: str) -> list[tuple[str, Result]]:
    """What became of the values that an arm without any was sent: 'held' back, or 'reported' and derived instead.

    By arm, with their number; none for another reason, and where nothing was sent.
    """
    found = []
    for arm in WITHOUT_VALUES.get(reason, ()):
        held = results.one(AnalysisKey.LEDGER_LOSS_ARMS, Statistic.N_QUARANTINED, outcome=outcome, arm=arm)
        reported = results.one(AnalysisKey.DERIVATIONS, Statistic.N_VALUES, outcome=outcome, arm=arm, level="reported")
        found += [(code, row) for code, row in (("held", held), ("reported", reported)) if row is not None]
    # A count that is too small to be shared has no value, and is not zero.
    return [(code, row) for code, row in found if row.value is None or row.value > 0]


@dataclass(frozen=True)
class Finding:
    """One finding of a gate: its state and the numbers it rests on; `covariate` and `level` (a patient) may be ''."""

    gate: str
    state: Result
    value: Result | None
    limit: Result | None

    @property
    def covariate(self) -> str:
        return self.state.outcome


def gate_findings(results: Results, method: str, scenario: str = "primary") -> list[Finding]:
    """What the gates of one weighting method found, in the order of the results table."""
    found = []
    for analysis in sorted(GATES):
        for state in results.all(analysis, Statistic.STATE, scenario, method=method):
            keys = {name: getattr(state, name) for name in ("outcome", "arm", "level", "method")}
            value, limit = (
                results.one(analysis, name, scenario, **keys) for name in (Statistic.VALUE, Statistic.LIMIT)
            )
            found.append(Finding(analysis.removeprefix("gate_"), state, value, limit))
    return found


def refusing(results: Results, reason: str, outcome: str, scenario: str = "primary") -> list[Finding]:
    """The findings behind a refusal of an outcome; none where its reason is no gate."""
    stated = [
        row
        for name in results.analyses(Statistic.WEIGHTING, scenario)
        for row in results.all(name, Statistic.WEIGHTING, scenario)
    ]
    weighting = next((row for row in stated if row.outcome == outcome), None)
    if weighting is None or not weighting.text:
        return []
    shared = results.one(AnalysisKey.MIXED_MODEL, Statistic.BALANCE_OF, scenario, outcome=outcome)
    # A scenario that changes nothing before the analysis names the one whose weights and gates it shares.
    findings = gate_findings(results, weighting.text, shared.text if shared and shared.text else scenario)
    return [found for found in findings if found.gate == reason and found.state.text == "refuse"]
