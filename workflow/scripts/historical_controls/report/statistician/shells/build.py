"""Shells filled with results: the tables that the page, Word, RTF, CSV and XLSX print alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import NOTES, REMARKS, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.investigator.people import arm_head
from historical_controls.report.printing.html_table import HtmlTable, Row, Span
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import TIMES
from historical_controls.report.statistician.names import Names
from historical_controls.report.statistician.notes import notes
from historical_controls.report.statistician.shells.shell import ANY, BOUNDS, LIMITS, SHIFTS, Column, Group, Shell
from historical_controls.text.display_order import is_display_id, natural

# Two numbers that are one statement, by the entry that joins them.
TOGETHER = {LIMITS: "shell.range", BOUNDS: "shell.range", SHIFTS: "shell.either"}
# Statistics whose numbers compare the arms, and the head of tables in which some are differences and others ratios.
COMPARING = (
    *(Statistic.ESTIMATE, Statistic.LEAST, Statistic.MEDIAN, Statistic.SMALLEST, Statistic.WIN_ODDS),
    Statistic.WIN_RATIO,
)
OF_BOTH_KINDS = "contrast_or_ratio"
# By the unit of a number, without the time of a slope.
KINDS = {
    **dict.fromkeys(("ratio", "risk ratio"), "contrast_ratio"),
    "odds ratio": "contrast_odds",
    "odds": "comparison",
}
Line = tuple[str | float | None, ...]
Found = Mapping[tuple[int, Statistic], Result]


@dataclass
class Filled:
    """A shell's lines: results by place of the column and statistic, in the order of the study's declarations."""

    lines: dict[Line, dict[tuple[int, Statistic], Result]] = field(default_factory=dict)

    def results(self) -> list[Result]:
        return [row for cells in self.lines.values() for row in cells.values()]


def shell_table(names: Names, output: Output, shell: Shell, place: int) -> HtmlTable | None:
    """The shell as a table of `output`; None where no result fills it. Columns without any result are left out."""
    shell = _spread_out(names, shell)
    filled = _fill(names, output, shell)
    if not filled.lines:
        return None
    used = {place for cells in filled.lines.values() for place, _ in cells}
    # Columns that no result fills would be dashes from top to bottom.
    places = [place for place in range(len(shell.columns)) if place in used]
    printer = names.printer
    columns = [(group, column) for at, (group, column) in enumerate(shell.columns) if at in places]
    comparison = comparison_head(filled.results())
    heads = (_stub_head(names, shell), *(_head(names, column) for _, column in columns))
    rows = tuple(_rows(names, shell, filled, places, comparison == OF_BOTH_KINDS))
    own = dict.fromkeys((*shell.notes, *(column.note for _, column in columns if column.note)))
    said = (*(printer.word(f"shell.{name}") for name in own), *notes(names, filled.results(), shell.analysis))
    table_id = f"t{output.output_id}-{place}".replace(".", "_")
    title = printer.word(f"shell.{shell.title}")
    words = frozenset(at for at, (_, column) in enumerate(columns, start=1) if column.cells[0][0].kind.is_text)
    return HtmlTable(table_id, output.output_id, title, heads, rows, said, 1, _spans(names, columns, comparison), words)


def _spread_out(names: Names, shell: Shell) -> Shell:
    """The shell with a column for every value of the keys that its columns leave open."""
    groups = tuple(
        Group(group.head, tuple(one for column in group.columns for one in _each(names, shell, column)))
        for group in shell.groups
    )
    return replace(shell, groups=groups)


def _each(names: Names, shell: Shell, column: Column) -> tuple[Column, ...]:
    """The column once for every value of its open key, numbers in their order."""
    if not column.each:
        return (_in_language(names, column),)
    analysis = column.analysis or shell.analysis
    rows = [
        row
        for cell in column.cells
        for statistic in cell
        for row in names.printer.results.rows.get(("primary", analysis, statistic), ())
    ]
    values = sorted({str(_key(row, column.each)) for row in rows}, key=float)
    return tuple(replace(column, at={**column.at, column.each: value}, each="") for value in values)


def _in_language(names: Names, column: Column) -> Column:
    """The column with the texts of the page's language before those of another."""
    own = NOTES[names.printer.words.language]
    return replace(column, cells=tuple(sorted(column.cells, key=lambda cell: cell[0] != own)))


def _fill(names: Names, output: Output, shell: Shell) -> Filled:
    results = names.printer.results.rows
    found: dict[Line, dict[tuple[int, Statistic], Result]] = defaultdict(dict)
    own: dict[Line, list[Result]] = defaultdict(list)
    for place, (_, column) in enumerate(shell.columns):
        analysis = column.analysis or shell.analysis
        for statistic in dict.fromkeys(name for cell in column.cells for name in cell):
            for row in results.get(("primary", analysis, statistic), ()):
                if not _belongs(row, shell, column, output):
                    continue
                # A key that the column fixes does not name the line: the column belongs to the line of totals.
                line = tuple("" if key in column.at else _key(row, key) for key in shell.stub)
                # The first of several results of one cell: where no method is asked for, later ones would overwrite it.
                found[line].setdefault((place, statistic), row)
                if analysis == shell.analysis:
                    own[line].append(row)
    # Only the shell's own analysis makes lines: another's column has more days or outcomes.
    kept = [line for line in found if line in own and _keeps(names, shell, line, own[line])]
    order = _order(names, shell, kept)
    return Filled({line: found[line] for line in sorted(kept, key=order)})


def _belongs(row: Result, shell: Shell, column: Column, output: Output) -> bool:
    """Whether a result stands in a column: its arm or contrast, its method, its output, and all keys that are fixed."""
    if column.across == ANY:
        right = row.contrast == ""
    elif column.across in ARMS:
        # A row of an arm may have a contrast as its line's name (a rule, a step).
        right = row.arm == column.across and (row.contrast == "" or "contrast" in shell.stub)
    elif column.across == CONTRAST:
        right = row.arm == "" and row.contrast == CONTRAST
    else:
        right = row.arm == "" and (row.contrast == "" or "contrast" in shell.stub)
    if not right or (column.method and row.method != column.method):
        return False
    own = (column.analysis or shell.analysis) == shell.analysis
    if own and not shell.any_output and row.output_id != output.output_id:
        return False
    # Unless a line is named by it, the level must be empty: levels are other rows of the same analysis.
    fixed = {"level": "", **shell.where, **column.at}
    return all(getattr(row, key) == value for key, value in fixed.items() if key not in shell.stub or key in column.at)


def _key(row: Result, key: str) -> str | float | None:
    value: str | float | None = getattr(row, key)
    return value


def _keeps(names: Names, shell: Shell, line: Line, rows: list[Result]) -> bool:
    return shell.keep is None or shell.keep(names.printer, dict(zip(shell.stub, line, strict=True)), rows)


def _order(names: Names, shell: Shell, lines: Sequence[Line]) -> Callable[[Line], tuple[object, ...]]:
    """Outcomes and covariates as the config declares them, days by number, the rest as the results table has it."""
    config = names.printer.config
    declared = [*config.outcomes, *config.balance.covariates, *config.sources]
    places = {code: place for place, code in enumerate(dict.fromkeys(declared))}
    first = {line: place for place, line in enumerate(lines)}
    # Patients take each other's places, so that T2 comes before T10; other levels keep theirs.
    patients = [line for line in lines if shell.stub[-1] == "level" and is_display_id(str(line[-1]))]
    taken = sorted(first[line] for line in patients)
    first |= zip(sorted(patients, key=lambda line: natural(str(line[-1]))), taken, strict=True)
    positions = _positions(names, shell)

    def key(line: Line) -> tuple[object, ...]:
        named = dict(zip(shell.stub, line, strict=True))
        known = [named[one] for one in ("population", "outcome") if one in named]
        coded = tuple(places.get(str(code), len(places)) for code in known)
        # All keys but the last name the stratum, whose lines stay together.
        stratum = tuple(str(value) for value in line[:-1])
        day = named.get("day")
        return (*coded, stratum, positions.get(line, 0.0), -1.0 if day is None else float(day), first[line])

    return key


def _positions(names: Names, shell: Shell) -> dict[Line, float]:
    if shell.order is None:
        return {}
    rows = names.printer.results.rows.get(("primary", shell.analysis, shell.order), ())
    found: dict[Line, float] = {}
    for row in rows:
        line = tuple(_key(row, key) for key in shell.stub)
        # Arms may count positions of their own; the later one holds for both.
        found[line] = max(found.get(line, 0.0), row.value or 0.0)
    return found


def _stub_head(names: Names, shell: Shell) -> Markup:
    """The line's own key; the strata above the lines name themselves."""
    return names.key(shell.stub[-1])


def _head(names: Names, column: Column) -> Markup:
    printer = names.printer
    # A declared difference in standard deviations, for the heads that name theirs.
    return printer.word(
        f"shell.{column.head}", level=printer.level, difference=printer.fact(column.at.get("level", ""))
    )


def comparison_head(results: Iterable[Result]) -> str:
    """Return the entry that heads a comparison of the arms: what its numbers are, of differences and ratios both."""
    kinds = {_kind(row) for row in results if row.contrast == CONTRAST and row.statistic in COMPARING}
    if len(kinds) == 1:
        return kinds.pop()
    return OF_BOTH_KINDS if "contrast" in kinds and "comparison" not in kinds else "comparison"


def _kind(row: Result) -> str:
    if row.statistic in (Statistic.WIN_ODDS, Statistic.WIN_RATIO):
        return "comparison"
    return KINDS.get(row.unit.partition("/")[0], "contrast")


def _spans(names: Names, columns: Iterable[tuple[str, Column]], comparison: str) -> tuple[Span, ...]:
    """Spanning heads over neighbouring columns of one group; none where no group has a head."""
    spans: list[tuple[str, int]] = []
    for group, _ in columns:
        if spans and spans[-1][0] == group:
            spans[-1] = (group, spans[-1][1] + 1)
        else:
            spans.append((group, 1))
    # Without any named group a second line of heads would be empty.
    if not any(group for group, _ in spans):
        return ()
    return tuple(Span(_group_head(names, group, comparison), width) for group, width in spans)


def _group_head(names: Names, group: str, comparison: str) -> Markup:
    if group in ARMS:
        return arm_head(names.printer, group)
    if group == CONTRAST:
        return names.printer.word(f"shell.{comparison}")
    return names.printer.word(f"shell.{group}") if group else Markup("")


def _rows(names: Names, shell: Shell, filled: Filled, places: Sequence[int], marked: bool) -> Iterable[Row]:
    """Lines, each stratum named once in a row of its own, or in its only line where that is one of totals.

    marked: whether ratios have their sign, among differences.
    """
    strata = Counter(line[:-1] for line in filled.lines)
    above: Line | None = None
    named = Markup("")
    for line, cells in filled.lines.items():
        printed = tuple(_cell(names, place, shell.columns[place][1], cells, marked) for place in places)
        if line[:-1] and line[:-1] != above:
            above = line[:-1]
            named = _stratum(names, shell, above)
            if named and strata[above] == 1 and line[-1] in ("", None):
                yield Row(named, printed)
                continue
            # Lines of no outcome (deaths, among outcomes) are in no stratum: a head without words says nothing.
            if named:
                yield Row(named)
        yield Row(_line_name(names, shell, line[-1]), printed, indent=bool(named))


def _stratum(names: Names, shell: Shell, values: Line) -> Markup:
    parts = [_named(names, key, value) for key, value in zip(shell.stub, values, strict=False)]
    return Markup("; ").join(part for part in parts if part)


def _line_name(names: Names, shell: Shell, value: str | float | None) -> Markup:
    return _named(names, shell.stub[-1], value) or names.printer.word(f"shell.{shell.blank}")


def _named(names: Names, key: str, value: str | float | None) -> Markup:
    """A key's value in words; an outcome with its unit, a day as 'Day 7'."""
    printer = names.printer
    if value is None or value == "":
        return Markup("")
    if key == "day":
        return printer.word("shell.day", day=printer.fact(f"{value:g}"))
    said = names.value(key, value)
    entry = printer.dictionary.outcomes.get(str(value)) if key == "outcome" else None
    if entry is None or not entry.unit:
        return said
    return Markup("{}, {}").format(said, printer.unit(entry.code))


def _cell(names: Names, place: int, column: Column, results: Found, marked: bool) -> Markup:
    """The first of the column's cells that has a result; marked: see `_rows`."""
    for cell in column.cells:
        rows = [results.get((place, name)) for name in cell]
        if rows[0] is None:
            continue
        if rows[0].statistic in REMARKS:
            return Markup('<span class="refusal">{}</span>').format(names.text(rows[0]))
        printed = [
            names.text(row) if row is not None and row.text is not None else names.printer.number(row) for row in rows
        ]
        if marked and rows[0].unit in TIMES and rows[0].contrast == CONTRAST:
            printed[0] = names.printer.amount(rows[0])
        if rows[0].statistic in NOTES.values():
            return _note(names, rows[0], printed[0])
        if cell in TOGETHER and None not in rows:
            return names.printer.word(TOGETHER[cell], lower=printed[0], upper=printed[1])
        if len(cell) == 1 or all(row is None for row in rows[1:]):
            return printed[0]
        if len(cell) == 2:
            return Markup("{} ({})").format(*printed)
        return names.printer.word("stat.interval", centre=printed[0], lower=printed[1], upper=printed[2])
    return Markup("")


def _note(names: Names, row: Result, said: Markup) -> Markup:
    """A text of the study; one that is not in the page's language says in which it is."""
    language = next(language for language, statistic in NOTES.items() if statistic == row.statistic)
    printer = names.printer
    return said if language == printer.words.language else printer.word(f"in_language.{language}", said=said)


def _one(names: Names, row: Result | None) -> Markup:
    return names.text(row) if row is not None and row.text is not None else names.printer.number(row)
