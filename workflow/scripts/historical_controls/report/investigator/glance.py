"""All registered outcomes in one table: the difference at the primary day or why there is none, and n."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.headline.events import is_event
from historical_controls.report.headline.sentence import contrast, is_ratio
from historical_controls.report.headline.win_odds import win_odds_cell
from historical_controls.report.investigator.outcomes import deaths_head, interval, said_refusal
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer


def glance_table(printer: Printer) -> HtmlTable:
    """Every registered outcome in the registry's order, then any other one that is analysed."""
    day = printer.config.primary.day
    first, last = ("glance.outcome", _compared(printer)), ("glance.with_values", "glance.controls")
    before, after = (tuple(printer.word(name, level=printer.level) for name in names) for names in (first, last))
    heads = (*before, *deaths_head(printer), *after)
    rows = tuple(_row(printer, code, day) for code in _codes(printer))
    title = printer.word("glance.table_title", day=printer.fact(day))
    return HtmlTable("glance", OutputId.COMPLETENESS, title, heads, rows, (printer.word("glance.note"),))


def _codes(printer: Printer) -> list[str]:
    known = printer.results.all(AnalysisKey.COMPLETENESS, Statistic.REGISTERED)
    registered = [row.outcome for row in sorted(known, key=lambda row: row.value or 0)]
    # The registry's outcomes always have a line, also those without data.
    return registered + [code for code in printer.config.outcomes if code not in registered]


def _row(printer: Printer, code: str, day: int) -> Row:
    better = printer.word(f"direction.{printer.outcome(code).benefit}")
    head = Markup("{} <small>{}</small>").format(printer.label(code), better)
    counts = {arm: _measured(printer, code, arm) for arm in ARMS}
    n = printer.word("glance.n_both", **{f"n_{arm}": printer.number(row) for arm, row in counts.items()})
    ranked = (win_odds_cell(printer, code, day),) if printer.records("death") else ()
    return Row(head, (_said(printer, code, day), *ranked, n, _controls(printer, counts["historical"])))


def _measured(printer: Printer, code: str, arm: str) -> Result | None:
    """Patients of an arm with any value."""
    return printer.results.one(
        AnalysisKey.COMPLETENESS, Statistic.N_SUBJECTS, outcome=code, arm=arm
    ) or printer.results.one(AnalysisKey.AVAILABILITY, Statistic.N_SUBJECTS, outcome=code, arm=arm)


def _controls(printer: Printer, row: Result | None) -> Markup:
    """Whether any historical patient was measured at all."""
    if row is None:
        return printer.number(None)
    # Without controls' data no comparison is possible, whatever the treated patients show.
    return printer.word("state.false" if row.value == 0 else "state.true")


def _compared(printer: Printer) -> str:
    """The head of the contrasts: differences, ratios, or some of each."""
    day = printer.config.primary.day
    known = [parts for code in _codes(printer) if (parts := contrast(printer, code, day)) is not None]
    ratios = sum(map(is_ratio, known))
    return "glance.difference" if not ratios else "glance.either" if ratios < len(known) else "glance.ratio"


def _said(printer: Printer, code: str, day: int) -> Markup:
    """The contrast, or how else the outcome was analysed, or why it was not."""
    parts = contrast(printer, code, day)
    if parts is not None:
        key = "glance.ratio_mark" if is_ratio(parts) else "glance.unit_mark"
        return interval(printer, parts, key, unit=printer.difference_unit(parts[0].unit))
    state, how = (
        printer.results.one(AnalysisKey.COMPLETENESS, name, outcome=code) for name in (Statistic.STATE, Statistic.HOW)
    )
    # Ends of follow-up are no registered outcomes: nothing else says that they were counted.
    if how is None and is_event(printer, code):
        return Markup('<span class="refusal">{}</span>').format(printer.word("outcome_how.events"))
    # Analysed otherwise than by a mean, which is no refusal.
    if how is not None and how.text in {"events", "rank_test", "detection"}:
        return Markup('<span class="refusal">{}</span>').format(printer.code("outcome_how", how))
    refused = printer.results.not_estimable(code, float(day))
    if refused is None and state is not None:
        return Markup('<span class="refusal">{}</span>').format(printer.code("outcome_state", state))
    return said_refusal(printer, refused, code)


def not_analysed(printer: Printer) -> Markup | None:
    """The registered outcomes that the config leaves out, by name; None where there are none."""
    left_out = [
        entry
        for entry in printer.dictionary.outcomes.values()
        if entry.registered is not None and entry.code not in printer.config.outcomes
    ]
    if not left_out:
        return None
    ordered = sorted(left_out, key=lambda entry: entry.registered or 0)
    return printer.word("glance.missing", list=listed(printer.label(entry.code) for entry in ordered))
