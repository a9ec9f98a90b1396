"""Which files each family of figures consists of; light, so that a workflow can ask before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence

FAMILIES = ("trajectory", "forest", "flow", "love", "overlap", "calendar")


def figure_names(family: str, outcomes: Sequence[str]) -> list[str]:
    """File names of a family: one per outcome for trajectories, else one."""
    if family not in FAMILIES:
        raise ValueError(f"'{family}' is no family of figures; there are {', '.join(FAMILIES)}")
    if family == "trajectory":
        return [f"trajectory-{outcome}.svg" for outcome in outcomes]
    return [f"{family}.svg"]
