"""Who met which condition, under which reading of the text, when, and what else was given."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.headline.draws import averaged
from historical_controls.report.investigator.people import arm_head
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer
from historical_controls.text.display_order import ordered

NOTHING = Markup("")
DECLARED = "declared"
PARTS = ("before", "during")
WHEN = ("hours_from_admission", "days_from_onset")


def matrix_table(printer: Printer) -> HtmlTable | None:
    """Each condition for each treated patient at the infusion (14.1.2); None without treated patients."""
    patients = ordered(
        row.level for row in printer.results.all(AnalysisKey.ELIGIBILITY, Statistic.STATE, arm="treated")
    )
    # Every rule, not only the filters: readers see what was looked at and did not decide.
    rules = printer.config.cohort.as_read().rules
    rows = [
        Row(_rule_label(printer, name), tuple(_state(printer, name, patient) for patient in patients))
        for name in rules
        if any(_found(printer, name, patient) for patient in patients)
    ]
    if not rows:
        return None
    heads = (printer.word("eligibility.condition"), *map(printer.fact, patients))
    return HtmlTable(
        "eligibility", OutputId.ELIGIBILITY, NOTHING, heads, tuple(rows), (printer.word("eligibility.note_matrix"),)
    )


def _rule_label(printer: Printer, name: str) -> Markup:
    return printer.fact(printer.words.among(printer.config.cohort.as_read().rules[name].label))


def _found(printer: Printer, rule: str, patient: str) -> bool:
    return (
        printer.results.one(AnalysisKey.ELIGIBILITY, Statistic.STATE, arm="treated", level=patient, contrast=rule)
        is not None
    )


def _state(printer: Printer, rule: str, patient: str) -> Markup:
    """True, false or not known, with the value that decided where there is one."""
    state, value = (
        printer.results.one(AnalysisKey.ELIGIBILITY, name, arm="treated", level=patient, contrast=rule)
        for name in (Statistic.STATE, Statistic.EVIDENCE)
    )
    if state is None:
        return printer.number(None)
    said = printer.code("state", state)
    return said if value is None else Markup("{} <small>({})</small>").format(said, printer.number(value))


def readings_table(printer: Printer) -> HtmlTable | None:
    """How many would be eligible under each reading of the registry's text (14.1.3); None where none is declared."""
    levels = [row.level for row in printer.results.all(AnalysisKey.READINGS, Statistic.N_INCLUDED, arm="historical")]
    if not levels:
        return None
    # The reading analysed is the line that all others are compared with.
    order = [DECLARED, *_ordered(printer, levels)]
    rows = tuple(
        Row(_reading_label(printer, level), _reading_cells(printer, level)) for level in order if level in levels
    )
    heads = tuple(printer.word(f"readings.{name}") for name in ("reading", "ever", "included", "unknown", "treated"))
    return HtmlTable(
        "readings", OutputId.ATTRITION, printer.word("readings.title"), heads, rows, (printer.word("readings.note"),)
    )


def _ordered(printer: Printer, levels: list[str]) -> list[str]:
    """Single readings in the order of the config, then combinations of at least two readings that differ."""
    single = [f"{name}={option}" for name, option in printer.config.cohort.options()]
    # A combination in which only one reading differs is that reading by itself, which has its own line.
    combined = [level for level in levels if "+" in level and len(_changed(printer, level)) > 1]
    return [level for level in single if _changed(printer, level)] + combined


def _changed(printer: Printer, level: str) -> list[tuple[str, str]]:
    """(reading, option) of those that differ from the reading analysed."""
    declared = printer.config.cohort.picked()
    picks = [(name, option) for name, _, option in (part.partition("=") for part in level.split("+"))]
    return [(name, option) for name, option in picks if declared[name] != option]


def _reading_label(printer: Printer, level: str) -> Markup:
    if level == DECLARED:
        return printer.word("readings.declared")
    readings = printer.config.cohort.readings
    parts = []
    for name, option in _changed(printer, level):
        reading, chosen = readings[name], readings[name].options[option]
        parts.append(
            printer.word(
                "readings.one",
                reading=printer.fact(printer.words.among(reading.label)),
                option=printer.fact(printer.words.among(chosen.label)),
            )
        )
    return listed(parts, "; ")


def _reading_cells(printer: Printer, level: str) -> tuple[Markup, ...]:
    n = {
        (arm, name): printer.number(
            printer.results.one(AnalysisKey.READINGS, name, arm=arm, level=level, population="all")
        )
        for arm, names in (
            ("historical", (Statistic.N_EVER, Statistic.N_INCLUDED, Statistic.N_UNKNOWN)),
            ("treated", (Statistic.N_PASS, Statistic.N_SUBJECTS)),
        )
        for name in names
    }
    passed = printer.word("readings.of", n=n["treated", Statistic.N_PASS], total=n["treated", Statistic.N_SUBJECTS])
    return (*(n["historical", name] for name in (Statistic.N_EVER, Statistic.N_INCLUDED, Statistic.N_UNKNOWN)), passed)


def care_table(printer: Printer) -> HtmlTable | None:
    """When time zero stood, and co-treatments before it and during follow-up, by arm (14.1.5)."""
    rows = [row for name in WHEN for row in _when_rows(printer, name)]
    for name, declared in printer.config.cohort.co_treatments.items():
        if printer.results.all(AnalysisKey.CO_TREATMENT, Statistic.COUNT, level=name):
            # A row without cells names the two indented ones: before time zero, and during follow-up.
            rows.append(Row(printer.fact(printer.words.among(declared.label))))
            rows += [
                Row(
                    printer.word(f"care.{part}"),
                    tuple(_given(printer, name, part, arm) for arm in printer.arms),
                    indent=True,
                )
                for part in PARTS
            ]
    if not rows:
        return None
    heads = (printer.word("care.item"), *(arm_head(printer, arm) for arm in printer.arms))
    return HtmlTable("care", OutputId.CARE, NOTHING, heads, tuple(rows), (printer.word("care.note"),))


def _when_rows(printer: Printer, name: str) -> list[Row]:
    cells = []
    for arm in printer.arms:
        own = {
            statistic: printer.number(printer.results.one(AnalysisKey.TIME_ZERO, statistic, arm=arm, level=name))
            for statistic in (Statistic.MEDIAN, Statistic.MIN, Statistic.MAX)
        }
        cells.append(printer.word("care.median_range", **own))
    zero = printer.config.cohort.time_zero
    # Follow-up that starts with standard care is 0 hours behind it by declaration.
    same = name == "hours_from_admission" and {zero.treated, zero.historical_event} <= {zero.standard_care_from, None}
    known = not same and any(
        printer.results.one(AnalysisKey.TIME_ZERO, Statistic.MEDIAN, arm=arm, level=name) for arm in printer.arms
    )
    return [Row(printer.covariate(name), tuple(cells))] if known else []


def _given(printer: Printer, name: str, part: str, arm: str) -> Markup:
    count, total = (
        printer.results.one(
            AnalysisKey.CO_TREATMENT, statistic, arm=arm, level=name, contrast=part, population="eligible"
        )
        for statistic in (Statistic.COUNT, Statistic.TOTAL)
    )
    if count is None:
        return printer.number(None)
    return printer.word("readings.of", n=printer.number(count), total=printer.number(total))


def draws_sentence(printer: Printer) -> Markup | None:
    """What the further draws of waits gave for the primary outcome; None where none were made."""
    primary = printer.config.primary

    def found(statistic: Statistic, **keys: str) -> Result | None:
        rows = printer.results.all(
            AnalysisKey.WAIT_DRAWS, statistic, outcome=primary.outcome, day=float(primary.day), **keys
        )
        return rows[0] if rows else None

    draws, estimated = found(Statistic.N_DRAWS, arm=""), found(Statistic.N_ESTIMATED, arm="")
    if draws is None or not draws.value:
        return None
    n = {"n": printer.number(draws), "outcome": printer.label(primary.outcome), "day": printer.fact(primary.day)}
    # Draws were made and all of them refused: said, rather than left out.
    if estimated is None or not estimated.value:
        return printer.word("scenarios.draws_none", **n)
    spread = {
        name: printer.number(found(name, level="estimate")) for name in (Statistic.MIN, Statistic.MEDIAN, Statistic.MAX)
    }
    # The lowest lower and the highest upper limit over all draws.
    ends = {Statistic.LOWER: Statistic.MIN, Statistic.UPPER: Statistic.MAX}
    intervals = {name: printer.number(found(end, level=name)) for name, end in ends.items()}
    people = {
        name: printer.number(found(end, arm="historical"))
        for name, end in (("few", Statistic.MIN_SUBJECTS), ("most", Statistic.MAX_SUBJECTS))
    }
    said = printer.word("scenarios.draws", n_estimated=printer.number(estimated), **n, **spread, **intervals, **people)
    average = _draws_average(printer, n["n"])
    said = said if average is None else Markup("{} {}").format(said, average)
    refused = draws.value > estimated.value
    return Markup("{} {}").format(said, printer.word("scenarios.draws_refused")) if refused else said


def _draws_average(printer: Printer, n: Markup) -> Markup | None:
    """The contrast averaged over the draws, whose existence no single draw decides; None where most were refused."""
    rows = averaged(printer)
    if rows is None:
        return None
    parts = {str(name): printer.number(row) for name, row in zip(INTERVAL, rows, strict=True)}
    return printer.word("scenarios.draws_average", n=n, level=printer.level, **parts)
