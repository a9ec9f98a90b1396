"""The full product of choices for the primary outcome: reading x weighting x estimand (SN-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.contrast_at_day import estimate_contrasts
from historical_controls.analysis.model.gates import may_be_ranked, reason_against
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.sensitivity.interval_verdict import Verdict, verdict
from historical_controls.analysis.without_model.analysis_set import AnalysisSet
from historical_controls.analysis.without_model.welch import welch
from historical_controls.analysis.without_model.while_alive import summaries, weighted_means
from historical_controls.analysis.without_model.worst_rank import rank_patients
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.inference.pairwise.relative_effect import effect_of_pairs
from historical_controls.mixed_model.inference.contrast import Contrast

# Win odds above 1 are better; where lower values are better the value itself is lower.
TURNED: dict[Verdict, Verdict] = {"above": "below", "holds": "holds", "below": "above"}
COUNTED: dict[Verdict, Statistic] = {
    "above": Statistic.N_ABOVE,
    "holds": Statistic.N_HOLDS,
    "below": Statistic.N_BELOW,
}
Answer = tuple[float, float, float] | str
Answers = dict[tuple[str, str, str], Answer]


def specification_rows(
    scenarios: Mapping[str, Sequence[AnalysisInputs]], estimands: Sequence[str], outcome: Outcome, day: int
) -> pd.DataFrame:
    """ARD rows 15.18: one answer per reading, weighting and estimand, with the interval or the reason for none.

    Readings that select the same patients have one answer: all but the first say so, and count once. scenarios: by
    reading ('persistence=any+ards=altitude'), one per weighting; outcome, day: the primary ones. Counts
    per estimand stand in 14.2.12.
    """
    answers, copies = _given(scenarios, estimands)
    cell = Cell(AnalysisKey.SPECIFICATION, "primary", outcome=outcome.code, day=day)
    rows = [row for key, answer in answers.items() for row in _answer_rows(cell, key, answer, outcome)]
    rows += [_at(cell, key).text(Statistic.NOT_APPLICABLE, "same_patients") for key in sorted(copies)]
    counted = {key: answer for key, answer in answers.items() if key not in copies}
    return ard_frame([*rows, *_count_rows(cell.at(output=OutputId.SENSITIVITY), counted, outcome)])


def _weighting(inputs: AnalysisInputs) -> str:
    return "unweighted" if inputs.settings.weighting == "none" else inputs.settings.weighting


def _answers(inputs: AnalysisInputs, estimands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
    if inputs.comparison.refusal is not None:
        # A refused combination stays in the count of the product, with its reason.
        yield from ((estimand, inputs.comparison.refusal) for estimand in estimands)
        return
    data, day, analysis_set = inputs.table(inputs.primary.outcome), inputs.primary.day, inputs.analysis_set
    for estimand in estimands:
        if estimand == AnalysisKey.MIXED_MODEL:
            yield estimand, _mixed_model(data, inputs)
        elif estimand == AnalysisKey.WHILE_ALIVE:
            yield estimand, _while_alive(data, analysis_set, day)
        else:
            yield estimand, _worst_rank(data, analysis_set, day)


def _mixed_model(data: ModelData, inputs: AnalysisInputs) -> Answer:
    day = inputs.primary.day
    estimates = estimate_contrasts(data, inputs.settings, [day], inputs.comparison.weights, None)
    return estimates if isinstance(estimates, str) else _on_scale(estimates.at(day), data.outcome)


def _while_alive(data: ModelData, analysis_set: AnalysisSet, day: int) -> Answer:
    """Means of the days lived in hospital up to the day."""
    reason = reason_against(data, analysis_set.settings)
    if reason is not None:
        return reason
    people = summaries(data, day, "mean")
    if analysis_set.too_few(people):
        return "too_few_patients"
    if people["y"].isna().any():
        return "beyond_limits"
    level = analysis_set.settings.level
    contrast = weighted_means(people, analysis_set) if analysis_set.weighted else welch(people, level)
    return _on_scale(contrast, data.outcome)


def _worst_rank(data: ModelData, analysis_set: AnalysisSet, day: int) -> Answer:
    """Win odds with death as the worst rank."""
    if analysis_set.weighted:
        return "weighted"
    reason = reason_against(data, analysis_set.settings)
    if reason is not None and not may_be_ranked(reason, data, analysis_set.settings):
        return reason
    if analysis_set.too_few(analysis_set.patients):
        return "too_few_patients"
    ranked = rank_patients(data.outcome, analysis_set, day)
    reason = ranked.reason_against(analysis_set.settings.max_share_unmeasured)
    if reason is not None:
        return reason
    effect = effect_of_pairs(ranked.pairs, analysis_set.labels(ranked.people), analysis_set.settings.level)
    # An empty code means that there is an interval.
    return effect.no_interval.value or (effect.win_odds, effect.lower, effect.upper)


def _on_scale(contrast: Contrast | str, outcome: Outcome) -> Answer:
    if isinstance(contrast, str):
        return contrast
    values = (contrast.estimate, contrast.lower, contrast.upper)
    estimate, lower, upper = (effect_of(value, outcome.scale) for value in values)
    return estimate, lower, upper


def _given(
    scenarios: Mapping[str, Sequence[AnalysisInputs]], estimands: Sequence[str]
) -> tuple[Answers, set[tuple[str, str, str]]]:
    """The answer of every combination, and the combinations that compare the same patients as one before them."""
    answers: Answers = {}
    copies: set[tuple[str, str, str]] = set()
    given: dict[tuple[object, ...], list[tuple[str, Answer]]] = {}
    for reading, own in scenarios.items():
        for one in own:
            content = one.content({one.primary.outcome, *one.settings.covariates})
            compared = (one.people, content, one.weights, one.comparison.refusal, one.settings.model_dump_json())
            repeated = compared in given
            if not repeated:
                given[compared] = list(_answers(one, estimands))
            keys = {(reading, _weighting(one), estimand): answer for estimand, answer in given[compared]}
            answers |= keys
            copies |= keys.keys() if repeated else set()
    return answers, copies


def _at(cell: Cell, key: tuple[str, str, str]) -> Cell:
    return cell.at(method=key[1], level="|".join(key))


def _answer_rows(cell: Cell, key: tuple[str, str, str], answer: Answer, outcome: Outcome) -> Iterator[Row]:
    here = _at(cell, key)
    if isinstance(answer, str):
        yield here.text(Statistic.NOT_ESTIMABLE, answer)
        return
    unit, shown = ("odds", "0.00") if key[2] == "worst_rank" else effect_unit(outcome)
    for name, value in zip(INTERVAL, answer, strict=True):
        yield here.at(contrast=CONTRAST).number(name, value, unit, shown)
    yield here.text(Statistic.VERDICT, _verdict(answer, key[2], outcome))


def _verdict(answer: tuple[float, float, float], estimand: str, outcome: Outcome) -> Verdict:
    """What the interval says; ranks are turned so that above is a higher value."""
    if estimand != "worst_rank":
        # The null value on the printed scale: 0 of a difference, 1 of a ratio.
        return verdict(answer[1], answer[2], effect_of(0.0, outcome.scale))
    better = verdict(answer[1], answer[2], 1.0)
    return TURNED[better] if outcome.benefit == "down" else better


def _count_rows(cell: Cell, answers: Answers, outcome: Outcome) -> Iterator[Row]:
    """How many of the product's answers exist, and what their intervals say, per estimand."""
    for estimand in sorted({key[2] for key in answers}):
        own = [answer for key, answer in answers.items() if key[2] == estimand]
        # Refusals are text, answers three numbers.
        given = [answer for answer in own if not isinstance(answer, str)]
        here = cell.at(level=estimand)
        yield here.number(Statistic.N_SPECIFICATIONS, len(own))
        yield here.number(Statistic.N_ESTIMATED, len(given))
        for said, statistic in COUNTED.items():
            yield here.number(statistic, sum(_verdict(one, estimand, outcome) == said for one in given))
        if given:
            unit, shown = ("odds", "0.00") if estimand == "worst_rank" else effect_unit(outcome)
            estimates = [one[0] for one in given]
            for name, value in (
                (Statistic.MIN, min(estimates)),
                (Statistic.MEDIAN, np.median(estimates)),
                (Statistic.MAX, max(estimates)),
            ):
                yield here.number(name, float(value), unit, shown)
