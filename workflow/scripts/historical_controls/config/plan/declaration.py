"""The declaration of a study as written: what a person decided, without what a program fills in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml
from pydantic import ValidationError

from historical_controls.config.plan.plan import plan_of
from historical_controls.config.reading.strict_yaml import LOADER
from historical_controls.config.study_config import Config
from historical_controls.errors import UserError


def declaration_text(raw: Mapping[str, Any]) -> str:
    """Return a raw config with what it includes as YAML, in its own order and without any default."""
    # YAML and not JSON: a code `1`, `yes` or a date among the keys would come back as another one.
    return yaml.safe_dump(_plain(raw), sort_keys=False, allow_unicode=True, width=10**6)


# The first and the last declaration of a seal are mostly the same text.
@lru_cache(maxsize=2)
def resolved_today(text: str | None) -> Mapping[str, Any] | None:
    """Return the plan that this program makes of a declaration; None where there is none, or it is of another form."""
    if text is None:
        return None
    try:
        return plan_of(Config.model_validate(yaml.load(text, Loader=LOADER)))
    except (ValidationError, UserError, yaml.YAMLError):
        # A seal outlives the form of the config: a key that was accepted when it was made may be refused today.
        return None


def _plain(value: Any) -> Any:
    # Snakemake may hand over mappings of its own classes, which YAML would write as such.
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
