"""Simulated studies through every look, and what the answers came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.calibration.naive import NAIVE
from historical_controls.calibration.pipeline import (
    DAY,
    AnalysisVariant,
    Declared,
    Included,
    analysed,
    cohorts,
    declared,
    read_answer,
)
from historical_controls.calibration.records import clean_tables
from historical_controls.calibration.scales import LOG_WIN_ODDS, scale_of
from historical_controls.calibration.verdicts import Answer, verdict
from historical_controls.calibration.worlds import CASES, LOOKS, WORLDS, Case
from historical_controls.config.merging import merged
from historical_controls.dictionary.dictionary import Dictionary

# Reported in docs/validation.md: another seed would make its figures unrepeatable.
SEED = 20201125
# Large enough that the Monte Carlo error of the truth is small beside that of the studies.
LARGE = {"treated": 2000, "admitted": 3500}
WORSE_THAN_ANY = 1000.0  # a death lies so many mmHg below every value, an earlier one lower
KEY = ["world", "outcome", "look", "analysis"]
ANSWER_COLUMNS = [*KEY, "number", *(field.name for field in fields(Answer))]
NOT_SIMULATED = "DDIM"  # as primary outcome: nothing is ranked where no case asks for ranks


def cases_of(world: str, cases: Iterable[Case] = CASES) -> list[Case]:
    return [case for case in cases if case.world == world]


def study_answers(
    world: str, numbers: Iterable[int], raw: Mapping[str, Any], dictionary: Dictionary, cases: Iterable[Case] = CASES
) -> Iterator[dict[str, Any]]:
    """Answers to all cases of these studies of a world: columns ANSWER_COLUMNS.

    raw: config.yaml as read. A study's seed is (SEED, position of the world, number).
    """
    own = cases_of(world, cases)
    clean = clean_tables(WORLDS[world].hospital, {number: generator(world, number) for number in numbers})
    ranked = [case.outcome for case in own if case.source == AnalysisKey.WORST_RANK]
    # Worst ranks are computed for the primary outcome: it is the one that a case asks about, else one nobody measured.
    plain = merged(raw, {"primary": {"outcome": ranked[0] if ranked else NOT_SIMULATED}})
    made: dict[str, dict[int, Included]] = {}
    for name in dict.fromkeys(case.look for case in own):
        look, asked = LOOKS[name], [case for case in own if case.look == name]
        settings = declared(plain, dictionary, look.overrides)
        # Looks that change no cohort share one pass through the cohort stage.
        key = name if look.own_cohort else "declared"
        if key not in made:
            made[key] = cohorts(clean, settings, SEED)
        for number, tables in made[key].items():
            for case, answer in _answers(asked, tables, look, settings, number):
                yield {**{part: getattr(case, part) for part in KEY}, "number": number, **asdict(answer)}


def generator(world: str, *numbers: int) -> np.random.Generator:
    return np.random.default_rng([SEED, list(WORLDS).index(world), *numbers])


def _answers(
    asked: list[Case], tables: Included, look: AnalysisVariant, settings: Declared, number: int
) -> Iterator[tuple[Case, Answer]]:
    # Naive answers read the visits themselves; their outcomes need no analysis.
    codes = sorted({case.outcome for case in asked if case.analysis not in NAIVE})
    ard = analysed(tables, look, settings, codes, number) if codes else pd.DataFrame()
    for case in asked:
        log = settings.dictionary.outcomes[case.outcome].scale == "log"
        if case.analysis in NAIVE:
            yield case, NAIVE[case.analysis](tables.patients, tables.visits, case.outcome, log)
        else:
            yield case, read_answer(ard, case.outcome, case.source, scale_of(case.analysis, log))


def large_sample(
    world: str, raw: Mapping[str, Any], dictionary: Dictionary, look: str = "declared"
) -> dict[str, float]:
    """Truths of P/F that no formula gives, by analysis, from one very large study of the world: the probability of
    winning and the log of its odds, with death as the worst rank, and the difference of the means while alive.

    look: whose cohort; another than the declared one shows what it would find in the long run.
    """
    large = replace(WORLDS[world].hospital, treated=LARGE["treated"], admitted=LARGE["admitted"])
    settings = declared(raw, dictionary, LOOKS[look].overrides)
    tables = cohorts(clean_tables(large, {0: generator(world)}), settings, SEED)[0]
    people = tables.patients[tables.patients["included"]].set_index("patient_id")
    own = tables.visits[(tables.visits["outcome"] == "PF") & tables.visits["day"].between(0, DAY)]
    by_patient = own.sort_values("day").groupby("patient_id")["value"]
    died = (people["end_state"] == "death") & (people["end_day"] <= DAY)
    # The rule of the worst rank itself: last value up to the day, deaths below all values and the earlier the lower.
    score = by_patient.last().reindex(people.index).mask(died, people["end_day"] - WORSE_THAN_ANY).dropna()
    treated = (people["arm"].reindex(score.index) == "treated").to_numpy()
    # The Mann-Whitney statistic counts pairs won, ties half; divided by all pairs it is theta of (IN-1).
    wins = float(stats.mannwhitneyu(score[treated], score[~treated]).statistic) / (treated.sum() * (~treated).sum())
    alive = own[own["day"] > 0].groupby(["arm", "patient_id"])["value"].mean().groupby("arm").mean()
    return {
        AnalysisKey.WORST_RANK: wins,
        LOG_WIN_ODDS: float(logit(wins)),
        AnalysisKey.WHILE_ALIVE: float(alive["treated"] - alive["historical"]),
    }


def summary(
    answers: pd.DataFrame, truths: Mapping[str, Mapping[str, float]], cases: Iterable[Case] = CASES
) -> pd.DataFrame:
    """One row per case: truth, studies, answers given, bias, coverage and rejections with their Monte Carlo errors.

    null: the value of no difference on the case's scale; infinite: estimates that are no part of the bias.

    answers: rows of `study_answers`; truths: of the cases without a declared one, by world and analysis. Rejections
    count p-values of at most 0.05 for no difference; in naive tests too.
    """
    rows = []
    for case in cases:
        own = answers[np.logical_and.reduce([answers[name] == getattr(case, name) for name in KEY])]
        if len(own):
            found = {"truth": _truth(case, truths), "null": case.null, **_row(own, _truth(case, truths))}
            rows.append({**{name: getattr(case, name) for name in KEY}, **found, "promise": case.promise})
    return pd.DataFrame([{**row, "verdict": verdict(row)} for row in rows])


def _truth(case: Case, truths: Mapping[str, Mapping[str, float]]) -> float:
    if case.truth == "large sample":
        return truths[case.world][case.analysis.split("/")[0]]
    return case.null if case.truth == "no difference" else case.truth


def _row(own: pd.DataFrame, truth: float) -> dict[str, Any]:
    given = own[own["estimate"].notna()]
    n = len(given)
    # sort_index first: of equally frequent reasons the first in the alphabet, whatever the order of studies.
    reasons = own.loc[own["estimate"].isna(), "reason"].value_counts().sort_index().sort_values(ascending=False)
    # Where every pair is won the log odds are infinite: they have no place in a mean, but their interval covers or not.
    finite = given[np.isfinite(given["estimate"])]
    spread = float(finite["estimate"].std()) if len(finite) > 1 else np.nan
    # An interval without any bound covers everything and would count as a success.
    bounded = given[np.isfinite(given["lower"]) | np.isfinite(given["upper"])]
    covers = (bounded["lower"] <= truth) & (truth <= bounded["upper"])
    tested = given.dropna(subset="p_value")
    return {
        "studies": len(own),
        "answers": n,
        "infinite": n - len(finite),
        "refused_because": str(reasons.index[0]) if len(reasons) else "",
        "bias": float(finite["estimate"].mean() - truth) if len(finite) else np.nan,
        "bias_mc": spread / np.sqrt(len(finite)) if len(finite) else np.nan,
        "spread": spread,
        "intervals": len(bounded),
        "covered": int(covers.sum()),
        "tests": len(tested),
        "rejected": int((tested["p_value"] <= 0.05).sum()),
    }
