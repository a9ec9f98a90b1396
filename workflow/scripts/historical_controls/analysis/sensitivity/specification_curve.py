"""The full product of choices for the primary outcome: reading x weighting x estimand (SN-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from historical_controls.analysis.model.contrast import answered
from historical_controls.analysis.model.fit_rows import CONTRAST, Row
from historical_controls.analysis.model.gates import reason_against
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.sensitivity.grid import Scenario
from historical_controls.analysis.sensitivity.interval_verdict import Verdict, verdict
from historical_controls.analysis.without_model.sample import Sample, sample
from historical_controls.analysis.without_model.while_alive import summaries, weighted_means, welch
from historical_controls.analysis.without_model.worst_rank import scores_at
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.inference import by_value, effect_of_pairs
from historical_controls.mixed_model import Contrast

TABLE, CURVE = "14.2.12", "15.18"
TURNED: dict[Verdict, Verdict] = {"above": "below", "holds": "holds", "below": "above"}
Answer = tuple[float, float, float] | str


def specification(
    scenarios: Mapping[str, Sequence[Scenario]],
    estimands: Sequence[str],
    dictionary: Dictionary,
    primary: Primary,
    seed: int,
) -> pd.DataFrame:
    """ARD rows 15.18: one answer per reading, weighting and estimand, with the interval or the reason for none.

    scenarios: by reading ('persistence=any+ards=altitude'), one per weighting. Counts per estimand stand in 14.2.12.
    """
    outcome = dictionary.outcomes[primary.outcome]
    found: dict[tuple[str, str, str], Answer] = {
        (reading, _weighting(one), estimand): answer
        for reading, own in scenarios.items()
        for one in own
        for estimand, answer in _answers(one, estimands, dictionary, primary, seed)
    }
    cell = Cell(CURVE, "primary", "specification", outcome=outcome.code, day=primary.day)
    rows = [row for key, answer in found.items() for row in _answer_rows(cell, key, answer, outcome)]
    return ard_frame([*rows, *_count_rows(cell.at(output_id=TABLE), found, outcome)])


def _weighting(one: Scenario) -> str:
    return "unweighted" if one.settings.weighting == "none" else one.settings.weighting


def _answers(
    one: Scenario, estimands: Sequence[str], dictionary: Dictionary, primary: Primary, seed: int
) -> Iterator[tuple[str, Answer]]:
    if one.compared.refusal is not None:
        yield from ((estimand, one.compared.refusal) for estimand in estimands)
        return
    data = one.table(primary.outcome, dictionary)
    who = sample(one.compared.of(one.patients), one.visits, one.settings, one.compared, seed)
    for estimand in estimands:
        if estimand == "mixed_model":
            yield estimand, _mixed_model(data, one, primary.day)
        elif estimand == "while_alive":
            yield estimand, _while_alive(data, who, primary.day)
        else:
            yield estimand, _worst_rank(data, who, primary.day)


def _mixed_model(data: ModelData, one: Scenario, day: int) -> Answer:
    found = answered(data, one.settings, [day], one.compared.weights, None)
    return found if isinstance(found, str) else _on_scale(found.at(day), data.outcome)


def _while_alive(data: ModelData, who: Sample, day: int) -> Answer:
    """Means of the days lived in hospital up to the day."""
    reason = reason_against(data, who.settings)
    if reason is not None:
        return reason
    people = summaries(data, day, "mean")
    if who.too_few(people):
        return "too_few_patients"
    if people["y"].isna().any():
        return "beyond_limits"
    found = weighted_means(people, who) if who.weighted else welch(people, who.settings.level)
    return "no_spread" if found is None else _on_scale(found, data.outcome)


def _worst_rank(data: ModelData, who: Sample, day: int) -> Answer:
    """Win odds with death as the worst rank."""
    if who.weighted:
        return "weighted"
    reason = reason_against(data, who.settings)
    if reason is not None:
        return reason
    ranked = scores_at(data.outcome, who.patients, who.visits, day, who.settings.discharged).dropna(subset="score")
    if who.too_few(ranked):
        return "too_few_patients"
    pairs = by_value(ranked["score"].to_numpy(dtype=float))
    effect = effect_of_pairs(pairs, who.labels(ranked), who.settings.level)
    return "complete_separation" if np.isnan(effect.lower) else (effect.win_odds, effect.lower, effect.upper)


def _on_scale(found: Contrast | str, outcome: Outcome) -> Answer:
    if isinstance(found, str):
        return found
    estimate, lower, upper = (effect_of(value, outcome.scale) for value in (found.estimate, found.lower, found.upper))
    return estimate, lower, upper


def _answer_rows(cell: Cell, key: tuple[str, str, str], answer: Answer, outcome: Outcome) -> Iterator[Row]:
    here = cell.at(method=key[1], level="|".join(key))
    if isinstance(answer, str):
        yield here.text("not_estimable", answer)
        return
    unit, shown = ("odds", "0.00") if key[2] == "worst_rank" else effect_unit(outcome)
    for name, value in zip(("estimate", "lower", "upper"), answer, strict=True):
        yield here.at(contrast=CONTRAST).number(name, value, unit, shown)
    yield here.text("verdict", _verdict(answer, key[2], outcome))


def _verdict(answer: tuple[float, float, float], estimand: str, outcome: Outcome) -> Verdict:
    """What the interval says; ranks are turned so that above is a higher value."""
    if estimand != "worst_rank":
        return verdict(answer[1], answer[2], effect_of(0.0, outcome.scale))
    better = verdict(answer[1], answer[2], 1.0)
    return TURNED[better] if outcome.benefit == "down" else better


def _count_rows(cell: Cell, found: Mapping[tuple[str, str, str], Answer], outcome: Outcome) -> Iterator[Row]:
    """How many of the product's answers exist, and what their intervals say, per estimand."""
    for estimand in sorted({key[2] for key in found}):
        answers = [answer for key, answer in found.items() if key[2] == estimand]
        given = [answer for answer in answers if not isinstance(answer, str)]
        here = cell.at(level=estimand)
        yield here.number("n_specifications", len(answers))
        yield here.number("n_estimated", len(given))
        for said in TURNED:
            yield here.number(f"n_{said}", sum(_verdict(one, estimand, outcome) == said for one in given))
        if given:
            unit, shown = ("odds", "0.00") if estimand == "worst_rank" else effect_unit(outcome)
            estimates = [one[0] for one in given]
            for name, value in (("min", min(estimates)), ("median", np.median(estimates)), ("max", max(estimates))):
                yield here.number(name, float(value), unit, shown)
