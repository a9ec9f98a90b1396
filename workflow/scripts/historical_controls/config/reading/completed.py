"""A raw config with the constant defaults of the models written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from historical_controls.config.base import Section
from historical_controls.config.walk import fields_of


def completed(model: type[Section], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The raw value of a section with the defaults of its keys. Sections within lists and mappings stay as written."""
    out = dict(raw)
    for key, field in model.model_fields.items():
        section = fields_of(model)[key]
        if key not in out:
            if not field.is_required():
                # Defaults as the file would have them: names within them are checked too.
                out[key] = _plain(field.get_default(call_default_factory=True))
        elif section.is_section and isinstance(out[key], Mapping):
            out[key] = completed(section.bare, out[key])
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(item) for item in value] if isinstance(value, list) else value
