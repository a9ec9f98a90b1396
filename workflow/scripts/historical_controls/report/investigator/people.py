"""Who the patients are and what became of them: Table 1 and disposition."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import QUANTILE_BOUNDS, Statistic
from historical_controls.report.investigator.answer import treated_count
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer, printed_value
from historical_controls.text.formatting import format_number

# What ends the record of a patient, where a source says so; the rest follows from when records end.
ENDINGS = ("death", "discharge_alive", "transfer_out")
OPEN = ("in_hospital", "last_record")


def arm_head(printer: Printer, arm: str) -> Markup:
    """'Treated, n = 5', the number from the disposition."""
    day = float(printer.config.cohort.horizon_days)
    row = printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=day)
    name = printer.word(f"arm.{arm}")
    if row is None:
        return printer.word("people.arm_only", arm=name)
    return printer.word("people.arm_n", arm=name, n=printer.number(row))


def baseline_table(printer: Printer) -> HtmlTable | None:
    """Table 1 by arm with SMD, the largest imbalances first; None where the balance stage wrote nothing."""
    rows = [row for code in _by_imbalance(printer) for row in _covariate(printer, code)]
    if not rows:
        return None
    compared = len(printer.arms) > 1
    heads = (
        printer.word("people.characteristic"),
        *(arm_head(printer, arm) for arm in printer.arms),
        *((printer.word("people.smd"), printer.word("people.by_chance")) if compared else ()),
    )
    notes = (*_notes_of_cells(printer, rows), *(_notes_of_imbalance(printer) if compared else ()))
    return HtmlTable("baseline", OutputId.BASELINE, Markup(""), heads, tuple(rows), notes)


def without_baseline(printer: Printer) -> Markup:
    """Why there is no Table 1: a group without anybody analysed, or no characteristic to show."""
    day = float(printer.config.cohort.horizon_days)
    analysed = [
        printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=day) for arm in printer.arms
    ]
    known = all(row is not None and row.value for row in analysed)
    return printer.word("people.note_no_characteristics" if known else "people.note_no_patients")


def _notes_of_cells(printer: Printer, rows: list[Row]) -> tuple[Markup, ...]:
    """What the cells are, with what only some tables have: quartiles known by their bounds, weeks of the calendar."""
    bounds = {side for name in (Statistic.MEDIAN, Statistic.Q1, Statistic.Q3) for side in QUANTILE_BOUNDS[name]}
    bounded = any(printer.results.all(AnalysisKey.BASELINE, name) for name in bounds)
    weeks = printer.covariate("calendar_week")
    return (
        printer.word("people.note_cells"),
        *((printer.word("people.note_bounds"),) if bounded else ()),
        *((printer.word("people.note_weeks"),) if any(row.head == weeks for row in rows) else ()),
    )


def _notes_of_imbalance(printer: Printer) -> tuple[Markup, ...]:
    envelope = printer.fact(format_number(printer.config.balance.envelope.level, "percent"))
    by_chance = printer.word("people.note_by_chance", level=envelope, n=printer.number(treated_count(printer)))
    return printer.word("people.note_smd"), by_chance


def _by_imbalance(printer: Printer) -> list[str]:
    """Covariates by their largest absolute SMD, and the times before time zero among them; then those without one."""
    largest: dict[str, float] = {}
    for row in printer.results.all(AnalysisKey.BASELINE, Statistic.SMD, contrast=CONTRAST):
        # A category has an SMD per level; the largest places it.
        largest[row.outcome] = max(largest.get(row.outcome, 0.0), abs(row.value or 0.0))
    declared = printer.config.balance.covariates
    # Times before time zero are no outcomes of the dictionary.
    times = sorted(code for code in largest if code not in declared and code not in printer.dictionary.outcomes)
    return sorted([*declared, *times], key=lambda code: -largest.get(code, -1.0))


def _covariate(printer: Printer, code: str) -> list[Row]:
    """A covariate's row, or a row of its name and one per category."""
    entry = printer.dictionary.outcomes.get(code)
    name = printer.covariate(code)
    if entry is not None and entry.unit:
        name = Markup("{}, {}").format(name, printer.unit(code))
    levels = _levels(printer, code)
    if not levels:
        return []
    if levels == [""]:
        return [Row(name, _cells(printer, code, ""))]
    named = [
        Row(printer.fact(_category(printer, code, level)), _cells(printer, code, level), indent=True)
        for level in levels
    ]
    return [Row(name), *named]


def _levels(printer: Printer, code: str) -> list[str]:
    """Categories of a covariate, in the dictionary's order; [''] for numbers and flags."""
    rows = [
        row
        for arm in printer.arms
        for row in printer.results.all(AnalysisKey.BASELINE, Statistic.N, outcome=code, arm=arm)
    ]
    found = {row.level for row in rows}
    entry = printer.dictionary.outcomes.get(code)
    declared = [level for level in (entry.categories if entry else ()) if level in found]
    # Categories that the dictionary does not list come last, by name.
    return declared + sorted(found - set(declared))


def _category(printer: Printer, code: str, level: str) -> str:
    return printer.words.entry("category", level)


def _cells(printer: Printer, code: str, level: str) -> tuple[Markup, ...]:
    summaries = tuple(_summary(printer, code, level, arm) for arm in printer.arms)
    if len(printer.arms) == 1:
        return summaries
    smd, bound = (
        printer.results.one(AnalysisKey.BASELINE, name, outcome=code, level=level, contrast=CONTRAST)
        for name in (Statistic.SMD, Statistic.SMD_BY_CHANCE)
    )
    return (*summaries, printer.number(smd), printer.number(bound))


def _summary(printer: Printer, code: str, level: str, arm: str) -> Markup:
    """Count of n (share), mean (SD), or median (quartiles); with the number missing.

    Quartiles stand for outcomes on the log scale, and wherever censored values leave no mean.
    """
    rows = {
        name: printer.results.one(AnalysisKey.BASELINE, name, outcome=code, level=level, arm=arm)
        for name in (Statistic.N, Statistic.N_MISSING, Statistic.COUNT, Statistic.SHARE, Statistic.MEAN, Statistic.SD)
    }
    printed = {name: printer.number(row) for name, row in rows.items()}
    known, missing = rows[Statistic.N], rows[Statistic.N_MISSING]
    # No patient of the arm has a value: a dash, and the number missing behind it.
    if known is None or not known.value:
        cell = printer.number(None)
    elif rows[Statistic.COUNT] is not None:
        cell = printer.word("people.share", **printed)
    # Means of skewed outcomes (analysed on the log scale) say little.
    elif rows[Statistic.MEAN] is not None and _scale(printer, code) != "log":
        cell = printer.word("people.mean_sd", **printed)
    else:
        quartiles = {
            name: _quantile(printer, code, arm, name) for name in (Statistic.MEDIAN, Statistic.Q1, Statistic.Q3)
        }
        cell = printer.word("people.median_range", **quartiles)
    if missing is None or not missing.value:
        return cell
    said = printer.word("people.missing", n=printed[Statistic.N_MISSING])
    return Markup("{} <small>{}</small>").format(cell, said)


def _scale(printer: Printer, code: str) -> str:
    entry = printer.dictionary.outcomes.get(code)
    return "linear" if entry is None else entry.scale


def _quantile(printer: Printer, code: str, arm: str, name: Statistic) -> Markup:
    """A quantile, or the bounds that limits of the assay leave for it."""
    exact, lower, upper = (
        printer.results.one(AnalysisKey.BASELINE, side, outcome=code, arm=arm)
        for side in (name, *QUANTILE_BOUNDS[name])
    )
    if exact is not None or (lower is None and upper is None):
        return printer.number(exact)
    # A few of many patients beyond a limit move a quantile by less than is printed.
    if lower and upper and printed_value(lower) == printed_value(upper):
        return printer.number(lower)
    # Beyond a limit of the assay a quantile has one bound alone.
    key = "people.between" if lower and upper else "people.above" if lower else "people.below"
    return printer.word(key, lower=printer.number(lower), upper=printer.number(upper))


def disposition_table(printer: Printer) -> HtmlTable | None:
    """Death, discharge, transfer and stay by arm; None without analysed patients."""
    if treated_count(printer) is None:
        return None
    horizon = printer.config.cohort.horizon_days
    rows = tuple(
        Row(printer.ending(event), tuple(_event_cell(printer, event, arm) for arm in printer.arms))
        for event in (*ENDINGS, *printer.config.cohort.ends_with, *OPEN)
        if any(
            # Of deaths alone it is said that nobody's are recorded; other ends are then simply not asked for.
            (event == "death" and arm in printer.silent(event))
            or printer.results.one(AnalysisKey.DISPOSITION, Statistic.COUNT, arm=arm, level=event, day=float(horizon))
            for arm in printer.arms
        )
    )
    heads = (
        printer.word("disposition.event", day=printer.fact(horizon)),
        *(arm_head(printer, arm) for arm in printer.arms),
    )
    title = printer.word("disposition.table_title", day=printer.fact(horizon))
    notes = (printer.word("disposition.note", level=printer.level),)
    return HtmlTable("disposition", OutputId.DISPOSITION, title, heads, rows, notes)


def _event_cell(printer: Printer, event: str, arm: str) -> Markup:
    if event in ENDINGS and arm in printer.silent(event):
        return printer.unrecorded
    day = float(printer.config.cohort.horizon_days)
    parts = {
        name: printer.number(printer.results.one(AnalysisKey.DISPOSITION, name, arm=arm, level=event, day=day))
        for name in (Statistic.COUNT, Statistic.SHARE, Statistic.LOWER, Statistic.UPPER)
    }
    n = printer.number(printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=day))
    return printer.word("disposition.cell", n=n, **parts)
