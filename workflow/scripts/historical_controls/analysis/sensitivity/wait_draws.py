"""How far the answer depends on the draw of the controls' waits: the primary contrast under every further draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.analysis.events.endings import ending_times
from historical_controls.analysis.events.event_rows import build_follow_up, difference_rows
from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.fit_rows import contrast_rows, one_more_decimal
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.ladder import Refused, fit_ladder
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.dictionary.endings import ENDINGS
from historical_controls.dictionary.scales import effect_of, effect_unit, error_unit
from historical_controls.mixed_model.likelihood.laws import t_quantile


def analyse_draws(draws: Sequence[AnalysisInputs]) -> pd.DataFrame:
    """ARD rows: the primary outcome's contrast at the primary day for each draw (a scenario), and their spread.

    Their spread and their average are in scenario 'primary'. Whether the average exists does not depend on one seed.
    """
    kind = draws[0].dictionary.outcomes[draws[0].primary.outcome].kind if draws else ""
    # Tables of draws hold follow-up and visits: of events during follow-up they tell nothing.
    if kind not in ("number", "ending"):
        return ard_frame([])
    rows = [row for draw in sorted(draws, key=_number) for row in _draw_rows(draw)]
    if kind == "number":
        return ard_frame([*rows, *_spread(rows, draws[0], len(draws)), *_average_rows(rows, draws[0], len(draws))])
    # Where fates are unknown there are bounds, which have no middle; difference and limits have no common variance.
    bounded = any(row["statistic"] == Statistic.NOT_PERMUTED for row in rows)
    return ard_frame([] if bounded else [*rows, *_spread(rows, draws[0], len(draws))])


def _number(draw: AnalysisInputs) -> int:
    # Numeric order: 'wait_draw_10' sorts before 'wait_draw_2' as text.
    return int(draw.scenario.rsplit("_", 1)[-1])


def _draw_rows(inputs: AnalysisInputs) -> Iterator[Row]:
    primary, settings, comparison = inputs.primary, inputs.settings, inputs.comparison
    patients = inputs.compared_patients
    cell = Cell(AnalysisKey.WAIT_DRAWS, inputs.scenario, method="reml", outcome=primary.outcome)
    for arm in ARMS:
        yield cell.at(arm=arm).number(Statistic.N_SUBJECTS, int((patients["arm"] == arm).sum()))
    outcome = inputs.dictionary.outcomes[primary.outcome]
    if outcome.kind == "ending":
        yield from _ending_rows(cell, inputs)
        return
    data = inputs.table(primary.outcome)
    reason = reason_against(data, settings, comparison.refusal)
    if reason is not None:
        yield cell.text(Statistic.NOT_ESTIMABLE, reason)
        return
    fitted = fit_ladder(data, settings, comparison.weights)
    if isinstance(fitted, Refused):
        yield cell.text(Statistic.NOT_ESTIMABLE, fitted.reason)
        return
    for row in contrast_rows(cell, data, fitted, settings):
        # Only the contrast itself; spreads and forest rows of draws are printed nowhere.
        if row["day"] == primary.day and row["analysis"] == AnalysisKey.WAIT_DRAWS:
            yield row


def _ending_rows(cell: Cell, inputs: AnalysisInputs) -> Iterator[Row]:
    """Difference of the shares who died or went home by the primary day, as of the declared draw (EV-5, EV-14)."""
    day, patients = float(inputs.primary.day), inputs.patients
    follow_up = build_follow_up(patients, inputs.settings, inputs.comparison, inputs.horizon_days, inputs.seed)
    times = ending_times(follow_up, ENDINGS[cell.outcome])
    here = cell.at(method="exact", day=day)
    kept = (*INTERVAL, Statistic.NOT_ESTIMABLE, Statistic.NOT_PERMUTED)
    rows = difference_rows(here, times.people, times.occurred_by(day), follow_up, cell.outcome)
    yield from (row for row in rows if row["statistic"] in kept)


def _spread(rows: list[Row], inputs: AnalysisInputs, draws: int) -> Iterator[Row]:
    """Smallest, middle and largest estimate and bound over the draws, and how many gave one."""
    primary = inputs.primary
    outcome = inputs.dictionary.outcomes[primary.outcome]
    scale = effect_unit(outcome) if outcome.kind == "number" else ("", "percent")
    cell = Cell(AnalysisKey.WAIT_DRAWS, "primary", method="reml", outcome=primary.outcome, day=primary.day)
    yield cell.number(Statistic.N_DRAWS, draws)
    for statistic in INTERVAL:
        own = [row for row in rows if row["statistic"] == statistic and row["contrast"]]
        values = [float(row["value"]) for row in own]  # type: ignore[arg-type]
        if statistic == Statistic.ESTIMATE:
            yield cell.number(Statistic.N_ESTIMATED, len(values))
        if values:
            here = cell.at(level=statistic, contrast=str(own[0]["contrast"]))
            for name, value in (
                (Statistic.MIN, min(values)),
                (Statistic.MEDIAN, float(np.median(values))),
                (Statistic.MAX, max(values)),
            ):
                yield here.number(name, value, *scale)
    counted = [row for row in rows if row["statistic"] == Statistic.N_SUBJECTS and row["arm"] == "historical"]
    counts = [float(row["value"]) for row in counted]  # type: ignore[arg-type]
    if counts:
        for name, value in ((Statistic.MIN_SUBJECTS, min(counts)), (Statistic.MAX_SUBJECTS, max(counts))):
            yield cell.at(arm="historical").number(name, value)


@dataclass(frozen=True)
class Average:
    """The contrast averaged over draws on the model scale: estimate, standard error, degrees of freedom."""

    estimate: float
    standard_error: float
    df: float


def average_over_draws(estimates: Sequence[float], errors: Sequence[float], dfs: Sequence[float]) -> Average:
    """Average m answers that differ in the controls' waits alone, the variance between them included (SN-6).

    A control's true time zero is missing data, drawn m times: Rubin's rules (1987), with the degrees of freedom of
    Barnard & Rubin 1999 (Biometrika 86:948-955) for small samples.
    """
    m, within, complete = len(estimates), float(np.mean(np.square(errors))), float(np.mean(dfs))
    # Rubin's B: how far the answer moves with the draw.
    between = float(np.var(estimates, ddof=1)) if m > 1 else 0.0
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    # Barnard & Rubin's df if nothing were missing, reduced by the share of variance that the draws add.
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = observed if share == 0 else 1 / (share**2 / (m - 1) + 1 / observed)
    return Average(float(np.mean(estimates)), float(np.sqrt(total)), df)


def _average_rows(rows: list[Row], inputs: AnalysisInputs, draws: int) -> Iterator[Row]:
    """The average of the draws that gave an answer, where most of them did; else that most were refused."""
    primary = inputs.primary
    outcome = inputs.dictionary.outcomes[primary.outcome]
    cell = Cell(AnalysisKey.WAIT_DRAWS, "primary", "average", primary.outcome, level="average", day=primary.day)
    parts = [
        [float(str(row["value"])) for row in rows if row["statistic"] == name and row["contrast"]]
        for name in (Statistic.ESTIMATE_MODEL_SCALE, Statistic.STANDARD_ERROR, Statistic.DF)
    ]
    # An average over a minority of draws would be that of the draws in which the arms happened to be comparable.
    if 2 * len(parts[0]) <= draws:
        yield cell.text(Statistic.NOT_ESTIMABLE, "most_draws_refused")
        return
    average = average_over_draws(*parts)
    half = t_quantile(0.5 + inputs.settings.level / 2, average.df) * average.standard_error
    here, (unit, shown) = cell.at(contrast=CONTRAST), effect_unit(outcome)
    limits = (average.estimate, average.estimate - half, average.estimate + half)
    for name, value in zip(INTERVAL, limits, strict=True):
        yield here.number(name, effect_of(value, outcome.scale), unit, shown)
    yield here.number(Statistic.STANDARD_ERROR, average.standard_error, error_unit(outcome), one_more_decimal(shown))
    yield here.number(Statistic.DF, average.df, format="0.0")
