"""Lines, values and ends of single patients. What belongs to a named patient is a group that a page can light up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Transform

from historical_controls.figures.style import (
    ARM_STYLES,
    END_MARKERS,
    OWN_MARKERS,
    ArmStyle,
    Array,
    draw_lines,
    end_marker,
)

# In points: a letter of a label's size, and the space between a label and its value.
LETTER, LETTER_HEIGHT, CLEAR = 5.0, 7.5, 2.0
# Where a label may be, the nearest and most usual first: beside, above and below its value, then farther off.
BESIDE = ((1, 0), (1, 1), (1, -1), (0, 1), (0, -1), (-1, 1), (-1, -1), (-1, 0))
STEPS = tuple((across * far, up * far) for far in (1.0, 1.5, 2.0, 2.75, 3.5) for across, up in BESIDE)


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
    line: dict[str, Any] = {"lw": style.individual_width, "solid_joinstyle": "round", **_named(patient, "line")}
    draw_lines(axes, rows, "value", **line, **small)
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
    """Marks at the height of the last value, a dotted line leading to them; see `marker_of`."""
    lead: dict[str, Any] = {"color": style.individual, "lw": 0.7, "ls": (0, (1, 1.4)), "zorder": style.order - 2}
    both = pd.concat([ends.assign(day=ends["last_day"]), ends])
    draw_lines(axes, both, "height", **lead, **_named(patient, "lead"))
    found = dict(iter(ends.groupby("marker")))
    for marker in (*END_MARKERS.values(), *OWN_MARKERS):
        if marker in found:
            places = (found[marker]["day"], found[marker]["height"])
            mark = end_marker(axes, places, marker, style, 5.5, style.order - 1)
            mark.set(**_named(patient, "end"))


def label_patients(axes: Axes, rows: pd.DataFrame) -> None:
    """Each treated patient's display id near the last value, clear of lines and of the other labels where it can be."""
    last = rows.groupby("display_id", sort=True)[["day", "value"]].last()
    lines, taken, plot = _lines_in_points(axes), np.empty((0, 4)), _plot_in_points(axes)
    for name, at in zip(last.index, _in_points(axes, last.to_numpy(dtype=float)), strict=True):
        places = _boxes(at, str(name))
        # Of equals the first: beside the value before farther off.
        box = places[np.argmin(_crowding(places, lines, taken, plot))]
        taken = np.vstack([taken, box])
        shift = ((box[0] + box[2]) / 2 - at[0], (box[1] + box[3]) / 2 - at[1])
        axes.annotate(
            str(name), last.loc[name], xytext=shift, textcoords="offset points", ha="center", va="center", size=7.5,
            color=ARM_STYLES["treated"].text, zorder=8, annotation_clip=False, **_named(str(name), "label"),
            # Where lines leave no room, the label is still read: they fade beneath it.
            bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.8},
        )  # fmt: skip


def _boxes(at: Array, name: str) -> Array:
    """Left, bottom, right and top (steps, 4) of a label in points, each of `STEPS` away from a value.

    A step is in the label's own half sizes, plus a gap.
    """
    half = np.array([len(name) * LETTER / 2, LETTER_HEIGHT / 2])
    centres = at + np.array(STEPS) * (half + CLEAR)
    return np.hstack([centres - half, centres + half])


def _crowding(boxes: Array, lines: Array, taken: Array, plot: Array) -> Array:
    """How much is beneath a label in each box: points of lines, far more for another label or a box off the plot."""
    lower, upper = boxes[:, None, :2], boxes[:, None, 2:]
    inside = ((lines > lower) & (lines < upper)).all(axis=2).sum(axis=1)
    labels = ((taken[:, :2] < upper) & (taken[:, 2:] > lower)).all(axis=2).sum(axis=1)
    # To the right of the plot is room for one label before the names of the arms.
    outside = (boxes[:, :2] < plot[0]).any(axis=1) | (boxes[:, 2:] > plot[1] + [16, 0]).any(axis=1)
    return np.asarray(inside + 1000.0 * labels + 1000.0 * outside)


def _plot_in_points(axes: Axes) -> Array:
    """The lower left and the upper right corner of the plot."""
    return _in_points(axes, np.array([[0.0, 0.0], [1.0, 1.0]]), axes.transAxes)


def _lines_in_points(axes: Axes) -> Array:
    """Points along treated patients' lines and marks and along the arms' means, closer than a label is high."""
    means = {style.colour for style in ARM_STYLES.values()}
    drawn = [np.empty((0, 2))]
    for line in axes.lines:
        if not (str(line.get_gid() or "").startswith("patient-") or line.get_color() in means):
            continue
        ends = _in_points(axes, np.asarray(line.get_xydata(), dtype=float))
        ends = ends[np.isfinite(ends).all(axis=1)]
        if line.get_linestyle() == "None" or len(ends) < 2:
            drawn.append(ends)
            continue
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ends, axis=0).T))])
        steps = np.arange(0.0, along[-1], 1.5)
        drawn.append(np.column_stack([np.interp(steps, along, ends[:, side]) for side in (0, 1)]))
    return np.concatenate(drawn)


def _in_points(axes: Axes, places: Array, transform: Transform | None = None) -> Array:
    """Places of the data, or of another transform, in points from the corner of the figure."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return np.asarray((transform or axes.transData).transform(places)) * 72 / figure.dpi
