"""Raw configs to spoil, and the check of a whole config as the workflow runs it."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.scenarios import batches, specified_weightings
from historical_controls.config.study_config import Config
from historical_controls.config.study_file import read_config
from historical_controls.config.vocabulary import Vocabulary
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.errors import UserError, UserErrors

ROOT = Path(__file__).resolve().parents[3]
STUDIES = {
    "example": ROOT / "config.yaml",
    "physionet2012": ROOT / "tests/data/studies/physionet2012/config.yaml",
    "wuhan2020": ROOT / "tests/data/studies/wuhan2020/config.yaml",
}
Steps = tuple[str | int, ...]


@cache
def _text(name: str) -> Any:
    return read_config(STUDIES[name])


def study(name: str) -> dict[str, Any]:
    """A copy of the raw config of a study, its included files joined and its defaults written out."""
    return copy.deepcopy(_text(name))


@cache
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@cache
def _words() -> tuple[Any, Any]:
    known = vocabulary({}, dictionary(), ROOT / "workflow/locales")
    return known.reasons, known.flags


def check(raw: dict[str, Any]) -> Config:
    """The checked config and the scenarios that follow from it. Raises UserError(s)."""
    config = checked_config(Vocabulary(raw, dictionary(), *_words()))
    batches(config)
    specified_weightings(config)
    return config


def refusals(raw: dict[str, Any]) -> dict[str, str]:
    """What is wrong with a config, by place (without the file's name); several at one place are joined."""
    try:
        check(raw)
    except UserErrors as error:
        faults = error.faults
    except UserError as error:
        faults = (error,)
    else:
        return {}
    said: dict[str, str] = {}
    for fault in faults:
        place = str(fault.where).removeprefix("config.yaml").lstrip(",: ")
        said[place] = f"{said.get(place, '')}{fault.what}\n{fault.hint}\n"
    return said


def at(raw: Any, path: Steps) -> Any:
    for step in path:
        raw = raw[step]
    return raw


def put(raw: Any, path: Steps, value: Any) -> None:
    """Set the value at a path."""
    at(raw, path[:-1])[path[-1]] = value


def rename(raw: Any, path: Steps, key: str) -> None:
    """Give the last key of a path another name, in its place."""
    mapping = at(raw, path[:-1])
    items = [(key if name == path[-1] else name, value) for name, value in mapping.items()]
    mapping.clear()
    mapping.update(items)
