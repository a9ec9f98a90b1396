"""Small studies at random: constants, absent arms, limits, ties, one day, deaths. Each has an answer or a reason.

`HC_FUZZ_STUDIES` sets how many of each shape, `HC_FUZZ_SEED` gives other ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from historical_controls.analysis.families.combine import combine_outcomes
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.analysis.sensitivity.grid import analyse_grid
from historical_controls.analysis.sensitivity.robustness import assess_robustness
from historical_controls.analysis.sensitivity.unmeasured_bias import unmeasured_bias_rows
from historical_controls.ard.keys.statistics import REMARKS
from historical_controls.config.analysis.analysis import Primary
from historical_controls.config.analysis.sensitivity import Sensitivity
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import OBSERVATIONS

from .test_analysis import ROOT, analysis_inputs, patients, visits

SEED, MANY = int(os.environ.get("HC_FUZZ_SEED", "1")), int(os.environ.get("HC_FUZZ_STUDIES", "1"))
SHAPES = [(5, 5), (3, 8), (1, 10), (2, 2), (3, 40)]
FEW = {"exact_up_to": 1000, "draws": 1000, "scenario_draws": 1000}
BOUNDS = ["value", "lower", "upper"]
CENTRES = ("estimate", "mean", "win_odds", "win_ratio", "share")
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@pytest.fixture(scope="module")
def reasons() -> set[str]:
    words = yaml.safe_load((ROOT / "workflow/locales/en.yaml").read_text(encoding="utf-8"))
    return set(words["reason"])


def constant(m: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    arm = rng.choice(["treated", "historical"])
    return m.assign(**{name: m[name].mask(m["arm"] == arm, 90.0) for name in BOUNDS})


def without_baseline(m: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return m[~((m["day"] == 0) & (m["arm"] == rng.choice(["treated", "historical"])))]


def one_each(m: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    after = m[m["day"] > 0].groupby("patient_id").sample(1, random_state=int(rng.integers(10**6)))
    return pd.concat([m[m["day"] == 0], after])


def below_a_limit(m: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    limit = float(m["value"].quantile(rng.uniform(0.05, 0.6)))
    low = m["value"] < limit
    return m.assign(value=m["value"].mask(low), lower=m["lower"].mask(low, 0.0), upper=m["upper"].mask(low, limit))


def above_a_limit(m: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    limit = float(m["value"].quantile(rng.uniform(0.6, 0.95)))
    high = m["value"] > limit
    return m.assign(value=m["value"].mask(high), lower=m["lower"].mask(high, limit), upper=m["upper"].mask(high))


CHANGES: dict[str, Change] = {
    "scheduled": lambda m, _: m[m["day"].isin([0, 1, 3, 7, 14])],
    "sparse": lambda m, rng: m[rng.random(len(m)) < 0.5],
    "constant": constant,
    "without_baseline": without_baseline,
    "one_day": lambda m, _: m[m["day"].isin([0, 7])],
    "one_each": one_each,
    "ties": lambda m, _: m.assign(**{name: m[name].round(-1) for name in BOUNDS}),
    "treated_end_early": lambda m, _: m[(m["arm"] == "historical") | (m["day"] <= 7)],
    "below_a_limit": below_a_limit,
    "above_a_limit": above_a_limit,
}


def study(shape: tuple[int, int], rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and visits of a study with two or three of the changes, and deaths in half of the studies."""
    people = patients(*shape)
    people["display_id"] = [f"{arm[0]}{number}" for number, arm in enumerate(people["arm"])]
    m = visits(people, effect=float(rng.choice([0, 40])), seed=int(rng.integers(1000)), days=14)
    limits = [name for name in CHANGES if name.endswith("limit")]
    names = rng.choice(list(CHANGES), size=int(rng.integers(2, 4)), replace=False).tolist()
    # Of limits one only, and last: what lies beyond it has no value to change.
    chosen = [name for name in names if name not in limits] + [name for name in names if name in limits][:1]
    for name in chosen:
        m = CHANGES[name](m, rng) if len(m) else m
    if rng.random() < 0.5:
        died = rng.random(len(people)) < 0.3
        people = people.assign(
            end_state=people["end_state"].mask(died, "death"),
            end_day=people["end_day"].mask(died, pd.Series(rng.integers(2, 20, len(people)).astype(float))),
        )
        m = m[m["day"] <= m["patient_id"].map(people.set_index("patient_id")["end_day"])]
    return people, m.reset_index(drop=True)


def everything(people: pd.DataFrame, m: pd.DataFrame, dictionary: Dictionary, seed: int) -> pd.DataFrame:
    """Every row that the analysis stage has of one outcome, and two scenarios of it."""
    plan = {"permutation": FEW, "covariates": ["AGE"] if seed % 2 else [], "rank_tests": ["PF"]}
    inputs = replace(analysis_inputs(people, m, dictionary, **plan), primary=Primary(outcome="PF", day=7))
    analysed = analyse_outcomes(["PF"], inputs)
    before = m[m["day"] == 0].assign(hours=-1.0).reindex(columns=OBSERVATIONS.names)
    unadjusted = analysis_inputs(people, m, dictionary, **{**plan, "adjust_for_baseline": False}).settings
    scenarios = [
        replace(inputs, scenario="unadjusted", settings=unadjusted),
        replace(inputs, scenario="fewer", patients=people.iloc[1:]),
    ]
    return pd.concat(
        [
            analysed.ard,
            assess_robustness(["PF"], inputs, before, Sensitivity()),
            unmeasured_bias_rows(analysed.ard, inputs, []),
            combine_outcomes(analysed.ard, analysed.statistics, inputs.primary),
            analyse_grid(scenarios, ["PF"], [7], inputs),
        ],
        ignore_index=True,
    )


def faults(ard: pd.DataFrame, reasons: set[str]) -> list[str]:
    """What no study may have: see the test."""
    found = [f"{row.analysis} {row.statistic} is {row.value}" for row in ard[np.isinf(ard["value"])].itertuples()]
    said = ard.loc[ard["statistic"].isin(REMARKS), "text"]
    found += [f"no words for {text}" for text in sorted(set(said) - reasons)]
    key = ["scenario", "analysis", "method", "outcome", "arm", "level", "day", "contrast"]
    for keys, own in ard.fillna({"day": -1.0}).groupby(key):
        value = dict(zip(own["statistic"], own["value"], strict=True))
        lower, upper = value.get("lower", np.nan), value.get("upper", np.nan)
        slack = 1e-9 * max(1.0, abs(lower), abs(upper))
        for name in CENTRES:
            if value.get(name, lower) < lower - slack or value.get(name, upper) > upper + slack:
                found.append(f"{keys}: {name} outside its interval {lower} to {upper}")
        # Win odds have a null value of 1; the difference of this outcome has 0.
        none = 1.0 if "win_odds" in value or "win_ratio" in value else 0.0
        tested = "p_value" in value and np.isfinite([lower, upper]).all()
        if tested and (lower <= none <= upper) != (value["p_value"] > 0.05):
            found.append(f"{keys}: p {value['p_value']} beside {lower} to {upper}")
    return found


@pytest.mark.parametrize("number", range(MANY))
@pytest.mark.parametrize("shape", SHAPES)
def test_every_small_study_has_an_answer_or_a_reason(
    shape: tuple[int, int], number: int, dictionary: Dictionary, reasons: set[str]
) -> None:
    """No traceback; p-values and intervals agree; intervals contain their estimates; n under every arm of an answer;
    every refusal has words."""
    seed = SEED + 1000 * number + SHAPES.index(shape)
    ard = everything(*study(shape, np.random.default_rng(seed)), dictionary, seed)
    assert not faults(ard, reasons)
    model = ard[(ard["analysis"] == "mixed_model") & (ard["scenario"] == "primary")]
    answered = model.loc[(model["statistic"] == "estimate") & (model["level"] == ""), "day"]
    counted = model[model["statistic"] == "n_measured"].groupby("day")["arm"].nunique()
    assert (counted.reindex(answered) == 2).all()
    assert len(answered) or "not_estimable" in set(model["statistic"])


def test_faults_are_noticed(dictionary: Dictionary, reasons: set[str]) -> None:
    people = patients()
    ard = analyse_outcomes(["PF"], analysis_inputs(people, visits(people), dictionary, permutation=FEW)).ard
    refused = ard.tail(1).assign(statistic="not_estimable", text="no_data", value=np.nan, day=99.0)
    ard = pd.concat([ard, refused], ignore_index=True)
    assert not faults(ard, reasons)
    here = (ard["analysis"] == "mixed_model") & (ard["day"] == 7) & (ard["level"] == "")
    for statistic, column, wrong in (
        ("estimate", "value", 1e4),
        ("estimate", "value", np.inf),
        ("p_value", "value", 0.9),
        ("not_estimable", "text", "nonsense"),
    ):
        rows = (ard["statistic"] == statistic) & (here | (column == "text"))
        assert rows.any()
        assert faults(ard.assign(**{column: ard[column].mask(rows, wrong)}), reasons)
