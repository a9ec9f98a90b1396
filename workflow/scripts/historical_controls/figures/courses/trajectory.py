"""Observed lines over days with adjusted means, the difference by day beneath, and numbers at risk: one an outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import TICKDOWN
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Finding, Result, Results, reason_facts, refusing
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.figures.courses.single_patients import draw_individuals, label_patients
from historical_controls.figures.inputs import MOST_LINES, FigureInputs
from historical_controls.figures.style import (
    ARM_STYLES,
    FAINT,
    INK,
    QUIET,
    ArmStyle,
    day_ticks,
    new_figure,
    place,
    plain_axes,
    spread,
    tick_text,
    wrapped,
)
from historical_controls.tables.days import told_days, told_step
from historical_controls.text.formatting import DASH, format_number
from historical_controls.text.words import Words

LEFT, BOTTOM, PLOT_WIDTH, PLOT_HEIGHT = 0.58, 1.2, 3.35, 2.35
TITLE_LINE, NOTE_LINE = 0.19, 0.17
DIFFERENCE, BETWEEN = 1.0, 0.46


def draw(inputs: FigureInputs) -> dict[str, Figure]:
    """One figure an outcome that anyone has values or a model of."""
    known = set(inputs.individuals.values["item"])
    known |= {row.outcome for row in inputs.results.all(AnalysisKey.TRAJECTORY, Statistic.MEAN)}
    return {code: _outcome(code, inputs) for code in inputs.config.outcomes if code in known}


def _outcome(outcome: str, inputs: FigureInputs) -> Figure:
    """The trajectory figure of one outcome; without a model the individual lines and the reason in words."""
    results, individuals, words = inputs.results, inputs.individuals, inputs.words
    entry, horizon = inputs.dictionary.outcomes[outcome], inputs.config.cohort.horizon_days
    shown = {arm: individuals.of_arm(outcome, arm) for arm in ARM_STYLES}
    curves = {arm: _curve(results, outcome, arm) for arm in ARM_STYLES}
    title, notes = _title(entry, words), _notes(outcome, shown, curves, inputs)
    head = TITLE_LINE * len(title) + NOTE_LINE * len(notes) + 0.12
    differences = difference_by_day(results, outcome)
    below = BOTTOM + (DIFFERENCE + BETWEEN if differences else 0.0)
    figure = new_figure(below + PLOT_HEIGHT + head)
    axes = place(figure, LEFT, below, PLOT_WIDTH, PLOT_HEIGHT)
    for arm in ARM_STYLES:
        draw_individuals(axes, shown[arm], individuals.ends_of(shown[arm]), arm)
    for arm, style in ARM_STYLES.items():
        _model_curve(axes, curves[arm], style)
    _frame(axes, entry.scale == "log", pd.concat(shown.values()), curves, words, horizon)
    axes.axvline(inputs.config.primary.day, color=FAINT, lw=0.8, ls=(0, (4, 3)), zorder=0)
    label_patients(axes, shown["treated"])
    _arm_labels(axes, shown, curves, words)
    _head(axes, title, notes)
    lowest, height = axes, PLOT_HEIGHT
    if differences:
        axes.set_xlabel("")
        lowest, height = place(figure, LEFT, BOTTOM, PLOT_WIDTH, DIFFERENCE), DIFFERENCE
        _difference_panel(lowest, differences, entry, inputs)
    _numbers_at_risk(lowest, height, outcome, inputs)
    return figure


def difference_by_day(results: Results, outcome: str) -> dict[float, dict[str, float]]:
    """Contrast by day: estimate, limits, and the simultaneous limits where the curve was computed; {} without any."""
    names = (
        Statistic.ESTIMATE,
        Statistic.LOWER,
        Statistic.UPPER,
        Statistic.LOWER_SIMULTANEOUS,
        Statistic.UPPER_SIMULTANEOUS,
    )
    found: dict[float, dict[str, float]] = {}
    # The curve second: on declared days both have the same contrast, and only the curve has simultaneous limits.
    for analysis in (AnalysisKey.MIXED_MODEL, AnalysisKey.TRAJECTORY):
        for name in names:
            for row in results.all(analysis, name, outcome=outcome, level="", contrast=CONTRAST):
                if row.day is not None and row.value is not None:
                    found.setdefault(row.day, {})[str(name)] = row.value
    return {day: found[day] for day in sorted(found) if {"estimate", "lower", "upper"} <= set(found[day])}


def _difference_panel(
    axes: Axes, differences: dict[float, dict[str, float]], entry: Outcome, inputs: FigureInputs
) -> None:
    """The difference or ratio by day with its band; whiskers at days with an answer, the primary one filled."""
    config, words, ratio = inputs.config, inputs.words, entry.scale in ("log", "logit")
    table = pd.DataFrame.from_dict(differences, orient="index")
    # Without a curve there are only the declared days, and a band between them would be invented.
    if len(table) > len(config.analysis.days):
        axes.fill_between(table.index, table["lower"], table["upper"], color=INK, alpha=0.13, lw=0, zorder=2)
        for edge in [name for name in ("lower_simultaneous", "upper_simultaneous") if name in table]:
            axes.plot(table.index, table[edge], color=INK, lw=0.8, ls=(0, (1, 1.6)), zorder=2)
        axes.plot(table.index, table["estimate"], color=INK, lw=1.6, zorder=3)
    # The curve passes through days whose contrast is refused; a whisker there would be the estimate that no table has.
    refused = {
        row.day for row in inputs.results.all(AnalysisKey.MIXED_MODEL, Statistic.NOT_ESTIMABLE, outcome=entry.code)
    }
    for day in [day for day in config.analysis.days if day in table.index and day not in refused]:
        own, main = table.loc[day], day == config.primary.day
        axes.plot([day, day], [own["lower"], own["upper"]], color=INK, lw=1.4 if main else 0.9, zorder=4)
        face = INK if main else "white"
        axes.plot([day], [own["estimate"]], "s" if main else "o", ms=5 if main else 4, mfc=face, mec=INK, zorder=5)
    if ratio:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.minorticks_off()
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.axhline(1.0 if ratio else 0.0, color=INK, lw=0.7, zorder=1)
    plain_axes(axes)
    _day_axis(axes, words, config.cohort.horizon_days)
    axes.axvline(config.primary.day, color=FAINT, lw=0.8, ls=(0, (4, 3)), zorder=0)
    above: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "size": 8.5, "color": QUIET}
    axes.text(0.03 - LEFT / PLOT_WIDTH, 1.05, words("figure.ratio" if ratio else "figure.difference"), **above)


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
    # A white edge sets the mean off from the patients' lines.
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
    _day_axis(axes, words, horizon)


def _day_axis(axes: Axes, words: Words, horizon: int) -> None:
    axes.set_xlim(-0.4, horizon + 0.4)
    axes.set_xticks(day_ticks(horizon))
    # One artist instead of a minor tick a day: ticks took a third of the time of every figure with days.
    every_day: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 2.5}
    days = told_days(horizon)
    axes.plot(days, [0.0] * len(days), ls="none", marker=TICKDOWN, ms=1.5, mew=0.5, c="black", **every_day)
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


def _arm_labels(axes: Axes, shown: dict[str, pd.DataFrame], curves: dict[str, pd.DataFrame], words: Words) -> None:
    """Each arm's name at the end of its curve, or at the upper right where there is none; no name without values."""
    arms = [arm for arm in ARM_STYLES if not (shown[arm].empty and curves[arm].empty)]
    wanted = [0.84 + 0.11 * place_ for place_ in range(len(arms))]
    fitted = bool(arms) and all(not curves[arm].empty for arm in arms)
    if fitted:
        ends = np.array([(curves[arm].index[-1], curves[arm]["mean"].iloc[-1]) for arm in arms], dtype=float)
        wanted = list(axes.transAxes.inverted().transform(axes.transData.transform(ends))[:, 1])
    for arm, height in zip(arms, spread(wanted, 0.15 if fitted else 0.085), strict=True):
        style = ARM_STYLES[arm]
        beside: dict[str, Any] = {"transform": axes.transAxes, "color": style.text, "va": "center"}
        weight = "bold" if arm == "treated" else "normal"
        axes.text(1.06, min(height, 1.0), words(f"arm.{arm}"), weight=weight, **beside)
        if fitted:
            axes.text(1.06, min(height, 1.0) - 0.065, words("figure.adjusted"), size=7.5, **beside)


def _title(entry: Outcome, words: Words) -> list[str]:
    """The outcome and its unit, as lines."""
    unit = words.unit(entry.unit)
    return wrapped(f"{entry.label(words.language)}{f' ({unit})' if unit else ''}", 44).split("\n")


def _notes(
    outcome: str, shown: dict[str, pd.DataFrame], curves: dict[str, pd.DataFrame], inputs: FigureInputs
) -> list[str]:
    """Lines beneath the title: why there is no model, or that not everyone is drawn."""
    results, words, dictionary = inputs.results, inputs.words, inputs.dictionary
    notes = []
    if results.not_estimable(outcome) is not None or all(curve.empty for curve in curves.values()):
        notes.append(not_estimable(outcome, results, words, dictionary))
    if inputs.individuals.n_with_values(outcome, "historical") > MOST_LINES:
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


def _numbers_at_risk(axes: Axes, plot_height: float, outcome: str, inputs: FigureInputs) -> None:
    """Per arm and week: in hospital and alive, and in brackets how many had a value that day.

    `plot_height`: of the axes in inches, beneath which the numbers are printed.
    """
    results, words, horizon = inputs.results, inputs.words, inputs.config.cohort.horizon_days
    inch = 1.0 / plot_height
    below: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "center", "clip_on": False}
    last = day_ticks(horizon)[-1]
    axes.text(-0.4, -0.63 * inch, _at_risk_words(words, horizon), color=QUIET, size=8.5, ha="left", **below)
    for line, arm in enumerate(reversed(list(ARM_STYLES))):
        height = (-0.85 - 0.2 * line) * inch
        colour = ARM_STYLES[arm].text
        axes.text(1.06, height, words(f"arm.{arm}"), color=colour, ha="left", **{**below, "transform": axes.transAxes})
        for day in day_ticks(horizon):
            side = "left" if day == 0 else "right" if day == last else "center"
            place_ = day + (0.4 if day == last else 0)
            axes.text(place_, height, _at_risk(results, outcome, arm, day), color=colour, ha=side, size=8.5, **below)


def _at_risk_words(words: Words, horizon: int) -> str:
    step = told_step(horizon)
    return words("figure.at_risk") if step == 1 else words("figure.at_risk_span", days=step)


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
