"""The permutation answer in the analysis: beside every model-based one, on labels that all outcomes share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.families.combine import combine_outcomes
from historical_controls.analysis.model.permutation import joint_labels
from historical_controls.analysis.outcomes import Analysed, analyse_outcomes
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary

from .test_analysis import ROOT, analysis_inputs, number, patients, settings, visits

FEW = {"exact_up_to": 500, "draws": 2000, "scenario_draws": 1000}
PRIMARY = Primary(outcome="PF", day=7, key_secondary=["HR"])


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def analyse(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary, scenario: str = "primary", **changes: object
) -> Analysed:
    codes = sorted(measured["outcome"].unique())
    inputs = analysis_inputs(people, measured, dictionary, permutation={**FEW, **changes})
    return analyse_outcomes(codes, replace(inputs, scenario=scenario, primary=PRIMARY))


@pytest.fixture(scope="module")
def two(dictionary: Dictionary) -> Analysed:
    """P/F with an effect of 40, heart rate with none, and no heart rate of ten controls."""
    people = patients()
    few = people.loc[people.index < 20]
    return analyse(people, pd.concat([visits(people), visits(few, "HR", 0.0)]), dictionary)


def test_it_stands_beside_the_model_and_near_it(two: Analysed) -> None:
    keys = {"outcome": "PF", "day": 7}
    model, permuted = (number(two.ard, "estimate", analysis=name, **keys) for name in ("mixed_model", "permutation"))
    assert permuted == pytest.approx(model, abs=6)
    assert number(two.ard, "lower", analysis="permutation", **keys) < permuted
    assert number(two.ard, "p_floor", analysis="permutation", **keys) == pytest.approx(1 / 2000)
    assert number(two.ard, "n_labellings", analysis="permutation", **keys) == 2000


def test_an_outcome_of_fewer_patients_counts_the_labellings_that_leave_enough_of_them(two: Analysed) -> None:
    used = number(two.ard, "n_labellings", analysis="permutation", outcome="HR", day=7)
    gaps = two.statistics["HR"]["day 7"].isna()
    assert 0 < used == 2000 - gaps.sum() < 2000
    assert not two.statistics["PF"]["day 7"].isna().any()


def test_small_studies_are_enumerated_and_scenarios_draw_fewer(dictionary: Dictionary) -> None:
    people = patients(3, 9)
    small = analyse(people, visits(people), dictionary).ard
    assert number(small, "n_labellings", analysis="permutation", day=7) == 220
    assert set(small.loc[small["statistic"] == "permutations", "text"]) >= {"exact"}
    many = patients()
    scenario = analyse(many, visits(many), dictionary, scenario="other").ard
    assert number(scenario, "n_labellings", analysis="permutation", day=7) == 1000


def test_no_interval_where_the_floor_is_above_the_level(dictionary: Dictionary) -> None:
    people = patients(3, 3)
    ard = analyse(people, visits(people), dictionary).ard
    own = ard.loc[(ard["analysis"] == "permutation") & (ard["day"] == 7)]
    assert "floor_above_level" in set(own["text"])
    assert not {"lower", "upper"} & set(own["statistic"])
    assert number(ard, "p_floor", analysis="permutation", day=7) >= 0.05


def test_what_is_not_estimable_is_not_permuted(dictionary: Dictionary) -> None:
    people = patients(2, 25)
    found = analyse(people, visits(people), dictionary)
    assert not (found.ard["analysis"] == "permutation").any()
    assert found.statistics == {}


def test_labels_depend_on_the_patients_and_the_seed_only(dictionary: Dictionary) -> None:
    people = patients()
    one, other = (joint_labels(frame, settings(permutation=FEW), "primary", 5) for frame in (people, people[::-1]))
    assert one is not None and other is not None
    assert (one.labels.matrix == other.labels.matrix).all()
    assert joint_labels(people.loc[people["arm"] == "treated"], settings(), "primary", 5) is None


def test_one_family_of_all_outcomes_and_days(two: Analysed) -> None:
    ard = combine_outcomes(two.ard, two.statistics, PRIMARY)
    assert number(ard, "n_contrasts") == 4
    for code in ("PF", "HR"):
        for day in (7, 14):
            raw, largest, holm = (
                number(ard, name, outcome=code, day=day, analysis="multiplicity")
                for name in ("p_raw", "p_max_t", "p_holm")
            )
            assert raw == number(two.ard, "p_value", analysis="permutation", outcome=code, day=day)
            assert raw - 1e-12 <= largest <= 1
            assert holm >= raw
    sequence = [
        number(ard, "p_value", analysis="fixed_sequence", method="permutation", outcome=c) for c in ("PF", "HR")
    ]
    assert sequence[1] >= sequence[0]


def test_an_event_may_open_the_fixed_sequence(two: Analysed) -> None:
    """Its p-value is that of its count; without one the sequence would end before its first step."""
    count = Cell(AnalysisKey.PRIMARY_EVENT, "primary", "exact", "DEATH", day=7, contrast="treated - historical")
    with_count = pd.concat([two.ard, ard_frame([count.number(Statistic.P_VALUE, 0.03, format="p")])])
    ard = combine_outcomes(with_count, two.statistics, Primary(outcome="DEATH", day=7, key_secondary=["PF"]))
    for method in ("mixed_model", "permutation"):
        here = {"analysis": "fixed_sequence", "method": method}
        assert number(ard, "p_value", outcome="DEATH", **here) == 0.03
        own = number(two.ard, "p_value", analysis=method, outcome="PF", day=7)
        assert number(ard, "p_value", outcome="PF", **here) == max(0.03, own)


def test_a_key_secondary_event_has_its_place_in_the_fixed_sequence(two: Analysed) -> None:
    """With a p-value it takes it; without one the sequence ends there and says so."""
    count = Cell(AnalysisKey.PRIMARY_EVENT, "primary", "exact", "DEATH", day=7, contrast="treated - historical")
    order = Primary(outcome="PF", day=7, key_secondary=["DEATH", "HR"])
    with_count = pd.concat([two.ard, ard_frame([count.number(Statistic.P_VALUE, 0.2, format="p")])])
    here = {"analysis": "fixed_sequence", "method": "permutation"}
    ard = combine_outcomes(with_count, two.statistics, order)
    assert number(ard, "p_value", outcome="DEATH", **here) == 0.2
    ended = combine_outcomes(two.ard, two.statistics, order)
    rows = ended[(ended["analysis"] == "fixed_sequence") & (ended["statistic"] == "not_estimable")]
    said = rows[rows["method"] == "permutation"].set_index("outcome")["text"].to_dict()
    assert said == {"DEATH": "no_p_value", "HR": "sequence_ended"}
    assert number(ended, "p_value", outcome="PF", **here) < 0.02


def test_a_family_of_nothing_says_so(dictionary: Dictionary) -> None:
    people = patients(2, 25)
    found = analyse(people, visits(people), dictionary)
    ard = combine_outcomes(found.ard, found.statistics, PRIMARY)
    assert number(ard, "n_contrasts") == 0
    assert not ard["statistic"].str.startswith("p_").any()


def test_strong_effects_reach_small_p_values_and_none_do_not(two: Analysed) -> None:
    assert number(two.ard, "p_value", analysis="permutation", outcome="PF", day=7) < 0.02
    assert number(two.ard, "p_value", analysis="permutation", outcome="HR", day=7) > 0.02
    assert np.isfinite(two.statistics["PF"].drop(columns="permutation").to_numpy()).all()
