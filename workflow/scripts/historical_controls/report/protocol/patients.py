"""Who is compared and from when: sources, eligibility and its interpretations, time zero and follow-up."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer
from historical_controls.report.protocol.declared import Fact, facts_table, number, table
from historical_controls.report.protocol.rules import deciding, definition


def sources_table(printer: Printer) -> HtmlTable:
    """Return the sources of data: group, and number of files. Their paths and columns stay in the config."""
    rows = (
        Row(
            printer.fact(printer.words.among(source.label)),
            (printer.word(f"arm.{source.arm}"), printer.fact(len(source.files))),
        )
        for source in printer.config.sources.values()
    )
    return table(printer, "sources", ("source", "group", "files"), rows)


def eligibility_table(printer: Printer) -> HtmlTable:
    """Return every rule as read: what it asks, of whom, and whether it decides."""
    cohort = printer.config.cohort.as_read()
    through = deciding(cohort.rules, cohort.filters)
    rows = (
        Row(
            listed((printer.fact(name), printer.fact(printer.words.among(rule.label))), " "),
            (
                definition(printer, rule),
                printer.word(f"protocol.applies.{rule.applies_to}"),
                _decides(printer, through.get(name, ""), name),
            ),
        )
        for name, rule in cohort.rules.items()
    )
    return table(printer, "eligibility", ("rule", "definition", "applies", "decides"), rows)


def _decides(printer: Printer, filter_name: str, rule: str) -> Markup:
    if not filter_name:
        return printer.word("protocol.decides.shown")
    if filter_name == rule:
        return printer.word("protocol.decides.yes")
    return printer.word("protocol.decides.through", rule=printer.fact(filter_name))


def readings_table(printer: Printer) -> HtmlTable | None:
    """Return what the registry's text leaves open, as it is read, and the other interpretations; None without any."""
    cohort, among = printer.config.cohort, printer.words.among
    picked = cohort.picked()
    if not cohort.readings:
        return None
    rows = (
        Row(
            printer.fact(among(reading.label)),
            (
                printer.fact(among(reading.options[picked[name]].label)),
                listed((printer.fact(among(one.label)) for key, one in reading.options.items() if key != picked[name]),
                       "; ") or printer.word("protocol.none"),
            ),
        )
        for name, reading in cohort.readings.items()
    )  # fmt: skip
    return table(printer, "readings", ("open", "read_as", "others"), rows)


def follow_up_table(printer: Printer) -> HtmlTable:
    """Return time zero of each group, the wait of controls, baseline and follow-up."""
    return facts_table(printer, "follow_up", _follow_up(printer))


def _follow_up(printer: Printer) -> Iterator[Fact]:
    cohort = printer.config.cohort
    zero = cohort.time_zero

    def said(key: str, **values: object) -> Markup:
        return printer.word(f"protocol.follow_up.{key}", **values)

    event = printer.event(zero.treated)
    yield "treated", said(f"treated_{zero.treated_start}", event=event)
    if not printer.config.single_arm:
        own = zero.historical_event or zero.standard_care_from
        event = printer.event(own)
        yield "historical", said(f"historical_{zero.historical}", event=event)
        yield "wait", said("wait_matched" if zero.match_waits else "wait_none", n=number(printer, zero.wait_draws))
        yield "stay", said(f"stay_{zero.historical_stay}", hours=number(printer, zero.new_stay_after_hours))
    care = printer.event(zero.standard_care_from)
    yield "care", said("care_from", event=care, hours=number(printer, zero.standard_care_hours))
    yield "known", said(f"known_{cohort.known_from}")
    before, after = (number(printer, hours) for hours in (cohort.baseline.before, cohort.baseline.after))
    yield "baseline", said(f"baseline_hours{'_after' if cohort.baseline.after else ''}", hours=before, after=after)
    yield "end", said("end_days", days=number(printer, cohort.horizon_days))
    if cohort.ends_with:
        yield "ends_with", printer.word("done.ends_with", events=listed(map(printer.event, cohort.ends_with)))
    yield "treated_kept", said("kept_passing" if cohort.treated_must_pass else "kept_all")
    yield from _calendar(printer)


def _calendar(printer: Printer) -> Iterator[Fact]:
    cohort = printer.config.cohort
    weeks = cohort.calendar_window_weeks
    if weeks is not None:
        yield "calendar", printer.word("protocol.follow_up.calendar_weeks", weeks=number(printer, weeks))
    # No calendar date leaves the hospital: the config has it.
    if cohort.controls_before or cohort.controls_from:
        yield "calendar_dates", printer.word("protocol.follow_up.calendar_declared")
