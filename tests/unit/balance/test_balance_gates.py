"""Gates, weights and the envelope as the stage writes them: cohort tables in, tables and results rows out."""

from __future__ import annotations

from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from historical_controls.balance.arms import BalanceTables, balance_arms
from historical_controls.balance.differences import moments_of, smd
from historical_controls.balance.envelope import labellings, smd_by_chance
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.tables.registry import GATES, VISITS, WEIGHTS

DICTIONARY = load_dictionary(Path(__file__).parents[3] / "data" / "dictionary")


def people(treated: list[Any], historical: list[Any], **more: list[Any]) -> pd.DataFrame:
    n1, n0 = len(treated), len(historical)
    ids = [f"T{i + 1}" for i in range(n1)] + [f"C{i + 1}" for i in range(n0)]
    frame = pd.DataFrame({"patient_id": ids, "display_id": ids, "arm": ["treated"] * n1 + ["historical"] * n0})
    timing = dict.fromkeys(("days_from_onset", "hours_from_admission", "calendar_week"), np.nan)
    values = np.array([*treated, *historical], dtype=float)
    return frame.assign(source="s", included=True, **timing, AGE=values).assign(**more)


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


def test_outside_the_range_warns_and_far_outside_refuses() -> None:
    near = run(people([50, 55, 60, 65, 82], SPREAD))
    assert states(near)["outside_range", "T5"] == "warn"
    far = run(people([50, 55, 60, 65, 95], SPREAD))
    assert states(far)["far_from_controls", "T5"] == "refuse"
    row = far.gates[(far.gates["method"] == "unweighted") & (far.gates["level"] == "T5")].iloc[0]
    spread = np.sqrt((np.var([50, 55, 60, 65, 95], ddof=1) + np.var(SPREAD, ddof=1)) / 2)
    assert row["value"] == pytest.approx(15 / spread)
    assert (row["covariate"], row["limit"]) == ("AGE", 0.5)
    assert (
        states(run(people([50, 55, 60, 65, 95], SPREAD), gates={"max_distance_sd": 2}))["outside_range", "T5"] == "warn"
    )


def test_few_or_heavy_controls_are_refused() -> None:
    four = states(run(people([50, 55, 60], [45, 52, 58, 66])))
    assert four["few_effective", "historical"] == "refuse"
    twenty = states(run(people([50, 55, 60], SPREAD[:20])))
    assert twenty["few_effective", "historical"] == "warn"
    one_old = states(run(people([78, 79, 80], [*SPREAD[:30], 80.5])), "entropy")
    assert one_old["one_weight", "historical"] == "refuse"


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


def test_envelope_is_the_quantile_over_all_labellings() -> None:
    values = np.array([3.0, 1, 4, 1, 5, 9, 2, np.nan])
    chosen = labellings(8, 3, 1000, 1)
    assert len(chosen) == comb(8, 3)
    sizes = []
    for treated in chosen:
        rows = np.isin(np.arange(8), treated)
        arms = [moments_of(values[arm & ~np.isnan(values)]) for arm in (rows, ~rows)]
        sizes.append(abs(smd(*arms)))
    found = smd_by_chance(values, False, chosen, 0.9)
    assert found == pytest.approx(np.quantile(sizes, 0.9, method="inverted_cdf"))


@pytest.mark.parametrize("hits", [0, 1, 4, 9, 10])
def test_envelope_of_a_share_is_exact(hits: int) -> None:
    values = np.array([1.0] * hits + [0.0] * (10 - hits))
    sizes = []
    for treated in labellings(10, 3, 1000, 1):
        p1, p0 = values[treated].mean(), np.delete(values, treated).mean()
        spread = np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2)
        sizes.append(0.0 if p1 == p0 else abs(p1 - p0) / spread if spread else np.inf)
    expected = np.quantile(sizes, 0.9, method="inverted_cdf")
    found = smd_by_chance(values, True, labellings(10, 3, 1000, 1), 0.9)
    np.testing.assert_allclose(found, expected if np.isfinite(expected) else np.nan)


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
    bound = smd_by_chance(values, False, labellings(43, 5, 20_000, 1), 0.95)
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
    assert states(found)["far_from_controls", "T1"] == "refuse"
    assert np.isinf(found.gates.loc[found.gates["gate"] == "far_from_controls", "value"]).all()
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
