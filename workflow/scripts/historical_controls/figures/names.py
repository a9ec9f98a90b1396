"""Which families of figures there are, and how their files are named: the number of the output, then the family."""

from __future__ import annotations

NUMBERS = {
    "flow": "15.1",
    "calendar": "15.2",
    "love": "15.3",
    "overlap": "15.4",
    "trajectory": "15.5",
    "forest": "15.10",
}
FAMILIES = tuple(NUMBERS)


def figure_name(family: str, part: str = "") -> str:
    """'15.1-flow.svg', or '15.5-trajectory-PF.svg' for one part of a family. Raises ValueError for no family."""
    if family not in NUMBERS:
        raise ValueError(f"'{family}' is no family of figures; there are {', '.join(FAMILIES)}")
    return f"{NUMBERS[family]}-{family}{f'-{part}' if part else ''}.svg"
