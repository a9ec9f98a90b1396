"""What was expected in place of a time that could not be used, and what to do about it."""

from __future__ import annotations

import re

from historical_controls.cleaning.cells.calendar_words import unknown_word
from historical_controls.cleaning.records.columns import sheet_fault
from historical_controls.config.sources.parts import TimeColumns
from historical_controls.config.sources.time_formats import in_words, relative_in_words, shape

# Days since 1900 that a study of today may count: 1927 to 2091.
SERIAL = re.compile(r"[1-6]\d{4}(?:[.,]\d+)?")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?P<clock> \d\d:\d\d:\d\d)?")


def time_hint(text: str, reason: str, spec: TimeColumns, dates: str, decimal: str) -> str:
    """Return what is expected in place of a text that was not read for a reason (see `parse_times`), and the remedy.

    Begins with 'expected', or is '' for a time that was read. dates: those of the study, in words.
    """
    if reason == "DATE_RANGE":
        return f"expected a day {dates}"
    if reason == "DATE_AMBIGUOUS":
        fitting = [form for form in spec.formats if re.fullmatch(shape(form), text)] or spec.formats
        named = " and ".join(in_words(form) for form in fitting)
        return f"expected one reading, but {named} both fit: keep the file's under 'formats', or correct the cell"
    if reason == "DATE_MISSING":
        return f"expected {expected(spec, decimal)}"
    return f"expected {expected(spec, decimal)}; {_remedy(text, spec)}" if reason else ""


def expected(spec: TimeColumns, decimal: str) -> str:
    """Return how a declaration says that its times are written, each form with an example.

    decimal: mark of relative times.
    """
    if spec.relative_unit is not None:
        return relative_in_words(spec.relative_unit, decimal)
    forms = [in_words(form) for form in spec.formats]
    serial = ["a sheet's number of a day (e.g. 44523)"] if spec.excel_serial else []
    return " or ".join([*forms, *serial])


def _remedy(text: str, spec: TimeColumns) -> str:
    """What to do about a text that has none of the declared forms."""
    fault = sheet_fault(text)
    if fault:
        return fault
    if spec.relative_unit is not None:
        return "correct the cell, or change 'relative_unit'"
    if SERIAL.fullmatch(text) and not spec.excel_serial:
        return "declare excel_serial: true if it is a sheet's number of a day (1904 if the sheet counts from there)"
    unknown = next(filter(None, (unknown_word(text, form) for form in spec.formats)), "")
    if unknown:
        return f"'{unknown}' is no name of a month or weekday that is read: correct it"
    if any(re.fullmatch(shape(form), text) for form in spec.formats):
        return "it is written so, but there is no such day or hour: correct it"
    date = ISO_DATE.fullmatch(text)
    if date is None:
        return "correct it, or add its own format to 'formats'"
    # A date cell of a sheet comes as ISO 8601, however the sheet shows it.
    form = "%Y-%m-%d %H:%M:%S" if date["clock"] else "%Y-%m-%d"
    return f"add '{form}' to its 'formats': date cells of a sheet are read so, whatever they show"
