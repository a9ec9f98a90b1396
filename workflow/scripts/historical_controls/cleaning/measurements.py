"""Records of measurements: read, named, dated, converted, held against their limits. One step a function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..config_sources import SourceFile
from ..dictionary import Dictionary, fold, fold_unit
from .names import resolve_names
from .numbers import NumberStyle, Reading, read_finding, read_number
from .records import by_distinct, decide, is_sentinel

HAEMOLYSED = r"hemoliz|hemolys|hemolyz|haemoly"
BAD_SPECIMEN = rf"{HAEMOLYSED}|coagulad|clotted|lipemic|ictericia|contaminad"
SPECIMENS = {
    "venosa": "venous",
    "venous": "venous",
    "suero": "serum",
    "orina": "urine",
    "sangre": "blood",
    "sangre total": "whole blood",
    "plasma edta": "edta plasma",
    "exudado nasofaringeo": "nasopharyngeal swab",
}
STATUSES = {
    "": "done",
    "final": "done",
    "definitivo": "done",
    "validado": "done",
    "corregido": "corrected",
    "corrected": "corrected",
    "amended": "corrected",
    "preliminar": "preliminary",
    "preliminary": "preliminary",
    "parcial": "preliminary",
}

Records = pd.DataFrame


def clean_measurements(records: Records, file: SourceFile, dictionary: Dictionary) -> Records:
    """Records (one row per measured cell) with value, bounds, unit, flags and, where not clean, fate and reason.

    The steps are in order, and the first reason that a step finds is the one that stands.
    """
    steps: list[Callable[[Records], Records]] = [
        lambda r: decide(r, r["raw_value"] == "", "NO_VALUE", "ignored"),
        lambda r: decide(r, is_sentinel(r, file), "SENTINEL", "ignored"),
        lambda r: _read(r, NumberStyle(file.decimal, file.thousands)),
        lambda r: resolve_names(r, file, dictionary),
        lambda r: decide(r, r["subject"] == "", "ID_MISSING", hint="the row names no patient"),
        _check_times,
        lambda r: _check_values(r, dictionary),
        lambda r: _default_texts(r, file),
        lambda r: _convert(r, dictionary),
        lambda r: _bounds(r, file),
        lambda r: _check_limits(r, dictionary),
        lambda r: _check_specimen(r, file),
        _flags,
    ]
    for step in steps:
        records = step(records)
    return records


def _read(records: Records, style: NumberStyle) -> Records:
    """What each cell says, once per distinct text."""
    readings: pd.Series = by_distinct(records["raw_value"], lambda text: read_number(text, style))
    findings = by_distinct(records["raw_value"], read_finding)
    own = records["finding"] if "finding" in records else pd.Series(None, index=records.index, dtype=object)
    statuses = records["status_text"].map(fold)
    return records.assign(
        operator=readings.map(lambda reading: reading.operator).astype("str"),
        number=readings.map(lambda reading: reading.value).astype("float64"),
        cell_unit=readings.map(lambda reading: reading.unit).astype("str"),
        not_done=readings.map(_nothing_measured).astype(bool),
        problem=readings.map(lambda reading: reading.problem).astype("str"),
        finding=own.where(own.notna(), findings),
        status=statuses.map(STATUSES).fillna("done"),
    )


def _nothing_measured(reading: Reading) -> bool:
    return reading.not_done


def _check_times(records: Records) -> Records:
    out = records
    for reason in ("DATE_MISSING", "DATE_INVALID", "DATE_RANGE"):
        out = decide(out, out["time_reason"] == reason, reason)
    early = pd.to_datetime(out["result_utc"], utc=True) < out["time"]
    return decide(out, early, "TIME_ORDER", hint="the result is dated before the collection")


def _check_values(records: Records, dictionary: Dictionary) -> Records:
    """Numbers where numbers are due, findings where findings are due."""
    kinds = records["code"].map({code: outcome.kind for code, outcome in dictionary.outcomes.items()})
    numeric = kinds == "number"
    out = records.assign(numeric=numeric)
    allowed = {code: set(outcome.categories) for code, outcome in dictionary.outcomes.items()}
    fits = [finding in allowed.get(code, ()) for code, finding in zip(out["code"], out["finding"], strict=True)]
    unknown = ~numeric & ~pd.Series(fits, index=out.index) & ~out["not_done"]
    out = decide(out, unknown, "RESULT_UNKNOWN", hint="declare its meaning under 'values'")
    for reason in ("LOD_NO_LIMIT", "NUM_AMBIGUOUS", "NUM_UNREADABLE"):
        out = decide(out, numeric & (out["problem"] == reason), reason)
    return out


def _default_texts(records: Records, file: SourceFile) -> Records:
    """Unit, specimen and assay: from the row, else from the cell, else as declared for the file."""
    unit = records["raw_unit"].where(records["raw_unit"] != "", records["cell_unit"])
    unit = unit.where(unit != "", records["code"].map(file.default_units).fillna(""))
    specimen = records["specimen"].where(
        records["specimen"] != "", records["code"].map(file.default_specimens).fillna("")
    )
    assay = records["assay"].where(records["assay"] != "", records["code"].map(file.assays).fillna(""))
    folded = specimen.map(fold)
    conflict = (
        (records["cell_unit"] != "")
        & (records["raw_unit"] != "")
        & (records["cell_unit"].map(fold_unit) != records["raw_unit"].map(fold_unit))
    )
    out = records.assign(raw_unit=unit, specimen=folded.map(SPECIMENS).fillna(folded), assay=assay)
    return decide(out, conflict & out["numeric"], "UNIT_CONFLICT", hint="the cell and the unit column disagree")


def _convert(records: Records, dictionary: Dictionary) -> Records:
    """Numbers in the outcome's canonical unit. A unit is never guessed."""
    pairs = records["code"].astype("str") + "\x1f" + records["raw_unit"].astype("str")
    found = by_distinct(pairs, lambda pair: _conversion(pair, dictionary))
    factor = found.map(lambda conversion: conversion[0]).astype("float64")
    offset = found.map(lambda conversion: conversion[1]).astype("float64")
    canonical = {code: outcome.unit for code, outcome in dictionary.outcomes.items()}
    out = records.assign(number=records["number"] * factor + offset, unit=records["code"].map(canonical).fillna(""))
    due = out["numeric"] & ~out["not_done"] & factor.isna()
    out = decide(out, due & (out["raw_unit"] == ""), "UNIT_MISSING", hint="declare it under 'default_units'")
    return decide(out, due, "UNIT_UNKNOWN", hint="no conversion in units.csv")


def _conversion(pair: str, dictionary: Dictionary) -> tuple[float, float]:
    code, unit = pair.split("\x1f")
    if code not in dictionary.outcomes:
        return float("nan"), float("nan")
    if unit == "" and dictionary.outcomes[code].unit == "":
        return 1.0, 0.0
    conversion = dictionary.conversion(code, unit)
    return (conversion.factor, conversion.offset) if conversion else (float("nan"), float("nan"))


def _bounds(records: Records, file: SourceFile) -> Records:
    """Lower and upper bound of the true value: equal where exact, 0 or nothing beyond a limit."""
    operator, number = records["operator"].copy(), records["number"]
    restored = pd.Series(False, index=records.index)
    for limit in file.stripped_limits:
        hit = (records["code"] == limit.outcome) & (operator == "") & np.isclose(number, limit.value, rtol=1e-9)
        operator = operator.mask(hit, limit.means)
        restored |= hit
    measured = records["numeric"] & ~records["not_done"]
    exact, below, above = (measured & (operator == sign) for sign in ("", "<", ">"))
    return records.assign(
        operator=operator,
        restored=restored,
        value=number.where(exact),
        lower=number.where(exact | above).mask(below, 0.0),
        upper=number.where(exact | below),
        result=records["finding"].where(~records["numeric"] & ~records["not_done"]),
        status=records["status"].mask(records["not_done"], "not_done"),
    )


def _check_limits(records: Records, dictionary: Dictionary) -> Records:
    """Hard limits hold a record, warn limits flag it; a limit of detection is held against them as a value is."""
    limits = {
        name: records["code"].map({code: getattr(o, name) for code, o in dictionary.outcomes.items()}).astype("float64")
        for name in ("hard_low", "hard_high", "warn_low", "warn_high")
    }
    number = records["number"].where(records["numeric"] & ~records["not_done"])
    low = number < limits["hard_low"].where(records["operator"] != "<", 0.0)
    out = decide(records, low | (number > limits["hard_high"]), "OUT_OF_RANGE", hint="outside the hard limits")
    return out.assign(warn=(number < limits["warn_low"]) | (number > limits["warn_high"]))


def _check_specimen(records: Records, file: SourceFile) -> Records:
    comment = records["comment"].map(fold)
    haemolysed = comment.str.contains(HAEMOLYSED)
    held = haemolysed & records["code"].isin(file.haemolysis_holds) & ~records["not_done"]
    out = decide(records, held, "SPECIMEN_BAD", hint="the comment says haemolysed")
    return out.assign(bad_specimen=comment.str.contains(BAD_SPECIMEN))


def _flags(records: Records) -> Records:
    """Warnings that stay with a clean value."""
    marks = {
        "OUT_OF_USUAL": records["warn"],
        "TIME_DST": records["shifted"],
        "SPECIMEN_BAD": records["bad_specimen"],
        "LIMIT_RESTORED": records["restored"],
    }
    flags = pd.Series("", index=records.index, dtype="str")
    for name, holds in marks.items():
        flags = flags.mask(holds.fillna(False).astype(bool), flags + ";" + name)
    return records.assign(flags=flags.str.lstrip(";"))
