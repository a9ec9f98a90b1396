"""Characteristics in another unit than declared or with codes for missing, and the lines that settle them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from historical_controls.cleaning.findings.declared_times import quoted
from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.findings.units import LEAST_VALUES, explained, of_others, plausible
from historical_controls.cleaning.findings.values import CODE, lies_apart, sentinel_line
from historical_controls.cleaning.ledger.tallies import counted
from historical_controls.cleaning.records.columns import CELL, column, is_sentinel
from historical_controls.cleaning.rows.ages import CENTURY_UNSURE
from historical_controls.config.sources.parts import CharacteristicColumn, PatientRows
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.dictionary.dictionary import Conversion, Dictionary

WEIGHT, HEIGHT = "WEIGHT", "HEIGHT"
# kg/m2, of groups of adults. Means of countries are 20 to 35 (NCD-RisC 2016, Lancet 387:1377-1396): those of patients
# who are wasted or very obese are within, and pounds as kilograms are not.
BODY_MASS = (15.0, 42.0)
OF_BODY_MASS = "with the heights, the median body mass index is {:.1f} kg/m2; of adults it is {:g} to {:g}"
# So many texts are in one suggested line.
MOST_TEXTS = 10


def unit_of_characteristics(
    patients: Path, held: pd.DataFrame, source: Source, dictionary: Dictionary
) -> Iterator[Finding]:
    """Yield characteristics whose median no group of patients has, and that another unit of units.csv explains.

    patients: table patients of the source; held: see `held_tally`. Cells beyond the hard limits count: heights of 1.70
    declared in cm are all held, and still tell their unit.
    """
    there = set(pq.read_schema(patients).names)
    for name, file in source.files.items():
        for place, item, declared in _numeric(file, dictionary):
            code = declared.characteristic
            unit = declared.unit or dictionary.unit_in(item, code)
            own, limits = dictionary.conversion(code, unit), plausible(code, dictionary)
            if own is None or limits is None:
                continue
            known = pq.read_table(patients, columns=[code]).to_pandas()[code].dropna() if code in there else []
            values = [*known, *_outside(held, name, item, file, own)]
            if len(values) < LEAST_VALUES:
                continue
            median = float(pd.Series(values, dtype="float64").median())
            # A median that some group may have can still contradict the heights of the same patients.
            index = _body_mass_index(patients, there, dictionary) if code == WEIGHT else None
            if index is not None and limits[0] <= median <= limits[1]:
                limits = BODY_MASS[0] * median / index, BODY_MASS[1] * median / index
            else:
                index = None
            found = None if limits[0] <= median <= limits[1] else explained(median, own, limits, code, dictionary)
            other = found.conversion if found is not None else None
            # A column states a unit, and no bare power of ten.
            if other is not None and other in dictionary.units_of(code).values():
                line = f'{place}.unit: "{other.unit}"'
                where = Evidence("ledger", {"file": name, "item": item, "analyte": code})
                n, factor = len(values), other.factor / own.factor
                hint = of_others((name, code, unit), median, (own, other), dictionary) or line
                hint = hint if index is None else OF_BODY_MASS.format(index, *BODY_MASS)
                suspect = Finding(name, "UNIT_SUSPECT", code, unit, median, n, 1.0, factor, hint, line, (where,))
                yield replace(suspect, raw_value=f"{(median - own.offset) / own.factor:g}")


def _body_mass_index(patients: Path, there: set[str], dictionary: Dictionary) -> float | None:
    """The median of weight over squared height of adults of whom both are known, None where there are too few."""
    if not {WEIGHT, HEIGHT} <= there:
        return None
    both = pq.read_table(patients, columns=[WEIGHT, HEIGHT]).to_pandas().dropna().astype("float64")
    adults = plausible(HEIGHT, dictionary)
    if len(both) < LEAST_VALUES or adults is None or not adults[0] <= both[HEIGHT].median() <= adults[1]:
        return None
    return float((both[WEIGHT] / (both[HEIGHT] / 100) ** 2).median())


def coded_characteristics(source: Source, dictionary: Dictionary, intake: Mapping[str, Path]) -> Iterator[Finding]:
    """Yield characteristics of which a code for missing, apart from all other values, is read as a value.

    intake: paths of table intake by file. Values beyond hard limits are held, and told of by what is held.
    """
    for name, path in intake.items():
        file, there = source.files[name], set(pq.read_schema(path).names)
        for _, item, declared in _numeric(file, dictionary):
            if CELL + item not in there:
                continue
            code, told = declared.characteristic, counted(path, [CELL + item])
            texts = column(told, item)
            sent = pd.to_numeric(texts.str.replace(file.decimal, ".", regex=False), errors="coerce")
            own = dictionary.conversion(code, declared.unit or dictionary.unit_in(item, code))
            values = sent if own is None else sent * own.factor + own.offset
            read = (
                ~is_sentinel(texts, item, file) & ~texts.isin(list(declared.values)) & _within(values, code, dictionary)
            )
            is_code = texts.str.match(CODE).astype(bool)
            # As often as they stand: `lies_apart` asks how many values there are.
            others = sent[read & ~is_code].repeat(told.loc[read & ~is_code, "n"].tolist())
            for text, value, n in zip(*(part[read & is_code] for part in (texts, sent, told["n"])), strict=True):
                if lies_apart(value, others):
                    line, share = sentinel_line(name, item, text, source), n / int(told["n"][read].sum())
                    found = Finding(name, "SENTINEL_SUSPECT", code, "", value, n, share, NOT_KNOWN, line, line)
                    # One alone may be a patient's, and is told of.
                    yield replace(found, raw_value=text, stops=n >= 2)


def _within(values: pd.Series, code: str, dictionary: Dictionary) -> pd.Series:
    """Return which numbers (canonical unit) are within the hard limits of a characteristic."""
    outcome = dictionary.outcomes[code]
    low = -math.inf if outcome.hard_low is None else outcome.hard_low
    return values.between(low, math.inf if outcome.hard_high is None else outcome.hard_high)


def centuries(tally: pd.DataFrame) -> Iterator[Finding]:
    """Yield files of adults in which births with two digits of the year may be of either century.

    Where most patients are so young, they are children, and nothing is asked. tally: see ledger_tally.
    """
    unsure = tally.loc[tally["reason"] == CENTURY_UNSURE]
    for (file, item, code), own in unsure.groupby(["file", "item", "analyte"], sort=True):
        same = (tally["file"] == file) & (tally["item"] == item) & (tally["table"] == "patients")
        n, total = int(own["n"].sum()), int(tally.loc[same & (tally["fate"] == "clean"), "n"].sum())
        if 2 * n >= total:
            continue
        hint = (
            f"the year of birth has two digits: {n} of {total} patients are children, or more than 100 years old; ask "
            "for years of four digits, or correct the cells"
        )
        where = Evidence("ledger", {"file": str(file), "item": str(item), "reason": CENTURY_UNSURE})
        share = n / total
        yield Finding(str(file), "CENTURY_SUSPECT", str(code), "", NOT_KNOWN, n, share, NOT_KNOWN, hint, "", (where,))


def _numeric(file: SourceFile, dictionary: Dictionary) -> Iterator[tuple[str, str, CharacteristicColumn]]:
    """Yield place, column and declaration of the characteristics of a file that are numbers."""
    for number, part in enumerate(file.parts):
        for item, declared in part.columns.items() if isinstance(part, PatientRows) else ():
            if declared.born is None and dictionary.outcomes[declared.characteristic].kind == "number":
                yield f"parts.{number}.columns.{quoted(item)}", item, declared


def _outside(held: pd.DataFrame, name: str, item: str, file: SourceFile, own: Conversion) -> list[float]:
    """Values of a column that are held as out of range, in the canonical unit."""
    rows = held.loc[
        (held["file"] == name)
        & (held["item"] == item)
        & (held["table"] == "patients")
        & (held["reason"] == "OUT_OF_RANGE")
    ]
    texts = rows["raw_value"].astype("str").str.replace(file.decimal, ".", regex=False)
    sent = pd.to_numeric(texts, errors="coerce")
    pairs = zip(sent * own.factor + own.offset, rows["n"].astype(int), strict=True)
    return [value for value, n in pairs if pd.notna(value) for _ in range(n)]


def settling_line(reason: str, held: pd.DataFrame, file: SourceFile) -> str | None:
    """Return what to declare of the held records of one characteristic, None where the lines of measurements serve.

    held: records of the commonest reason of a file. Units and codes of a characteristic are declared with its column.
    """
    first = held.sort_values("n", ascending=False, kind="stable").iloc[0]
    if first["table"] != "patients":
        return None
    found = (
        (f"parts.{number}.columns.{quoted(first['item'])}", part.columns[first["item"]])
        for number, part in enumerate(file.parts)
        if isinstance(part, PatientRows) and first["item"] in part.columns
    )
    place, declared = next(found, ("", None))
    if declared is None:
        return None
    if reason == "RESULT_UNKNOWN":
        own = held.loc[held["item"] == first["item"]]
        texts = own.groupby("raw_value", sort=False)["n"].sum().sort_values(ascending=False, kind="stable").index
        codes = {**declared.values, **{str(text): "..." for text in texts[:MOST_TEXTS]}}
        said = ", ".join(f"{json.dumps(code, ensure_ascii=False)}: {json.dumps(one)}" for code, one in codes.items())
        return f"{place}.values: {{{said}}}"
    units = ("UNIT_MISSING", "UNIT_UNKNOWN", "UNIT_CONFLICT", "OUT_OF_RANGE")
    return f'{place}.unit: "..."' if reason in units else None
