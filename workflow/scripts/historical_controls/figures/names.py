"""Which families of figures there are, and how their files are named: the number of the output, then the family."""

from __future__ import annotations

NUMBERS = {
    "flow": "15.1",
    "calendar": "15.2",
    "love": "15.3",
    "overlap": "15.4",
    "trajectory": "15.5",
    "ratio": "15.8",
    "forest": "15.10",
    "incidence": "15.11",
    "swimmer": "15.12",
    "null": "15.13",
    "tipping": "15.14",
    "profile": "15.16",
    "availability": "15.17",
    "specification": "15.18",
}
# Pictures of one patient after another by name: whoever knew a patient could find the person in them.
BY_NAME = ("profile",)
# Pictures that show single patients at all.
OF_PATIENTS = ("trajectory", "ratio", "swimmer", *BY_NAME)
FAMILIES = tuple(NUMBERS)


def figure_name(family: str, part: str = "") -> str:
    """'15.1-flow.svg', or '15.5-trajectory-PF.svg' for one part of a family. Raises ValueError for no family."""
    if family not in NUMBERS:
        raise ValueError(f"'{family}' is no family of figures; there are {', '.join(FAMILIES)}")
    return f"{NUMBERS[family]}-{family}{f'-{part}' if part else ''}.svg"
