"""Limits that cells do not state: an assay's limit of detection, and what an oxygen fraction can be."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.cells.numbers import RELEASES
from historical_controls.cleaning.cells.units import conversion
from historical_controls.cleaning.records.distinct import by_distinct, by_distinct_pair
from historical_controls.cleaning.records.records import decide
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold

NO_LIMIT = float("nan")


def fill_limits(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Turn 'ND' into '<' the limit that the file declares for the record's assay; hold it where there is none."""
    waiting = records["numeric"] & (records["problem"] == "LOD_NO_LIMIT")
    if not waiting.any():
        return records.assign(limit_known=False)
    # Limits are declared in any unit and kept in the canonical one: conversion then leaves these records alone.
    declared = {
        (fold(assay), code): _canonical(code, limit.lod, limit.unit, dictionary)
        for assay, limits in file.assay_limits.items()
        for code, limit in limits.items()
    }
    rows = records.loc[waiting]
    limit = by_distinct_pair(
        rows["assay"], rows["code"], lambda assay, code: declared.get((fold(assay), code), NO_LIMIT), "float64"
    ).reindex(records.index)
    out = decide(records, waiting & limit.isna(), "LOD_NO_LIMIT", hint=RELEASES["LOD_NO_LIMIT"])
    known = waiting & limit.notna()
    return out.assign(
        number=out["number"].mask(known, limit), operator=out["operator"].mask(known, "<"), limit_known=known
    )


def _canonical(code: str, lod: float, unit: str | None, dictionary: Dictionary) -> float:
    factor, offset = conversion(code, dictionary.outcomes[code].unit if unit is None else unit, dictionary)
    return lod * factor + offset


def check_oxygen(records: pd.DataFrame) -> pd.DataFrame:
    """Hold inspired fractions between 1 and 21: neither a fraction nor a percentage, most likely a flow in L/min.

    So is a number with an 'L' behind it, which elsewhere would be the flag of a low result.
    """
    fraction = (records["code"] == "FIO2") & records["numeric"]
    flow = by_distinct(records["remark"], lambda text: text.strip("()[]") == "L", bool)
    # The number as sent: converted, 15 (L/min) would look like a fraction of 0.15.
    odd = ((records["sent"] > 1) & (records["sent"] < 21)) | flow
    hint = "neither a fraction (0.21 to 1) nor a percentage (21 to 100); a flow in L/min is never converted"
    return decide(records, fraction & odd, "FIO2_SCALE", hint=hint)


def outside_hint(records: pd.DataFrame, low: pd.Series, high: pd.Series) -> pd.Series:
    """Return how a number outside the hard limits was read: number and unit, the unit and specimen sent, the limits."""
    of = ("number", "unit", "raw_unit", "specimen")
    columns = (*(records[name] for name in of), low[records.index], high[records.index])
    said = [
        f"{number:g} {unit} (sent in '{sent}'{_specimen(specimen)}): outside the hard limits {lowest:g} to {highest:g}"
        for number, unit, sent, specimen, lowest, highest in zip(*columns, strict=True)
    ]
    return pd.Series(said, index=records.index, dtype="str")


def _specimen(name: str) -> str:
    return f", specimen '{name}'" if name else ""
