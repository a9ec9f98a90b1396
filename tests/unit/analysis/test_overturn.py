"""Unmeasured bias, E-values, detectable differences and published results, by hand and by published numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.sensitivity.benchmarks import load_benchmarks
from historical_controls.analysis.sensitivity.unmeasured_bias import (
    death_rows,
    e_value,
    tau_to_none,
    trial_size,
    unmeasured_bias_rows,
)
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Analysis, Overturn, Primary
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import UserError, UserErrors
from historical_controls.tables.registry import VISITS

ROOT = Path(__file__).resolve().parents[3]
DICTIONARY = ROOT / "data" / "dictionary"
PUBLISHED = ROOT / "dictionary"
CONTRAST = "treated - historical"
RUNG = {"id": "one", "random": "1", "residual": "iid", "per_arm": "pooled"}
SETTINGS = Analysis.model_validate({"days": [7], "ladder": [RUNG]})
PRIMARY = Primary(outcome="PF", day=7)


def people(treated: tuple[int, int], historical: tuple[int, int]) -> pd.DataFrame:
    """Deaths and patients by arm."""
    rows = [
        {"arm": arm, "included": True, "end_state": "death" if i < dead else "horizon", "end_day": 21.0}
        for arm, (dead, n) in (("treated", treated), ("historical", historical))
        for i in range(n)
    ]
    return pd.DataFrame(rows)


def outcome_rows(
    estimate: float, error: float, df: float, sd: float, code: str = "PF", unit: str = "mmHg"
) -> pd.DataFrame:
    cell = Cell("mixed_model", "primary", "reml", code, day=7, contrast=CONTRAST, output="14.2.2")
    shown = np.exp(estimate) if unit == "ratio" else estimate
    found = [cell.number("estimate", shown, unit), cell.number("standard_error", error), cell.number("df", df)]
    found += [cell.number("estimate_model_scale", estimate)]
    spread = Cell("spread", "primary", "", code, arm="historical", day=7)
    return ard_frame([*found, spread.number("sd", sd)])


def inputs() -> AnalysisInputs:
    tables = people((1, 5), (10, 40)), VISITS.empty()
    return AnalysisInputs("primary", *tables, SETTINGS, load_dictionary(DICTIONARY), PRIMARY, Comparison(), 1)


def made(ard: pd.DataFrame) -> pd.DataFrame:
    return unmeasured_bias_rows(ard, inputs(), [])


def value(rows: pd.DataFrame, analysis: str, statistic: str, **keys: object) -> float:
    own = rows[(rows["analysis"] == analysis) & (rows["statistic"] == statistic)]
    for name, wanted in keys.items():
        own = own[own[name] == wanted]
    assert len(own) == 1
    return float(own["value"].iloc[0])


@pytest.mark.parametrize(("ratio", "expected"), [(3.9, 7.26), (0.8, 1.81), (1.0, 1.0)])
def test_e_value_as_published(ratio: float, expected: float) -> None:
    """VanderWeele & Ding 2017, Ann Intern Med 167:268-274: 3.9 gives 7.26 (infant death), 0.8 gives 1.81."""
    assert e_value(ratio) == pytest.approx(expected, abs=0.005)


def test_tau_that_reaches_none_does_so_exactly() -> None:
    estimate, error, df = 60.0, 20.0, 12.0
    t = stats.t.ppf(0.975, df)
    tau = tau_to_none(estimate, error, t)
    assert estimate - t * np.hypot(error, tau) == pytest.approx(0, abs=1e-9)
    assert tau_to_none(30.0, 20.0, t) == 0


def test_rows_by_hand() -> None:
    rows = made(outcome_rows(60.0, 20.0, 12.0, 50.0))
    t = stats.t.ppf(0.975, 12)
    half = t * np.hypot(20, 0.5 * 50)
    assert value(rows, "bias_model", "lower", level="0.5") == pytest.approx(60 - half)
    assert value(rows, "bias_model", "tau_sd", level="reaches_none") == pytest.approx(tau_to_none(60, 20, t) / 50)
    assert value(rows, "e_value", "shift_to_open", outcome="PF") == pytest.approx(60 - t * 20)
    assert value(rows, "e_value", "e_value", outcome="PF") == pytest.approx(e_value(np.exp(0.91 * 60 / 50)))
    detectable = (t + stats.t.ppf(0.8, 12)) * 20
    assert value(rows, "detectable_difference", "detectable") == pytest.approx(detectable)
    assert value(rows, "trial_size", "difference", level="0.5") == pytest.approx(25)


def test_ratios_stay_ratios() -> None:
    rows = made(outcome_rows(-0.6, 0.2, 12.0, 0.5, "CRP", "ratio"))
    assert value(rows, "e_value", "shift_to_none", outcome="CRP") == pytest.approx(np.exp(0.6))
    own = rows[(rows["analysis"] == "bias_model") & (rows["statistic"] == "estimate")]
    assert own["value"].to_numpy() == pytest.approx(np.exp(-0.6)) and set(own["unit"]) == {"ratio"}


def test_what_is_printed_is_never_read_back() -> None:
    """The same fit printed otherwise: another unit, another format, or nothing at all."""
    ard = outcome_rows(-0.6, 0.2, 12.0, 0.5, "CRP", "ratio")
    shown = ard["statistic"] == "estimate"
    same = made(ard)
    for printed in (ard.assign(unit=ard["unit"].mask(shown, "times"), format="0"), ard[~shown]):
        pd.testing.assert_frame_equal(made(printed), same)


def test_a_trial_for_half_a_standard_deviation() -> None:
    """Textbook: 2 (1.96 + 0.84)^2 / 0.25 = 62.8, that is 63 per arm."""
    assert trial_size(0.5, 0.95, 0.8) == 63


@pytest.mark.parametrize("difference", [0.0, -0.25])
def test_no_trial_looks_for_no_difference(difference: float) -> None:
    """0 ended in a division by zero."""
    with pytest.raises(ValidationError, match="greater than 0"):
        Overturn(trial_differences=[difference])


def test_deaths_have_a_risk_ratio_with_score_interval() -> None:
    rows = ard_frame(death_rows(people((1, 5), (10, 40)), 0.95, Comparison()))
    assert value(rows, "e_value", "estimate", level="death") == pytest.approx(0.8)
    assert value(rows, "e_value", "lower", level="death") < 0.8 < value(rows, "e_value", "upper", level="death")
    assert value(rows, "e_value", "e_value", level="death") == pytest.approx(1.81, abs=0.005)
    assert value(rows, "e_value", "e_value_interval", level="death") == 1


def test_risk_ratios_at_the_edge_are_miettinen_and_nurminens() -> None:
    """3 of 5 against 25 of 25: 0.60 (0.227 to 0.885); 0 of 5 against 10 of 25: 0, upper 1.22.

    Score roots by bisection on a grid of constrained likelihoods, tests/statistics/inference/test_risk_ratio.py.
    """
    edge = ard_frame(death_rows(people((3, 5), (25, 25)), 0.95, Comparison()))
    values = [
        value(edge, "e_value", name, level="death") for name in ("estimate", "lower", "upper", "e_value_interval")
    ]
    assert values == pytest.approx([0.60, 0.2267, 0.8847, 1.514], abs=0.0005)
    none = ard_frame(death_rows(people((0, 5), (10, 25)), 0.95, Comparison()))
    assert value(none, "e_value", "estimate", level="death") == 0
    assert value(none, "e_value", "upper", level="death") == pytest.approx(1.22, abs=0.005)
    assert "e_value" not in set(none["statistic"])


def test_without_any_death_there_is_no_ratio() -> None:
    rows = ard_frame(death_rows(people((0, 5), (0, 40)), 0.95, Comparison()))
    assert set(rows["statistic"]) == {"count", "n_subjects", "not_estimable"}


def test_patients_whose_death_is_unknown_leave_a_ratio_between_two() -> None:
    lost = people((1, 5), (10, 40)).assign(end_day=21.0)
    lost.loc[lost.index[-5:], ["end_state", "end_day"]] = ["last_record", 4.0]
    rows = ard_frame(death_rows(lost, 0.95, Comparison()))
    assert value(rows, "e_value", "least", level="death") == pytest.approx((1 / 5) / (15 / 40))
    assert value(rows, "e_value", "most", level="death") == pytest.approx((1 / 5) / (10 / 40))
    assert "estimate" not in set(rows["statistic"])
    assert value(rows, "e_value", "n_unknown", arm="historical") == 5


@pytest.mark.parametrize(
    ("comparison", "reason"),
    [
        (Comparison(refusal="far_from_controls"), "far_from_controls"),
        (Comparison("entropy", weights=pd.Series(dtype=float)), "weighted_counts"),
    ],
)
def test_deaths_are_not_compared_where_the_arms_are_not(comparison: Comparison, reason: str) -> None:
    rows = ard_frame(death_rows(people((1, 5), (10, 40)), 0.95, comparison))
    assert set(rows["statistic"]) == {"count", "n_subjects", "not_estimable"}
    assert rows.loc[rows["statistic"] == "not_estimable", "text"].item() == reason


def test_without_a_spread_there_is_no_bias_to_count_in() -> None:
    rows = made(outcome_rows(30, 10, 12, float("nan")))
    own = rows[rows["analysis"] == "bias_model"]
    assert own["text"].tolist() == ["no_spread_at_day"]
    assert rows.loc[rows["text"].isna(), "value"].notna().all()


def test_an_outcome_without_estimate_adds_nothing() -> None:
    refused = ard_frame(
        [Cell("mixed_model", "primary", "reml", "PF", output="14.2.2").text("not_estimable", "no_data")]
    )
    assert set(made(refused)["level"]) == {"death"}


def test_published_results_carry_their_source() -> None:
    dictionary = load_dictionary(DICTIONARY)
    published = load_benchmarks(PUBLISHED / "benchmarks.csv", dictionary.outcomes)
    assert all("doi" in one.citation or "PMC" in one.citation for one in published)
    # The shipped study speaks both languages; a source is the same in each.
    assert all(one.notes["en"] and one.notes["es"] and one.notes["en"] != one.notes["es"] for one in published)
    rows = unmeasured_bias_rows(ard_frame([]), inputs(), published)
    assert value(rows, "benchmark", "estimate", level="STROMA-CoV-2") == 7.4
    said = rows[(rows["level"] == "Qu 2021") & rows["statistic"].isin(["note_en", "note_es"])]
    assert [text.split()[0] for text in said["text"]] == ["pool", "combinación"]


def test_notes_of_a_published_result_may_be_left_out(tmp_path: Path) -> None:
    head = "study,outcome,level,day,measure,estimate,lower,upper,n_treated,n_control,design,citation"
    row = 'A,PF,,7,difference,7.4,-44.7,59.7,21,24,randomised,"A, doi 10.1"'
    path = tmp_path / "benchmarks.csv"
    path.write_text(f"{head}\n{row}\n", encoding="utf-8")
    without = load_benchmarks(path, {"PF"})
    path.write_text(f"{head},note_es\n{row},ajustado\n", encoding="utf-8")
    (one,) = load_benchmarks(path, {"PF"})
    assert [found.notes for found in without] == [{"en": "", "es": ""}] and one.notes == {"en": "", "es": "ajustado"}
    rows = unmeasured_bias_rows(ard_frame([]), inputs(), [one])
    assert rows.loc[rows["statistic"].str.startswith("note"), "statistic"].tolist() == ["note_es"]


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("n_treated", "10.5", "a whole number of patients, 1 or more"),  # formerly the traceback of int('10.5')
        ("n_control", "-3", "a whole number of patients, 1 or more"),
        ("estimate", "nan", "a number"),
        ("upper", "inf", "a number"),
        ("lower", "", "a number"),
        ("day", "-1", "a study day, 0 or later"),
    ],
)
def test_a_number_that_is_none_is_named_with_its_column(tmp_path: Path, column: str, text: str, said: str) -> None:
    row = {"study": "A", "outcome": "PF", "level": "", "day": "7", "measure": "difference", "estimate": "7.4",
           "lower": "-44.7", "upper": "59.7", "n_treated": "21", "n_control": "24", "design": "randomised",
           "citation": "A, doi 10.1"}  # fmt: skip
    path = tmp_path / "benchmarks.csv"

    def write(cells: dict[str, str]) -> None:
        quoted = ",".join(f'"{cell}"' for cell in cells.values())
        path.write_text(f"{','.join(cells)}\n{quoted}\n", encoding="utf-8")

    write(row | {"day": "", "n_treated": "", "n_control": ""})
    assert len(load_benchmarks(path, {"PF"})) == 1
    # Day 0 is a study day: the message says "0 or later".
    write(row | {"day": "0"})
    assert len(load_benchmarks(path, {"PF"})) == 1
    write(row | {column: text})
    with pytest.raises(UserError) as caught:
        load_benchmarks(path, {"PF"})
    assert f"{column} '{text}' is not {said}" in str(caught.value)
    assert f"benchmarks.csv, line 2, column {column}" in str(caught.value)


def test_a_published_interval_has_its_estimate_within(tmp_path: Path) -> None:
    text = (PUBLISHED / "benchmarks.csv").read_text(encoding="utf-8").replace("7.4,-44.7,59.7", "7.4,59.7,-44.7")
    (tmp_path / "benchmarks.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"lower 59\.7, estimate 7\.4, upper -44\.7 are not in this order"):
        load_benchmarks(tmp_path / "benchmarks.csv", {"PF"})


def test_faults_of_the_file_are_told_together(tmp_path: Path) -> None:
    text = (
        (PUBLISHED / "benchmarks.csv")
        .read_text(encoding="utf-8")
        .replace("7.4", "x")
        .replace("Bowdish 2023,,", "B,QQ,")
    )
    (tmp_path / "benchmarks.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserErrors) as caught:
        load_benchmarks(tmp_path / "benchmarks.csv", {"PF"})
    assert "line 2" in str(caught.value) and "line 3" in str(caught.value) and "'QQ'" in str(caught.value)
