"""What an unmeasured difference between the arms would have to be, and what others found (OV-1 to OV-6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.sensitivity.benchmarks import Benchmark
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, NOTES, Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.inference.risk_ratios import risk_ratio
from historical_controls.mixed_model.likelihood.laws import t_quantile
from historical_controls.tables.endings import DIED, UNKNOWN, vital_status

# From a difference in standard deviations to a risk ratio: Chinn 2000 (Stat Med 19:3127-3131), by VanderWeele & Ding.
PER_SD = 0.91
Estimate = Mapping[str, float]


def unmeasured_bias_rows(ard: pd.DataFrame, inputs: AnalysisInputs, benchmarks: Sequence[Benchmark]) -> pd.DataFrame:
    """ARD rows 14.2.14, 14.2.16 and 14.2.17 of the primary scenario.

    ard: rows of its outcomes. Every outcome with an estimate at the primary day; what has none adds no row. Published
    results stand beside the study's own and never enter them.
    """
    rows: list[Row] = []
    for code in sorted(set(ard["outcome"])):
        estimate = _estimate(ard, code, inputs.primary.day)
        if estimate:
            rows += _outcome_rows(inputs.dictionary.outcomes[code], estimate, inputs)
    rows += death_rows(inputs.patients, inputs.settings.level, inputs.comparison)
    rows += [row for one in benchmarks for row in _benchmark_rows(one, inputs.dictionary)]
    return ard_frame(rows)


def _outcome_rows(outcome: Outcome, estimate: Estimate, inputs: AnalysisInputs) -> Iterator[Row]:
    settings = inputs.settings
    cell = Cell(
        AnalysisKey.BIAS_MODEL, "primary", "normal_tau", outcome.code, day=inputs.primary.day, contrast=CONTRAST
    )
    yield from bias_rows(cell, estimate, outcome, settings)
    yield from shift_rows(cell.at(analysis=AnalysisKey.E_VALUE, method="difference"), estimate, outcome, settings)
    yield from power_rows(cell.at(analysis=AnalysisKey.DETECTABLE_DIFFERENCE, method=""), estimate, outcome, settings)


def _estimate(ard: pd.DataFrame, code: str, day: int) -> Estimate:
    """Model-scale estimate, se, df and the controls' spread at the day; empty where there is no estimate."""
    rows = ard.loc[(ard["outcome"] == code) & (ard["day"] == day) & (ard["level"] == "")]
    own = rows.loc[(rows["analysis"] == AnalysisKey.MIXED_MODEL) & (rows["contrast"] == CONTRAST)]
    values = dict(zip(own["statistic"], own["value"], strict=True))
    spread = rows.loc[(rows["analysis"] == AnalysisKey.SPREAD) & (rows["statistic"] == Statistic.SD), "value"]
    if Statistic.ESTIMATE_MODEL_SCALE not in values:
        return {}
    return {
        "estimate": values[Statistic.ESTIMATE_MODEL_SCALE],
        "se": values[Statistic.STANDARD_ERROR],
        "df": values[Statistic.DF],
        "sd": float(spread.iloc[0]) if len(spread) else np.nan,
    }


def bias_rows(cell: Cell, fitted: Estimate, outcome: Outcome, settings: Analysis) -> Iterator[Row]:
    """Intervals that allow for a bias of mean zero and standard deviation tau, and the tau that reaches none (OV-1).

    tau is declared in standard deviations of the historical patients at that day.
    """
    estimate, se, sd = (fitted[name] for name in ("estimate", "se", "sd"))
    t = t_quantile(0.5 + settings.level / 2, fitted["df"])
    unit, shown = effect_unit(outcome)
    if not sd > 0:
        yield cell.at(contrast="").text(Statistic.NOT_ESTIMABLE, "no_spread_at_day")
        return
    yield cell.at(level="reaches_none").number(Statistic.TAU_SD, tau_to_none(estimate, se, t) / sd, "SD", "0.00")
    for tau in settings.overturn.tau:
        # sqrt(se^2 + (tau sd)^2): the two errors are independent.
        half = t * np.hypot(se, tau * sd)
        here = cell.at(level=f"{tau:g}")
        for name, value in (
            (Statistic.ESTIMATE, estimate),
            (Statistic.LOWER, estimate - half),
            (Statistic.UPPER, estimate + half),
        ):
            yield here.number(name, effect_of(value, outcome.scale), unit, shown)


def tau_to_none(estimate: float, se: float, t: float) -> float:
    """The smallest tau whose interval includes no difference; 0 where the interval does already (OV-1)."""
    return float(np.sqrt(max((estimate / t) ** 2 - se**2, 0.0)))


def shift_rows(cell: Cell, fitted: Estimate, outcome: Outcome, settings: Analysis) -> Iterator[Row]:
    """A fixed difference that would explain the estimate, and one that leaves its interval open (OV-2); the E-value in
    its standardised form (OV-4)."""
    estimate, se, sd = (fitted[name] for name in ("estimate", "se", "sd"))
    half = t_quantile(0.5 + settings.level / 2, fitted["df"]) * se
    unit, shown = effect_unit(outcome)
    yield cell.number(Statistic.SHIFT_TO_NONE, effect_of(abs(estimate), outcome.scale), unit, shown)
    yield cell.number(Statistic.SHIFT_TO_OPEN, effect_of(max(abs(estimate) - half, 0.0), outcome.scale), unit, shown)
    if np.isfinite(sd) and sd > 0:
        # The limit nearer to no difference; 0 where the interval includes it, which gives an E-value of 1.
        near = max(abs(estimate) - half, 0.0)
        yield cell.number(Statistic.STANDARDISED, estimate / sd, "SD", "0.00")
        yield cell.number(Statistic.E_VALUE, e_value(float(np.exp(PER_SD * abs(estimate) / sd))), "risk ratio", "0.00")
        yield cell.number(Statistic.E_VALUE_INTERVAL, e_value(float(np.exp(PER_SD * near / sd))), "risk ratio", "0.00")


def e_value(ratio: float) -> float:
    """The least risk ratio by which an unmeasured cause must go with both arm and outcome to explain `ratio` (OV-3).

    VanderWeele & Ding 2017, Ann Intern Med 167:268-274.
    """
    above = 1 / ratio if ratio < 1 else ratio
    return float(above + np.sqrt(above * (above - 1)))


def power_rows(cell: Cell, fitted: Estimate, outcome: Outcome, settings: Analysis) -> Iterator[Row]:
    """The difference that this study would find with the declared power, and what a trial of two equal arms needs to
    find declared differences (OV-5, OV-6)."""
    power, level = settings.overturn.power, settings.level
    quantiles = t_quantile(0.5 + level / 2, fitted["df"]) + t_quantile(power, fitted["df"])
    unit, shown = effect_unit(outcome)
    yield cell.number(Statistic.POWER, power, format="percent")
    yield cell.number(Statistic.DETECTABLE, effect_of(quantiles * fitted["se"], outcome.scale), unit, shown)
    if np.isfinite(fitted["sd"]) and fitted["sd"] > 0:
        yield cell.number(Statistic.DETECTABLE_SD, quantiles * fitted["se"] / fitted["sd"], "SD", "0.00")
        for difference in settings.overturn.trial_differences:
            here = cell.at(analysis=AnalysisKey.TRIAL_SIZE, level=f"{difference:g}")
            yield here.number(Statistic.DIFFERENCE, effect_of(difference * fitted["sd"], outcome.scale), unit, shown)
            yield here.number(Statistic.N_PER_ARM, trial_size(difference, level, power))


def trial_size(difference: float, level: float, power: float) -> int:
    """Patients per arm of a randomised trial that finds a difference of so many standard deviations (OV-6)."""
    # Infinite degrees of freedom: normal quantiles.
    z = t_quantile(0.5 + level / 2, np.inf) + t_quantile(power, np.inf)
    return int(np.ceil(2 * (z / difference) ** 2))


def death_rows(patients: pd.DataFrame, level: float, comparison: Comparison) -> Iterator[Row]:
    """The risk ratio of death by the end of follow-up with its score interval (EV-12, EV-13), and its E-values (OV-3).

    Of all patients compared; where the fate of some is unknown, the interval covers whatever it was. None where a gate
    refuses the comparison, or where it is weighted. Bounds that the data leave open have no row.
    """
    included = comparison.select(patients.loc[patients["included"].fillna(False).astype(bool)])
    # By the end of follow-up, whenever that is.
    status = vital_status(included, np.inf)
    cell = Cell(AnalysisKey.E_VALUE, "primary", "risk_ratio", level="death", contrast=CONTRAST)
    counts = {}
    for arm in ARMS:
        own = status[included["arm"] == arm]
        counts[arm] = Deaths(int((own == DIED).sum()), int((own == UNKNOWN).sum()), len(own))
        yield from counts[arm].rows(cell.at(arm=arm, contrast=""))
    reason = comparison.refusal or ("weighted_counts" if comparison.weights is not None else None)
    arms = counts.values()
    # Without a death in either arm, or anybody whose fate is known, no ratio is defined.
    if reason is None and (min(one.known for one in arms) == 0 or not any(one.died for one in arms)):
        reason = "no_deaths"
    if reason is not None:
        yield cell.at(contrast="").text(Statistic.NOT_ESTIMABLE, reason)
        return
    yield from _ratio_rows(cell, counts["treated"], counts["historical"], level)


@dataclass(frozen=True)
class Deaths:
    """Patients of an arm who died, whose fate is unknown, and all."""

    died: int
    unknown: int
    n: int

    @property
    def known(self) -> int:
        return self.n - self.unknown

    def rows(self, here: Cell) -> Iterator[Row]:
        yield here.number(Statistic.COUNT, self.died)
        yield here.number(Statistic.N_SUBJECTS, self.n)
        if self.unknown:
            yield here.number(Statistic.N_UNKNOWN, self.unknown)


def _ratio_rows(cell: Cell, treated: Deaths, historical: Deaths, level: float) -> Iterator[Row]:
    """The two extremes of what the unknown may be; with nobody unknown they are one ratio."""
    # Least: all unknown controls died and no unknown treated patient; most: the reverse.
    least = risk_ratio(treated.died, treated.n, historical.died + historical.unknown, historical.n, level)
    most = risk_ratio(treated.died + treated.unknown, treated.n, historical.died, historical.n, level)
    ratios, lower, upper = (float(least.estimate), float(most.estimate)), float(least.lower), float(most.upper)
    # An interval that includes 1 needs no unmeasured cause: E-value 1.
    near = 1.0 if lower <= 1 <= upper else (upper if upper < 1 else lower)
    values = {Statistic.LOWER: lower, Statistic.UPPER: upper, Statistic.E_VALUE_INTERVAL: e_value(near)}
    if treated.unknown or historical.unknown:
        values |= {Statistic.LEAST: ratios[0], Statistic.MOST: ratios[1]}
    else:
        values[Statistic.ESTIMATE] = ratios[0]
        if 0 < ratios[0] < np.inf:
            values[Statistic.E_VALUE] = e_value(ratios[0])
    for name, value in values.items():
        if np.isfinite(value):
            yield cell.number(name, value, "risk ratio", "0.00")


def _benchmark_rows(one: Benchmark, dictionary: Dictionary) -> Iterator[Row]:
    """A published result as its authors give it."""
    cell = Cell(
        AnalysisKey.BENCHMARK,
        "primary",
        one.measure,
        one.outcome,
        population="published",
        level=one.study,
        day=one.day,
    )
    unit, shown = (
        ("risk ratio", "0.00") if one.measure == "risk_ratio" else effect_unit(dictionary.outcomes[one.outcome])
    )
    # Published estimates are given to one decimal, also where ours are whole numbers.
    shown = "0.0" if shown == "0" else shown
    for name in INTERVAL:
        yield cell.number(name, getattr(one, name), unit, shown)
    for arm, n in (("treated", one.n_treated), ("historical", one.n_control)):
        if n is not None:
            yield cell.at(arm=arm).number(Statistic.N_SUBJECTS, n)
    yield cell.text(Statistic.EVENT, one.level) if one.level else cell.text(Statistic.DESIGN, one.design)
    if one.level:
        yield cell.text(Statistic.DESIGN, one.design)
    yield cell.text(Statistic.CITATION, one.citation)
    for language, said in one.notes.items():
        if said:
            yield cell.text(NOTES[language], said)
