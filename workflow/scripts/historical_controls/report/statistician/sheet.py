"""Rows of the results table arranged as tables: one for every set of keys that the rows use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import PATTERNS, REMARKS, Kind, Statistic
from historical_controls.ard.queries import Result

KEYS = ("scenario", "analysis", "outcome", "method", "population", "arm", "level", "contrast", "day")
# Statistics of a kind of their own, though they use the keys of others; why one has no number belongs beside it.
ALONE = {
    **{one: one for one in (Statistic.COVARIANCE_PARAMETER, Statistic.N_IMPUTED, Statistic.LEFT_BECAUSE)},
    Statistic.NOT_IDENTIFIED: Statistic.COVARIANCE_PARAMETER,
}
# The order of columns is that of the declaration.
ORDER = {statistic: place for place, statistic in enumerate(Statistic)}
Key = tuple[str | float | None, ...]


@dataclass(frozen=True)
class Block:
    """Which rows stand together in one table, and how.

    `analyses`: names of analyses; () for every one, a table each. `statistics`: those shown; () for all.
    `scenarios`: the rows of every scenario, not of the primary one alone. `together`: one table, whatever keys its rows
    use, the arm among them. `contrasts`: rows of one arm are left out.
    """

    analyses: tuple[AnalysisKey, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    scenarios: bool = False
    together: bool = False
    contrasts: bool = False

    def holds(self, row: Result) -> bool:
        return (
            (not self.analyses or row.analysis in self.analyses)
            and (not self.statistics or row.statistic in self.statistics)
            and not (self.contrasts and row.arm)
            and (self.scenarios or row.scenario == "primary")
        )


@dataclass(frozen=True)
class Column:
    """`across`: the arm, CONTRAST, or '' for neither; `statistics`: one, or those of a pattern."""

    across: str
    statistics: tuple[Statistic, ...]


@dataclass(frozen=True)
class Sheet:
    """One table of results.

    `constant`: keys with the same value in every line; `keys`: those that name a line; `lines`: values of `keys`, and
    the results by (across, statistic).
    """

    constant: dict[str, str | float]
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: tuple[tuple[Key, dict[tuple[str, Statistic], Result]], ...]

    def results(self) -> Iterator[Result]:
        for _, cells in self.lines:
            yield from cells.values()


def sheets(rows: Iterable[Result], block: Block) -> list[Sheet]:
    """The tables of one block, in the order in which their rows stand."""
    groups: dict[tuple[object, ...], list[Result]] = defaultdict(list)
    for row in rows:
        if block.holds(row):
            groups["together" if block.together else _signature(row),].append(row)
    return [_sheet(found, spread=not block.together) for found in groups.values()]


def _signature(row: Result) -> tuple[object, ...]:
    """Rows with the same analysis that use the same keys stand in one table."""
    used = tuple(key for key in KEYS[2:] if key != "arm" and _value(row, key) not in ("", None))
    return row.analysis, used, ALONE.get(row.statistic, "")


def _value(row: Result, key: str) -> str | float | None:
    """A key that names a line: the contrast of the arms and a population of one arm are columns, not names."""
    value: str | float | None = getattr(row, key)
    if key == "contrast" and value == CONTRAST:
        return ""
    # A population of one arm is told by its column.
    return "" if key == "population" and value == row.arm else value


def _across(row: Result, spread: bool) -> str:
    """Which group of columns a result stands in."""
    if not spread:
        return ""
    return row.arm or (CONTRAST if row.contrast == CONTRAST else "")


def _sheet(rows: Sequence[Result], spread: bool) -> Sheet:
    names = tuple(key for key in KEYS if not (spread and key == "arm"))
    lines: dict[Key, dict[tuple[str, Statistic], Result]] = defaultdict(dict)
    for row in rows:
        lines[tuple(_value(row, key) for key in names)][_across(row, spread), row.statistic] = row
    values = {key: {line[place] for line in lines} for place, key in enumerate(names)}
    constant = {key: next(iter(found)) for key, found in values.items() if len(found) == 1}
    keys = tuple(key for key in names if key not in constant)
    places = [names.index(key) for key in keys]
    named = [(tuple(line[place] for place in places), cells) for line, cells in lines.items()]
    # Lines that have a declared position (steps of a flow) are sorted by it; otherwise the order of the rows stays.
    if all(_position(cells) is not None for _, cells in named):
        named.sort(key=lambda item: _position(item[1]) or 0.0)
    stated = {key: value for key, value in constant.items() if value is not None and value != ""}
    return Sheet(stated, keys, tuple(_columns(rows, spread)), tuple(named))


def _position(cells: dict[tuple[str, Statistic], Result]) -> float | None:
    return next((cell.value for (_, statistic), cell in cells.items() if statistic.kind is Kind.PLACE), None)


def _columns(rows: Sequence[Result], spread: bool) -> Iterator[Column]:
    present: dict[str, set[Statistic]] = defaultdict(set)
    for row in rows:
        present[_across(row, spread)].add(row.statistic)
    for across in [name for name in (*ARMS, CONTRAST, "") if name in present]:
        left = present[across] - set(REMARKS)
        found: list[tuple[Statistic, ...]] = []
        for pattern in PATTERNS:
            # Statistics that belong in one cell, such as an estimate with its limits, are taken together.
            if set(pattern) <= left:
                found.append(pattern)
                left -= set(pattern)
        found += [(statistic,) for statistic in left]
        yield from (Column(across, statistics) for statistics in sorted(found, key=_place))
    if any(row.statistic in REMARKS for row in rows):
        yield Column("", REMARKS)


def _place(statistics: tuple[Statistic, ...]) -> int:
    return ORDER[statistics[0]]
