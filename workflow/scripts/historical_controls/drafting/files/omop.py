"""Tables of the OMOP model among the exports: a source of their own, declared by its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from historical_controls.config.reading.omop_files import DATABASES, SUFFIXES
from historical_controls.config.sources.omop import OmopTableName
from historical_controls.drafting.marks import Guess

TABLES = frozenset(get_args(OmopTableName))
# Person and one more: a file called 'person.csv' alone may be anything.
NEEDED, LEAST = "person", 2


def omop_folders(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the files of each folder that holds tables of the model, by the folder."""
    tables: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        stem, dot, suffix = path.name.lower().partition(".")
        if stem in TABLES and f"{dot}{suffix}" in SUFFIXES:
            tables[path.parent].append(path)
    named = {folder: {path.name.lower().partition(".")[0] for path in own} for folder, own in tables.items()}
    return {folder: own for folder, own in tables.items() if NEEDED in named[folder] and len(named[folder]) >= LEAST}


def databases(paths: Sequence[Path]) -> list[Path]:
    """Return the files of databases, which nothing else of a draft can read."""
    return [path for path in paths if path.suffix.lower() in DATABASES]


def omop_source(place: str, arm: str | None) -> dict[str, Any]:
    """Return the source before its tables are looked at. place: of the folder or database, from the study folder."""
    key = "database" if Path(place).suffix.lower() in DATABASES else "folder"
    return {
        "arm": arm or Guess("historical", "treated, historical, or a column: {column: cohort, treated: ['1'], ...}"),
        "timezone": Guess("UTC", "the clock of the hospital, e.g. America/Mexico_City"),
        "omop": Guess({key: place}, "name its concepts of characteristics, events and support: docs/input.md"),
    }
