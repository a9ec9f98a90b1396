"""Checks a whole config: its shape, its names, and what its parts say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from historical_controls.config.consistency import inconsistencies
from historical_controls.config.names import name_faults
from historical_controls.config.study_config import Config, scenario_config, shape_faults
from historical_controls.config.vocabulary import Vocabulary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.errors import UserError, raise_all
from historical_controls.text.words import load_words


def vocabulary(raw: Mapping[str, Any], dictionary: Dictionary, locales: str | Path) -> Vocabulary:
    """What the names of a raw config are compared with. locales: folder of the words, which name reasons and flags."""
    entries = load_words(locales, "en").entries
    reasons = [
        key.removeprefix("reason.") for key, text in entries.items() if key.startswith("reason.") and "{" not in text
    ]
    flags = [key.removeprefix("ledger_reason.") for key in entries if key.startswith("ledger_reason.")]
    return Vocabulary(raw, dictionary, reasons, flags)


def checked_config(known: Vocabulary, name: str = "config.yaml") -> Config:
    """The config, if everything in it is as it should be. Raises UserError(s) for all faults at once.

    Each names the key, the value, what is allowed, and the nearest that is. What the parts say of each other is looked
    at only where shape and names are right.
    """
    if not isinstance(known.raw, Mapping):
        raise UserError("the file holds no mapping of keys to values", name)
    names = name_faults(Config, known, name)
    named = {fault.where for fault in names}
    shape = [fault for fault in shape_faults(known.raw, name) if fault.where not in named]
    raise_all([*shape, *names])
    config = Config.model_validate(dict(known.raw))
    raise_all(_contradictions(config, known, name))
    return config


def _contradictions(config: Config, known: Vocabulary, name: str) -> Iterator[UserError]:
    own = list(inconsistencies(config, known.dictionary))
    yield from (UserError(fault.what, f"{name}: {fault.where}", fault.hint) for fault in own)
    said = {(fault.where, fault.what) for fault in own}
    for scenario in config.scenarios:
        for fault in inconsistencies(scenario_config(config, scenario), known.dictionary):
            if (fault.where, fault.what) not in said:
                yield UserError(fault.what, f"{name}, scenario '{scenario}': {fault.where}", fault.hint)
