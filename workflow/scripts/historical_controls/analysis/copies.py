"""What a scenario repeats of the primary analysis: said once, in words, and not printed as a second answer (SN-1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Kind, Statistic, declared_statistic
from historical_controls.ard.rows import Cell, Row

# What an answer consists of; a refusal is one too. Counts and properties of fits are none.
ANSWERS = (Kind.ESTIMATE, Kind.BOUND, Kind.P_VALUE, Kind.REMARK)
# What is still said beside a copy: who was compared, why nothing changed, and whether ranks and model agree, which
# depends on both.
KEPT = (
    Statistic.WEIGHTING,
    Statistic.BALANCE_OF,
    Statistic.N_SUBJECTS,
    Statistic.COVARIATE_LEFT_OUT,
    Statistic.AGREEMENT,
)
# Computing the same in another way leaves the last digits open.
DIGITS = 9
Place = tuple[str, str, float | None]  # method, level, day
Answer = dict[tuple[object, ...], object]


def same_people(scenario: AnalysisInputs, primary: AnalysisInputs) -> bool:
    """Whether both compare the same patients from the same times, weighted alike.

    With other patients equal answers would be a coincidence, and are answers of their own. A refused primary analysis
    has no answers that a scenario could repeat.
    """
    if primary.comparison.refusal is not None or scenario.comparison.refusal is not None:
        return False
    return scenario.weights == primary.weights and scenario.people == primary.people


def same_inputs(scenario: AnalysisInputs, primary: AnalysisInputs, codes: Sequence[str]) -> bool:
    """Whether both, of the same people, ask the same of the same values of these outcomes."""
    if scenario.settings != primary.settings:
        return False
    # With the covariates: the same patients may have other values of those.
    read = {*codes, *primary.settings.covariates}
    return scenario.content(read) == primary.content(read)


def same_cohort_remark(scenario: str) -> Row:
    """That a scenario keeps patients, values and settings, so that every answer is the primary one."""
    return _remark(_whole(scenario), "changes_no_patient")


def without_copies(scenario: str, rows: Iterable[Row], primary: Iterable[Row]) -> list[Row]:
    """Return a scenario's rows without the answers that the primary analysis gave; of each it says that it did.

    primary: the rows of the primary scenario's tables, asked as this scenario is. A copy is found analysis by analysis
    and day by day: ranks under another covariance, or a day that no changed value reaches. One that changes nothing
    at all says so once.
    """
    own, before = _by_analysis(rows), _by_analysis(primary)
    copies = {key: _copied(of, before.get(key, {})) for key, of in own.items()}
    given = {key: [place for place, of in places.items() if _is_given(_answer(of))] for key, places in own.items()}
    if any(given.values()) and not any(_says_more(own[key], copies[key], before.get(key, {})) for key in own):
        return [_remark(_whole(scenario), "changes_nothing")]
    return [row for key, places in own.items() for row in _marked(places, copies[key], given[key])]


def _by_analysis(rows: Iterable[Row]) -> dict[tuple[str, str], dict[Place, list[Row]]]:
    """The rows by outcome and analysis, and within it by method, level and day."""
    found: dict[tuple[str, str], dict[Place, list[Row]]] = {}
    for row in rows:
        at = found.setdefault((str(row["outcome"]), str(row["analysis"])), {})
        at.setdefault((str(row["method"]), str(row["level"]), _day(row)), []).append(row)
    return found


def _day(row: Row) -> float | None:
    day: Any = row["day"]
    return None if day is None else float(day)


def _answer(rows: Iterable[Row]) -> Answer:
    answers = (row for row in rows if declared_statistic(str(row["statistic"])).kind in ANSWERS)
    return {(row["arm"], row["contrast"], row["statistic"]): _said(row) for row in answers}


def _said(row: Row) -> object:
    value: Any = row["value"]
    return row["text"] if value is None else f"{value:.{DIGITS}g}"


def _is_given(answer: Answer) -> bool:
    """Whether it has a number: a refusal alone repeats none."""
    return any(declared_statistic(str(key[-1])).kind is not Kind.REMARK for key in answer)


def _copied(places: dict[Place, list[Row]], before: dict[Place, list[Row]]) -> list[Place]:
    answers = {place: _answer(rows) for place, rows in places.items()}
    return [at for at, own in answers.items() if _is_given(own) and own == _answer(before.get(at, []))]


def _says_more(places: dict[Place, list[Row]], copies: list[Place], before: dict[Place, list[Row]]) -> bool:
    """Whether an analysis has an answer or a refusal that the primary one has not."""
    others = {place: _answer(rows) for place, rows in places.items() if place not in copies}
    return any(own and own != _answer(before.get(place, [])) for place, own in others.items())


def _marked(places: dict[Place, list[Row]], copies: list[Place], given: list[Place]) -> Iterator[Row]:
    """The rows of one outcome and analysis, with a remark for each copy; with one for all where no other is given."""
    whole = bool(copies) and len(copies) == len(given)
    for place, rows in places.items():
        # Of an analysis that is a copy the properties of its fit are one as well.
        dropped = whole or place in copies
        yield from (row for row in rows if not dropped or row["statistic"] in KEPT)
    first = [places[place][0] for place in copies]
    if whole:
        yield _remark(_cell(first[0]).at(level="", day=None), "changes_nothing")
    else:
        yield from (_remark(_cell(row), "changes_nothing") for row in first)


def _cell(row: Row) -> Cell:
    """Where the answer of a row stands, without its arm and contrast."""
    keys: dict[str, Any] = {name: row[name] for name in ("scenario", "method", "outcome", "population", "level", "day")}
    return Cell(AnalysisKey(str(row["analysis"])), output=OutputId(str(row["output_id"])), **keys)


def _whole(scenario: str) -> Cell:
    """Of all outcomes and analyses at once."""
    return Cell(AnalysisKey.MIXED_MODEL, scenario, "reml", output=OutputId.SENSITIVITY)


def _remark(cell: Cell, why: str) -> Row:
    return cell.text(Statistic.NOT_APPLICABLE, why)
