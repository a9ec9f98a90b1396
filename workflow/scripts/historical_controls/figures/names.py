"""Which families of figures there are, and how their files are named: the number of the output, then the family."""

from __future__ import annotations

from historical_controls.ard.keys.outputs import OutputId

NUMBERS = {
    "flow": OutputId.FLOW_FIGURE,
    "calendar": OutputId.CALENDAR_FIGURE,
    "love": OutputId.LOVE_FIGURE,
    "overlap": OutputId.OVERLAP_FIGURE,
    "trajectory": OutputId.TRAJECTORY_FIGURE,
    "ratio": OutputId.RATIO_FIGURE,
    "forest": OutputId.FOREST_FIGURE,
    "incidence": OutputId.INCIDENCE_FIGURE,
    "swimmer": OutputId.SWIMMER_FIGURE,
    "null": OutputId.NULL_FIGURE,
    "tipping": OutputId.TIPPING_FIGURE,
    "profile": OutputId.PROFILE_FIGURE,
    "availability": OutputId.AVAILABILITY_FIGURE,
    "specification": OutputId.SPECIFICATION_FIGURE,
    "residuals": OutputId.RESIDUAL_FIGURE,
    "power": OutputId.POWER_FIGURE,
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
