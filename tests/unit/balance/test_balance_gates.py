"""Gates, weights and the envelope as the stage writes them: cohort tables in, tables and results rows out."""

from __future__ import annotations

from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from historical_controls.balance.arms import BalanceTables, balance_arms
from historical_controls.balance.differences import moments_of, smd
from historical_controls.balance.envelope import Chance, labellings, smd_by_chance
from historical_controls.balance.gates import gates_of
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.balance.key_covariates import KeyCovariates
from historical_controls.balance.reach import chance_of_reach, reached
from historical_controls.balance.weights.weighting import unweighted
from historical_controls.config.analysis.balance import Balance, Gates
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.tables.registry import GATES, VISITS, WEIGHTS

DICTIONARY = load_dictionary(Path(__file__).parents[3] / "data" / "dictionary")


def people(treated: list[Any], historical: list[Any], **more: list[Any]) -> pd.DataFrame:
    n1, n0 = len(treated), len(historical)
    ids = [f"T{i + 1}" for i in range(n1)] + [f"C{i + 1}" for i in range(n0)]
    frame = pd.DataFrame({"patient_id": ids, "display_id": ids, "arm": ["treated"] * n1 + ["historical"] * n0})
    timing = dict.fromkeys(("days_from_onset", "hours_from_admission", "calendar_week"), np.nan)
    values = np.array([*treated, *historical], dtype=float)
    zero = {"hours_to_treatment": np.where(frame["arm"] == "treated", 0.0, np.nan)}
    return frame.assign(source="s", included=True, **timing, **zero, AGE=values).assign(**more)


def run(patients: pd.DataFrame, **changes: Any) -> BalanceTables:
    plain = {"covariates": ["AGE"], "key_covariates": ["AGE"], "methods": ["entropy", "matching", "overlap"]}
    settings = Balance.model_validate({**plain, **changes})
    return balance_arms(patients, VISITS.empty(), BalanceInputs(settings, DICTIONARY, 1))


def states(found: BalanceTables, method: str = "unweighted") -> dict[tuple[str, str], str]:
    rows = found.gates[found.gates["method"] == method]
    return {(row.gate, row.level): row.state for row in rows.itertuples()}


SPREAD = list(np.linspace(40, 80, 41))


def test_like_arms_pass() -> None:
    found = run(people([50, 55, 60, 65, 70], SPREAD))
    assert set(found.gates.loc[found.gates["method"] != "matching", "state"]) == {"ok"}
    assert states(found, "matching")["few_effective", "historical"] == "warn"  # fifteen controls
    assert set(found.weights["method"]) == {"unweighted", "entropy", "matching", "overlap"}
    sums = found.weights.groupby(["method", "arm"])["weight"].sum()
    np.testing.assert_allclose(sums, 5)


def test_one_treated_patient_beyond_the_controls_is_named_in_their_standard_deviations() -> None:
    for age, distance in ((82, 2), (95, 15)):
        found = run(people([50, 55, 60, 65, age], SPREAD))
        assert states(found)["outside_range", "T5"] == "warn"
        assert "refuse" not in set(found.gates.loc[found.gates["method"] == "unweighted", "state"])
        row = found.gates[(found.gates["method"] == "unweighted") & (found.gates["level"] == "T5")].iloc[0]
        # A treated outlier does not widen its own tolerance.
        assert row["value"] == pytest.approx(distance / np.std(SPREAD, ddof=1))


def test_arms_apart_are_refused_for_their_design() -> None:
    """Three of five treated beyond all 41 controls: 2 * P(3 or more of the 3 farthest of 46 are treated) = 0.0013."""
    far = run(people([50, 55, 81, 82, 83], SPREAD))
    assert states(far)["far_from_controls", ""] == "refuse"
    row = far.gates[(far.gates["method"] == "unweighted") & (far.gates["gate"] == "far_from_controls")].iloc[0]
    assert (row["covariate"], row["value"], row["limit"]) == ("AGE", 0.0, 0.05)
    one = chance_of_reach(np.array([5]), np.array([41]), np.array([0]))
    assert one == pytest.approx(2 * comb(5, 3) / comb(46, 3))
    # Below the controls, and beyond all but two of them: the same. Beyond all but three of 41, more than 5%: compared.
    assert states(run(people([37, 38, 39, 55, 60], SPREAD)))["far_from_controls", ""] == "refuse"
    assert states(run(people([50, 55, 78.5, 82, 83], SPREAD)))["far_from_controls", ""] == "refuse"
    assert states(run(people([50, 55, 77.5, 82, 83], SPREAD)))["far_from_controls", ""] == "ok"
    open_ = run(people([50, 55, 81, 82, 83], SPREAD), gates={"min_controls_reaching": 0})
    assert states(open_)["far_from_controls", ""] == "ok"


@pytest.mark.parametrize(
    ("n1", "n0", "p", "shape"),
    [
        *((5, 10, p, "normal") for p in (1, 2, 4)),
        *((5, 25, 4, shape) for shape in ("normal", "skewed", "heavy tails", "correlated")),
        *((5, 50, p, "normal") for p in (1, 4)),
        (50, 50, 4, "skewed"),
    ],
    ids=lambda value: str(value),
)
def test_how_many_exchangeable_studies_are_refused(n1: int, n0: int, p: int, shape: str) -> None:
    """At most 5% of studies whose arms do not differ, at least 99% of those 3.75 SD apart on one of p covariates."""
    rng = np.random.default_rng([n1, n0, p])
    treated = np.arange(n1 + n0) < n1
    refused, apart = 0, 0
    # Of four covariates or few controls all labellings are looked at for every study that is apart.
    studies = 60
    for _ in range(studies):
        X = rng.standard_t(3, (n1 + n0, p)) if shape == "heavy tails" else rng.standard_normal((n1 + n0, p))
        X = X[:, [0]] + 0.3 * X if shape == "correlated" else X
        X = np.exp(0.8 * X) if shape == "skewed" else X
        refused += is_refused(X, treated)
        if shape == "normal":
            X[treated, 0] += 3.75
            apart += is_refused(X, treated)
    # Three standard errors of a share of so many around 5% and 99%.
    assert refused <= 0.05 * studies + 3 * np.sqrt(0.05 * 0.95 * studies)
    assert shape != "normal" or apart >= 0.99 * studies - 3 * np.sqrt(0.01 * 0.99 * studies)


def key_of(X: np.ndarray, treated: np.ndarray, known: np.ndarray | None = None) -> KeyCovariates:
    sd = X[~treated].std(axis=0, ddof=1)
    names = tuple(f"X{number}" for number in range(X.shape[1]))
    return KeyCovariates(names, X, np.ones(X.shape, dtype=bool) if known is None else known, sd, sd, treated)


def test_the_joint_chance_is_the_share_of_all_labellings_that_are_as_far() -> None:
    """By brute force over all 495 ways to call 4 of 12 treated: as improbable a reach, or as far apart where equal."""
    rng = np.random.default_rng(8)
    treated = np.arange(12) < 4
    X = rng.standard_normal((12, 3)).round(1)
    X[treated, 1] += 3.2
    found = reached(key_of(X, treated), treated, 0.05)

    def look(rows: np.ndarray, j: int) -> tuple[float, float]:
        mine, others = X[rows, j], np.delete(X[:, j], rows)
        least = min(int((side * others >= np.sort(side * mine)[::-1][1]).sum()) for side in (1, -1))
        law = 2 * sum(comb(4, k) * comb(8, 2 + least - k) for k in range(2, min(4, 2 + least) + 1))
        alone = min(1.0, law / comb(12, 2 + least)) if least / 8 < 0.05 else 1.0
        return alone, -round(abs(mine.mean() - others.mean()) / X[:, j].std(), 9)

    every = [min(look(np.array(rows), j) for j in range(3)) for rows in combinations(range(12), 4)]
    far = [j for j in range(3) if found[j].share < 0.05]
    assert 1 in far and 2 not in far
    for j in far:
        own = look(np.flatnonzero(treated), j)
        assert found[j].chance == pytest.approx(np.mean([one <= own for one in every]))
    assert found[2].chance == 1.0


def test_many_controls_are_no_burden() -> None:
    """Two treated beyond nearly all of 60,000 controls: no shortcut by Bonferroni with four covariates."""
    rng = np.random.default_rng(1)
    treated = np.arange(60_002) < 2
    X = rng.standard_normal((60_002, 4))
    X[treated, 0] = 2.0
    found = reached(key_of(X, treated), treated, 0.05)
    r, n = round(found[0].share * 60_000), 60_002
    # The first of two treated among the 1 + r farthest: 1 - P(neither is), twice; four covariates raise it.
    assert found[0].alone == pytest.approx(2 * (1 - (n - 1 - r) * (n - 2 - r) / (n * (n - 1))), rel=1e-6)
    assert 0.2 < found[0].chance < 0.4


def test_patients_without_a_value_are_neither_near_nor_far() -> None:
    rng = np.random.default_rng(2)
    treated = np.arange(30) < 6
    X = rng.standard_normal((30, 2))
    X[treated, 0] += 4
    known = rng.random((30, 2)) > 0.2
    some, rows = reached(key_of(X, treated, known), treated, 0.05)[0], known[:, 0]
    alone = reached(key_of(X[rows][:, [0]], treated[rows]), treated[rows], 0.05)[0]
    assert (some.share, some.alone) == (alone.share, alone.alone)
    assert some.apart == pytest.approx(alone.apart)
    # Nobody of an arm known: nothing is said.
    known[treated, 0] = False
    assert reached(key_of(X, treated, known), treated, 0.05)[0].share == 1.0


def is_refused(X: np.ndarray, treated: np.ndarray) -> bool:
    gates = gates_of(unweighted(treated), key_of(X, treated), np.full(len(X), "P"), None, Gates())
    return any(gate.gate == "far_from_controls" and gate.state == "refuse" for gate in gates)


def test_few_or_heavy_controls_are_refused() -> None:
    four = states(run(people([50, 55, 60], [45, 52, 58, 66])))
    assert four["few_effective", "historical"] == "refuse"
    twenty = states(run(people([50, 55, 60], SPREAD[:20])))
    assert twenty["few_effective", "historical"] == "warn"
    one_old = states(run(people([78, 79, 80], [*SPREAD[:30], 80.5])), "entropy")
    assert one_old["one_weight", "historical"] == "refuse"


@pytest.mark.parametrize(
    ("least", "warned", "state"), [(4, 4, "ok"), (4, 4.5, "warn"), (4, 5, "warn"), (4.5, 5, "refuse"), (5, 5, "refuse")]
)
def test_an_effective_number_equal_to_its_limit_is_enough(least: float, warned: float, state: str) -> None:
    """Four controls of equal weight are exactly four effective ones."""
    treated = np.array([True] * 4 + [False] * 4)
    declared = Gates(min_ess=least, warn_ess=warned)
    gates = gates_of(unweighted(treated), key_of(np.zeros((8, 1)), treated), np.full(8, "P"), None, declared)
    (few,) = (gate for gate in gates if gate.gate == "few_effective")
    assert (few.state, few.value) == (state, 4.0)


def test_weights_that_cannot_be_are_a_refusal() -> None:
    found = run(people([81, 82, 83], SPREAD), matching={"calipers": {"AGE": 0.01}})
    gates = found.gates[found.gates["method"] == "entropy"]
    assert gates[["gate", "covariate", "state"]].to_numpy().tolist() == [["outside_hull", "AGE", "refuse"]]
    assert states(found, "matching") == {("nobody_matched", ""): "refuse"}
    assert set(found.weights["method"]) == {"unweighted", "overlap"}
    assert found.matched_sets.empty
    said = found.ard[(found.ard["statistic"] == "infeasible") & (found.ard["method"] == "entropy")]
    assert said["text"].tolist() == ["outside_hull"]


def test_treated_outside_the_calendar_of_the_controls_are_named() -> None:
    patients = people([50, 55, 60], SPREAD)
    weeks = [3.0, -2, -1, *np.linspace(-10, 1, 41)]
    found = run(patients.assign(calendar_week=weeks))
    assert states(found)["outside_calendar", "T1"] == "warn"


def test_unmatched_and_smaller_sets_are_said() -> None:
    patients = people([50, 55, 60], [49, 50, 54, 56, 59, 61, 70], ICU_BED=[True, True, False] + [True] * 7)
    found = states(run(patients, matching={"ratio": 5, "exact": ["ICU_BED"]}), "matching")
    assert found["unmatched", "T3"] == "warn"
    assert found["ratio_reduced", ""] == "warn"


def test_empty_arms_give_no_weights_and_no_gates() -> None:
    for patients in (people([], SPREAD), people([50], []), people([], [])):
        found = run(patients)
        assert found.gates.empty and found.weights.empty
        assert list(found.gates.columns) == list(GATES.names)
        assert list(found.weights.columns) == list(WEIGHTS.names)


def test_one_treated_patient() -> None:
    found = run(people([50], SPREAD))
    row = found.balance[(found.balance["method"] == "entropy")].iloc[0]
    assert row["mean_historical"] == pytest.approx(50)
    assert found.balance[found.balance["method"] == "unweighted"]["smd"].iloc[0] == pytest.approx(
        (50 - 60) / np.std(SPREAD, ddof=1)
    )


def test_missing_key_covariates_are_imputed_and_counted() -> None:
    patients = people([50, 55, np.nan], [*SPREAD, np.nan, np.nan])
    found = run(patients)
    counted = found.ard[found.ard["statistic"] == "n_imputed"]
    assert counted[["outcome", "value"]].to_numpy().tolist() == [["AGE", 3]]
    assert run(patients, missing="indicator").weights["weight"].notna().all()
    weights = run(patients, missing="indicator").weights
    lacking = weights[(weights["method"] == "entropy") & weights["patient_id"].isin(["C42", "C43"])]
    assert lacking["weight"].sum() == pytest.approx(1)  # one treated of three lacks it


def test_smd_after_weighting_keeps_the_unweighted_denominator() -> None:
    found = run(people([50, 55, 60, 65, 70], SPREAD[:30]))
    rows = found.balance.set_index("method")
    spread = np.sqrt((rows.loc["unweighted", "sd_treated"] ** 2 + rows.loc["unweighted", "sd_historical"] ** 2) / 2)
    for method in ("unweighted", "matching", "overlap"):
        row = rows.loc[method]
        assert row["smd"] == pytest.approx((row["mean_treated"] - row["mean_historical"]) / spread)
    assert rows.loc["entropy", "smd"] == pytest.approx(0, abs=1e-7)
    assert rows.loc["matching", "n_historical"] == 15


def chance(level: float) -> Chance:
    return Chance(level, 1000, 1)


def first(n: int, treated: int) -> np.ndarray:
    return np.arange(n) < treated


def test_chance_limit_is_the_quantile_over_all_labellings_of_those_measured() -> None:
    """One treated patient of three has no value: two of the seven measured ones are labelled treated."""
    values = np.array([np.nan, 3.0, 1, 4, 1, 5, 9, 2])
    known = values[1:]
    sizes = []
    for treated in labellings(7, 2, 1000, 1):
        rows = np.isin(np.arange(7), treated)
        sizes.append(abs(smd(moments_of(known[rows]), moments_of(known[~rows]))))
    assert len(sizes) == comb(7, 2)
    found = smd_by_chance(values, first(8, 3), False, chance(0.9))
    assert found == pytest.approx(np.quantile(sizes, 0.9, method="inverted_cdf"))
    # Whom a measurement missed changes nothing, however many they are.
    more = np.concatenate([values, np.full(20, np.nan)])
    assert smd_by_chance(more, first(28, 3), False, chance(0.9)) == found
    assert np.isnan(smd_by_chance(np.array([np.nan, 1.0, 2.0]), first(3, 1), False, chance(0.9)))


@pytest.mark.parametrize("hits", [0, 1, 4, 9, 10])
@pytest.mark.parametrize("missing", [0, 3])
def test_chance_limit_of_a_share_is_exact(hits: int, missing: int) -> None:
    values = np.array([1.0] * hits + [0.0] * (10 - hits))
    sizes = []
    for treated in labellings(10, 3, 1000, 1):
        p1, p0 = values[treated].mean(), np.delete(values, treated).mean()
        within = np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2)
        together = np.sqrt(hits / 10 * (1 - hits / 10))
        sizes.append(0.0 if p1 == p0 else abs(p1 - p0) / (within or together))
    expected = np.quantile(sizes, 0.9, method="inverted_cdf")
    told = np.concatenate([values, np.full(missing, np.nan)])
    np.testing.assert_allclose(smd_by_chance(told, first(len(told), 3), True, chance(0.9)), expected)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e9])
@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_differences_and_their_chance_limits_have_no_unit(scale: float, shift: float) -> None:
    values = np.random.default_rng(4).normal(size=40)
    treated = first(40, 5)
    moved = (values + shift) * scale
    for before, after in (
        (smd(moments_of(values[treated]), moments_of(values[~treated])),) * 2,
        (smd_by_chance(values, treated, False, chance(0.95)), smd_by_chance(moved, treated, False, chance(0.95))),
        (
            smd(moments_of(values[treated]), moments_of(values[~treated])),
            smd(moments_of(moved[treated]), moments_of(moved[~treated])),
        ),
    ):
        assert after == pytest.approx(before, rel=1e-9)


@pytest.mark.parametrize("value", [0.21, 0.1, 0.7, 1e9 / 3, 1e-9 / 7])
def test_values_that_are_all_alike_have_no_difference(value: float) -> None:
    """0.21 of five and of thirty patients: the means differ by rounding, which is no spread (it gave 1.26)."""
    found = run(people([value] * 5, [value] * 30))
    row = found.balance[found.balance["method"] == "unweighted"].iloc[0]
    assert (row["smd"], row["sd_treated"], row["smd_by_chance"]) == (0.0, 0.0, 0.0)


def test_arms_that_are_each_alike_but_apart_have_a_difference() -> None:
    """5 of 5 against 0 of 25: neither arm varies, so the denominator is the SD of all 30 (as in cobalt)."""
    patients = people([50] * 5, SPREAD[:25], DIABETES=[True] * 5 + [False] * 25)
    found = run(patients, covariates=["DIABETES", "AGE"])
    row = found.balance[(found.balance["method"] == "unweighted") & (found.balance["covariate"] == "DIABETES")].iloc[0]
    assert row["smd"] == pytest.approx(1 / np.sqrt(5 / 30 * 25 / 30))
    assert np.isfinite(row["smd_by_chance"])
    numbers = np.array([0.7] * 5 + [0.1] * 25)
    apart = smd(moments_of(numbers[:5]), moments_of(numbers[5:]))
    assert apart == pytest.approx(0.6 / np.std(numbers, ddof=1))


@pytest.mark.parametrize(("n", "k"), [(60, 5), (60, 30), (5000, 40), (5000, 100)])
def test_drawn_labellings_are_subsets_each_patient_alike(n: int, k: int) -> None:
    chosen = labellings(n, k, 3000, 7)
    assert chosen.shape == (3000, k)
    assert (np.diff(np.sort(chosen, axis=1), axis=1) > 0).all()
    times = np.bincount(chosen.ravel(), minlength=n)
    expected = 3000 * k / n
    assert abs(times.mean() - expected) < 1e-9
    assert (np.abs(times - expected) < 6 * np.sqrt(expected)).all()
    assert (labellings(n, k, 3000, 7) == chosen).all()


def test_five_exchangeable_treated_show_large_differences() -> None:
    """With 5 against 38 an SMD of 0.4 is nothing: about one standard error is sqrt(1/5 + 1/38) = 0.48."""
    values = np.random.default_rng(3).normal(size=43)
    bound = smd_by_chance(values, first(43, 5), False, Chance(0.95, 20_000, 1))
    assert 0.85 < bound < 1.15


def test_ages_of_treated_patients_are_banded_in_public() -> None:
    patients = people([51, 57, 63], SPREAD)
    settings = Balance(covariates=["AGE"], key_covariates=["AGE"])
    for public, expected in ((True, [52.5, 57.5, 62.5]), (False, [51, 57, 63])):
        ard = balance_arms(patients, VISITS.empty(), BalanceInputs(settings, DICTIONARY, 1, public=public)).ard
        marks = ard[(ard["output_id"] == "15.4") & (ard["arm"] == "treated")]
        assert marks["value"].tolist() == expected


def test_arms_constant_and_apart_are_refused() -> None:
    found = run(people([50.0] * 5, [60.0] * 40))
    assert states(found)["far_from_controls", ""] == "refuse"
    assert np.isinf(found.gates.loc[found.gates["gate"] == "outside_range", "value"]).all()
    assert np.isfinite(found.ard["value"].dropna()).all()
    assert states(found, "entropy")["outside_hull", ""] == "refuse"


def test_a_covariate_that_one_arm_lacks_trips_no_gate() -> None:
    found = run(people([np.nan] * 5, SPREAD))
    assert "refuse" not in set(found.gates["state"])
    assert found.ard.loc[found.ard["statistic"] == "n_imputed", "value"].tolist() == [5]


def test_a_control_identical_to_a_treated_patient_is_matched_at_no_distance() -> None:
    found = run(people([50, 55.5, 60], [50, 55, *SPREAD]))
    own = found.matched_sets[found.matched_sets["arm"] == "historical"]
    assert own["distance"].min() == 0


def test_a_thousand_controls() -> None:
    rng = np.random.default_rng(2)
    found = run(people(list(rng.normal(60, 5, 5)), list(rng.normal(62, 10, 1000))))
    assert set(found.gates["state"]) <= {"ok", "warn"}
    assert len(found.weights) == 4 * 1005


def test_a_key_covariate_that_most_of_an_arm_lack_is_named_not_filled_in_silence() -> None:
    ages: list[Any] = [np.nan, np.nan, np.nan, 65, 70]
    found = run(people(ages, SPREAD))
    row = found.gates[(found.gates["method"] == "unweighted") & (found.gates["gate"] == "unknown_in_arm")].iloc[0]
    assert (row["state"], row["covariate"], row["level"], row["value"]) == ("warn", "AGE", "treated", 0.4)
    assert "unknown_in_arm" not in set(run(people([50, np.nan, np.nan, 65, 70], SPREAD)).gates["gate"])


def test_a_time_axis_that_nothing_balances_is_named_where_chance_does_not_explain_it() -> None:
    hours = [20.0] * 5 + list(np.linspace(60, 140, 41))
    patients = people([50, 55, 60, 65, 70], SPREAD, hours_from_admission=hours)
    found = run(patients)
    row = found.gates[(found.gates["method"] == "unweighted") & (found.gates["gate"] == "time_axis")].iloc[0]
    assert (row["state"], row["covariate"]) == ("warn", "hours_from_admission")
    assert abs(row["value"]) > row["limit"] > 0
    assert "time_axis" not in set(run(patients, key_covariates=["AGE", "hours_from_admission"]).gates["gate"])
    alike = people([50, 55, 60, 65, 70], SPREAD, hours_from_admission=[70, 80, 90, 100, 110, *np.linspace(60, 140, 41)])
    assert "time_axis" not in set(run(alike).gates["gate"])


def test_a_time_axis_that_one_arm_alone_records_is_named() -> None:
    """What one arm lacks cannot differ by more than chance, so that no gate spoke of it."""
    recorded = [70.0, 80.0, 90.0, 100.0, 110.0]
    patients = people([50, 55, 60, 65, 70], SPREAD, hours_from_admission=[*recorded, *[np.nan] * len(SPREAD)])
    found = run(patients).gates
    for method in ("unweighted", "entropy"):
        rows = found[(found["method"] == method) & (found["gate"] == "unknown_in_arm")]
        assert rows[["state", "covariate", "level", "value"]].to_numpy().tolist() == [
            ["warn", "hours_from_admission", "historical", 0.0]
        ]
    nobody = people([50, 55, 60, 65, 70], SPREAD, hours_from_admission=[np.nan] * (5 + len(SPREAD)))
    assert "unknown_in_arm" not in set(run(nobody).gates["gate"])


def test_one_patient_with_all_the_weight_has_no_spread() -> None:
    """The divisor is what rounding leaves of 1 - 1: the standard deviation was infinite, its variance ratio 0."""
    for weights in ([1.0, 1e-18, 1e-20], [1.0, 0.0, 0.0]):
        found = moments_of(np.array([50.0, 60.0, 80.0]), np.array(weights))
        assert found.mean == pytest.approx(50.0) and np.isnan(found.sd)
    known = moments_of(np.array([50.0, 60.0]), np.array([3.0, 1.0]))
    assert known.sd == pytest.approx(np.sqrt((3 * 2.5**2 + 7.5**2) / (4 - 10 / 4)))


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ([0, 0, 0, 0, 0], {}),
        ([-3, 0, 0.01, 0, 0], {}),
        # The median of those treated later; whose treatment is not dated may be of either kind.
        ([0, 20, 24, 30, np.nan], {"treated_later": 24}),
        ([24, 30, np.nan, np.nan, np.nan], {"treated_later": 27, "treatment_undated": 0.6}),
        ([np.nan] * 5, {"treatment_undated": 1}),
    ],
)
def test_treatment_after_time_zero_is_warned_of(hours: list[float], said: dict[str, float]) -> None:
    found = run(people([50, 55, 60, 65, 70], SPREAD, hours_to_treatment=[*hours, *[np.nan] * len(SPREAD)])).gates
    assert set(found["method"]) == {"unweighted", "entropy", "matching", "overlap"}
    for _, own in found.groupby("method"):
        rows = own[own["gate"].isin(["treated_later", "treatment_undated"])]
        assert dict(zip(rows["gate"], rows["value"], strict=True)) == said
        assert set(rows["state"]) <= {"warn"} and set(rows["level"]) <= {"treated"}
