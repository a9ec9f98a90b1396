"""Table 1: cohort tables in, table `balance` and results rows out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.queries import Results, results_of
from historical_controls.balance.arms import BalanceTables, balance_arms
from historical_controls.balance.differences import Moments, moments_of, share_moments, smd
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.balance.table_one import bounded_quantile
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.tables.registry import VISITS

DICTIONARY = load_dictionary(Path(__file__).parents[3] / "data" / "dictionary")


def patients(**columns: list[Any]) -> pd.DataFrame:
    """Three treated, then four historical patients, and one excluded who must never count."""
    frame = pd.DataFrame(
        {
            "source": "s",
            "patient_id": [f"p{n}" for n in range(8)],
            "arm": ["treated"] * 3 + ["historical"] * 5,
            "included": [True] * 7 + [False],
            "display_id": ["T1", "T2", "T3", "C1", "C2", "C3", "C4", ""],
            "days_from_onset": [8.0, 9, 10, 11, 12, 13, 14, 99],
            "hours_to_treatment": [0.0] * 3 + [np.nan] * 5,
            "hours_from_admission": [50.0, 60, 70, 50, 60, 70, 80, 999],
            "calendar_week": [np.nan] * 8,
        }
    )
    return frame.assign(**columns)


def baselines(outcome: str, values: list[Any]) -> pd.DataFrame:
    """Day 0 visits: a number, ('<', limit), ('>', limit), or None for no visit; a wild value on day 1 besides."""
    rows = []
    for number, value in enumerate(values):
        if value is None:
            continue
        sign, limit = value if isinstance(value, tuple) else ("", float(value))
        exact = np.nan if sign else limit
        rows.append((number, 0, exact, 0.0 if sign == "<" else limit, np.nan if sign == ">" else limit))
        rows.append((number, 1, 1e5, 1e5, 1e5))
    frame = pd.DataFrame(rows, columns=["number", "day", "value", "lower", "upper"])
    return frame.assign(
        scenario="primary",
        source="s",
        patient_id="p" + frame["number"].astype(str),
        arm="",
        outcome=outcome,
        n=1,
        assay="",
        flags="",
    )[list(VISITS.names)]


def run(people: pd.DataFrame, visits: pd.DataFrame | None, *codes: str) -> BalanceTables:
    settings = Balance(covariates=list(codes))
    return balance_arms(people, VISITS.empty() if visits is None else visits, BalanceInputs(settings, DICTIONARY, 1))


def row(found: BalanceTables, code: str, level: str = "") -> pd.Series:
    rows = found.balance
    return rows[(rows["covariate"] == code) & (rows["level"] == level)].iloc[0]


def results(found: BalanceTables) -> Results:
    return results_of(found.ard)


def value(found: BalanceTables, statistic: str, code: str, arm: str = "treated", level: str = "") -> float | None:
    contrast = CONTRAST if statistic == "smd" else ""
    arm = "" if statistic == "smd" else arm
    got = results(found).one("baseline", statistic, outcome=code, arm=arm, level=level, contrast=contrast)
    return None if got is None else got.value


def test_standardised_difference_of_means() -> None:
    found = run(patients(AGE=[40.0, 50, 60, 45, 55, 65, np.nan, 500]), None, "AGE")
    age = row(found, "AGE")
    assert age[["n_treated", "n_historical"]].tolist() == [3, 3]
    assert age["smd"] == pytest.approx(-0.5)  # (50 - 55) / sqrt((100 + 100) / 2)
    assert value(found, "mean", "AGE") == 50
    assert value(found, "sd", "AGE") == 10
    assert [value(found, name, "AGE", "historical") for name in ("n", "n_missing")] == [3, 1]
    assert [value(found, name, "AGE", "historical") for name in ("q1", "median", "q3")] == [50, 55, 60]
    assert value(found, "smd", "AGE") == pytest.approx(-0.5)


def test_standardised_difference_of_shares() -> None:
    flags = pd.array([True, True, False, True, False, False, None, True], dtype="boolean")
    found = run(patients(DIABETES=flags), None, "DIABETES")
    p1, p0 = 2 / 3, 1 / 3
    expected = (p1 - p0) / np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2)
    assert row(found, "DIABETES")["smd"] == pytest.approx(expected)
    assert [value(found, name, "DIABETES", "historical") for name in ("n", "n_missing", "count")] == [3, 1, 1]
    assert value(found, "share", "DIABETES") == pytest.approx(2 / 3)


def test_categories_have_a_row_each() -> None:
    sex = ["male", "male", "female", "male", "female", "female", "female", "male"]
    found = run(patients(SEX=sex), None, "SEX")
    assert row(found, "SEX", "male")["smd"] == pytest.approx(-row(found, "SEX", "female")["smd"])
    assert value(found, "count", "SEX", "historical", "female") == 3


def test_log_outcomes_are_compared_on_the_log_scale() -> None:
    found = run(patients(), baselines("CRP", [100, 200, 50, 100, 100, 50, 25, 9999]), "CRP")
    logs = np.log([100, 200, 50]), np.log([100, 100, 50, 25])
    crp = row(found, "CRP")
    assert crp["mean_treated"] == pytest.approx(logs[0].mean())
    pooled = np.sqrt((logs[0].var(ddof=1) + logs[1].var(ddof=1)) / 2)
    assert crp["smd"] == pytest.approx((logs[0].mean() - logs[1].mean()) / pooled)
    assert value(found, "mean", "CRP") == pytest.approx(350 / 3)
    scale = results(found).one("baseline", "smd_scale", outcome="CRP", contrast=CONTRAST)
    assert scale is not None and scale.text == "log"


def test_censored_baselines_keep_their_bounds() -> None:
    found = run(patients(), baselines("FERR", [900, (">", 1650), (">", 1650), 500, 600, 700, ("<", 5), None]), "FERR")
    assert value(found, "n_censored", "FERR") == 2
    assert value(found, "mean", "FERR") is None  # the mean of '>1650' is not known
    assert value(found, "median", "FERR") is None
    assert value(found, "median_lower", "FERR") == 1650
    assert value(found, "median_upper", "FERR") is None
    assert value(found, "median", "FERR", "historical") == 550
    assert value(found, "q3", "FERR", "historical") == 625
    # The difference takes the limit, and says so.
    logs = np.log([900, 1650, 1650]), np.log([500, 600, 700, 5])
    pooled = np.sqrt((logs[0].var(ddof=1) + logs[1].var(ddof=1)) / 2)
    assert row(found, "FERR")["smd"] == pytest.approx((logs[0].mean() - logs[1].mean()) / pooled)
    said = results(found).one("baseline", "smd_censored", outcome="FERR", contrast=CONTRAST)
    assert said is not None and said.text == "at_limit"


def test_nothing_measured_at_all() -> None:
    found = run(patients(), None, "PF", "AGE", "SEX")
    assert row(found, "PF")[["n_treated", "n_historical"]].tolist() == [0, 0]
    assert np.isnan(row(found, "PF")["smd"])
    assert value(found, "n_missing", "PF", "historical") == 4
    assert value(found, "smd", "PF") is None
    assert value(found, "count", "SEX", "treated", "male") == 0


def test_timing_is_compared_where_it_is_known() -> None:
    found = run(patients(), None)
    assert set(found.balance["covariate"]) == {"days_from_onset", "hours_from_admission"}
    assert value(found, "mean", "days_from_onset") == 9


def test_nobody_in_an_arm() -> None:
    people = patients(AGE=50.0)
    found = run(people[people["arm"] == "treated"], None, "AGE")
    assert row(found, "AGE")[["n_treated", "n_historical"]].tolist() == [3, 0]
    assert value(found, "n", "AGE", "historical") == 0
    assert value(found, "smd", "AGE") is None
    none = run(people[:0], None, "AGE")
    assert value(none, "n", "AGE") == 0


@pytest.mark.parametrize(
    ("treated", "historical", "expected"),
    [
        (Moments(5, 1, 0), Moments(5, 1, 0), 0.0),
        (Moments(5, 1, 0), Moments(5, 0, 0), 1 / np.std([1] * 5 + [0] * 5, ddof=1)),
        (Moments(1, 1, np.nan), Moments(5, 0, 1), 1.0),
        (Moments(1, 1, np.nan), Moments(1, 0, np.nan), np.nan),
        (Moments(5, 1, 0), Moments(5, 0, 1), np.sqrt(2)),
    ],
)
def test_difference_without_spread(treated: Moments, historical: Moments, expected: float) -> None:
    np.testing.assert_allclose(smd(treated, historical), expected)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12), st.sampled_from([0.25, 0.5, 0.75]))
def test_quantiles_are_numpys(values: list[float], share: float) -> None:
    np.testing.assert_allclose(
        bounded_quantile(np.array(values), share), np.quantile(values, share), rtol=1e-9, atol=1e-9
    )


def test_quantiles_of_unbounded_values() -> None:
    values = np.array([1.0, 2.0, np.inf, np.inf])
    assert bounded_quantile(values, 0.5) == np.inf
    assert bounded_quantile(values[:3], 0.5) == 2
    assert bounded_quantile(-values, 0.25) == -np.inf


def test_a_share_is_a_mean_of_zeros_and_ones() -> None:
    ones = moments_of(np.array([1.0, 1, 0, 0]))
    share = share_moments(2, 4)
    assert share.mean == ones.mean
    assert share.sd == pytest.approx(ones.sd * np.sqrt(3 / 4))
