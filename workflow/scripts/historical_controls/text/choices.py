"""The name of a combination of declared choices, taken apart."""

from __future__ import annotations

WEIGHTING, ESTIMAND = "weighting", "estimand"


def choices_of(level: str) -> dict[str, str]:
    """'persistence=any+ards=altitude|none|mixed_model' as option by choice: readings, then weighting and estimand."""
    # A part without '=' names no reading, as where no reading is changed.
    readings, weighting, estimand = level.split("|")
    named = dict(part.split("=", 1) for part in readings.split("+") if "=" in part)
    return {**named, WEIGHTING: weighting, ESTIMAND: estimand}
