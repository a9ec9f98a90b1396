"""Lines, values and ends of single patients. What belongs to a named patient is a group that a page can light up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from historical_controls.figures.inputs import ENDINGS
from historical_controls.figures.style import ARM_STYLES, ArmStyle, end_marker, spread

LABEL_GAP = 0.055


def patient_group(patient: str, part: str) -> str:
    """The id of a group of the drawing that belongs to one patient; `lean` makes `data-patient` of it."""
    return f"patient-{patient}-{part}"


def draw_individuals(axes: Axes, rows: pd.DataFrame, ends: pd.DataFrame, arm: str) -> None:
    """One thin line a patient with every value, and how follow-up ended; treated patients as groups of their own.

    `rows`: values by display_id and day; `ends`: where each line ends, with its event. Historical patients are not
    named in a drawing, and what cannot be told apart needs no group.
    """
    style = ARM_STYLES[arm]
    for patient, values, own_ends in _by_patient(rows, ends) if arm == "treated" else [("", rows, ends)]:
        _lines(axes, values, style, patient)
        _ends(axes, own_ends, style, patient)


def _by_patient(rows: pd.DataFrame, ends: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    for patient, values in rows.groupby("display_id", sort=False):
        yield str(patient), values, ends[ends["display_id"] == patient]


def _named(patient: str, part: str) -> dict[str, Any]:
    return {"gid": patient_group(patient, part)} if patient else {}


def _lines(axes: Axes, rows: pd.DataFrame, style: ArmStyle, patient: str) -> None:
    """The lines; a value beyond a limit is a tick that points away from the limit."""
    small: dict[str, Any] = {"color": style.individual, "zorder": style.order - 2}
    counts = rows.groupby("display_id")["day"].transform("size")
    for _, own in rows.groupby("display_id", sort=False):
        line: dict[str, Any] = {"lw": style.individual_width, "solid_joinstyle": "round", **_named(patient, "line")}
        axes.plot(own["day"], own["value"], **line, **small)
    exact = rows["censored"] == ""
    sizes = (2.2, 3.0) if style.marker == "o" else (1.1, 2.6)
    # A patient with one value has no line, and a larger mark. Matplotlib's 3 and 2 are ticks downwards and upwards.
    marks = (
        ("values", exact & (counts > 1), {"marker": style.marker, "ms": sizes[0], "mew": 0}),
        ("value", exact & (counts == 1), {"marker": style.marker, "ms": sizes[1], "mew": 0}),
        ("below", rows["censored"] == "<", {"marker": 3, "ms": 4, "mew": 0.9}),
        ("above", rows["censored"] == ">", {"marker": 2, "ms": 4, "mew": 0.9}),
    )
    for part, chosen, look in marks:
        if chosen.any():
            own = rows[chosen]
            axes.plot(own["day"], own["value"], ls="none", **look, **_named(patient, part), **small)


def _ends(axes: Axes, ends: pd.DataFrame, style: ArmStyle, patient: str) -> None:
    """Marks at the height of the last value, a dotted line leading to them; see `END_MARKERS`."""
    lead: dict[str, Any] = {"color": style.individual, "lw": 0.7, "ls": (0, (1, 1.4)), "zorder": style.order - 2}
    for last, day, height in ends[["last_day", "day", "height"]].to_numpy(dtype=float):
        axes.plot([last, day], [height] * 2, **lead, **_named(patient, "lead"))
    for event in ENDINGS:
        rows = ends[ends["item"] == event]
        if not rows.empty:
            mark = end_marker(axes, (rows["day"], rows["height"]), event, style, 5.5, style.order - 1)
            mark.set(**_named(patient, "end"))


def label_patients(axes: Axes, rows: pd.DataFrame) -> None:
    """Each treated patient's display id beside the last value, labels of one day kept apart."""
    last = rows.groupby("display_id", sort=True)[["day", "value"]].last()
    for _, own in last.groupby("day"):
        places = axes.transAxes.inverted().transform(axes.transData.transform(own.to_numpy(dtype=float)))
        for name, left, height in zip(own.index, places[:, 0], spread(places[:, 1], LABEL_GAP), strict=True):
            axes.annotate(
                str(name), (left, height), xycoords=axes.transAxes, xytext=(3.5, 0), textcoords="offset points",
                va="center", size=7.5, color=ARM_STYLES["treated"].text, zorder=8, **_named(str(name), "label"),
            )  # fmt: skip
