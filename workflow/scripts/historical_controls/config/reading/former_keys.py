"""Keys that an earlier program read, each with the edit that makes the config one of today.

The number counts the forms of the config: it grows when a key that was accepted is no longer.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

SCHEMA_VERSION = 2

# Dotted paths as messages print them; * stands for a name or a position.
FORMER_KEYS = {
    "analysis.censored_ladder": "Take it out: censored outcomes climb analysis.ladder.",
    "balance.gates.max_distance_sd": "Take it out: min_controls_reaching, a share of the controls, took its place.",
    "sensitivity.bias_sd": "Write it as analysis.overturn.tau.",
    "sensitivity.power": "Write it as analysis.overturn.power.",
    "sources.*.files.*.on": "Write it as as_of, beside born.",
}


def edit_for(path: str) -> str | None:
    """What to type instead of a key of an earlier schema; None for a key that never was one."""
    return next((edit for former, edit in FORMER_KEYS.items() if fnmatchcase(path, former)), None)


def checked_version(version: int) -> int:
    """The version where this program reads it. Raises ValueError with the edit or the way out."""
    if version > SCHEMA_VERSION:
        raise ValueError(
            f"this config is of schema {version}, and this program reads schema {SCHEMA_VERSION}: "
            "run the program that the config was written for, or a later one"
        )
    if version < SCHEMA_VERSION:
        edits = "; ".join(f"{key}: {edit.rstrip('.')}" for key, edit in FORMER_KEYS.items())
        raise ValueError(
            f"this config is of schema {version}: set schema_version: {SCHEMA_VERSION} once these edits are made where "
            f"the keys occur: {edits}"
        )
    return version
