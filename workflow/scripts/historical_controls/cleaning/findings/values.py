"""Codes for missing that nobody declared, limits that lost their sign, and words beside values that are lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from historical_controls.cleaning.cells.declared_words import AIR_LEFT_OUT, BREATHING, FORMS_OF_AIR, is_air
from historical_controls.cleaning.findings.declared_times import held_time, quoted
from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.ledger.tallies import held_times
from historical_controls.cleaning.records.columns import CELL
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.config.sources.declared_columns import made_columns
from historical_controls.config.sources.parts import LongMeasurements
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.dictionary.dictionary import Conversion, Dictionary

# Whole negative numbers, and sevens, eights or nines only: what forms and exports write for 'missing', or for what
# is no number (Epic's 9999999 beside '<0.3').
CODE = re.compile(r"^(?:-\d{1,5}|[-+]?(?:7{1,9}|8{1,9}|9{1,9})(?:[.,](?:0+|7+|8+|9+))?)$")
ONE_DIGIT = re.compile(r"^\d(?:[.,]0+)?$")
CODED_DATE = re.compile(r"(?<!\d)(?:1[789]\d\d|9999|2999|2100|2099)(?!\d)")
LEAST_REPEATS = 4
TIMES_NEIGHBOURS = 3
TIMES_OTHERS = 3
# A limit: at least this often, this share, and about twice as often as any of the values next to it.
LEAST_PILED = 5
LEAST_SHARE = 0.004
MOST_BEYOND = 0.01
NEXT_VALUES = 5
LEAST_VALUES = 20


def coded_missing(values: pd.DataFrame, outside: pd.DataFrame, held: pd.DataFrame, source: Source) -> Iterator[Finding]:
    """Texts that look like a code for missing and are repeated far beyond their neighbours, or cannot be values."""
    both = pd.concat([values.assign(held=False), outside.assign(held=True)], ignore_index=True)
    for (file, outcome, item), group in both.groupby(["file", "outcome", "item"], sort=True):
        is_code = group["raw_value"].str.match(CODE)
        coded, uncoded = group.loc[is_code], group.loc[~is_code, "value"]
        for text, rows in coded.groupby("raw_value", sort=True):
            n, total = int(rows["n"].sum()), int(group["n"].sum())
            # A code outside the hard limits cannot be a value: two of them are enough.
            impossible = bool(rows["held"].all()) and n >= 2
            value = float(rows["value"].iloc[0])
            # Where an outcome has no limits it is one, and two of them spoil every mean; one alone is told of.
            apart = not rows["held"].any() and lies_apart(value, uncoded)
            # A digit is the code of a scale that ends below it: 9 of a score up to 39 is a value like 8 and 10.
            of_scale = ONE_DIGIT.match(str(text)) is not None and bool((uncoded > value).any())
            if impossible or apart or (not of_scale and _stands_out(value, n, group)):
                line = sentinel_line(str(file), str(item), str(text), source)
                unit = str(rows["raw_unit"].iloc[0])
                keys = {"file": str(file), "item": str(item), "raw_value": str(text)}
                where = (
                    Evidence("measurements", {**keys, "outcome": str(outcome)}),
                    Evidence("ledger", {**keys, "analyte": str(outcome)}),
                )
                found = Finding(
                    str(file), "SENTINEL_SUSPECT", str(outcome), unit, value, n, n / total, NOT_KNOWN, line, line, where
                )
                yield replace(found, raw_value=str(text), stops=apart and n >= 2)
    yield from _coded_characteristics(held, set(zip(both["file"], both["outcome"], strict=True)), source)


def _stands_out(value: float, n: int, group: pd.DataFrame) -> bool:
    # Neighbours within a third: how often real values of this size are repeated.
    near = group.loc[np.isclose(group["value"], value, rtol=1 / 3, atol=1e-12) & (group["value"] != value)]
    most = int(near.groupby("value")["n"].sum().max()) if len(near) else 0
    return n >= LEAST_REPEATS and n >= TIMES_NEIGHBOURS * max(most, 1)


def lies_apart(value: float, others: pd.Series) -> bool:
    """Whether the other values, codes aside, lie all on one side of it, and far from it."""
    if len(others) < LEAST_REPEATS:
        return False
    return value < 0 <= others.min() or value >= TIMES_OTHERS * others.abs().max() > 0


def _coded_characteristics(held: pd.DataFrame, read: set[tuple[str, str]], source: Source) -> Iterator[Finding]:
    """The same of patients' characteristics and of findings, and of words repeated where numbers are due.

    read: files and outcomes with numbers. Where an outcome comes in words alone, these are its categories.
    """
    code = held["raw_value"].str.match(CODE).fillna(False).astype(bool)
    impossible = code & (held["table"] == "patients") & (held["reason"] == "OUT_OF_RANGE")
    unknown = code & (held["reason"] == "RESULT_UNKNOWN")
    words = (held["reason"] == "NUM_UNREADABLE") & ~held["raw_value"].str.contains(r"\d", na=False)
    measured = pd.Series([pair in read for pair in zip(held["file"], held["analyte"], strict=True)], held.index)
    words &= measured.astype(bool) | (held["table"] == "patients")
    # 'HIGH' is no missing value: its own hint says what it may mean.
    words &= ~held["hint"].str.contains(r"\{texts: [^}]*means: (?:above|below|value)", na=False)
    least = impossible.map({True: 2, False: LEAST_REPEATS})
    rows = held.assign(least=least).loc[impossible | unknown | words]
    keys = ["file", "analyte", "item", "raw_value", "least"]
    counted = rows.groupby(keys)["n"].sum().reset_index()
    for file, outcome, item, text, _, n in counted.loc[counted["n"] >= counted["least"]].itertuples(index=False):
        value = float(pd.to_numeric(pd.Series([text]), errors="coerce").iloc[0])
        line = sentinel_line(file, item, text, source)
        where = Evidence("ledger", {"file": file, "item": item, "raw_value": text, "analyte": outcome})
        # Of how many is not known here: the ledger keeps no texts of clean records.
        found = Finding(
            file, "SENTINEL_SUSPECT", outcome, "", value, int(n), NOT_KNOWN, NOT_KNOWN, line, line, (where,)
        )
        yield replace(found, raw_value=text)


def coded_dates(held: pd.DataFrame, source: Source) -> Iterator[Finding]:
    """Dates such as 1900-01-01, repeated, among those outside the study's time."""
    times = held_times(held, "DATE_RANGE")
    coded = times.loc[times["text"].str.contains(CODED_DATE) & (times["n"] >= 2)]
    for file, item, what, text, n in coded.itertuples(index=False, name=None):
        line = sentinel_line(file, _time_column(source.files[file], item, what), text, source)
        total = int(times.loc[times["file"] == file, "n"].sum())
        where = Evidence("ledger", {"file": file, "item": item, "reason": "DATE_RANGE"}, "time")
        yield Finding(file, "SENTINEL_SUSPECT", "", text, NOT_KNOWN, int(n), n / total, NOT_KNOWN, line, line, (where,))


def _time_column(file: SourceFile, item: str, what: str) -> str:
    """The first column of a held date."""
    time = held_time(item, what, file)
    return time[1].columns[0] if time and time[1].columns else item.split(">")[0]


def sentinel_line(file: str, item: str, text: str, source: Source) -> str:
    """The line to declare; of rows without columns of their own, that of the result."""
    results = [part.value for part in source.files[file].parts if isinstance(part, LongMeasurements)]
    column = item.split("#")[0] or (results[0] if results else "")
    return f'sentinels: [{{columns: [{column}], codes: ["{text}"]}}]'


def piled_up(values: pd.DataFrame, dictionary: Dictionary) -> Iterator[Finding]:
    """Values piled up at one end of what an assay gave: limits whose sign the export lost."""
    for (file, outcome, unit, _), group in values.groupby(["file", "outcome", "raw_unit", "assay"], sort=True):
        known = dictionary.plausibility.get(str(outcome))
        if known is None or known.measured_by != "laboratory":
            continue
        counts = group.groupby("value")["n"].sum().sort_index()
        limits = dictionary.outcomes[str(outcome)]
        # The ends of the scale itself (0, a saturation of 100%) are real values that may pile up.
        bounds = {0.0, limits.hard_low, limits.hard_high}
        for means, ordered in (("<", counts), (">", counts.iloc[::-1])):
            place = _pile(ordered)
            if place is not None and float(ordered.index[place]) not in bounds:
                value, n = float(ordered.index[place]), int(ordered.iloc[place])
                cell = commonest_cell(group.loc[group["value"] == value])
                # The declaration takes the canonical unit: where the file has another one, both are said.
                same = dictionary.conversion(str(outcome), str(unit)) in (None, Conversion(1.0, 0.0))
                said = "" if same else f"   # {limits.unit}; in the file: '{cell}' {unit}"
                line = f'stripped_limits: [{{outcome: {outcome}, value: {value:.12g}, means: "{means}"}}]{said}'
                share = n / int(counts.sum())
                keys: dict[str, str | float] = {
                    "file": str(file),
                    "outcome": str(outcome),
                    "raw_unit": str(unit),
                    "value": value,
                }
                where = (Evidence("measurements", keys),)
                found = Finding(
                    str(file), "LIMIT_SUSPECT", str(outcome), str(unit), value, n, share, NOT_KNOWN, line, line, where
                )
                yield replace(found, raw_value=cell)


def commonest_cell(rows: pd.DataFrame) -> str:
    """Return the text that most cells of a value have (columns raw_value, n)."""
    return str(rows.sort_values(["n", "raw_value"], ascending=[False, True], kind="stable")["raw_value"].iloc[0])


def _pile(counts: pd.Series) -> int | None:
    """Place of the pile in counts ordered from one end: hardly anything beyond it, far fewer at the values next."""
    n, total = counts.to_numpy(), int(counts.sum())
    if total < LEAST_VALUES or len(n) <= NEXT_VALUES:
        return None
    # Records farther out than each value; only where hardly any are can a limit have been cut off.
    beyond = np.concatenate([[0], np.cumsum(n)[:-1]])
    for place in range(int(np.searchsorted(beyond, MOST_BEYOND * total, side="right"))):
        inward = n[place + 1 : place + 1 + NEXT_VALUES]
        most = max(int(inward.max(initial=0)), int(n[:place].max(initial=0)), 1)
        if n[place] >= max(LEAST_PILED, LEAST_SHARE * total, 2 * most + 3):
            return place
    return None


def air_beside_values(
    tally: pd.DataFrame, ledger: Path, source: Source, intake: Mapping[str, Path]
) -> Iterator[Finding]:
    """Yield outcomes of a file beside whose values room air is written: read as a note, so that FiO2 is lost.

    tally: see ledger_tally; ledger: its table; intake: stored rows by file, from which names of analytes are taken.
    """
    measured = tally.loc[(tally["table"] == "measurements") & tally["analyte"].isin(BREATHING)]
    measured = measured.loc[measured["fate"] != "ignored"]
    noted = measured.loc[measured["reason"] == "NOTE_BESIDE"]
    words = noted["hint"].str.extract(AIR_LEFT_OUT)["words"]
    beside = noted.assign(words=words).loc[by_distinct(words.fillna(""), is_air, bool)]
    for (file, code), own in beside.groupby(["file", "analyte"], sort=True):
        n, total = int(own["n"].sum()), int(measured.loc[_of(measured, file, code), "n"].sum())
        said = str(own.groupby("words")["n"].sum().idxmax())
        hint = f"'{said}' beside {n} of {total} values is left out: if it is room air, FiO2 was 21% then"
        items = [item for item in own["item"].unique() if item]
        comment = "the column read is then 'value'; 'air' is a column with a word for FIO2 (docs/input.md, Oxygen)"
        where = Evidence("ledger", {"file": str(file), "analyte": str(code), "reason": "NOTE_BESIDE"})
        line = f"split_columns: {{{quoted(items[0])}: {FORMS_OF_AIR}}}" if items else ""
        if not items and file in intake:
            line = _split_of_analyte(where, ledger, source.files[str(file)], intake[str(file)])
            comment = comment.replace("'value'", "'number'")
        line = f"{line}   # {comment}" if line else ""
        yield Finding(str(file), "AIR_BESIDE", str(code), "", NOT_KNOWN, n, n / total, NOT_KNOWN, hint, line, (where,))


def _split_of_analyte(where: Evidence, ledger: Path, file: SourceFile, intake: Path) -> str:
    """The line that splits the cells of an analyte in a file of one measurement a row; '' where there is no such part.

    The analyte is called as its rows are. The cells of the others go on being read as they are.
    """
    told = [(name, "==", text) for name, text in where.columns.items()]
    lines = pq.read_table(ledger, columns=["line"], filters=told)["line"].unique().to_pylist()
    there = set(pq.read_schema(intake).names)
    long = [one for one in file.parts if isinstance(one, LongMeasurements) and CELL + one.analyte in there]
    # Cells that are split already need another name in the `where` that is there.
    for part in [one for one in long if one.value not in made_columns(file)]:
        cells = pq.read_table(intake, columns=[CELL + part.analyte], filters=[("line", "in", lines)]).to_pandas()
        names = sorted(name for name in cells[CELL + part.analyte].str.strip().unique() if name)
        if names:
            of = json.dumps([{"column": part.analyte, "is_in": names}], ensure_ascii=False)
            forms = FORMS_OF_AIR.replace("{value}", "{number}").strip("{}")
            return f"split_columns: {{{quoted(part.value)}: {{where: {of}, {forms}, others: number}}}}"
    return ""


def _of(tally: pd.DataFrame, file: object, code: object) -> pd.Series:
    return (tally["file"] == file) & (tally["analyte"] == code)
