"""The tables of one registered output, as a page or a document prints them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey, declared_analysis
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import REMARKS, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import TIMES, Printer
from historical_controls.report.statistician.names import Names
from historical_controls.report.statistician.notes import FLOORED, notes
from historical_controls.report.statistician.sheet import Block, Column, Key, Sheet, sheets
from historical_controls.report.statistician.shells.build import shell_table
from historical_controls.report.statistician.shells.declared import SHELLS
from historical_controls.report.statistician.shells.reused import LATER, REUSED

# Said of every table by the words around it, or told by its columns.
UNSAID = ("analysis", "scenario", "contrast")
UNITLESS = ("", "log", "odds")
# A longer or wider table is for a program to read, not for a page or document.
MOST_LINES = 45
MOST_COLUMNS = 9
ARD_ID = re.compile(r'data-ard="([^"]+)"')
NONE_DECLARED: Mapping[str, HtmlTable] = {}


@dataclass(frozen=True)
class Section:
    """One registered output: its number and title, its tables, and why there are none (else None).

    `elsewhere`: where its longer tables are; None where there is none.
    """

    output: Output
    title: Markup
    tables: tuple[HtmlTable, ...]
    missing: Markup | None
    other_scenarios: bool
    elsewhere: Markup | None = None


def sections(
    printer: Printer, outputs: Mapping[str, Output], kind: str, declared: Mapping[str, HtmlTable] = NONE_DECLARED
) -> list[Section]:
    """Every registered output of a kind ('table' or 'figure'), in the order of its number.

    `declared`: tables that are no rows of the results, by output id.
    """
    by_output: dict[str, list[Result]] = {output_id: [] for output_id in outputs}
    for rows in printer.results.rows.values():
        for row in rows:
            by_output.setdefault(row.output_id, []).append(row)
    names = Names(printer)
    chosen = sorted((one for one in outputs.values() if one.family == kind), key=lambda one: number(one.output_id))
    return [
        _section(names, one, _ordered(printer, by_output[one.output_id]), declared.get(one.output_id)) for one in chosen
    ]


def number(output_id: str) -> tuple[int, ...]:
    """'14.2.10' sorts after '14.2.9'."""
    return tuple(int(part) for part in output_id.split(".") if part.isdigit())


def _ordered(printer: Printer, rows: Iterable[Result]) -> list[Result]:
    """Rows by analysis, and within it by scenario and outcome as the config declares them, then by day."""
    scenarios = {name: place for place, name in enumerate(printer.config.scenario_names)}
    codes = {code: place for place, code in enumerate([*printer.config.outcomes, *printer.config.balance.covariates])}
    return sorted(
        rows,
        key=lambda row: (
            row.analysis,
            scenarios.get(row.scenario, len(scenarios)),
            codes.get(row.outcome, len(codes)),
            row.day if row.day is not None else -1.0,
        ),
    )


def _section(names: Names, output: Output, rows: list[Result], declared: HtmlTable | None) -> Section:
    printer = names.printer
    # Displays designed for an output come before any that is made by rule.
    made = [*_designed(names, output), *([declared] if declared is not None else [])]
    if not made and output.family != "figure":
        made = _generic(names, output, rows)
    shown = _shown(made)
    left = any(row.id not in shown for row in rows if row.scenario == "primary")
    # Rows that no table shows are in the CSV; the output is then not missing.
    missing = None if made or rows else _why_missing(printer, output)
    elsewhere = printer.word("stat.rest_in_csv") if left else None
    others = any(row.scenario != "primary" for row in rows)
    return Section(output, printer.fact(output.title(printer.words.language)), tuple(made), missing, others, elsewhere)


def _designed(names: Names, output: Output) -> list[HtmlTable]:
    """The displays declared for an output: those of the investigators' page, and shells that results fill."""
    own = [make(names.printer) for make in REUSED.get(output.output_id, ())]
    shells = SHELLS.get(output.output_id, ())
    filled = [shell_table(names, output, shell, place) for place, shell in enumerate(shells, start=1)]
    later = [make(names.printer) for make in LATER.get(output.output_id, ())]
    return [table for table in (*own, *filled, *later) if table is not None]


def _generic(names: Names, output: Output, rows: list[Result]) -> list[HtmlTable]:
    """Tables of an output that no shell is declared for, as far as a page has room for them."""
    found = list(sheets(rows, Block()))
    # What is longer is in the CSV, which the page names.
    fitting = [one for one in found if len(one.lines) <= MOST_LINES and len(one.columns) <= MOST_COLUMNS]
    return [html_table(names, output, sheet, place) for place, sheet in enumerate(fitting, start=1)]


def _shown(tables: Iterable[HtmlTable]) -> set[str]:
    """Ids of the results that tables print."""
    cells = (cell for table in tables for row in table.rows for cell in (row.head, *row.cells))
    return {found for cell in cells for found in ARD_ID.findall(cell)}


def _why_missing(printer: Printer, output: Output) -> Markup:
    """Why an output has no rows, in words: its own where the locale has them."""
    key = f"missing.{output.output_id.replace('.', '_')}"
    return printer.word(key if printer.words.has(key) else "missing.any")


def html_table(names: Names, output: Output, sheet: Sheet, place: int) -> HtmlTable:
    """One sheet with heads, rows and footnotes in words."""
    units = _units(sheet)
    keys = sheet.keys
    heads = [names.key(key) for key in keys] or [names.printer.word("key.none")]
    with_unit = len(units) > 1
    heads += [names.printer.word("key.unit")] if with_unit else []
    heads += [_head(names, column, sheet) for column in sheet.columns]
    rows = tuple(_row(names, sheet, keys, line, with_unit) for line in sheet.lines)
    caption = _caption(names, output, sheet, units)
    table_id = f"t{output.output_id}-{place}".replace(".", "_")
    # Keys and the unit name a line; they are set as words, not as numbers.
    n_names = len(heads) - len(sheet.columns)
    return HtmlTable(
        table_id,
        output.output_id,
        caption,
        tuple(heads),
        rows,
        notes(names, list(sheet.results()), _analysis(sheet)),
        n_names,
    )


def _units(sheet: Sheet) -> set[str]:
    """Units of the numbers that carry one; a standard error of a ratio is on the log scale and told in a note."""
    return {row.unit for row in sheet.results() if row.unit not in UNITLESS}


def _head(names: Names, column: Column, sheet: Sheet) -> Markup:
    what = names.statistic(column.statistics)
    several = len({other.across for other in sheet.columns if other.statistics != REMARKS}) > 1
    if not column.across or (column.across == CONTRAST and not several):
        return what
    ratios = column.across == CONTRAST and _units(sheet) & set(TIMES)
    group = names.printer.word("shell.comparison") if ratios else names.across(column.across)
    return names.printer.word("stat.of", group=group, what=what)


def _caption(names: Names, output: Output, sheet: Sheet, units: set[str]) -> Markup:
    """'Mixed model – day 7 – mmHg': the analysis, and whatever every line has in common."""
    printer = names.printer
    parts = [names.analysis(str(sheet.constant["analysis"]))] if "analysis" in sheet.constant else []
    for key, value in sheet.constant.items():
        if key not in UNSAID and (key, value) != ("population", output.population):
            parts.append(printer.word("stat.constant", name=names.key(key), value=names.value(key, value)))
    # 'Ratio' as the one unit says what is compared; among units of differences the comparison has no name.
    if sheet.constant.get("contrast") and not (len(units) == 1 and units & set(TIMES)):
        both = printer.word("shell.comparison") if units & set(TIMES) else None
        parts.append(both or names.value("contrast", sheet.constant["contrast"]))
    if len(units) == 1:
        parts.append(printer.fact(printer.words.unit(next(iter(units)))))
    return Markup("; ").join(parts) if parts else printer.fact(output.title(printer.words.language))


def _row(
    names: Names,
    sheet: Sheet,
    keys: Sequence[str],
    line: tuple[Key, Mapping[tuple[str, Statistic], Result]],
    unit: bool,
) -> Row:
    values, cells = line
    named = dict(zip(sheet.keys, values, strict=True))
    printed = [names.value(key, named[key]) for key in keys] or [Markup("")]
    if unit:
        own = dict.fromkeys(row.unit for row in cells.values() if row.unit not in UNITLESS)
        printed.append(
            names.printer.fact("; ".join(names.printer.words.unit(one) for one in own)) if own else Markup("")
        )
    printed += [_cell(names, column, cells) for column in sheet.columns]
    return Row(printed[0], tuple(printed[1:]))


def _cell(names: Names, column: Column, cells: Mapping[tuple[str, Statistic], Result]) -> Markup:
    """A number alone, with its interval or spread, or words; empty where nothing was asked for."""
    found = [cells.get((column.across, statistic)) for statistic in column.statistics]
    if column.statistics == REMARKS:
        remarks = [row for key, row in cells.items() if key[1] in REMARKS]
        return Markup("; ").join(names.text(row) for row in remarks)
    # A p-value stands alone: its floor is in a note.
    if found[0] is not None and found[0].statistic in FLOORED:
        return names.printer.number(found[0])
    if len(found) == 1 or all(row is None for row in found[1:]):
        return Markup("") if found[0] is None else _one(names, found[0])
    printed = [names.printer.number(row) for row in found]
    if len(printed) == 2:
        return Markup("{} ({})").format(*printed)
    return names.printer.word("stat.interval", centre=printed[0], lower=printed[1], upper=printed[2])


def _one(names: Names, row: Result) -> Markup:
    return names.printer.number(row) if row.text is None else names.text(row)


def _analysis(sheet: Sheet) -> AnalysisKey | None:
    """The one analysis that a sheet is about, if it is about one."""
    return declared_analysis(str(sheet.constant["analysis"])) if "analysis" in sheet.constant else None
