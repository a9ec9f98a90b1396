"""Individual lines over days, model means with bands, deaths and discharges, numbers at risk: one figure an outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Finding, Result, Results, reason_facts, refusing
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.figures.inputs import ENDINGS, MOST_LINES, FigureInputs
from historical_controls.figures.style import (
    ARM_STYLES,
    FAINT,
    QUIET,
    ArmStyle,
    day_ticks,
    end_marker,
    new_figure,
    place,
    plain_axes,
    spread,
    tick_text,
    wrapped,
)
from historical_controls.text.formatting import DASH, format_number
from historical_controls.text.words import Words

LEFT, BOTTOM, PLOT_WIDTH, PLOT_HEIGHT = 0.58, 1.2, 3.35, 2.35
TITLE_LINE, NOTE_LINE = 0.19, 0.17


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One figure an outcome that anyone has values or a model of."""
    known = set(inputs.individuals.values["item"])
    known |= {row.outcome for row in inputs.results.all(AnalysisKey.TRAJECTORY, Statistic.MEAN)}
    return {code: _outcome(code, inputs) for code in inputs.config.outcomes if code in known}


def _outcome(outcome: str, inputs: FigureInputs) -> Figure:
    """The trajectory figure of one outcome; without a model the individual lines and the reason in words."""
    results, individuals, words = inputs.results, inputs.individuals, inputs.words
    config, dictionary = inputs.config, inputs.dictionary
    entry = dictionary.outcomes[outcome]
    shown = {arm: individuals.of_arm(outcome, arm) for arm in ARM_STYLES}
    curves = {arm: _curve(results, outcome, arm) for arm in ARM_STYLES}
    title, notes = _title(entry, words), _notes(outcome, results, shown, curves, words, dictionary)
    head = TITLE_LINE * len(title) + NOTE_LINE * len(notes) + 0.12
    figure = new_figure(BOTTOM + PLOT_HEIGHT + head)
    axes = place(figure, LEFT, BOTTOM, PLOT_WIDTH, PLOT_HEIGHT)
    for arm, style in ARM_STYLES.items():
        _individual_lines(axes, shown[arm], style)
        _ends(axes, individuals.ends_of(shown[arm]), style)
    for arm, style in ARM_STYLES.items():
        _model_curve(axes, curves[arm], style)
    _frame(axes, entry.scale == "log", pd.concat(shown.values()), curves, words, config.cohort.horizon_days)
    _arm_labels(axes, curves, words)
    _head(axes, title, notes)
    _numbers_at_risk(axes, results, outcome, words, config.cohort.horizon_days)
    return figure


def _individual_lines(axes: Axes, rows: pd.DataFrame, style: ArmStyle) -> None:
    """One thin line a patient; a value beyond a limit is a tick that points away from the limit."""
    small: dict[str, Any] = {"color": style.individual, "zorder": style.order - 2}
    for _, patient in rows.groupby("display_id", sort=False):
        axes.plot(patient["day"], patient["value"], lw=style.individual_width, solid_joinstyle="round", **small)
    if style.marker == "o":
        exact = rows[rows["censored"] == ""]
        axes.plot(exact["day"], exact["value"], ls="none", marker="o", ms=1.8, mew=0, **small)
    for sign, marker in (("<", 3), (">", 2)):
        beyond = rows[rows["censored"] == sign]
        axes.plot(beyond["day"], beyond["value"], ls="none", marker=marker, ms=4, mew=0.9, **small)


def _ends(axes: Axes, ends: pd.DataFrame, style: ArmStyle) -> None:
    """Death: filled cross. Discharged alive: open circle. Transferred: open diamond."""
    for event in ENDINGS:
        rows = ends[ends["item"] == event]
        end_marker(axes, (rows["day"], rows["height"]), event, style, 5.5, style.order - 1)


def _curve(results: Results, outcome: str, arm: str) -> pd.DataFrame:
    """Model mean and bands by day (index); a band that was not computed is missing."""
    names = (
        Statistic.MEAN,
        Statistic.LOWER,
        Statistic.UPPER,
        Statistic.LOWER_SIMULTANEOUS,
        Statistic.UPPER_SIMULTANEOUS,
    )
    columns = {
        name: {row.day: row.value for row in results.all(AnalysisKey.TRAJECTORY, name, outcome=outcome, arm=arm)}
        for name in names
    }
    return pd.DataFrame(columns, columns=list(names), dtype=float).dropna(subset="mean").sort_index()


def _model_curve(axes: Axes, curve: pd.DataFrame, style: ArmStyle) -> None:
    """Mean; pointwise 95% band filled; simultaneous band dotted."""
    if curve.empty:
        return
    days = curve.index.to_numpy(dtype=float)
    axes.fill_between(days, curve["lower"], curve["upper"], color=style.colour, alpha=0.18, lw=0, zorder=style.order)
    for edge in (Statistic.LOWER_SIMULTANEOUS, Statistic.UPPER_SIMULTANEOUS):
        axes.plot(days, curve[edge], color=style.colour, lw=0.8, ls=(0, (1, 1.6)), zorder=style.order)
    axes.plot(days, curve["mean"], color="white", lw=style.mean_width + 1.4, zorder=style.order)
    axes.plot(days, curve["mean"], color=style.colour, lw=style.mean_width, ls=style.dashes, zorder=style.order)


def _frame(
    axes: Axes, log: bool, rows: pd.DataFrame, curves: dict[str, pd.DataFrame], words: Words, horizon: int
) -> None:
    """Axes, ticks and units; limits hold every value and mean shown, bands may leave the frame."""
    plain_axes(axes)
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.minorticks_off()
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    _limits(axes, pd.concat([rows["value"], *(curve["mean"] for curve in curves.values())]), log)
    axes.set_xlim(-0.4, horizon + 0.4)
    axes.set_xticks(day_ticks(horizon))
    axes.set_xticks(range(horizon + 1), minor=True)
    axes.tick_params(axis="x", which="minor", length=1.5, width=0.5)
    axes.set_xlabel(words("figure.days"), labelpad=2)
    axes.axvline(0, color=FAINT, lw=0.8, zorder=0)


def _limits(axes: Axes, values: pd.Series, log: bool) -> None:
    finite = values[np.isfinite(values) & ((values > 0) if log else True)]
    if finite.empty:
        axes.set_yticks([])
        return
    low, high = float(finite.min()), float(finite.max())
    if log:
        axes.set_ylim(low / 1.25, high * 1.25)
    else:
        margin = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
        axes.set_ylim(low - margin, high + margin)


def _arm_labels(axes: Axes, curves: dict[str, pd.DataFrame], words: Words) -> None:
    """Each arm's name at the end of its curve, or at the upper right where there is no curve."""
    arms = list(ARM_STYLES)
    wanted = [0.84 + 0.11 * place_ for place_ in range(len(arms))]
    if all(not curve.empty for curve in curves.values()):
        ends = np.array([(curve.index[-1], curve["mean"].iloc[-1]) for curve in curves.values()], dtype=float)
        wanted = list(axes.transAxes.inverted().transform(axes.transData.transform(ends))[:, 1])
    for arm, height in zip(arms, spread(wanted, 0.085), strict=True):
        style = ARM_STYLES[arm]
        axes.text(1.02, min(height, 1.0), words(f"arm.{arm}"), transform=axes.transAxes, color=style.text,
                  weight="bold" if arm == "treated" else "normal", va="center")  # fmt: skip


def _title(entry: Outcome, words: Words) -> list[str]:
    """The outcome and its unit, as lines."""
    unit = words.unit(entry.unit)
    return wrapped(f"{entry.label(words.language)}{f' ({unit})' if unit else ''}", 44).split("\n")


def _notes(
    outcome: str,
    results: Results,
    shown: dict[str, pd.DataFrame],
    curves: dict[str, pd.DataFrame],
    words: Words,
    dictionary: Dictionary,
) -> list[str]:
    """Lines beneath the title: why there is no model, or that not everyone is drawn."""
    notes = []
    if results.not_estimable(outcome) is not None or all(curve.empty for curve in curves.values()):
        notes.append(not_estimable(outcome, results, words, dictionary))
    if shown["historical"]["display_id"].nunique() == MOST_LINES:
        notes.append(words("figure.some_drawn", n=MOST_LINES))
    return wrapped(" ".join(notes), 56).split("\n") if notes else []


def _head(axes: Axes, title: list[str], notes: list[str]) -> None:
    """Title and notes above the plot."""
    above: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "ha": "left"}
    left = 0.03 - LEFT / PLOT_WIDTH
    base = 1 + 0.05 / PLOT_HEIGHT
    axes.text(left, base, "\n".join(notes), style="italic", size=8.5, **above)
    axes.text(left, base + NOTE_LINE * len(notes) / PLOT_HEIGHT, "\n".join(title), weight="bold", **above)


def not_estimable(outcome: str, results: Results, words: Words, dictionary: Dictionary) -> str:
    """'Not estimable, because ...' with the numbers that the reason quotes."""
    reason = results.not_estimable(outcome)
    code = reason.text if reason is not None and reason.text else "not_analysed"
    facts = {name: _fact(row, words) for name, row in reason_facts(results, outcome).items()}
    found = "; ".join(finding_words(one, words, dictionary) for one in refusing(results, code, outcome))
    return words("not_estimable", reason=words.entry("reason", code).format(**facts, found=found))


def finding_words(finding: Finding, words: Words, dictionary: Dictionary) -> str:
    """What one gate found, in words; empty where its reason says all."""
    if not words.has(f"gate_found.{finding.gate}"):
        return ""
    return words(
        f"gate_found.{finding.gate}",
        value=_fact(finding.value, words),
        limit=_fact(finding.limit, words),
        covariate=words.covariate(finding.covariate, dictionary) if finding.covariate else "",
        patient=finding.state.level,
        arm=words(f"arm.{finding.state.arm}") if finding.state.arm else "",
    )


def _fact(row: Result | None, words: Words) -> str:
    if row is None:
        return DASH
    return words.entry("assay", row.text) if row.text else format_number(row.value, row.format)


def _numbers_at_risk(axes: Axes, results: Results, outcome: str, words: Words, horizon: int) -> None:
    """Per arm and week: in hospital and alive, and in brackets how many had a value that day."""
    below: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "center", "clip_on": False}
    last = day_ticks(horizon)[-1]
    axes.text(-0.4, -0.27, words("figure.at_risk"), color=QUIET, size=8.5, ha="left", **below)
    for line, arm in enumerate(reversed(list(ARM_STYLES))):
        height = -0.36 - 0.085 * line
        colour = ARM_STYLES[arm].text
        axes.text(1.02, height, words(f"arm.{arm}"), color=colour, ha="left", **{**below, "transform": axes.transAxes})
        for day in day_ticks(horizon):
            side = "left" if day == 0 else "right" if day == last else "center"
            place_ = day + (0.4 if day == last else 0)
            axes.text(place_, height, _at_risk(results, outcome, arm, day), color=colour, ha=side, size=8.5, **below)


# The patients measured on a day: of those modelled, else of all.
RISK = ((AnalysisKey.AT_RISK, Statistic.N_MEASURED), (AnalysisKey.AVAILABILITY, Statistic.N_SUBJECTS))


def _at_risk(results: Results, outcome: str, arm: str, day: int) -> str:
    for analysis, measured in RISK:
        counts = [
            results.one(analysis, name, outcome=outcome, arm=arm, day=float(day))
            for name in (Statistic.N_AT_RISK, measured)
        ]
        found = [count for count in counts if count is not None]
        if len(found) == len(counts):
            at_risk, with_value = (format_number(count.value, count.format) for count in found)
            return f"{at_risk} ({with_value})"
    return DASH
