"""Exports of REDCap beside the data dictionary of their project: labels of fields, meanings of codes, and forms."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from historical_controls.config.sources.redcap import NEEDED, OWN, RedcapDictionary, load_redcap_dictionary
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import Guess, plain

# Headings of a file, of which the dictionary has so many, are those of its project.
MOST = 0.8


@dataclass(frozen=True)
class Project:
    """A data dictionary and its place, from the study folder."""

    path: str
    known: RedcapDictionary


def is_dictionary(path: Path) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        return set(NEEDED) <= {name.strip() for name in next(csv.reader(stream), [])}


def projects(paths: Sequence[Path], folder: Path) -> list[Project]:
    return [Project(path.relative_to(folder).as_posix(), load_redcap_dictionary(path)) for path in paths]


def described_by_project(sheet: Sheet, known: Sequence[Project]) -> Sheet:
    """The sheet with what a data dictionary says of its columns, which bear the names of fields in a label export too.

    Cells of a label export become codes again, which is how declarations name them.
    """
    if not known:
        return sheet
    project = max(known, key=lambda one: _share(_raw_names(one), sheet.columns))
    share = _share(_raw_names(project), sheet.columns)
    if share >= MOST:
        return _described(sheet, project, labels=False)
    labels = {label for _, label, _ in project.known.columns()}
    if _share(labels, sheet.columns) >= MOST and sheet.path.suffix.lower() == ".csv":
        return _described(_with_raw_names(sheet, project.known), project, labels=True)
    return replace(sheet, redcap={"dictionary": project.path}) if "redcap_event_name" in sheet.columns else sheet


def without_label_exports(sheets: Sequence[Sheet]) -> tuple[list[Sheet], list[str]]:
    """The sheets, but for label exports of a project whose codes are there as well; and what was left out."""
    raw = {(one.redcap["dictionary"], one.n_rows) for one in sheets if one.redcap and "labels" not in one.redcap}
    twice = [one for one in sheets if "labels" in one.redcap and (one.redcap["dictionary"], one.n_rows) in raw]
    return [one for one in sheets if one not in twice], [str(one.written["path"]) for one in twice]


def _raw_names(project: Project) -> set[str]:
    return {name for name, _, _ in project.known.columns()}


def _share(names: set[str], columns: dict[str, list[str]]) -> float:
    own = [name for name in columns if name not in OWN and name not in OWN.values()]
    return sum(name in names for name in own) / len(own) if len(own) > 1 else 0.0


def _described(sheet: Sheet, project: Project, labels: bool) -> Sheet:
    there = [(name, label, codes) for name, label, codes in project.known.columns() if name in sheet.columns]
    forms = {name: field.form for field in project.known.fields for name, _, _ in field.columns()}
    forms |= {name: name.removesuffix("_complete") for name in sheet.columns if name.endswith("_complete")}
    # The first field is the id, which every row has.
    first = project.known.fields[0].name if project.known.fields else ""
    redcap: dict[str, Any] = {"dictionary": project.path, **({"labels": True} if labels else {})}
    return replace(
        sheet,
        labels={name: label for name, label, _ in there if label and name not in OWN},
        choices={name: dict(codes) for name, _, codes in there if codes},
        forms={name: form for name, form in forms.items() if name in sheet.columns and name != first},
        redcap=redcap,
    )


def _with_raw_names(sheet: Sheet, known: RedcapDictionary) -> Sheet:
    """A label export read again, since its headings repeat ('Complete?'), under the names of the fields."""
    encoding, mark = plain(sheet.written.get("encoding", "utf-8")), sheet.written.get("delimiter", ",")
    with sheet.path.open(encoding=encoding, newline="") as stream:
        header, *rows = csv.reader(stream, delimiter=mark)
    codes = {name: {label: code for code, label in own.items()} for name, _, own in known.columns()}
    columns: dict[str, list[str]] = {}
    for place, name in enumerate(known.raw_names([one.strip() for one in header])):
        own = codes.get(name, {})
        cells = [row[place].strip() if place < len(row) else "" for row in rows]
        columns.setdefault(name, [own.get(cell, cell) for cell in cells])
    return replace(sheet, columns=columns)


def left_out(paths: Sequence[str], sources: dict[str, Any]) -> Any:
    """The sources, marked where a label export was left out."""
    why = f"the same rows in words, left out: {', '.join(paths)}"
    return Guess(sources, why) if paths else sources
