"""Studies of the shape in hand, drawn anew, and what every analysis answers in them (CA-1, CA-3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import build_comparison
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates, estimate_contrasts
from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.model.permutation import joint_labels, permute
from historical_controls.analysis.without_model.welch import welch
from historical_controls.analysis.without_model.while_alive import summaries
from historical_controls.analysis.without_model.worst_rank import rank_patients
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.balance.arms import balance_arms
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.calibration.scales import scale_of
from historical_controls.calibration.study_shape import StudyShape
from historical_controls.calibration.verdicts import Answer
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.scales import transformed, untransformed
from historical_controls.inference.labels import Labels
from historical_controls.inference.pairwise.pairs import Pairs
from historical_controls.inference.pairwise.relative_effect import effect_of_pairs
from historical_controls.mixed_model.inference.contrast import Contrast
from historical_controls.tables.registry import CALIBRATION_STUDIES, VISITS
from historical_controls.tables.schema import conform

SCENARIO = "calibration"
# Answers to which a constant effect is added without changing anything else: an effect shifts their interval (CA-3).
SHIFTED = (AnalysisKey.MIXED_MODEL, AnalysisKey.PERMUTATION, AnalysisKey.WHILE_ALIVE)


@dataclass(frozen=True)
class SimulatedStudy:
    """Tables cohort_patients and visits of one study; treated: which rows of `patients`."""

    patients: pd.DataFrame
    visits: pd.DataFrame


def refused_studies(code: str, reason: str, numbers: Iterable[int]) -> pd.DataFrame:
    """The same table where the outcome has no shape to simulate."""
    key = {"outcome": code, "analysis": str(AnalysisKey.MIXED_MODEL), "effect": 0.0, "reason": reason}
    rows = [{**key, "number": number} for number in numbers]
    return conform(pd.DataFrame(rows, columns=list(CALIBRATION_STUDIES.names)), CALIBRATION_STUDIES)


def study_answers(
    shape: StudyShape, balance: Balance, effects: Iterable[float], numbers: Iterable[int]
) -> pd.DataFrame:
    """Rows of table `calibration_studies`: the answer of every analysis in each of these studies.

    effects: in standard deviations of historical patients, besides none, for the answer that they do not merely shift.
    numbers: of the studies; each has its own seed, so that how they are shared out changes nothing.
    """
    quick = _gates_alone(balance, shape.inputs)
    rows = [row for number in numbers for row in _answers(shape, quick, [0.0, *effects], number)]
    return conform(pd.DataFrame(rows, columns=list(CALIBRATION_STUDIES.names)), CALIBRATION_STUDIES)


def _gates_alone(balance: Balance, inputs: AnalysisInputs) -> Balance:
    """Of the balance settings what decides whether and how arms are compared; Table 1 decides nothing."""
    method = inputs.settings.weighting
    methods = [] if method == "none" else [method]
    changes = {"covariates": [], "methods": methods}
    return balance.model_copy(update={**changes, "envelope": balance.envelope.model_copy(update={"draws": 100})})


def draw_study(shape: StudyShape, number: int) -> SimulatedStudy:
    """One study in which nothing differs between the arms but what was fitted of their variances and visits (CA-1).

    Characteristics, baseline and end of follow-up of every patient are those of a patient drawn from both arms
    together; days measured are those of a patient of the own arm who was followed as long.
    """
    rng = np.random.default_rng([shape.inputs.seed, crc32(shape.code.encode()), number])
    parts = [_arm(shape, arm, rng) for arm in ARMS]
    patients, visits = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return SimulatedStudy(patients, conform(visits, VISITS))


def _arm(shape: StudyShape, arm: str, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    n = shape.sizes[arm]
    drawn = rng.integers(0, len(shape.people), n)
    ids = np.array([f"{arm[0]}{place:04d}" for place in range(n)], dtype=object)
    people = shape.people.iloc[drawn].reset_index(drop=True)
    measured = [_pattern(shape, arm, float(end), rng) for end in people["end_day"]]
    values = shape.means[drawn] + rng.standard_normal((n, len(shape.days))) @ shape.roots[arm].T
    place = np.repeat(np.arange(n), [len(days) for days in measured])
    day = np.concatenate(measured)
    responses = _responses(shape, shape.days[day], values[place, day])
    responses = responses.assign(source=people["source"].to_numpy()[place], patient_id=ids[place])
    zero = people[PERSON].assign(name=ids).merge(shape.at_zero, on=PERSON)
    zero = zero.assign(patient_id=zero["name"]).drop(columns="name")
    visits = pd.concat([zero, responses], ignore_index=True).assign(arm=arm, scenario=SCENARIO)
    return people.assign(arm=arm, patient_id=ids, display_id=ids, scenario=SCENARIO), visits


def _pattern(shape: StudyShape, arm: str, end: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Places of the days measured of a patient followed until `end`, as a patient of the arm was measured."""
    known = shape.patterns[arm]
    longest = max(own for own, _ in known)
    # Of those followed as long; where nobody was, the one followed longest.
    alike = [days for own, days in known if own >= min(end, longest)]
    days = alike[int(rng.integers(len(alike)))]
    # A day is over at its end: whoever left on day 3 has values of days 1 to 3.
    return days[shape.days[days] <= np.ceil(end)]


def _responses(shape: StudyShape, days: NDArray[np.int64], values: NDArray[np.float64]) -> pd.DataFrame:
    """Rows of table visits, but for who they are of; values: on the model scale."""
    natural = untransformed(values, shape.inputs.dictionary.outcomes[shape.code].scale)
    frame = pd.DataFrame({"day": days, "value": natural, "lower": natural, "upper": natural})
    return frame.assign(outcome=shape.code, n=1, assay="", flags="")


def with_effect(study: SimulatedStudy, shape: StudyShape, effect: float) -> SimulatedStudy:
    """The study with a constant effect on treated patients from the first day on, on the model scale."""
    outcome = shape.inputs.dictionary.outcomes[shape.code]
    visits = study.visits.copy()
    own = (visits["outcome"] == shape.code) & (visits["arm"] == "treated") & (visits["day"] > 0)
    for column in ("value", "lower", "upper"):
        scaled = transformed(visits.loc[own, column].to_numpy(dtype=float), outcome.scale)
        visits.loc[own, column] = untransformed(scaled + effect, outcome.scale)
    return replace(study, visits=visits)


def _answers(shape: StudyShape, balance: Balance, effects: list[float], number: int) -> Iterator[dict[str, object]]:
    study = draw_study(shape, number)
    inputs = _inputs(shape, balance, study)
    data = inputs.table(shape.code)
    reason = inputs.reason_against(data)
    gate = inputs.comparison.refusal or ""
    found = {("gates", 0.0): Answer(reason=gate)}
    found |= {(analysis, 0.0): one for analysis, one in _shift_answers(inputs, data, reason).items()}
    found |= {(AnalysisKey.WORST_RANK, effect): one for effect, one in _ranks(inputs, study, shape, effects, reason)}
    for (analysis, effect), answer in found.items():
        key = {"outcome": shape.code, "number": number, "analysis": str(analysis), "effect": effect, "sd": shape.sd}
        yield {**key, **vars(answer)}


def _inputs(shape: StudyShape, balance: Balance, study: SimulatedStudy) -> AnalysisInputs:
    own, seed = shape.inputs, shape.inputs.seed
    arms = balance_arms(study.patients, study.visits, BalanceInputs(balance, own.dictionary, seed, SCENARIO))
    comparison = build_comparison(own.settings, arms.weights, arms.matched_sets, arms.gates)
    return replace(own, scenario=SCENARIO, patients=study.patients, visits=study.visits, comparison=comparison)


def _shift_answers(inputs: AnalysisInputs, data: ModelData, reason: str | None) -> dict[str, Answer]:
    if reason is not None:
        return {analysis: Answer(reason=reason) for analysis in SHIFTED}
    day, settings = inputs.primary.day, inputs.settings.model_copy(update={"days": [inputs.primary.day]})
    estimates = estimate_contrasts(data, settings, [day], inputs.comparison.weights, None)
    contrast = estimates if isinstance(estimates, str) else estimates.at(day)
    return {
        AnalysisKey.MIXED_MODEL: _of_contrast(contrast),
        AnalysisKey.PERMUTATION: _permuted(inputs, data, estimates),
        AnalysisKey.WHILE_ALIVE: _while_alive(inputs, data, day),
    }


def _of_contrast(contrast: Contrast | str | None) -> Answer:
    if contrast is None or isinstance(contrast, str):
        return Answer(reason=contrast or "no_spread")
    return Answer(contrast.estimate, contrast.lower, contrast.upper, contrast.p_value)


def _permuted(inputs: AnalysisInputs, data: ModelData, estimates: ContrastEstimates | str) -> Answer:
    if inputs.weighted or isinstance(estimates, str):
        return Answer(reason="weighted" if inputs.weighted else str(estimates))
    if isinstance(at_day := estimates.at(inputs.primary.day), str):
        return Answer(reason=at_day)
    settings = inputs.settings.model_copy(update={"days": [inputs.primary.day]})
    joint = joint_labels(inputs.compared_patients, settings, SCENARIO, inputs.seed, inputs.comparison.sets)
    permuted = None if joint is None else permute(data, estimates.fitted, settings, joint)
    if permuted is None:
        return Answer(reason="no_null_fit")
    test = permuted.tests[0]
    return Answer(test.estimate, test.lower, test.upper, test.p_value)


def _while_alive(inputs: AnalysisInputs, data: ModelData, day: int) -> Answer:
    people = summaries(data, day, "mean")
    few = min(int((people["arm"] == arm).sum()) for arm in ARMS) < inputs.settings.min_patients_per_arm
    return Answer(reason="too_few_patients") if few else _of_contrast(welch(people, inputs.settings.level))


def _ranks(
    inputs: AnalysisInputs, study: SimulatedStudy, shape: StudyShape, effects: list[float], reason: str | None
) -> Iterator[tuple[float, Answer]]:
    """Deaths as the worst ranks, by effect; an effect is a benefit, and upwards without a better direction."""
    outcome, analysis_set = inputs.dictionary.outcomes[shape.code], inputs.analysis_set
    refused = reason or ("no_direction" if outcome.benefit == "none" else "weighted" if analysis_set.weighted else "")
    if refused:
        yield from ((effect, Answer(reason=refused)) for effect in effects)
        return
    sign = -1.0 if outcome.benefit == "down" else 1.0
    # The same patients under every effect, and so the same labellings.
    labels = analysis_set.labels(analysis_set.patients)
    for effect in effects:
        moved = with_effect(study, shape, sign * effect * shape.sd) if effect else study
        ranked = rank_patients(outcome, replace(analysis_set, visits=moved.visits), inputs.primary.day)
        against = ranked.reason_against(analysis_set.settings.max_share_unmeasured)
        if against is not None:
            yield effect, Answer(reason=against)
            continue
        yield effect, _winning(ranked.pairs, labels, analysis_set.settings.level)


def _winning(pairs: Pairs, labels: Labels, level: float) -> Answer:
    """The probability of winning, with the limits of its odds turned into its own."""
    effect, scale = effect_of_pairs(pairs, labels, level), scale_of(AnalysisKey.WORST_RANK)
    return Answer(
        scale.estimate(effect.probability), scale.limit(effect.lower), scale.limit(effect.upper), effect.p_value
    )
