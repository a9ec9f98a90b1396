"""A Frictionless data package: every table of results/tables with its columns, key and hash, for any program.

Source: Data Package and Table Schema, version 1 (specs.frictionlessdata.io), which readers in R, Python and Julia
understand; `categories` (codes with their words) is of Table Schema 2, and older readers pass over it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from historical_controls.ard.keys.statistics import declared_statistic
from historical_controls.config.study import Study
from historical_controls.tables.schema import Column, Kind, Table
from historical_controls.text.names import Names

TYPES: Mapping[Kind, str] = {
    "text": "string",
    "number": "number",
    "integer": "integer",
    "flag": "boolean",
    "time": "datetime",
}
# Levels are left out: some tables have one for each combination of choices.
CODED = ("scenario", "analysis", "method", "outcome", "population", "arm", "contrast", "statistic")
INDEX = "index"


@dataclass(frozen=True)
class Resource:
    """One CSV file. frame: its rows, of the declared `table`; title: what it shows, in words."""

    file: str
    title: str
    table: Table
    frame: pd.DataFrame

    @cached_property
    def content(self) -> bytes:
        """The file's bytes: UTF-8, commas, lines that end in a line feed, null as an empty cell."""
        return self.frame.to_csv(index=False, lineterminator="\n").encode()

    @property
    def name(self) -> str:
        """Name in the package: that of the file without its ending."""
        return self.file.removesuffix(".csv")


def data_package(study: Study, names: Names, resources: Iterable[Resource]) -> str:
    """Return datapackage.json. names: words of titles and codes, in one language."""
    words = names.words
    simulated = [words("report.simulated")] if study.simulated else []
    content = {
        "profile": "tabular-data-package",
        "name": package_name(study),
        "id": study.id,
        "title": words.among(study.title),
        "description": " ".join([words("bundle.page_title", study=words.among(study.title)), *simulated]),
        "resources": [_resource(one, names) for one in resources],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def package_name(study: Study) -> str:
    """Return the study's id as the name of a package may be written."""
    return re.sub(r"[^a-z0-9._-]+", "-", study.id.lower()).strip("-.") or "study"


def _resource(one: Resource, names: Names) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": one.name,
        "path": one.file,
        "title": one.title,
        "description": one.table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "hash": f"sha256:{hashlib.sha256(one.content).hexdigest()}",
        "schema": _schema(one, names),
    }


def _schema(one: Resource, names: Names) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [{**_field(column, names), **_categories(one, column, names)} for column in one.table.columns],
        "missingValues": [""],
        "primaryKey": list(one.table.key),
    }
    if one.name != INDEX and "output_id" in one.table.names:
        listed = {"resource": INDEX, "fields": ["output_id"]}
        schema["foreignKeys"] = [{"fields": ["output_id"], "reference": listed}]
    return schema


def _field(column: Column, names: Names) -> dict[str, str]:
    key = f"key.{column.name}"
    title = names.words(key) if names.words.has(key) else column.name.replace("_", " ").capitalize()
    unit = {"unit": column.unit} if column.unit else {}
    return {
        "name": column.name,
        "type": TYPES[column.kind],
        "title": title,
        "description": column.description,
        **unit,
    }


def _categories(one: Resource, column: Column, names: Names) -> dict[str, list[dict[str, str]]]:
    if one.name == INDEX or column.name not in CODED:
        return {}
    said = [{"value": code, "label": label} for code, label in _labels(one.frame[column.name], column.name, names)]
    return {"categories": said} if said else {}


def _labels(codes: pd.Series, column: str, names: Names) -> Iterator[tuple[str, str]]:
    for code in sorted(code for code in codes.unique() if code):
        # A code that has no words is its own label: a category without one is refused by no reader, but says nothing.
        yield code, code if (label := _label(code, column, names)) is None else label


def _label(code: str, column: str, names: Names) -> str | None:
    if column == "statistic":
        return names.statistic(declared_statistic(code))
    return names.value(column, code)
