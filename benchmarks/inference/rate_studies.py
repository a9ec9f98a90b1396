"""The answers of every rule to simulated studies (rate_worlds.py), from their values or from values and limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from rate_answers import (
    DAY,
    Answer,
    Batch,
    analysis_settings,
    batch_of,
    contrast,
    labellings,
    ladder_answers,
    mixedlm,
    mmrm,
    without_model,
    worst_rank,
)
from rate_worlds import DOUBLED, Studies

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.contrast_at_day import estimate_contrasts
from historical_controls.analysis.model.mean_model import difference_rows
from historical_controls.analysis.model.permutation import joint_labels, permute
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.inference.permutation.contrast import Permuted
from historical_controls.mixed_model.inference.contrast import Contrast


def answers(studies: Studies, dictionary: Dictionary, seed: int) -> Iterator[dict[str, Answer]]:
    """The answers of every rule, study by study."""
    batch = batch_of(studies.with_low(studies.limit - DOUBLED), dictionary, labellings(studies, seed))
    if np.isfinite(studies.limit):
        yield from _below_a_limit(studies, replace(batch, rules=("default",)), dictionary, seed)
    else:
        yield from _of_values(batch)


def _of_values(batch: Batch) -> Iterator[dict[str, Answer]]:
    for by_rule in zip(ladder_answers(batch), mixedlm(batch), mmrm(batch), without_model(batch), strict=True):
        yield {name: answer for own in by_rule for name, answer in own.items()}


def _below_a_limit(studies: Studies, halves: Batch, dictionary: Dictionary, seed: int) -> Iterator[dict[str, Answer]]:
    """Answers from limits as the analysis takes them; rules that know values alone have halves of the limit."""
    ties = replace(halves, studies=studies.with_low(studies.limit))
    for number, own in enumerate(_of_values(halves)):
        own["half_limit"] = own.pop("default")
        yield own | _from_limits(studies, number, dictionary, seed) | {"worst_rank": worst_rank(ties, number)}


def _from_limits(studies: Studies, number: int, dictionary: Dictionary, seed: int) -> dict[str, Answer]:
    """One study through the analysis itself."""
    settings, (people, visits) = analysis_settings(), studies.tables(number)
    primary = Primary(outcome="IL6", day=DAY)
    inputs = AnalysisInputs("primary", people, visits, settings, dictionary, primary, Comparison(), seed)
    data = inputs.table("IL6")
    found = estimate_contrasts(data, settings, [DAY], None, None)
    joint = joint_labels(people, settings, "primary", seed)
    if isinstance(found, str) or joint is None:
        return dict.fromkeys(("default", "satterthwaite", "permutation"), Answer())
    fit, at_day, permuted = found.fitted.fit, found.at(DAY), permute(data, found.fitted, settings, joint)
    return {
        "default": Answer() if isinstance(at_day, str) else _in_mmhg(at_day),
        "satterthwaite": _in_mmhg(contrast(fit, difference_rows(fit, found.fitted.mean, [DAY]), "satterthwaite")),
        "permutation": _in_mmhg(permuted.tests[0]) if permuted and permuted.tests else Answer(),
    }


def _in_mmhg(one: Contrast | Permuted | Answer) -> Answer:
    """Of differences between natural logarithms, on the scale of the studies' values."""
    scale = DOUBLED / np.log(2)
    return Answer(one.estimate * scale, one.p_value, one.lower * scale, one.upper * scale)
