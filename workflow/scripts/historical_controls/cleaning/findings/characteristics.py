"""Characteristics of patients in another unit than declared, and the lines of the declaration that settle them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from historical_controls.cleaning.findings.declared_times import quoted
from historical_controls.cleaning.findings.finding import Evidence, Finding
from historical_controls.cleaning.findings.units import LEAST_VALUES, explained, of_others, plausible
from historical_controls.config.sources.parts import CharacteristicColumn, PatientRows
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.dictionary.dictionary import Conversion, Dictionary

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
        for place, column, declared in _numeric(file, dictionary):
            code = declared.characteristic
            unit = declared.unit or dictionary.unit_in(column, code)
            own, limits = dictionary.conversion(code, unit), plausible(code, dictionary)
            if own is None or limits is None:
                continue
            known = pq.read_table(patients, columns=[code]).to_pandas()[code].dropna() if code in there else []
            values = [*known, *_outside(held, name, column, file, own)]
            if len(values) < LEAST_VALUES:
                continue
            median = float(pd.Series(values, dtype="float64").median())
            found = None if limits[0] <= median <= limits[1] else explained(median, own, limits, code, dictionary)
            other = found.conversion if found is not None else None
            # A column states a unit, and no bare power of ten.
            if other is not None and other in dictionary.units_of(code).values():
                line = f'{place}.unit: "{other.unit}"'
                where = Evidence("ledger", {"file": name, "item": column, "analyte": code})
                n, factor = len(values), other.factor / own.factor
                hint = of_others((name, code, unit), median, (own, other), dictionary) or line
                suspect = Finding(name, "UNIT_SUSPECT", code, unit, median, n, 1.0, factor, hint, line, (where,))
                yield replace(suspect, raw_value=f"{(median - own.offset) / own.factor:g}")


def _numeric(file: SourceFile, dictionary: Dictionary) -> Iterator[tuple[str, str, CharacteristicColumn]]:
    """Yield place, column and declaration of the characteristics of a file that are numbers."""
    for number, part in enumerate(file.parts):
        for column, declared in part.columns.items() if isinstance(part, PatientRows) else ():
            if declared.born is None and dictionary.outcomes[declared.characteristic].kind == "number":
                yield f"parts.{number}.columns.{quoted(column)}", column, declared


def _outside(held: pd.DataFrame, name: str, column: str, file: SourceFile, own: Conversion) -> list[float]:
    """Values of a column that are held as out of range, in the canonical unit."""
    rows = held.loc[
        (held["file"] == name)
        & (held["item"] == column)
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
