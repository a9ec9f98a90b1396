"""Files of which too much is held or suspected, and files of which nothing is read: most likely misdeclared."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from historical_controls.cleaning.cells.cell_words import BAJO
from historical_controls.cleaning.cells.numbers import TWO_PARTS
from historical_controls.cleaning.findings import characteristics
from historical_controls.cleaning.findings.declared_times import declared_times, held_time
from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding, Shown
from historical_controls.cleaning.ledger.tallies import ID_SENT, TIME_SENT, held_times
from historical_controls.cleaning.people.identity import WHO_IS_WHO
from historical_controls.cleaning.records.columns import sheet_fault
from historical_controls.cleaning.rows.arms import UNKNOWN_ARM
from historical_controls.config.sources.parts import PatientRows
from historical_controls.config.sources.sources import Source, SourceFile

# As `dated_events` says it of a day whose every event has a condition that does not hold.
DATE_OF_NO_EVENT = re.compile(r"no 'only_if' of the date '(?P<column>.*)' holds")
# As measurements.py says it of a unit that no row of units.csv converts.
UNIT_SENT = re.compile(r"no conversion in units\.csv from '(?P<unit>.*?)'")
# As measurements.py says it of a status that nobody knows.
STATUS_SENT = re.compile(r"the status '(?P<status>.*)' is not known", re.DOTALL)
WORD_LINE = re.compile(r"\{texts: .*\}", re.DOTALL)
BAJO_LINE = 'bajo_means: "..."   # mark (5, marked as low) or limit (below 5)'
# Held or suspected less than this is what any export holds.
LEAST_SHARE = 0.05
# Findings about records of measurements, clean ones among them.
OF_RECORDS = ("SENTINEL_SUSPECT", "LIMIT_SUSPECT", "UNIT_SUSPECT")
EXPLAINS = {
    "DATE_ORDER_SUSPECT": ("DATE_INVALID", "DATE_AMBIGUOUS", "TIME_ORDER"),
    "UNIT_SUSPECT": ("OUT_OF_RANGE",),
    "CLOCK_SUSPECT": ("TIME_ORDER",),
    # Of a specimen that nobody knows, values out of range say nothing about the unit.
    "SPECIMEN_UNKNOWN": ("SPECIMEN_OTHER", "OUT_OF_RANGE"),
}
# How exports write times, tried on dates that no declared format reads. Day before month, as in most of the world.
USUAL_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y", "%d-%b-%Y")
USUAL_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p")
LEAST_READ = 0.9
# So many outcomes stand in one suggested line.
MOST_NAMED = 10
# Of contradicting facts a decision is asked for; ids are no part of what a finding says.
CROSSWALK = "crosswalk: data/crosswalk.csv   # of the study: source,subject,person, a line for each id"


def doubtful_files(tally: pd.DataFrame, suspected: Iterable[Finding], source: Source) -> Iterator[Finding]:
    """Yield each file with its share of records held or suspected (tally: see ledger_tally), and the commonest reason.

    A file whose commonest reason another finding explains is not reported a second time.
    """
    suspected = list(suspected)
    explained = {
        (one.file, reason) for one in suspected if not math.isnan(one.share) for reason in EXPLAINS.get(one.finding, ())
    }
    # Rows of an unknown arm have a finding of their own, and both sources of their file hold them.
    records = tally.loc[tally["fate"].isin(["clean", "duplicate", "quarantined"]) & (tally["reason"] != UNKNOWN_ARM)]
    for name, own in records.groupby("file", sort=True):
        held = own.loc[own["fate"] == "quarantined"]
        n_suspected = _n_suspected(suspected, held, str(name))
        n, total = int(held["n"].sum()) + n_suspected, int(own["n"].sum())
        share = min(n / total, 1.0)
        if held.empty or share < LEAST_SHARE:
            continue
        by_reason = held.groupby("reason")["n"].sum().sort_values(ascending=False, kind="stable")
        reason = str(by_reason.index[0])
        if (name, reason) in explained:
            continue
        said = ", ".join(f"{code} {count}" for code, count in by_reason.head(3).items())
        hint = f"{int(held['n'].sum())} of {total} records are held ({said}), {n_suspected} more are suspected"
        hint += _expected_time(held.loc[held["reason"] == reason])
        line = settling_line(reason, held.loc[held["reason"] == reason], source.files[str(name)], len(held) < len(own))
        if reason == "NUM_AMBIGUOUS" and _are_slips(own, held):
            line = ""
            hint += f"; these cells have another decimal mark than the others of {_columns_of(held)}: correct them"
        shows: Shown = "time" if reason.startswith(("DATE", "TIME")) else "value"
        where = Evidence("ledger", {"file": str(name), "reason": reason}, shows)
        yield Finding(str(name), "DOUBTFUL_SHARE", "", reason, NOT_KNOWN, n, share, NOT_KNOWN, hint, line, (where,))


def _are_slips(own: pd.DataFrame, held: pd.DataFrame) -> bool:
    """Return whether most numbers of the outcomes held for their mark are read: another mark would hold those."""
    codes = set(held.loc[held["reason"] == "NUM_AMBIGUOUS", "analyte"])
    read = own.loc[own["analyte"].isin(codes) & (own["fate"] == "clean"), "n"].sum()
    return bool(read > held.loc[held["reason"] == "NUM_AMBIGUOUS", "n"].sum())


def _columns_of(held: pd.DataFrame) -> str:
    return ", ".join(_concerned(held.loc[held["reason"] == "NUM_AMBIGUOUS"])[0])


def _n_suspected(suspected: Iterable[Finding], held: pd.DataFrame, name: str) -> int:
    """Count records of a file that are suspected and not held as well; one outcome may be suspected twice."""
    by_outcome: dict[str, int] = {}
    for one in suspected:
        clean = any(where.table == "measurements" for where in one.evidence)
        # Whose share is not known is told, and doubted no further.
        if one.file == name and one.finding in OF_RECORDS and clean and not math.isnan(one.share):
            by_outcome[one.outcome] = max(by_outcome.get(one.outcome, 0), one.n)
    of_outcome = held.groupby("analyte")["n"].sum()
    # Suspected and held records overlap: what is held already must not count twice.
    return sum(max(n - int(of_outcome.get(code, 0)), 0) for code, n in by_outcome.items())


def unread_files(tally: pd.DataFrame) -> Iterator[Finding]:
    """Yield files with rows of which no part reads anything: a condition under 'where' that no row meets."""
    for name, own in tally.groupby("file", sort=True):
        n = int(own.loc[own["reason"] == "NOTHING_READ", "n"].sum())
        if n and not own["fate"].isin(["clean", "duplicate", "quarantined"]).any():
            hint = f"none of its {n} rows is read by any part: check 'where' and the columns"
            yield Finding(str(name), "NOTHING_READ", "", "", NOT_KNOWN, n, 1.0, NOT_KNOWN, hint)


def _expected_time(held: pd.DataFrame) -> str:
    """What the commonest of times held for one reason should have been, '' of other reasons."""
    said = held.assign(expected=held["hint"].str.extract(TIME_SENT)["expected"]).dropna(subset="expected")
    if said.empty:
        return ""
    # Times of one declaration have the same form; each text has a remedy of its own, which the records show.
    counts = said["n"].groupby(said["expected"].str.split("; ").str[0], sort=False).sum()
    return f"; expected {counts.idxmax()}"


def settling_line(reason: str, held: pd.DataFrame, file: SourceFile, reads_others: bool) -> str:
    """Return the line of the file's declaration that would settle the commonest of its held records, or ''.

    A line about outcomes is given for each one concerned, the commonest first, up to `MOST_NAMED`. reads_others:
    whether the declaration as it is reads other records of the file.
    """
    of_column = characteristics.settling_line(reason, held, file)
    if of_column is not None:
        return of_column
    first = held.sort_values("n", ascending=False, kind="stable").iloc[0]
    sent = ID_SENT.match(first["hint"] or "") if reason == "ID_INVALID" else None
    value = sent["text"] if sent else first["raw_value"] or ""
    # No declaration reads a cell that its sheet withdraws, or has no value for.
    if sheet_fault(value):
        return ""
    text, code = json.dumps(value, ensure_ascii=False), first["analyte"]
    codes, more = _concerned(held)
    units = ", ".join(f'{one}: "..."' for one in codes)
    factors = ", ".join(f'{{outcome: {one}, {unit}true_unit: "..."}}' for one, unit in _units_sent(held, codes))
    names = ", ".join(json.dumps(one, ensure_ascii=False) for one in codes)
    lines: Mapping[str, str] = {
        "UNIT_MISSING": f"default_units: {{{units}}}   # the unit that the laboratory used{more}",
        "UNIT_UNKNOWN": f"unit_factors: [{factors}]   # or a row of units.csv{more}",
        # Values out of range may be of one outcome's unit, and those of another wrong one by one.
        "OUT_OF_RANGE": f'unit_factors: [{{outcome: {code}, true_unit: "..."}}]   # or other limits in outcomes.csv',
        "NAME_UNKNOWN": f"ignore_analytes: [{names}]   # or a row of synonyms.csv{more}",
        "RESULT_UNKNOWN": f'result_codes: {{{code}: {{{text}: "..."}}}}',
        "EVENT_UNKNOWN": _event_line(first["hint"], file) or f'values: {{{text}: "..."}}',
        "NUM_AMBIGUOUS": BAJO_LINE if BAJO.match(value.strip()) else f'decimal: "{_other_mark(file)}"',
        "NUM_UNREADABLE": _unreadable_line(held, file) or _line_of_word(first["hint"], text),
        "LOD_NO_LIMIT": f'assay_limits: {{"...": {{{code}: {{lod: ...}}}}}}   # by assay, as the laboratory states it; '
        "or words, means: not_done",
        "RANGE": "ranges: interval   # or correct the cells",
        "STATUS_UNKNOWN": _status_line(held),
        "FILE_LAYOUT": 'delimiter: "..."   # or a footer; or quotes around cells that hold the delimiter',
        "ID_INVALID": f"accepted_ids: [{text}]   # only if this text is a patient's id",
        "ID_MISSING": "fill_down_subject: true   # where a blank id repeats the one above",
        "ID_CONFLICT": CROSSWALK if WHO_IS_WHO in (first["hint"] or "") else "",
        "ID_BOTH_ARMS": CROSSWALK,
        "DATE_RANGE": "study.first_date and study.data_lock, or the year in 'formats'",
    }
    return _date_line(held, file, reads_others) if reason == "DATE_INVALID" else lines.get(reason, "")


def _status_line(held: pd.DataFrame) -> str:
    """Return the line that says what statuses mean, the commonest first."""
    counts = held.assign(status=held["hint"].str.extract(STATUS_SENT)["status"]).groupby("status")["n"].sum()
    said = counts.sort_values(ascending=False, kind="stable").index[:MOST_NAMED]
    words = ", ".join(f'{json.dumps(one, ensure_ascii=False)}: "..."' for one in said)
    return f"statuses: {{{words}}}   # of the part: final, preliminary, corrected or withdrawn"


def _concerned(held: pd.DataFrame) -> tuple[list[str], str]:
    """Return the outcomes of held records, or names without one, commonest first, and what to say of those left out."""
    counts = held.groupby("analyte", sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    named = [str(name) for name in counts.index]
    more = len(named) - MOST_NAMED
    return named[:MOST_NAMED], f"; {more} more are listed among the held records" if more > 0 else ""


def _units_sent(held: pd.DataFrame, codes: list[str]) -> list[tuple[str, str]]:
    """Return outcomes with the units that nobody knows, as 'unit: "mUI", ': rows of the outcome in other units stay."""
    sent = held["hint"].str.extract(UNIT_SENT)["unit"]
    pairs = held.assign(unit=sent).groupby(["analyte", "unit"], sort=False)["n"].sum().sort_values(ascending=False)
    named = [(str(code), f"unit: {json.dumps(unit, ensure_ascii=False)}, ") for code, unit in pairs.index]
    return named[:MOST_NAMED] or [(code, "") for code in codes]


def _event_line(hint: str | None, file: SourceFile) -> str:
    """Return the event that a date would need which no condition accepts, or '' for a code of an event."""
    found = DATE_OF_NO_EVENT.match(hint or "")
    if found is None:
        return ""
    events = [event for part in file.parts if isinstance(part, PatientRows) for event in part.events]
    same = [event.time.columns for event in events if event.time.columns[0] == found["column"]]
    time = f"time: {{columns: [{', '.join(same[0] if same else [found['column']])}]}}"
    return f'events: [{{event: "...", {time}, only_if: {{column: "...", is_in: ["..."]}}}}]'


def _unreadable_line(held: pd.DataFrame, file: SourceFile) -> str:
    """Return the line for cells that are no numbers: the other decimal mark, words, or a unit of two parts; else ''."""
    most = held.sort_values("n", ascending=False, kind="stable")
    texts = most["raw_value"].fillna("")
    mark = _other_mark(file)
    if texts.str.contains(rf"\d\{mark}\d").any():
        return f'decimal: "{mark}"'
    if texts.str.fullmatch(TWO_PARTS).all():
        return "unit: weeks+days   # of the column, if the second number is of a smaller unit"
    words = texts.loc[(texts != "") & ~texts.str.contains(r"\d")].unique()[:MOST_NAMED]
    # What a cell's own hint proposes, where it is a limit: 'alto', 'unter'.
    limits = most["hint"].fillna("").str.contains("means: above|means: below").iloc[0]
    if limits or len(words) < texts.nunique():
        return ""
    # Words in place of all numbers are categories in an order more often than codes for missing.
    said = (json.dumps(word, ensure_ascii=False) for word in words)
    lines = (f'{{texts: [{word}], outcome: {most["analyte"].iloc[0]}, means: value, value: "..."}}' for word in said)
    return f"words: [{', '.join(lines)}]   # or means: not_done"


def _line_of_word(hint: str | None, text: str) -> str:
    """Return the line under 'words' that the hint of a cell proposes, else the one that names it a code for missing."""
    found = WORD_LINE.search(hint or "")
    if found:
        return f"words: [{found[0]}]"
    return f"sentinels: [{{codes: [{text}]}}]   # only if it says missing" if "'sentinels'" in (hint or "") else ""


def _other_mark(file: SourceFile) -> str:
    return "." if file.decimal == "," else ","


def _date_line(held: pd.DataFrame, file: SourceFile, reads_others: bool) -> str:
    """Return the usual format that reads most of the dates that could not be read, of each time that has such dates.

    The declared formats stay beside it where they read other records. Columns of one row may be written differently:
    an admission by the hospital's system, a birth by the registry.
    """
    texts = held_times(held, "DATE_INVALID")
    times = [held_time(item, what, file) for item, what in zip(texts["item"], texts["what"], strict=True)]
    texts = texts.assign(place=pd.Series([time[0] if time else None for time in times], index=texts.index, dtype="str"))
    declared = dict(declared_times(file))
    lines = []
    for place, dates in texts.groupby("place", sort=False):
        form = _usual_format(dates)
        if form:
            kept = declared[str(place)].formats if reads_others else []
            lines.append((-int(dates["n"].sum()), f"{place}.formats: {json.dumps([*kept, form])}"))
    return "; ".join(line for _, line in sorted(lines))


def _usual_format(texts: pd.DataFrame) -> str:
    """Return the usual format that reads most of the dates (columns text, n), '' where none reads nearly all."""
    best, most = "", 0
    for form in (date + clock for date in USUAL_DATES for clock in USUAL_CLOCKS):
        read = pd.to_datetime(texts["text"], format=form, errors="coerce", exact=True).notna()
        n = int(texts.loc[read, "n"].sum())
        if n > most:
            best, most = form, n
    return best if most >= LEAST_READ * int(texts["n"].sum()) else ""
