"""What all sections of config.yaml are made of."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ConfigDict, Field

from historical_controls.errors import nearest

Arm = Literal["treated", "historical"]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A mapping of config.yaml. Unknown keys and infinite numbers are refused; nothing changes after loading."""

    # extra="forbid": a misspelt key would otherwise leave its default in force without a word.
    # defer_build: a job builds the few models that it reads, not the whole config that it imports.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


def known_zone(timezone: str) -> str:
    """Return the name of an IANA time zone. Raises ValueError naming the nearest one."""
    try:
        ZoneInfo(timezone)
    # ZoneInfo raises ValueError for paths such as '../x' and OSError for folders such as 'America'.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(timezone, available_timezones()) or "America/Mexico_City"
        raise ValueError(f"not an IANA time zone, e.g. {near}") from None
    return timezone
