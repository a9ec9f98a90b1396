"""Reading the analysis results data: what pages and figures ask of it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import pandas as pd

ARMS = ("treated", "historical")
CONTRAST = "treated - historical"


@dataclass(frozen=True)
class Result:
    """One row of the results table; `day`, `value` and `text` are None where null."""

    output_id: str
    scenario: str
    analysis: str
    method: str
    outcome: str
    population: str
    arm: str
    level: str
    day: float | None
    contrast: str
    statistic: str
    id: str
    value: float | None
    text: str | None
    unit: str
    format: str


class AmbiguousResultError(LookupError):
    """A page asked for one number and the results table holds several: a bug of the page."""


@dataclass(frozen=True)
class Results:
    """The results table by what is asked for; rows keep the table's order."""

    rows: Mapping[tuple[str, str, str], tuple[Result, ...]]

    def all(self, analysis: str, statistic: str, scenario: str = "primary", **keys: str | float | None) -> list[Result]:
        """Every row with these keys; keys not named may be anything."""
        found = self.rows.get((scenario, analysis, statistic), ())
        return [row for row in found if all(getattr(row, key) == wanted for key, wanted in keys.items())]

    def one(
        self,
        analysis: str,
        statistic: str,
        scenario: str = "primary",
        *,
        outcome: str = "",
        arm: str = "",
        level: str = "",
        day: float | None = None,
        contrast: str = "",
        **keys: str | float | None,
    ) -> Result | None:
        """The row with these keys, empty ones included; None where the analysis did not write it."""
        found = self.all(
            analysis, statistic, scenario, outcome=outcome, arm=arm, level=level, day=day, contrast=contrast, **keys
        )
        if len(found) > 1:
            raise AmbiguousResultError(f"{len(found)} rows for {analysis}, {statistic}, {outcome}: {found[0]}")
        return found[0] if found else None

    def not_estimable(self, outcome: str, day: float | None = None, scenario: str = "primary") -> Result | None:
        """The reason why an outcome, or its contrast at one day, has no estimate; None where it has one."""
        stated = {
            row.day: row
            for analysis in self.analyses("not_estimable", scenario)
            for row in self.all(analysis, "not_estimable", scenario, outcome=outcome, level="")
        }
        return stated.get(None) or stated.get(day)

    def analyses(self, statistic: str, scenario: str = "primary") -> list[str]:
        """Names of the analyses that wrote this statistic."""
        return sorted(analysis for at, analysis, name in self.rows if name == statistic and at == scenario)


def results_of(frame: pd.DataFrame) -> Results:
    """The results table (columns of table `ard`) made ready for questions."""
    rows: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for row in _typed(frame):
        rows[row.scenario, row.analysis, row.statistic].append(row)
    return Results({key: tuple(found) for key, found in rows.items()})


def _typed(frame: pd.DataFrame) -> Iterable[Result]:
    names = [field.name for field in fields(Result)]
    for values in frame[names].itertuples(index=False, name=None):
        row = dict(zip(names, values, strict=True))
        for name in ("day", "value"):
            row[name] = None if row[name] is None or math.isnan(row[name]) else float(row[name])
        row["text"] = row["text"] if isinstance(row["text"], str) else None
        yield Result(**row)


def reason_facts(results: Results, outcome: str, scenario: str = "primary") -> dict[str, Result | None]:
    """The rows whose numbers the words of a reason may quote, by placeholder name."""
    return {
        f"{name}_{arm}": results.one("availability", statistic, scenario, outcome=outcome, arm=arm)
        or results.one("mixed_model", statistic, scenario, outcome=outcome, arm=arm)
        for arm in ARMS
        for name, statistic in (("n", "n_subjects"), ("assays", "assays"))
    }


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
    for analysis in results.analyses("state", scenario):
        for state in results.all(analysis, "state", scenario, method=method):
            keys = {name: getattr(state, name) for name in ("outcome", "arm", "level", "method")}
            value, limit = (results.one(analysis, name, scenario, **keys) for name in ("value", "limit"))
            found.append(Finding(analysis.removeprefix("gate_"), state, value, limit))
    return found


def refusing(results: Results, reason: str, outcome: str, scenario: str = "primary") -> list[Finding]:
    """The findings behind a refusal of an outcome; none where its reason is no gate."""
    stated = [
        row for name in results.analyses("weighting", scenario) for row in results.all(name, "weighting", scenario)
    ]
    weighting = next((row for row in stated if row.outcome == outcome), None)
    if weighting is None or not weighting.text:
        return []
    shared = results.one("mixed_model", "balance_of", scenario, outcome=outcome)
    findings = gate_findings(results, weighting.text, shared.text if shared and shared.text else scenario)
    return [found for found in findings if found.gate == reason and found.state.text == "refuse"]
