"""A small declared file to clean, and the ways that tests look at the outcome."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanedFile, CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.sources import Source
from historical_controls.config.study import Study
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import INTAKE
from historical_controls.tables.schema import conform

ROOT = Path(__file__).parents[3]
DATES = {"columns": ["when"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}
LONG = {"kind": "measurements_long", "subject": "id", "time": DATES, "analyte": "test", "value": "result"}
LONG |= {"unit": "unit", "specimen": "specimen", "assay": "assay", "status": "status", "comment": "comment"}
LAB = {"id": "1", "when": "2020-05-04 08:00", "test": "CRP", "result": "12", "unit": "mg/L", "specimen": "suero"}
LAB |= {"assay": "A", "status": "final", "comment": ""}


@cache
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def study(**keys: Any) -> Study:
    words = {"en": "x", "es": "x"}
    dates = {"first_date": "2020-01-01", "data_lock": "2020-12-31", "calendar_reference": "2020-06-16"}
    return Study.model_validate({"id": "x", "title": words, "treatment": words, **dates, **keys})


def source(files: dict[str, dict[str, Any]], arm: str = "historical", **keys: Any) -> Source:
    label = {"en": arm, "es": arm}
    paths = {name: {"path": f"{name}.csv", **file} for name, file in files.items()}
    return Source.model_validate({"arm": arm, "label": label, "files": paths, **keys})


def intake(rows: list[dict[str, str]], problems: list[tuple[int, str, str | None]] | None = None) -> pd.DataFrame:
    """Table intake of rows from line 2 on, and of broken lines."""
    frame = pd.DataFrame([{f"cell:{name}": text for name, text in row.items()} for row in rows], dtype="str")
    frame = frame.assign(line=range(2, len(rows) + 2), problem=None, text=None)
    broken = pd.DataFrame(problems or [], columns=["line", "problem", "text"])
    return conform(pd.concat([frame, broken] if problems else [frame]).assign(sha256="0"), INTAKE)


def clean(rows: list[dict[str, str]], part: dict[str, Any] | list[dict[str, Any]], **keys: Any) -> CleanedFile:
    """One file 'f' of source 's' cleaned. Keys named as fields of Source go there, the others to the file."""
    parts = part if isinstance(part, list) else [part]
    of_source = {name: keys.pop(name) for name in ("timezone", "relative_epoch") if name in keys}
    declared = source({"f": {"parts": parts, **keys}}, **of_source)
    return clean_file(intake(rows), FileInputs("s", "f", declared, study(), dictionary()))


def lab(*changes: dict[str, str], **keys: Any) -> CleanedFile:
    """Laboratory rows, each the usual one with changes, an hour apart; serum is stated of the usual analyte only."""
    usual = [{**LAB, "specimen": ""} if "test" in change else LAB for change in changes]
    hours = [{"when": f"2020-05-04 {n % 24:02d}:00"} for n in range(len(changes))]
    rows = [{**own, **hour, **change} for own, hour, change in zip(usual, hours, changes, strict=True)]
    return clean(rows, LONG, **keys)


def fates(cleaned: CleanedFile | CleanSource) -> list[str]:
    """'clean', or the reason of each record, in order of line and item."""
    ledger = cleaned.ledger.sort_values(["file", "line", "item"])
    return [reason or fate for fate, reason in zip(ledger["fate"], ledger["reason"], strict=True)]


def value_of(cleaned: CleanedFile, name: str = "value") -> Any:
    assert len(cleaned.measurements) == 1, cleaned.ledger.T.to_string()
    return cleaned.measurements[name].iloc[0]


def assembled(
    files: dict[str, tuple[list[dict[str, str]], dict[str, Any]]],
    arm: str = "historical",
    file_keys: dict[str, Any] | None = None,
    known: Dictionary | None = None,
    **keys: Any,
) -> CleanSource:
    """A source 's' of several files (rows and part by name) through the whole of cleaning.

    file_keys: of every file; known: the dictionary, where not the program's.
    """
    known = known or dictionary()
    declared = source({name: {"parts": [part], **(file_keys or {})} for name, (_, part) in files.items()}, arm, **keys)
    parts = [
        clean_file(intake(rows), FileInputs("s", name, declared, study(), known)) for name, (rows, _) in files.items()
    ]
    people = link_people({"s": pd.concat([part.ledger for part in parts])}, {"s": declared})
    return assemble_source(parts, people, SourceInputs("s", declared, known))
