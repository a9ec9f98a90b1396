"""What so many simulated studies say of error, coverage, bias and power: rows of the results table (CA-2 to CA-4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.calibration.own_studies import SHIFTED
from historical_controls.calibration.scales import scale_of
from historical_controls.calibration.verdicts import MONTE_CARLO
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.scales import effect_of, effect_unit, error_unit
from historical_controls.inference.shares import exact_interval

Flags = NDArray[np.bool_]
ORDER = ("gates", AnalysisKey.MIXED_MODEL, AnalysisKey.PERMUTATION, AnalysisKey.WHILE_ALIVE, AnalysisKey.WORST_RANK)
# Effects at which the curve of power is drawn, in standard deviations.
CURVE = np.arange(0.0, 3.01, 0.25)
SHARE_FORMAT = "percent.1"


@dataclass(frozen=True)
class Asked:
    """What the studies were simulated for. power: at which a difference counts as detectable."""

    outcome: Outcome
    day: int
    level: float
    power: float


def calibration_rows(studies: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """ARD rows 14.2.20 and 15.20 of one outcome from its table calibration_studies, all parts together."""
    cell = Cell(AnalysisKey.CALIBRATION, "primary", outcome=asked.outcome.code, day=asked.day)
    rows: list[Row] = []
    for analysis in ORDER:
        own = studies.loc[studies["analysis"] == str(analysis)].sort_values(["effect", "number"])
        if len(own):
            rows += _rows(cell.at(level=str(analysis)), own, asked)
    return ard_frame(rows)


def _rows(here: Cell, own: pd.DataFrame, asked: Asked) -> Iterator[Row]:
    null = own.loc[own["effect"] == 0]
    yield here.number(Statistic.N_DRAWS, len(null))
    if here.level == "gates":
        yield from _share_rows(here.at(method="refused"), (null["reason"] != "").to_numpy())
        return
    answered = null.loc[null["p_value"].notna()]
    yield here.number(Statistic.N_ESTIMATED, len(answered))
    if answered.empty:
        # Of equally frequent reasons the first in the alphabet.
        reasons = null["reason"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        yield here.text(Statistic.NOT_ESTIMABLE, str(reasons.index[0]))
        return
    yield from _share_rows(here.at(method="error_rate"), _rejects(answered, asked))
    # An interval without any limit covers everything and is no success.
    bounded = answered.loc[answered["lower"].notna() | answered["upper"].notna()]
    if len(bounded):
        nothing = scale_of(here.level).null
        covers = (bounded["lower"].fillna(-np.inf) <= nothing) & (bounded["upper"].fillna(np.inf) >= nothing)
        yield from _share_rows(here.at(method="coverage"), covers.to_numpy())
    yield from _bias_rows(here.at(method="bias"), answered, asked.outcome)
    if here.level in SHIFTED:
        yield from _detectable_rows(here.at(method="detectable"), bounded, asked)
    yield from _power_rows(here.at(method="power", output=OutputId.POWER_FIGURE), own, bounded, asked)


def _rejects(answers: pd.DataFrame, asked: Asked) -> Flags:
    # 1 - 0.95 is not 0.05 in binary; a p-value of exactly that much counts.
    return np.asarray(answers["p_value"].to_numpy() <= 1 - asked.level + 1e-12)


def _share_rows(here: Cell, hits: Flags) -> Iterator[Row]:
    """A share of the studies with its exact 95% interval."""
    n, k = len(hits), int(hits.sum())
    limits = exact_interval(k, n, MONTE_CARLO)
    for name, value in zip((Statistic.SHARE, Statistic.LOWER, Statistic.UPPER), (k / n, *limits), strict=True):
        yield here.number(name, value, format=SHARE_FORMAT)


def _bias_rows(here: Cell, answers: pd.DataFrame, outcome: Outcome) -> Iterator[Row]:
    """Mean of the estimates, the truth being no difference, with limits of 1.96 Monte Carlo errors."""
    estimates = answers["estimate"]
    if len(estimates) < 2:
        return
    half = 1.96 * float(estimates.std()) / np.sqrt(len(estimates))
    unit, shown = ("", "0.000") if here.level == AnalysisKey.WORST_RANK else (error_unit(outcome), "0.00")
    centre = float(estimates.mean())
    parts = (Statistic.MEAN, centre), (Statistic.LOWER, centre - half), (Statistic.UPPER, centre + half)
    for name, value in parts:
        yield here.number(name, value, unit, shown)


def _detectable_rows(here: Cell, answers: pd.DataFrame, asked: Asked) -> Iterator[Row]:
    """The smallest benefit that the declared share of the studies would tell from none, with Monte Carlo limits (CA-4).

    A constant effect moves both limits by as much: it is told from none where it is larger than what the limit on the
    side of harm lacks. The quantile of that gap has limits that are quantiles as well.
    """
    needed = _gaps(answers, asked)
    error = np.sqrt(asked.power * (1 - asked.power) / len(needed))
    shares = [asked.power, asked.power - 1.96 * error, min(asked.power + 1.96 * error, 1.0)]
    sizes = [max(float(np.quantile(needed, share, method="inverted_cdf")), 0.0) for share in shares]
    if not np.isfinite(sizes[0]):
        yield here.text(Statistic.NOT_ESTIMABLE, "not_detectable")
        return
    unit, shown = effect_unit(asked.outcome)
    sign = _sign(asked.outcome)
    # Towards lower values the larger effect is the smaller number.
    limits = sizes[1:] if sign > 0 else sizes[:0:-1]
    names = (Statistic.DETECTABLE, Statistic.LOWER, Statistic.UPPER)
    for name, size in zip(names, (sizes[0], *limits), strict=True):
        if np.isfinite(size):
            yield here.number(name, effect_of(sign * size, asked.outcome.scale), unit, shown)


def _sign(outcome: Outcome) -> float:
    """Which way a benefit goes; upwards without a better direction."""
    return -1.0 if outcome.benefit == "down" else 1.0


def _gaps(answers: pd.DataFrame, asked: Asked) -> NDArray[np.float64]:
    """Per study the effect above which its interval leaves no difference out; infinite where it has no such limit."""
    column, sign = ("lower", -1.0) if _sign(asked.outcome) > 0 else ("upper", 1.0)
    return (sign * answers[column]).fillna(np.inf).to_numpy(dtype=float)


def _power_rows(here: Cell, own: pd.DataFrame, bounded: pd.DataFrame, asked: Asked) -> Iterator[Row]:
    if here.level not in SHIFTED:
        for effect, answers in own.groupby("effect"):
            tested = answers.loc[answers["p_value"].notna()]
            if len(tested):
                yield from _share_rows(_at_effect(here, float(str(effect))), _rejects(tested, asked))
        return
    if bounded.empty:
        return
    sd = float(bounded["sd"].iloc[0])
    for effect in CURVE:
        shift = _sign(asked.outcome) * effect * sd
        above = bounded["lower"].fillna(-np.inf) + shift > 0
        below = bounded["upper"].fillna(np.inf) + shift < 0
        yield from _share_rows(_at_effect(here, float(effect)), (above | below).to_numpy())


def _at_effect(here: Cell, effect: float) -> Cell:
    return here.at(level=f"{here.level}|{effect:.2f}")
