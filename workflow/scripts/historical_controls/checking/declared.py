"""The declarations of a study, faults of every layer at once: text, dictionary, keys, names, files, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from historical_controls.checking.findings import faults_in
from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.merging import value_at
from historical_controls.config.reading.arm_column import source_as_written
from historical_controls.config.reading.included import Lines, included_files, lines_of, with_included
from historical_controls.config.reading.strict_yaml import LOADER, check_text, unconfirmed
from historical_controls.config.sources.redcap import load_redcap_dictionary
from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.study_config import Config, check_files, file_fault
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.errors import UserError, distinct
from historical_controls.installation import shipped_folder
from historical_controls.intake.reading import read_blocks

LOCALES = shipped_folder("workflow/locales")
CONFIG = "config.yaml"


@dataclass(frozen=True)
class Declared:
    """config: None where it is at fault; columns: of each file that could be opened, by 'source/file'.

    unconfirmed: guesses of a draft; what they say is read like any other line.
    """

    config: Config | None
    dictionary: Dictionary
    faults: tuple[UserError, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unconfirmed: tuple[UserError, ...] = ()


def read_declarations(folder: Path) -> Declared:
    """What a study folder declares. Raises nothing: every fault is handed on."""
    dictionary = load_dictionary(PROGRAM_DICTIONARY)
    if not (folder / CONFIG).is_file():
        hint = "Type 'make study FOLDER=...' to have one drafted from the exports."
        return Declared(None, dictionary, (UserError("there is no config.yaml", str(folder), hint),))
    try:
        raw, lines = _texts(folder)
    except UserError as error:
        return Declared(None, dictionary, faults_in(error))
    faults: list[UserError] = []
    try:
        dictionary = load_dictionary(_dictionary_folder(raw, folder))
    except UserError as error:
        faults += faults_in(error)
    config = None
    try:
        config = checked_config(vocabulary(raw, dictionary, LOCALES))
        check_files(config, folder)
    except UserError as error:
        faults += faults_in(error)
    columns: dict[str, tuple[str, ...]] = {}
    for name, file, declared in _files(raw):
        try:
            columns[f"{name}/{file}"] = _columns(folder, declared, f"{CONFIG}: sources.{name}.files.{file}")
        except UserError as error:
            faults += faults_in(error)
    placed = [lines.placed(fault) for fault in faults]
    guesses = [guess for path in _written(raw, folder) for guess in unconfirmed(folder / path, path)]
    return Declared(None if faults else config, dictionary, distinct(placed), columns, tuple(guesses))


def _texts(folder: Path) -> tuple[dict[str, Any], Lines]:
    check_text(folder / CONFIG, draft=True)
    raw = yaml.load((folder / CONFIG).read_text(encoding="utf-8-sig"), Loader=LOADER)
    if not isinstance(raw, Mapping):
        raise UserError("the file holds no mapping of keys to values", CONFIG)
    return with_included(raw, folder, draft=True), lines_of(folder, included_files(raw, folder))


def _written(raw: Mapping[str, Any], folder: Path) -> list[str]:
    return [CONFIG, *included_files(raw, folder)]


def names_as_written(folder: Path, config: Config) -> dict[str, str]:
    """Return the name that each source has in the study's config: a source of both arms is two to the program."""
    _, lines = _texts(folder)
    places = {name: source_as_written(f"sources.{name}", lines.at) for name in config.sources}
    return {name: place.removeprefix("sources.") for name, place in places.items()}


def _dictionary_folder(raw: Mapping[str, Any], folder: Path) -> Path:
    own = raw.get("dictionary")
    if isinstance(own, str) and own:
        return folder / own
    return folder / "dictionary" if (folder / "dictionary").is_dir() else PROGRAM_DICTIONARY


def _files(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, SourceFile]]:
    """Every file whose own declaration is right, whatever else is wrong."""
    sources = raw.get("sources")
    for name, source in sources.items() if isinstance(sources, Mapping) else ():
        files = value_at(source, "files")
        for file, declared in files.items() if isinstance(files, Mapping) else ():
            try:
                yield str(name), str(file), SourceFile.model_validate(declared)
            except ValidationError:
                continue


def _columns(folder: Path, file: SourceFile, where: str) -> tuple[str, ...]:
    """The columns of a file. Raises UserError(s) where it is missing, or where its declaration does not fit it."""
    path = file.place(folder)
    missing = None if file.format == "database" else file_fault(file.path, folder, f"{where}.path", links=True)
    if missing is not None:
        raise missing
    redcap = None
    if file.redcap and (folder / file.redcap.dictionary).is_file():
        redcap = load_redcap_dictionary(folder / file.redcap.dictionary)
    try:
        first = next(read_blocks(path, file, redcap=redcap))
    except UserError as error:
        raise UserError(f"{error.what} ({error.where})" if error.where else error.what, where, error.hint) from None
    return tuple(name.removeprefix("cell:") for name in first.columns if name.startswith("cell:"))
