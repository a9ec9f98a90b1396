"""What a person must settle is found and stated with its count and its line; what is as it should be is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cleaning_study import LAB, LONG, assembled, clean, dictionary, fates, intake, source
from test_cleaning_real_exports import REAL, absent

from historical_controls.cleaning.findings.inspect import Inspected, findings_ard, inspect_source
from historical_controls.cleaning.findings.severity import described, stop_where_suspect
from historical_controls.cleaning.findings.units import ks_distance
from historical_controls.cleaning.records.outputs import SOURCE_TABLES, CleanSource
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.errors import UserError
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import FINDINGS, INTAKE
from historical_controls.text.hints import load_hints
from historical_controls.text.words import load_words

LOCALES = Path(__file__).resolve().parents[3] / "workflow/locales"
PLAUSIBILITY_HEAD = "outcome,measured_by,median_low,median_high,change_per_hour"
Rows = list[dict[str, str]]


def spread(median: float, n: int = 200, sd: float = 0.6, digits: int = 2) -> list[str]:
    """Lognormal values of a stated median, as a laboratory prints them."""
    values = np.exp(np.random.default_rng(1).normal(np.log(median), sd, n))
    return [f"{value:.{digits}f}" for value in values]


def rows(results: list[str], **change: str) -> Rows:
    """A result an hour per patient, 20 patients."""
    days = pd.date_range("2020-05-04", periods=len(results) // 20 + 1, freq="h")
    return [
        {
            **LAB,
            "specimen": "",
            "id": str(i % 20 + 1),
            "when": f"{days[i // 20]:%Y-%m-%d %H:%M}",
            "result": text,
            **change,
        }
        for i, text in enumerate(results)
    ]


def written(found: CleanSource, folder: Path) -> Path:
    for name, table in SOURCE_TABLES.items():
        write_table(getattr(found, name), folder / f"{name}.parquet", table)
    return folder


def inspected(
    sent: Rows, folder: Path, others: dict[str, Rows] | None = None, known: Dictionary | None = None, **file_keys: Any
) -> pd.DataFrame:
    """Findings of a source 's' of one long file 'f'."""
    at = written(assembled({"f": (sent, LONG)}, file_keys=file_keys, known=known), folder / "s")
    paths = {
        name: written(assembled({"f": (other, LONG)}), folder / name) / "measurements.parquet"
        for name, other in (others or {}).items()
    }
    tables = {name: at / f"{name}.parquet" for name in ("measurements", "events", "ledger")}
    declared = source({"f": {"parts": [LONG], **file_keys}})
    return inspect_source(Inspected("s", **tables, others=paths), declared, known or dictionary())


def kinds(findings: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(findings["finding"], findings["outcome"], strict=True))


def test_an_export_without_faults_raises_no_suspicion(tmp_path: Path) -> None:
    sent = rows(spread(120)) + rows(spread(0.7), test="Linfocitos", unit="10^3/uL")
    sent += rows([f"{v:.0f}" for v in np.random.default_rng(2).normal(95, 15, 400)], test="FC", unit="lpm")
    sent += rows([f"{v:.1f}" for v in np.random.default_rng(3).normal(37.5, 0.8, 400)], test="Temp", unit="C")
    found = inspected(sent, tmp_path)
    assert found.empty, found.to_string()
    ard = findings_ard(found, "s")
    assert ard[["statistic", "value"]].to_numpy().tolist() == [["n_findings", 0.0]]


@pytest.mark.parametrize(
    ("test", "unit", "median", "code"),
    [
        ("Ferritina", "ng/mL", 900.0, "9999"),
        # Epic's ORD_NUM_VALUE of a result that is no number, such as '<0.3'.
        ("Ferritina", "ng/mL", 900.0, "9999999"),
        ("Ferritina", "ng/mL", 900.0, "-99"),
        ("Plaquetas", "10^3/uL", 210.0, "999"),
    ],
)
def test_a_code_for_missing_that_nobody_declared(
    tmp_path: Path, test: str, unit: str, median: float, code: str
) -> None:
    found = inspected(rows([*spread(median, digits=1), *[code] * 6], test=test, unit=unit), tmp_path)
    mine = found.loc[found["finding"] == "SENTINEL_SUSPECT"]
    assert mine["n"].tolist() == [6]
    assert mine["hint"].tolist() == [f'sentinels: [{{columns: [result], codes: ["{code}"]}}]']


@pytest.mark.parametrize(
    ("codes", "severity"),
    [
        (["9999999"] * 2, ["stop"]),
        (["-9"] * 2, ["stop"]),
        # One alone may be a value, and other values are as large.
        (["9999"], ["report"]),
        (["777"] * 2, []),
    ],
)
def test_a_code_that_an_outcome_without_limits_takes_for_a_value_stops_at_any_share(
    tmp_path: Path, codes: list[str], severity: list[str]
) -> None:
    (tmp_path / "dictionary").mkdir()
    (tmp_path / "dictionary/outcomes.csv").write_text("code,label_en,unit\nLEAD,Lead,ug/L\n", encoding="utf-8")
    own = load_dictionary(tmp_path / "dictionary")
    found = inspected(rows([*spread(300), *codes], test="LEAD", unit="ug/L"), tmp_path, known=own)
    assert kinds(found) == [("SENTINEL_SUSPECT", "LEAD")] * len(severity)
    assert found["severity"].tolist() == severity


def test_a_usual_number_is_no_code_however_often_it_stands(tmp_path: Path) -> None:
    heart = [f"{v:.0f}" for v in np.random.default_rng(4).normal(99, 6, 1000)]
    assert inspected(rows(heart, test="FC", unit="lpm"), tmp_path).empty


@pytest.mark.parametrize(("highest", "n"), [(24, 0), (5, 1)])
def test_a_digit_is_a_code_of_a_scale_that_ends_below_it(highest: int, n: int, tmp_path: Path) -> None:
    """Six nines of a score up to 39 were called a code for missing; of a scale up to 5 they are one."""
    (tmp_path / "dictionary").mkdir()
    (tmp_path / "dictionary/outcomes.csv").write_text("code,label_en,unit\nSCORE,Score,points\n", encoding="utf-8")
    own = load_dictionary(tmp_path / "dictionary")
    values = [str(value) for value in range(1, highest + 1) if value != 9] * 2
    found = inspected(rows([*values, *["9"] * 7], test="SCORE", unit="points"), tmp_path, known=own)
    assert [one for one in kinds(found) if one[0] == "SENTINEL_SUSPECT"] == [("SENTINEL_SUSPECT", "SCORE")] * n


def test_coded_dates_and_words(tmp_path: Path) -> None:
    sent = rows(spread(100))
    sent += [{**LAB, "id": str(i + 1), "when": "1900-01-01"} for i in range(3)]
    sent += [{**LAB, "id": str(i + 1), "result": "sin toma"} for i in range(5)]
    found = inspected(sent, tmp_path)
    assert kinds(found) == [("SENTINEL_SUSPECT", ""), ("SENTINEL_SUSPECT", "CRP")]
    assert found["n"].tolist() == [3, 5]
    assert found["unit"].iloc[0] == "1900-01-01"


@pytest.mark.parametrize(("limit", "sign"), [(300, ">"), (12, "<")])
def test_a_limit_that_lost_its_sign_is_found_and_its_line_settles_it(tmp_path: Path, limit: float, sign: str) -> None:
    values = [float(text) for text in spread(80, 400, 1.0)]
    piled = [f"{min(v, limit) if sign == '>' else max(v, limit):g}" for v in values]
    found = inspected(rows(piled), tmp_path)
    assert kinds(found) == [("LIMIT_SUSPECT", "CRP")]
    row = found.iloc[0]
    assert (row["value"], row["n"]) == (limit, piled.count(f"{limit:g}"))
    assert row["hint"] == f'stripped_limits: [{{outcome: CRP, value: {limit}, means: "{sign}"}}]'
    declared = [{"outcome": "CRP", "value": limit, "means": sign}]
    cleaned = clean(rows(piled), LONG, stripped_limits=declared).measurements
    assert int(cleaned["value"].isna().sum()) == row["n"]


UNITS = [
    ("CRP", "mg/L", 12.0, 10.0, 'true_unit: "mg/dL"'),
    ("Ferritina", "ng/mL", 1.2, 1000.0, 'true_unit: "'),
    ("Plaquetas", "10^3/uL", 230000.0, 0.001, 'true_unit: "'),
    ("FiO2", "fraction", 60.0, 0.01, 'true_unit: "'),
    ("Temp", "C", 99.5, 5 / 9, 'true_unit: "'),
    ("pO2", "mmHg", 10.0, 7.50062, 'true_unit: "kPa"'),
    ("Linfocitos", "10^3/uL", 700.0, 0.001, 'true_unit: "'),
    ("Hemoglobina", "g/dL", 120.0, 0.1, 'true_unit: "g/L"'),
    ("Creatinina", "mg/dL", 90.0, 1 / 88.42, 'true_unit: "'),
]


@pytest.mark.parametrize(("test", "unit", "median", "factor", "line"), UNITS, ids=[u[0] for u in UNITS])
def test_a_unit_a_factor_away_is_reported_with_its_factor(
    tmp_path: Path, test: str, unit: str, median: float, factor: float, line: str
) -> None:
    found = inspected(rows(spread(median, 200, 0.02), test=test, unit=unit), tmp_path)
    mine = found.loc[found["finding"] == "UNIT_SUSPECT"]
    assert mine["n"].tolist() == [200]
    assert mine["factor"].iloc[0] == pytest.approx(factor, rel=1e-3)
    assert line in mine["config_line"].iloc[0]


def test_a_bare_power_of_ten_is_the_last_thing_offered(tmp_path: Path) -> None:
    """White cells after lymphodepletion: no unit explains them, and a line that settles them would be copied."""
    found = inspected(rows(spread(0.6, digits=2), test="Leucocitos", unit="10^9/L"), tmp_path)
    with pytest.raises(UserError) as stopped:
        stop_where_suspect(found)
    said = str(stopped.value)
    assert said.index("If it is right as it is: confirmed") < said.index(
        "If all numbers are wrong by that factor, under"
    )
    assert "Line that would settle it" not in said


def test_a_study_of_another_disease_is_told_the_row_that_says_its_medians(tmp_path: Path) -> None:
    """C-reactive protein of a rheumatology clinic: between the limits of the row nothing is suspected, a factor is."""
    found = inspected(rows(spread(15)), tmp_path / "a")
    with pytest.raises(UserError) as stopped:
        stop_where_suspect(found)
    said = str(stopped.value)
    assert "the median is 15 mg/L; of patients with severe COVID-19 it is 20 to 400." in said
    row = "CRP,laboratory,4.74,47.4,"
    assert f"dictionary/plausibility.csv ({PLAUSIBILITY_HEAD}) says theirs for all files, such as '{row}'" in said
    (tmp_path / "dictionary").mkdir()
    (tmp_path / "dictionary/plausibility.csv").write_text(f"{PLAUSIBILITY_HEAD}\n{row}\n", encoding="utf-8")
    own = load_dictionary(tmp_path / "dictionary")
    for number, median in enumerate((15, 10, 25)):
        assert inspected(rows(spread(median)), tmp_path / f"right{number}", known=own).empty
    for number, (median, factor) in enumerate({1.5: 10, 150: 0.1, 0.015: 1000}.items()):
        wrong = inspected(rows(spread(median, digits=4)), tmp_path / f"wrong{number}", known=own)
        assert wrong.loc[wrong["finding"] == "UNIT_SUSPECT", "factor"].tolist() == [pytest.approx(factor, rel=0.06)]
        # The limits are the study's own: there are no other patients to speak of.
        assert "COVID-19" not in wrong.to_string()
    spanish = load_hints(load_words(LOCALES, "es"), LOCALES)(found["hint"].iloc[0])
    assert spanish.startswith("la mediana es 15 mg/L; en pacientes con COVID-19 grave es de 20 a 400.")


def test_what_is_impossible_is_not_put_down_to_other_patients(tmp_path: Path) -> None:
    found = inspected(rows(spread(60, 200, 0.02), test="FiO2", unit="fraction"), tmp_path)
    mine = found.loc[found["finding"] == "UNIT_SUSPECT"]
    assert len(mine) == 1 and (mine["hint"] == mine["config_line"]).all()


def test_a_median_in_two_units_bears_out_both_and_is_told(tmp_path: Path) -> None:
    """Both labels would have to be wrong by the same factor; one label may serve all files of a hospital."""
    here, there = rows(spread(15)), rows(spread(1.5), unit="mg/dL", assay="B")
    for folder, found in (
        ("a", inspected(here + there, tmp_path / "a")),
        ("b", inspected(here, tmp_path / "b", {"other": there})),
    ):
        mine = found.loc[found["finding"] == "UNIT_SUSPECT"]
        assert set(mine["severity"]) == {"report"}, folder
        said = "values in 'mg/L' and in 'mg/dL' have the same median: either both units are right, or all numbers are"
        assert mine["hint"].iloc[0].startswith(said)
        assert "such as 'CRP,laboratory,4.74,47.4,'" in mine["hint"].iloc[0]
        spanish = load_hints(load_words(LOCALES, "es"), LOCALES)(mine["hint"].iloc[0])
        assert spanish.startswith("los valores en 'mg/L' y en 'mg/dL' tienen la misma mediana")
        assert "; la mediana es 15 mg/L;" in spanish
    alike = inspected(here, tmp_path / "c", {"other": rows(spread(15))})
    assert stopping(alike) == ["CRP"]
    wrong = inspected(rows(spread(11.3)), tmp_path / "d", {"other": rows(spread(11.3), unit="mg/dL")})
    assert stopping(wrong) == ["CRP"]


def test_two_units_do_not_bear_out_what_the_study_says_of_its_patients(tmp_path: Path) -> None:
    """A lost decimal mark makes every label wrong alike: 150 mg/L and 15 mg/dL of patients who have 4.7 to 47."""
    (tmp_path / "dictionary").mkdir()
    row = f"{PLAUSIBILITY_HEAD}\nCRP,laboratory,4.74,47.4,\n"
    (tmp_path / "dictionary/plausibility.csv").write_text(row, encoding="utf-8")
    own = load_dictionary(tmp_path / "dictionary")
    both = rows(spread(150)) + rows(spread(15), unit="mg/dL", assay="B")
    assert stopping(inspected(both, tmp_path / "a", known=own)) == ["CRP", "CRP"]


def test_two_units_near_each_other_bear_out_nothing(tmp_path: Path) -> None:
    """Ferritin of 10 sent as ng/mL, and of 16 sent as pmol/L (2.247 to the ng/mL, units.csv): both may be ug/dL."""
    both = rows(spread(10), test="Ferritin", unit="ng/mL") + rows(spread(16), test="Ferritin", unit="pmol/L", assay="B")
    assert stopping(inspected(both, tmp_path / "a")) == ["FERR", "FERR"]


def test_a_few_points_among_decimal_commas_are_slips_and_no_other_declaration(tmp_path: Path) -> None:
    """decimal: "." would hold the forty numbers with a comma."""
    found = inspected(rows(["10,4"] * 40 + ["9.8"] * 6, test="Hb", unit="g/dL"), tmp_path, decimal=",")
    (mine,) = found.loc[found["finding"] == "DOUBTFUL_SHARE"].to_dict("records")
    assert mine["config_line"] == ""
    assert mine["hint"].endswith("; these cells have another decimal mark than the others of HGB: correct them")
    other = inspected(rows(["9"] * 3 + ["9.8"] * 6, test="Hb", unit="g/dL"), tmp_path / "b", decimal=",")
    assert other.loc[other["finding"] == "DOUBTFUL_SHARE", "config_line"].tolist() == ['decimal: "."']


def stopping(found: pd.DataFrame) -> list[str]:
    return found.loc[(found["finding"] == "UNIT_SUSPECT") & (found["severity"] == "stop"), "outcome"].tolist()


def test_some_rows_a_factor_away_from_the_others(tmp_path: Path) -> None:
    sent = rows(spread(130, 300), unit="mg/L") + rows(spread(13 * 10, 100), unit="mg/dL", assay="B")
    # 130 mg/dL are 1300 mg/L: each value is possible to nobody, and all of them are ten times the others.
    found = inspected(sent, tmp_path)
    assert ("UNIT_SUSPECT", "CRP") in kinds(found)
    assert found.loc[found["finding"] == "UNIT_SUSPECT", "unit"].tolist() == ["mg/dL"]


@pytest.mark.parametrize(
    ("test", "unit", "usual", "odd", "true_unit"),
    [
        ("SatO2", "%", [f"{n}" for n in range(88, 100)] * 5, "0.97", '"fraction"'),
        ("FiO2", "fraction", ["0.4", "0.5", "0.6", "0.8"] * 10, "60", '"%"'),
        ("Temp", "C", ["36.5", "37.1", "38.2", "39.0"] * 10, "99.5", '"[degF]"'),
        ("pO2", "mmHg", ["78", "82", "91", "100"] * 10, "10.6", '"kPa"'),
    ],
)
def test_single_values_in_another_unit_are_found_among_others(
    test: str, unit: str, usual: list[str], odd: str, true_unit: str, tmp_path: Path
) -> None:
    found = inspected(rows([*usual, odd], test=test, unit=unit), tmp_path)
    mine = found.loc[found["finding"] == "UNIT_SUSPECT"]
    assert mine["n"].tolist() == [1]
    assert f"fit the unit {true_unit}" in mine["hint"].iloc[0]
    # A declaration would change the other values as well.
    assert mine["config_line"].tolist() == [""]
    assert inspected(rows(usual, test=test, unit=unit), tmp_path / "b").empty


def test_sources_a_factor_apart(tmp_path: Path) -> None:
    here, there = (
        rows(spread(40, 200, 0.5), test="IL-6", unit="pg/mL"),
        rows(spread(400, 200), test="IL-6", unit="pg/mL"),
    )
    found = inspected(here, tmp_path, {"other": there})
    assert kinds(found) == [("SOURCE_SHIFT", "IL6")]
    assert found["factor"].tolist() == [10]
    assert found["unit"].tolist() == ["other"]
    assert inspected(here, tmp_path, {"other": rows(spread(60), test="IL-6", unit="pg/mL")}).empty


def test_ks_distance() -> None:
    one = pd.DataFrame({"value": [1.0, 2.0], "n": [1, 1]})
    assert ks_distance(one, one.assign(value=[3.0, 4.0])) == 1
    assert ks_distance(one, pd.DataFrame({"value": [1.0, 2.0], "n": [3, 1]})) == 0.25


def test_suspicions_reach_the_results_table(tmp_path: Path) -> None:
    ard = findings_ard(inspected(rows(spread(12, 100)), tmp_path), "s")
    mine = ard.loc[ard["method"] == "UNIT_SUSPECT"].set_index("statistic")
    assert mine.loc[["n_values", "factor"], "value"].tolist() == [100, 10]
    said = "the median is 12.2 mg/L; of patients with severe COVID-19 it is 20 to 400."
    assert mine.loc["hint", "text"].startswith(said)
    assert set(FINDINGS.key) <= set(FINDINGS.names)


def days(order: str, dates: list[str]) -> tuple[Rows, dict[str, Any]]:
    part = {**LONG, "time": {"columns": ["when"], "formats": [order]}}
    results = spread(80, len(dates))
    return [
        {**LAB, "id": str(i % 10 + 1), "when": day, "assay": str(i), "result": results[i]}
        for i, day in enumerate(dates)
    ], part


def dated(order: str, dates: list[str], folder: Path) -> pd.DataFrame:
    sent, part = days(order, dates)
    at = written(assembled({"f": (sent, part)}), folder)
    tables = {name: at / f"{name}.parquet" for name in ("measurements", "events", "ledger")}
    return inspect_source(Inspected("s", **tables, others={}), source({"f": {"parts": [part]}}), dictionary())


def test_dates_that_fit_both_orders_are_to_be_confirmed(tmp_path: Path) -> None:
    both = [f"{day:02d}/{month:02d}/2020" for month in (4, 5) for day in range(1, 11)]
    found = dated("%d/%m/%Y", both, tmp_path / "a")
    assert kinds(found) == [("DATE_ORDER_SUSPECT", "")]
    assert found["unit"].tolist() == ["%m/%d/%Y"]
    assert dated("%d/%m/%Y", [*both, "25/05/2020"], tmp_path / "b").empty


def test_dates_that_only_the_other_order_reads(tmp_path: Path) -> None:
    sent = [f"{month:02d}/{day:02d}/2020" for month in (4, 5) for day in range(1, 29)]
    found = dated("%d/%m/%Y", sent, tmp_path)
    assert kinds(found) == [("DATE_ORDER_SUSPECT", "")]
    assert found["n"].tolist() == [32]


def test_dates_outside_the_stay_that_the_other_order_brings_inside(tmp_path: Path) -> None:
    sent, part = days("%m/%d/%Y", [f"{day:02d}/04/2020" for day in range(1, 13)])
    stays = [{"id": str(i + 1), "in": "2020-04-01", "out": "2020-04-20"} for i in range(10)]
    when = {name: {"columns": [name], "formats": ["%Y-%m-%d"]} for name in ("in", "out")}
    events = [{"event": "admission", "time": when["in"]}, {"event": "discharge_alive", "time": when["out"]}]
    people = {"kind": "patients", "subject": "id", "events": events}
    at = written(assembled({"f": (sent, part), "p": (stays, people)}), tmp_path)
    tables = {name: at / f"{name}.parquet" for name in ("measurements", "events", "ledger")}
    declared = source({"f": {"parts": [part]}, "p": {"parts": [people]}})
    found = inspect_source(Inspected("s", **tables, others={}), declared, dictionary())
    assert found["finding"].tolist() == ["DATE_ORDER_SUSPECT"]
    assert "outside the patient's stay" in found["hint"].iloc[0]


def test_two_clocks(tmp_path: Path) -> None:
    part = {**LONG, "result_time": {"columns": ["done"], "formats": ["%Y-%m-%d %H:%M"]}}
    sent = [
        {**row, "done": "2020-05-04 07:00" if i < 30 else "2020-06-04 07:00"} for i, row in enumerate(rows(spread(90)))
    ]
    sent = [{**row, "when": row["when"].replace("05-04 00", "05-04 08")} for row in sent]
    assert fates(clean(sent, part)).count("TIME_ORDER") > 9
    at = written(assembled({"f": (sent, part)}), tmp_path)
    tables = {name: at / f"{name}.parquet" for name in ("measurements", "events", "ledger")}
    found = inspect_source(Inspected("s", **tables, others={}), source({"f": {"parts": [part]}}), dictionary())
    assert "CLOCK_SUSPECT" in set(found["finding"])


def with_result_times(done: list[str], folder: Path) -> dict[str, Any]:
    """The one finding about 200 rows, a result an hour for each of 20 patients; `done` repeats down the rows."""
    part = {**LONG, "result_time": {"columns": ["done"], "formats": ["%Y-%m-%d %H:%M"]}}
    sent = [{**row, "done": done[i % len(done)]} for i, row in enumerate(rows(spread(90)))]
    at = written(assembled({"f": (sent, part)}), folder)
    tables = {name: at / f"{name}.parquet" for name in ("measurements", "events", "ledger")}
    declared, intake_path = source({"f": {"parts": [part]}}), folder / "intake.parquet"
    write_table(intake(sent), intake_path, INTAKE)
    found = inspect_source(Inspected("s", **tables, others={}, intake={"f": intake_path}), declared, dictionary())
    (one,) = found.to_dict("records")
    return {str(name): value for name, value in one.items()}


def test_result_times_of_another_format_stop_the_run_with_the_line_that_reads_them(tmp_path: Path) -> None:
    found = with_result_times(["05/06/2020 09:30", "2020-06-05 09:30"], tmp_path)
    assert (found["finding"], found["n"], found["share"], found["severity"]) == ("DOUBTFUL_SHARE", 100, 0.5, "stop")
    assert found["config_line"] == 'parts.0.result_time.formats: ["%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"]'
    assert "100 of 200 records are held (DATE_INVALID 100)" in found["hint"]
    assert "; expected yyyy-mm-dd hh:mm (e.g. 2021-11-23 14:05)" in found["hint"]
    # What the time of the result disagrees with is shown beside it.
    assert found["examples"].startswith("line 2: when '2020-05-04 00:00', done '05/06/2020 09:30'")


def test_a_code_for_no_result_time_is_suspected_in_its_own_column(tmp_path: Path) -> None:
    found = with_result_times(["1900-01-01 00:00", *["2020-06-05 09:30"] * 99], tmp_path)
    assert (found["finding"], found["n"]) == ("SENTINEL_SUSPECT", 2)
    assert found["config_line"] == 'sentinels: [{columns: [done], codes: ["1900-01-01 00:00"]}]'


@absent
def test_tongji_limits_without_a_sign_are_all_found(tmp_path: Path) -> None:
    """Counted in the sheet: D-dimer 21.0 in 172 of 630, IL-1beta 5.0 in 233 of 268, PCT 0.02 in 73, IL-6 1.5 in 27."""
    sheet = pd.read_excel(REAL / "wuhan2020/time_series_375_prerpocess_en.xlsx").rename(columns=str.strip)
    sheet["PATIENT_ID"] = sheet["PATIENT_ID"].ffill().astype(int).astype(str)
    named = {"D-D dimer": ("Dímero D", "ug/mL FEU"), "Interleukin 1β": ("IL-1β", "pg/mL")}
    named |= {"procalcitonin": ("Procalcitonina", "ng/mL"), "Interleukin 6": ("IL-6", "pg/mL")}
    sent = [
        {
            **LAB,
            "specimen": "",
            "id": row["PATIENT_ID"],
            "when": f"{row['RE_DATE']:%Y-%m-%d %H:%M}",
            "result": f"{row[column]:g}",
        }
        | {"test": name, "unit": unit}
        for column, (name, unit) in named.items()
        for _, row in sheet.loc[sheet[column].notna() & sheet["RE_DATE"].notna()].iterrows()
    ]
    found = inspected(sent, tmp_path)
    piled = found.loc[found["finding"] == "LIMIT_SUSPECT"].set_index(["outcome", "value"])
    assert {("DDIM", 21000), ("IL1B", 5), ("PCT", 0.02), ("IL6", 1.5)} <= set(piled.index)
    assert piled.loc[("PCT", 0.02), "n"] == 73
    settled, comment = piled.loc[("DDIM", 21000), "hint"].split("   # ")
    assert settled == 'stripped_limits: [{outcome: DDIM, value: 21000, means: ">"}]'
    assert comment == "ng/mL FEU; in the file: '21' ug/mL FEU"


def test_an_unknown_specimen_is_a_finding_and_suggests_no_unit(tmp_path: Path) -> None:
    odd = rows(spread(900, 60), test="Creatinina", unit="mg/dL", specimen="frasco 3")
    found = inspected(rows(spread(1, 200), test="Creatinina", unit="mg/dL", specimen="suero") + odd, tmp_path)
    assert kinds(found) == [("SPECIMEN_UNKNOWN", "CREAT")]
    row = found.iloc[0]
    assert (row["n"], row["unit"], row["config_line"]) == (60, "frasco 3", 'a spelling in specimens.csv: "frasco 3"')
    assert row["share"] == pytest.approx(60 / 260)


def test_an_unknown_specimen_of_an_outcome_that_takes_any_is_a_finding_too(tmp_path: Path) -> None:
    heat = rows(spread(98.6, 60, 0.005), test="Temp", unit="C", specimen="gel")
    assert kinds(inspected(heat, tmp_path)) == [("SPECIMEN_UNKNOWN", "TEMP")]


def test_words_never_set_a_canonical_value_beside_the_unit_sent(tmp_path: Path) -> None:
    # 48,00 mg/dL is 480 mg/L: a limit that lost its sign, 30 times.
    texts = [f"{n},50" for n in range(10, 45)] + ["48,00"] * 30
    found = inspected(rows(texts, unit="mg/dL"), tmp_path, decimal=",")
    limit = found.loc[found["finding"] == "LIMIT_SUSPECT"].iloc[0]
    assert (limit["value"], limit["raw_value"], limit["unit"]) == (480.0, "48,00", "mg/dL")
    assert limit["config_line"].endswith("value: 480, means: \">\"}]   # mg/L; in the file: '48,00' mg/dL")
    said = described(dict(limit))
    assert "'48,00' in 'mg/dL'" in said and "480" not in said
    level = findings_ard(found, "s").query("method == 'LIMIT_SUSPECT'")["level"].unique().tolist()
    assert level == ["f | 48,00 | mg/dL"]
