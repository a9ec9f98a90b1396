"""One file through intake, cleaning, linking and joining, in process, and what came of it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.study import Study
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.errors import UserError
from historical_controls.intake.reading import read_file

from .layouts import Layout

ROOT = Path(__file__).resolve().parents[2]
Key = tuple[int, str, str]
TABLES = ("measurements", "events", "treatments")


@dataclass(frozen=True)
class Found:
    """Tables of a run that came to an end. records: by (line, table, item) its fate and, where clean, its fields."""

    intake: pd.DataFrame
    first: pd.DataFrame
    ledger: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    records: dict[Key, dict[str, Any]]


@dataclass(frozen=True)
class Refused:
    text: str


@dataclass(frozen=True)
class Crashed:
    text: str


@cache
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@cache
def study() -> Study:
    words = {"en": "x", "es": "x"}
    dates = {"first_date": "2020-01-01", "data_lock": "2020-09-30", "calendar_reference": "2020-06-16"}
    return Study.model_validate({"id": "x", "title": words, "treatment": words, **dates})


def run(layout: Layout, content: bytes, folder: Path) -> Found | Refused | Crashed:
    """What the program makes of a file."""
    path = folder / str(layout.declared["path"])
    path.write_bytes(content)
    try:
        return _cleaned(layout, path)
    except UserError as error:
        return Refused(str(error))
    except Exception:
        return Crashed(traceback.format_exc())


def _cleaned(layout: Layout, path: Path) -> Found:
    source = layout.source()
    raw = read_file(path, source.files["f"])
    part = clean_file(raw, FileInputs("s", "f", source, study(), dictionary()))
    people = link_people({"s": part.ledger}, {"s": source})
    clean = assemble_source([part], people, SourceInputs("s", source, dictionary()))
    tables = {name: getattr(clean, name) for name in (*TABLES, "patients")}
    return Found(raw, part.ledger, clean.ledger, tables, _records(clean.ledger, tables, part.patients))


def _records(ledger: pd.DataFrame, tables: dict[str, pd.DataFrame], facts: pd.DataFrame) -> dict[Key, dict[str, Any]]:
    out: dict[Key, dict[str, Any]] = {}
    for row in ledger.to_dict("records"):
        out[(row["line"], row["table"], row["item"])] = row
    for name in TABLES:
        for row in tables[name].to_dict("records"):
            # Events made for people without a calendar stand in no ledger.
            out.get((row["line"], name, row["item"]), {})["fields"] = row
    for row in facts.to_dict("records"):
        record = out[(row["line"], "patients", row["item"])]
        if record["fate"] == "clean":
            record["fields"] = row | {"patient_id": f"s/{row['subject']}"}
    return out
