"""Footnotes that the numbers of a table need: the floor of its p-values, the scale of its standard errors."""

from __future__ import annotations

from collections.abc import Collection

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.html_table import listed
from historical_controls.report.statistician.names import Names

FLOORED = (Statistic.P_VALUE, Statistic.P_RAW)  # p-values beside which the floor stands
ESTIMATES = (Statistic.ESTIMATE, Statistic.SMALLEST, Statistic.LARGEST)
OWN_TEST = ("welch",)  # methods whose p-values come from a distribution, and have no floor


def notes(names: Names, results: Collection[Result], analysis: AnalysisKey | None) -> tuple[Markup, ...]:
    """Notes on the results that a table prints; `analysis`: the one it is about, None where it mixes several."""
    statistics = {row.statistic for row in results}
    printer = names.printer
    said = []
    tested = [row for row in results if row.statistic in FLOORED and row.method not in OWN_TEST]
    permuted = any(row.analysis is not AnalysisKey.MIXED_MODEL for row in tested)
    if tested or Statistic.P_FLOOR in statistics:
        floors = _floors(names, results, tested)
        key = (
            "stat.note_permutation_p"
            if permuted and floors
            else "stat.note_model_p"
            if floors
            else "stat.note_no_floor"
        )
        said.append(printer.word(key, floor=floors))
    if any(row.unit == "log" for row in results):
        said.append(printer.word("stat.note_log"))
    elif any(_is_ratio_of_arms(row) for row in results):
        said.append(printer.word("stat.note_ratio"))
    if analysis is not None and printer.words.has(f"analysis_note.{analysis}"):
        said.append(printer.word(f"analysis_note.{analysis}"))
    return tuple(said)


def _is_ratio_of_arms(row: Result) -> bool:
    """Whether a number is the ratio of the groups of an outcome analysed on the log scale, also one per day."""
    return row.contrast == CONTRAST and row.unit.partition("/")[0] == "ratio" and row.statistic in ESTIMATES


def _floors(names: Names, results: Collection[Result], p_values: Collection[Result]) -> Markup:
    """The smallest p-values that permutations can give for the lines of a table, each printed value once."""
    own = [row for row in results if row.statistic == Statistic.P_FLOOR]
    if not own:
        tested = {(row.analysis, row.scenario, row.outcome, row.level, row.day) for row in p_values}
        own = [floor for one in sorted(tested, key=str) if (floor := _floor(names, *one)) is not None]
    smallest_first = sorted(own, key=lambda row: row.value or 0.0)
    shown = {str(names.printer.number(row).striptags()): names.printer.number(row) for row in smallest_first}
    return listed(shown.values())


def _floor(
    names: Names, analysis: AnalysisKey, scenario: str, outcome: str, level: str, day: float | None
) -> Result | None:
    """The floor of the analysis itself, else that of the permutation of the same outcome and day."""
    results = names.printer.results
    # Beside a model's p-value the floor is that of the permutation of the same outcome and day.
    found = results.all(
        analysis, Statistic.P_FLOOR, scenario, outcome=outcome, level=level, day=day, contrast=CONTRAST
    ) or results.all(AnalysisKey.PERMUTATION, Statistic.P_FLOOR, scenario, outcome=outcome, day=day, contrast=CONTRAST)
    return next(iter(found), None)
