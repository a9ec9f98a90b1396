"""Rows of one file: what each becomes, and that none is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cleaning_study import LAB, LONG, clean, dictionary, fates, intake, lab, source, study, value_of
from hypothesis import given, settings
from hypothesis import strategies as st

from historical_controls.cleaning.records.distinct import by_distinct, by_distinct_pair
from historical_controls.cleaning.records.outputs import CleanedFile
from historical_controls.cleaning.rows.files import FileInputs, clean_file

DAY = {"columns": ["d"], "formats": ["%Y-%m-%d"]}


def test_a_measurement_keeps_what_it_was_read_from() -> None:
    row = lab({"result": "1.2", "unit": "mg/dL", "specimen": "Suero", "status": "Corregido"}).measurements.iloc[0]
    kept = row[["outcome", "value", "lower", "upper", "unit", "raw_value", "raw_unit", "specimen", "assay", "status"]]
    assert kept.tolist() == ["CRP", 12, 12, 12, "mg/L", "1.2", "mg/dL", "serum", "A", "corrected"]
    assert (row["file"], row["line"], row["item"]) == ("f", 2, "")


@pytest.mark.parametrize(
    ("result", "lower", "upper"),
    [("<0.5", 0, 0.5), ("0.5 (LOD)", 0, 0.5), (">300", 300, None), ("≥300", 300, None), ("menor a 0.5", 0, 0.5)],
)
def test_a_limit_is_an_interval_and_no_value(result: str, lower: float, upper: float | None) -> None:
    row = lab({"result": result}).measurements.iloc[0]
    assert np.isnan(row["value"])
    assert row["lower"] == lower
    assert (None if pd.isna(row["upper"]) else row["upper"]) == upper


EDGES = [("CRP", "mg/L", "0"), ("CRP", "mg/L", "700"), ("FiO2", "fraction", "0.21"), ("FiO2", "fraction", "1")]
EDGES += [("pH", "", "6.3"), ("pH", "", "8")]


@pytest.mark.parametrize(("test", "unit", "result"), EDGES)
def test_a_value_equal_to_a_hard_limit_is_within_it(test: str, unit: str, result: str) -> None:
    """Hard limits in outcomes.csv: CRP 0 to 700 mg/L, FiO2 0.21 to 1, pH 6.3 to 8."""
    assert value_of(lab({"test": test, "unit": unit, "result": result})) == float(result)


HELD = [
    ({"result": "1,250"}, "NUM_AMBIGUOUS"),
    ({"result": "12-15"}, "RANGE"),
    ({"result": "15-12"}, "NUM_UNREADABLE"),
    ({"result": "1e400"}, "NUM_UNREADABLE"),
    ({"result": "=1+1"}, "NUM_UNREADABLE"),
    ({"result": "+++"}, "SEMIQUANTITATIVE"),
    ({"result": "Trazas"}, "SEMIQUANTITATIVE"),
    ({"result": "ND"}, "LOD_NO_LIMIT"),
    ({"result": "<0"}, "OUT_OF_RANGE"),
    ({"result": "-5"}, "OUT_OF_RANGE"),
    ({"result": "701"}, "OUT_OF_RANGE"),
    ({"result": "<99999"}, "OUT_OF_RANGE"),
    ({"test": "Glucosa"}, "NAME_UNKNOWN"),
    ({"test": ""}, "NAME_UNKNOWN"),
    ({"test": "Linfocitos %"}, "UNIT_UNKNOWN"),
    ({"test": "Monocitos %"}, "NAME_UNKNOWN"),
    ({"test": "PCR", "result": "ver nota"}, "NAME_AMBIGUOUS"),
    ({"test": "PCR", "result": "ND"}, "NAME_AMBIGUOUS"),
    ({"test": "PCR", "result": "hemolizada", "unit": ""}, "NAME_AMBIGUOUS"),
    ({"test": "PCR", "result": "no detectado"}, "NAME_AMBIGUOUS"),
    ({"test": "PCR", "result": "25.3", "unit": "Ct"}, "UNIT_UNKNOWN"),
    ({"test": "SARS-CoV-2 PCR", "result": "quizás"}, "RESULT_UNKNOWN"),
    ({"test": "SARS-CoV-2 PCR", "result": "-"}, "RESULT_UNKNOWN"),
    ({"test": "AE", "result": "5"}, "RESULT_UNKNOWN"),
    ({"id": " "}, "ID_MISSING"),
    ({"when": ""}, "DATE_MISSING"),
    ({"when": "2020-13-01"}, "DATE_INVALID"),
    ({"when": "2019-12-31"}, "DATE_RANGE"),
    ({"status": "CANCELADO"}, "WITHDRAWN"),
    ({"test": "Ferritina", "unit": "ng/mL", "comment": "Muestra hemolizada ++"}, "SPECIMEN_BAD"),
    ({"test": "FiO2", "result": "60", "unit": "fraction"}, "OUT_OF_RANGE"),
    ({"test": "FiO2", "result": "6", "unit": "fraction"}, "FIO2_SCALE"),
    ({"test": "FiO2", "result": "6", "unit": "%"}, "FIO2_SCALE"),
    ({"test": "FiO2", "result": "40 L", "unit": "%"}, "FIO2_SCALE"),
    ({"test": "FiO2", "result": "puntas 3L", "unit": ""}, "NUM_UNREADABLE"),
]


@pytest.mark.parametrize(("change", "reason"), HELD, ids=[f"{r} {next(iter(c.values()))!r}" for c, r in HELD])
def test_what_cannot_be_used_is_held_with_its_reason(change: dict[str, str], reason: str) -> None:
    cleaned = lab(change)
    assert cleaned.measurements.empty
    assert cleaned.ledger[["fate", "reason"]].to_numpy().tolist() == [["quarantined", reason]]
    assert cleaned.ledger["raw_value"].iloc[0] == {**LAB, **change}["result"].strip()
    assert bool(cleaned.ledger["hint"].notna().iloc[0]) or reason in {
        "NUM_AMBIGUOUS",
        "NUM_UNREADABLE",
        "LOD_NO_LIMIT",
    }


def test_a_held_date_is_shown_as_sent() -> None:
    expected = "yyyy-mm-dd hh:mm (e.g. 2021-11-23 14:05) or yyyy-mm-dd (e.g. 2021-11-23)"
    hint = f"time as sent: '31/31/2020'; expected {expected}; correct it, or add its own format to 'formats'"
    assert lab({"when": "31/31/2020"}).ledger["hint"].tolist() == [hint]


@pytest.mark.parametrize(
    ("result", "unit", "code"),
    [("12", "mg/L", "CRP"), ("<0.5", "mg/L", "CRP"), ("POSITIVO", "", "PCR"), ("no detectado", "", "PCR")],
)
def test_pcr_the_protein_and_pcr_the_test(result: str, unit: str, code: str) -> None:
    assert (
        value_of(lab({"test": "P.C.R." if code == "x" else "PCR", "result": result, "unit": unit}), "outcome") == code
    )


@pytest.mark.parametrize("name", ["Dímero-D (FEU)", "DIMERO D", " dimero  d ", "Di\u0301mero D", "D-DIMER"])
def test_names_fold(name: str) -> None:
    assert value_of(lab({"test": name, "unit": "ng/mL FEU", "result": "900"}), "outcome") == "DDIM"


def test_nothing_measured_stays_a_record() -> None:
    cleaned = lab({"result": "Pendiente", "unit": ""}, {"result": "***"})
    assert cleaned.measurements["status"].tolist() == ["not_done", "not_done"]
    assert cleaned.measurements[["value", "lower", "upper"]].isna().all(axis=None)


def test_what_the_declaration_sets_aside_is_ignored() -> None:
    keys = {"ignore_analytes": ["glucosa"], "sentinels": [{"columns": ["result"], "codes": ["-99"]}]}
    cleaned = lab({"test": "GLUCOSA"}, {"result": "-99"}, {"result": ""}, {"test": "otra"}, {}, **keys)
    assert fates(cleaned) == ["DECLARED", "SENTINEL", "NO_VALUE", "NAME_UNKNOWN", "clean"]
    assert fates(lab({"test": "otra"}, {"test": "PCR", "result": "x"}, ignore_analytes=["*"])) == [
        "DECLARED",
        "NAME_AMBIGUOUS",
    ]


def test_a_code_for_missing_holds_only_where_declared() -> None:
    keys = {"sentinels": [{"columns": ["other"], "codes": ["12"]}]}
    assert fates(lab({}, **keys)) == ["clean"]


def test_flags_stay_with_the_value() -> None:
    cleaned = lab(
        {"result": "600"},
        {"comment": "muestra lipémica"},
        {"when": "2020-10-25 01:30"},
        {"result": "5.0"},
        timezone="America/Mexico_City",
        stripped_limits=[{"outcome": "CRP", "value": 5, "means": "<"}],
    )
    flags = cleaned.measurements.sort_values("line")["flags"].tolist()
    assert flags == ["OUT_OF_USUAL", "SPECIMEN_BAD", "TIME_DST_OVERLAP", "LIMIT_RESTORED"]
    restored = cleaned.measurements.set_index("line").loc[5]
    assert (np.isnan(restored["value"]), restored["lower"], restored["upper"]) == (True, 0, 5)


# As laboratories of eight languages, two US record systems, HL7 table 0085 and FHIR's ObservationStatus say it.
STATUSES = {
    "done": (
        *("", "F", "final", "Validado", "validée", "Endbefund", "freigegeben", "validat", "definitivo", "Liberado"),
        *("Completado", "Firmado", "Auto-verified", "appended", "refertato", "gültig", "zatwierdzony"),
        *("Resultado final", "Laudo liberado", "Auth (Verified)", "Liberado eletronicamente"),
    ),
    "preliminary": (
        *("P", "R", "preliminary", "vorläufig", "provvisorio", "provisoire", "no validado", "parcial"),
        *("Pendiente", "en proceso", "registered", "wstępny", "w toku", "Preliminary result"),
    ),
    "corrected": (
        *("C", "amended", "corrigé", "berichtigt", "rettificato", "corrigido", "corregit", "poprawiony"),
        *("Edited Result - FINAL", "Modified", "Resultado corrigido"),
    ),
    "withdrawn": (
        *("X", "D", "W", "cancelled", "entered-in-error", "annulé", "storniert", "annullato", "estornado"),
        *("anul·lat", "gelöscht", "rejeitada", "Supprimé", "eliminata", "Invalidado", "Anulowano", "In Error"),
    ),
}


@pytest.mark.parametrize(("word", "status"), [(word, own) for own, words in STATUSES.items() for word in words])
def test_the_status_of_a_result(word: str, status: str) -> None:
    cleaned = lab({"status": word})
    if status == "withdrawn":
        assert fates(cleaned) == ["WITHDRAWN"]
    else:
        assert (fates(cleaned), cleaned.measurements["status"].tolist()) == (["clean"], [status])


@pytest.mark.parametrize(
    ("word", "means", "fate"),
    [
        ("raro", "", "STATUS_UNKNOWN"),
        # Each may mean several things: an author, a fault of the analyser, a value that is not normal.
        *((word, "", "STATUS_UNKNOWN") for word in ("Auth", "Error", "Changed", "Alterado", "Result", "No result")),
        ("9", "final", "clean"),
        ("9", "withdrawn", "WITHDRAWN"),
        ("F", "withdrawn", "WITHDRAWN"),
    ],
)
def test_a_status_that_nobody_knows_is_held_until_it_is_declared(word: str, means: str, fate: str) -> None:
    """It may say that the result was withdrawn; a declared meaning goes before the usual one."""
    part = LONG | ({"statuses": {word: means}} if means else {})
    cleaned = clean([{**LAB, "status": word}], part)
    assert fates(cleaned) == [fate]
    if not means:
        assert cleaned.ledger["hint"].tolist() == [f"the status '{word}' is not known: declare it under 'statuses'"]


def test_a_result_may_not_be_dated_before_its_specimen() -> None:
    part = {**LONG, "result_time": {"columns": ["done"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}}
    done = ["2020-05-04 07:59", "2020-05-04 08:00", "2020-05-04", "2020-05-03", ""]
    cleaned = clean([{**LAB, "done": text} for text in done], part)
    assert fates(cleaned) == ["TIME_ORDER", "clean", "clean", "TIME_ORDER", "clean"]
    # Known by its day alone, a result was surely there at the day's end and no earlier.
    reported = cleaned.measurements.sort_values("line")["result_time"].dt.strftime("%d %H:%M").tolist()
    assert reported[:2] == ["04 08:00", "04 23:59"]


# Blank, or a declared code for missing: there is no result time, and the result counts as known when it was collected.
RESULT_TIMES = [
    ("2020-05-04 09:30", "clean", "2020-05-04 09:30"),
    ("", "clean", None),
    ("n/a", "clean", None),
    ("0000-00-00 00:00", "DATE_INVALID", None),
    ("04/05/2020 09:30", "DATE_INVALID", None),
    ("2020-05-32 09:30", "DATE_INVALID", None),
    ("09:30", "DATE_MISSING", None),
    ("2002-05-04 09:30", "DATE_RANGE", None),
    ("2021-01-01 00:30", "DATE_RANGE", None),
]


@pytest.mark.parametrize(("done", "fate", "known"), RESULT_TIMES)
def test_a_result_whose_time_cannot_be_read_does_not_count_as_known_at_its_collection(
    done: str, fate: str, known: str | None
) -> None:
    part = {**LONG, "result_time": {"columns": ["done"], "formats": ["%Y-%m-%d %H:%M"]}}
    # Beside a row that reads: one content is cleaned once, and only the row in question may be held.
    rows = [{**LAB, "done": text} for text in ("2020-05-04 10:00", done)]
    cleaned = clean(rows, part, sentinels=[{"columns": ["done"], "codes": ["N/A"]}])
    assert fates(cleaned) == ["clean", fate]
    reported = cleaned.measurements.set_index("line")["result_time"].dt.strftime("%Y-%m-%d %H:%M")
    expected = {2: "2020-05-04 10:00", **({3: known} if fate == "clean" else {})}
    assert reported.astype(object).where(reported.notna(), None).to_dict() == expected


def test_a_held_result_time_says_what_to_type() -> None:
    part = {**LONG, "result_time": {"columns": ["done"], "formats": ["%Y-%m-%d %H:%M"]}}
    cleaned = clean([{**LAB, "done": "pendiente"}, {**LAB, "done": "2002-05-04 09:30"}], part)
    none = "if it says that there is none, list it under 'sentinels'"
    assert cleaned.ledger["hint"].tolist() == [
        "result time as sent: 'pendiente'; expected yyyy-mm-dd hh:mm (e.g. 2021-11-23 14:05); "
        f"correct it, or add its own format to 'formats'; {none}",
        f"result time as sent: '2002-05-04 09:30'; expected a day from 2020-01-01 to 2020-12-31; {none}",
    ]
    assert cleaned.ledger["raw_value"].tolist() == ["12", "12"]


def test_a_result_time_may_be_stated_by_the_declaration() -> None:
    part = {**LONG, "result_time": {"at": "2020-05-05", "formats": ["%Y-%m-%d"]}}
    assert value_of(clean([LAB], part), "result_time").strftime("%d %H:%M") == "05 23:59"


CLOCKED = {"columns": ["until", "at"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}


@pytest.mark.parametrize(
    ("day", "hour", "fate"),
    [
        ("2020-05-05", "14:30", "clean"),
        ("2020-05-05", "", "clean"),
        ("", "", "clean"),
        # Systems fill the hour of no date with zeros.
        ("", "00:00", "clean"),
        ("9999", "14:30", "clean"),
        ("", "14:30", "DATE_MISSING"),
        ("", "2:30 pm", "DATE_MISSING"),
        ("", "tarde 2", "DATE_INVALID"),
    ],
)
def test_an_end_at_an_hour_of_no_day_is_not_none(day: str, hour: str, fate: str) -> None:
    row = {"id": "1", "d": "2020-05-04", "rx": "Dexametasona", "dose": "6", "du": "mg", "until": day, "at": hour}
    missing = [{"columns": ["until"], "codes": ["9999"]}]
    cleaned = clean([row], {**RX, "stop": CLOCKED}, sentinels=missing)
    assert fates(cleaned) == [fate]
    event = {"id": "1", "d": "2020-05-04", "type": "1", "until": day, "at": hour}
    assert fates(clean([event], {**EVENTS, "end_time": CLOCKED}, sentinels=missing)) == [fate]
    # A death at an hour of no day is a death, not a survivor.
    people = {**PEOPLE, "events": [{"event": "death", "time": CLOCKED}]}
    gone = fates(clean([{"id": "1", "until": day, "at": hour}], people, sentinels=missing))
    known = {"2020-05-05": "clean", "9999": "SENTINEL"}
    assert gone == [fate if fate != "clean" else known.get(day, "NOTHING_READ")]


WIDE = {"kind": "measurements_wide", "subject": "id", "time": DAY}
CRP = {"crp": {"outcome": "CRP", "unit": "mg/L"}}


def test_a_wide_row_gives_a_record_per_filled_cell() -> None:
    columns = {
        **CRP,
        "o2": {"outcome": "FIO2", "unit_column": "o2u"},
        "pcr": {"outcome": "PCR", "values": {"1": "positive"}},
    }
    rows = [
        {"id": "1", "d": "2020-05-04", "crp": "5", "o2": "60", "o2u": "%", "pcr": "1"},
        {"id": "1", "d": "2020-05-05", "crp": "", "o2": "", "o2u": "", "pcr": ""},
        {"id": "1", "d": "2020-05-06", "crp": "x", "o2": "60", "o2u": "", "pcr": "2"},
    ]
    cleaned = clean(rows, {**WIDE, "columns": columns})
    assert cleaned.ledger[["line", "item", "fate", "reason"]].to_numpy().tolist() == [
        [2, "crp", "clean", ""],
        [2, "o2", "clean", ""],
        [2, "pcr", "clean", ""],
        [3, "", "ignored", "NOTHING_READ"],
        [4, "crp", "quarantined", "NUM_UNREADABLE"],
        [4, "o2", "quarantined", "UNIT_MISSING"],
        [4, "pcr", "quarantined", "RESULT_UNKNOWN"],
    ]
    assert cleaned.measurements["value"].dropna().tolist() == [5, 0.6]
    assert cleaned.measurements["result"].dropna().tolist() == ["positive"]


def test_blank_ids_repeat_downwards_only_where_declared() -> None:
    rows = [{"id": name, "d": "2020-05-04", "crp": "5"} for name in ("", "7", "", "8")]
    assert clean(rows, {**WIDE, "columns": CRP}).ledger["subject"].tolist() == ["", "7", "", "8"]
    filled = clean(rows, {**WIDE, "columns": CRP, "fill_down_subject": True})
    assert filled.ledger["subject"].tolist() == ["", "7", "7", "8"]
    assert fates(filled) == ["ID_MISSING", "clean", "clean", "clean"]


def test_ids_are_filled_down_from_rows_of_other_parts() -> None:
    rows = [
        {"id": name, "kind": kind, "d": "2020-05-04", "crp": "5"} for name, kind in (("7", "A"), ("", "B"), ("8", "A"))
    ]
    part = {**WIDE, "columns": CRP, "fill_down_subject": True, "where": [{"column": "kind", "is_in": ["B"]}]}
    assert clean(rows, part).measurements["subject"].tolist() == ["7"]


def test_an_invisible_mark_makes_no_second_person() -> None:
    rows = [
        {"id": name, "d": f"2020-05-0{day}", "crp": "5"} for day, name in enumerate(("\ufeff77", "77\u200e ", "77"), 4)
    ]
    assert clean(rows, {**WIDE, "columns": CRP}).ledger["subject"].tolist() == ["77"] * 3


def test_a_code_with_a_sign_or_a_doubt_is_another_code() -> None:
    rows = [{"id": "7", "d": f"2020-05-0{day}", "pcr": text} for day, text in enumerate(("1", "-1", "1?", "1."), 4)]
    part = {**WIDE, "columns": {"pcr": {"outcome": "PCR", "values": {"1": "positive"}}}}
    assert fates(clean(rows, part)) == ["clean", "RESULT_UNKNOWN", "RESULT_UNKNOWN", "RESULT_UNKNOWN"]


PEOPLE: dict[str, Any] = {"kind": "patients", "subject": "id"}


def test_characteristics_are_numbers_flags_and_categories() -> None:
    columns = {
        "sex": {"characteristic": "SEX", "values": {"M": "male", "F": "female"}},
        "age": {"characteristic": "AGE", "unit": "years"},
        "kg": {"characteristic": "WEIGHT", "unit": "kg"},
        "dm": {"characteristic": "DIABETES"},
    }
    rows = [
        {"id": "1", "sex": "m", "age": "61", "kg": "154.3 lb", "dm": "Sí"},
        {"id": "2", "sex": "X", "age": ">89", "kg": "70 kg", "dm": "?"},
        {"id": "", "sex": "F", "age": "300", "kg": "70 - 75", "dm": ""},
        {"id": "4", "sex": "F", "age": "9999", "kg": "1,250", "dm": "no"},
    ]
    cleaned = clean(rows, {**PEOPLE, "columns": columns}, sentinels=[{"columns": ["age"], "codes": ["9999"]}])
    assert fates(cleaned) == [
        *("clean", "clean", "UNIT_CONFLICT", "clean"),
        *("NUM_UNREADABLE", "RESULT_UNKNOWN", "clean", "RESULT_UNKNOWN"),
        *("ID_MISSING", "ID_MISSING", "ID_MISSING"),
        *("SENTINEL", "clean", "NUM_AMBIGUOUS", "clean"),
    ]
    found = cleaned.patients.set_index(["subject", "characteristic"])
    assert found.loc[("1", "AGE"), "value"] == 61
    assert found.loc[("1", "SEX"), "result"] == "male"
    assert found.loc[("2", "WEIGHT"), "value"] == 70
    assert found.loc[("4", "DIABETES"), "result"] == "no"


def test_a_category_is_its_own_word_where_no_values_are_declared() -> None:
    cleaned = clean([{"id": "1", "sex": "Female"}], {**PEOPLE, "columns": {"sex": {"characteristic": "SEX"}}})
    assert cleaned.patients["result"].tolist() == ["female"]


def test_a_number_without_any_unit_is_held() -> None:
    part = {**PEOPLE, "columns": {"age": {"characteristic": "AGE"}}}
    assert fates(clean([{"id": "1", "age": "61"}, {"id": "2", "age": "61 años"}], part)) == ["UNIT_MISSING", "clean"]


END = [
    {
        "event": event,
        "time": {"columns": ["end"], "formats": ["%Y-%m-%d"]},
        "only_if": {"column": "how", "is_in": [how]},
    }
    for event, how in (("death", "DEFUNCION"), ("discharge_alive", "MEJORÍA"))
]


def test_an_end_of_stay_is_never_lost() -> None:
    rows = [
        {"id": "1", "end": "2020-05-04", "how": "Defunción"},
        {"id": "2", "end": "2020-05-04", "how": "MEJORIA"},
        {"id": "3", "end": "2020-05-04", "how": "fuga"},
        {"id": "4", "end": "", "how": "DEFUNCION"},
        {"id": "5", "end": "", "how": ""},
        {"id": "6", "end": "9999", "how": ""},
        # Died on a day that is coded as missing: the death is no missing value.
        {"id": "7", "end": "9999", "how": "DEFUNCION"},
    ]
    cleaned = clean(rows, {**PEOPLE, "events": END}, sentinels=[{"columns": ["end"], "codes": ["9999"]}])
    assert fates(cleaned) == [
        *("clean", "clean", "EVENT_UNKNOWN", "DATE_MISSING", "NOTHING_READ", "SENTINEL", "DATE_MISSING"),
    ]
    undated = cleaned.ledger.loc[cleaned.ledger["reason"] == "DATE_MISSING", ["line", "fate", "hint"]]
    assert undated["fate"].tolist() == ["quarantined"] * 2
    assert all("counts as lost, not as alive" in hint for hint in undated["hint"])
    assert cleaned.events[["subject", "event"]].to_numpy().tolist() == [["1", "death"], ["2", "discharge_alive"]]


def test_one_date_may_be_two_events_and_two_columns_one_date() -> None:
    events = [
        {"event": "admission", "time": DAY},
        {"event": "icu_admission", "time": DAY},
        {"event": "admission", "time": DAY},
    ]
    cleaned = clean([{"id": "1", "d": "2020-05-04"}], {**PEOPLE, "events": events})
    assert cleaned.events["item"].tolist() == ["d>admission", "d>admission#2", "d>icu_admission"]


EVENTS: dict[str, Any] = {"kind": "events", "subject": "id", "event": "type", "time": DAY}
EVENTS |= {"end_time": {"columns": ["until"], "formats": ["%Y-%m-%d"]}, "values": {"1": "adverse_event"}}


def test_event_rows() -> None:
    until = ["2020-05-05", "", "2020-05-01", "mañana", "", ""]
    kinds = ["1", "Death", "1", "1", "2", ""]
    rows = [
        {"id": "1", "d": f"2020-05-{n + 2:02d}", "type": k, "until": u}
        for n, (k, u) in enumerate(zip(kinds, until, strict=True))
    ]
    cleaned = clean(rows, EVENTS)
    assert fates(cleaned) == ["clean", "clean", "TIME_ORDER", "DATE_INVALID", "EVENT_UNKNOWN", "EVENT_UNKNOWN"]
    assert (
        cleaned.ledger["hint"].tolist()[3].startswith("end as sent: 'mañana'; expected yyyy-mm-dd (e.g. 2021-11-23); ")
    )


@pytest.mark.parametrize(
    ("dose", "unit", "read"),
    [
        ("6 mg", "mg", 6.0),
        ("6 MG.", "mg", 6.0),
        ("6", "mg", 6.0),
        ("0", "mg", 0.0),
        ("6 g", "mg", None),
        ("-1", "mg", None),
        ("6-8", "mg", None),
    ],
)
def test_a_dose_with_its_unit_is_read_where_the_units_agree(dose: str, unit: str, read: float | None) -> None:
    row = {"id": "1", "d": "2020-05-04", "rx": "dexametasona", "until": "", "dose": dose, "du": unit}
    cleaned = clean([row], RX)
    assert cleaned.treatments["dose"].astype(object).where(cleaned.treatments["dose"].notna(), None).tolist() == [read]
    said = [] if read is not None else [f"dose as sent: '{dose}'"]
    assert cleaned.ledger["hint"].dropna().tolist() == said


RX: dict[str, Any] = {
    "kind": "treatments",
    "subject": "id",
    "treatment": "rx",
    "start": DAY,
    "dose": "dose",
    "dose_unit": "du",
}
RX |= {"stop": {"columns": ["until"], "formats": ["%Y-%m-%d"]}, "values": {"Dexametasona": "dexamethasone"}}


def test_treatment_rows() -> None:
    rows = [
        {"rx": "DEXAMETASONA", "until": "2020-05-05", "dose": "6", "du": "mg"},
        {"rx": "dexametasona", "until": "", "dose": "6 mg", "du": ""},
        {"rx": "dexametasona", "until": "", "dose": "<6", "du": "mg"},
        {"rx": "dexametasona", "until": "", "dose": "a demanda", "du": ""},
        {"rx": "dexametasona", "until": "2020-05-01", "dose": "", "du": ""},
        {"rx": "dexametasona", "until": "?", "dose": "", "du": ""},
        {"rx": "paracetamol", "until": "", "dose": "", "du": ""},
        {"rx": "", "until": "", "dose": "", "du": ""},
    ]
    cleaned = clean([{"id": "1", "d": "2020-05-04", **row} for row in rows], RX)
    reasons = ["clean", "clean", "DOSE_UNREAD", "DOSE_UNREAD", "TIME_ORDER", "DATE_INVALID", "NAME_UNKNOWN", "NO_VALUE"]
    assert fates(cleaned) == reasons
    assert cleaned.ledger["fate"].tolist()[:4] == ["clean"] * 4
    assert cleaned.treatments[["dose", "dose_unit"]].astype(object).fillna("").to_numpy().tolist() == [
        [6.0, "mg"],
        [6.0, "mg"],
        ["", "mg"],
        ["", ""],
    ]


def test_two_parts_may_read_one_line() -> None:
    rows = [{**LAB, "d": "2020-05-04", "rx": "Dexametasona", "dose": "6", "du": "mg", "until": ""}]
    cleaned = clean(rows, [LONG, RX, {**EVENTS, "event": "=intubation", "end_time": None}])
    assert cleaned.ledger[["table", "item"]].to_numpy().tolist() == [
        ["measurements", ""],
        ["treatments", "#2"],
        ["events", "=intubation"],
    ]


@pytest.mark.parametrize(
    "part", [LONG, {**WIDE, "columns": CRP}, {**PEOPLE, "events": END}, EVENTS, RX], ids=lambda p: p["kind"]
)
def test_a_file_of_nothing_but_a_header_or_footers(part: dict[str, Any]) -> None:
    declared = source({"f": {"parts": [part]}})
    names = [*LAB, "d", "crp", "end", "how", "type", "until", "rx", "dose", "du"]
    header_only = intake([dict.fromkeys(names, "x")]).iloc[:0]
    footers = intake([dict.fromkeys(names, "x")], [(3, "FOOTER", "Total"), (4, "FILE_LAYOUT", None)]).iloc[1:]
    assert clean_file(header_only, FileInputs("s", "f", declared, study(), dictionary())).ledger.empty
    assert fates(clean_file(footers, FileInputs("s", "f", declared, study(), dictionary()))) == [
        "FOOTER",
        "FILE_LAYOUT",
    ]


CELL = st.one_of(
    st.sampled_from(["", "1", "12", "<0.5", "ND", "1,250", "pendiente", "CRP", "PCR", "mg/L", "ng/mL", "2020-05-04"]),
    st.sampled_from(["\x00", "\x1f", "=1+1", "1e400", "9" * 500, "٣", "x" * 2000, "-99", "POSITIVO", "hemolizada"]),
    st.text(max_size=6),
)
ROW = st.fixed_dictionaries({name: st.one_of(st.just(text), CELL) for name, text in LAB.items()})
BROKEN = st.lists(st.sampled_from(["FILE_LAYOUT", "BLANK_LINE", "FOOTER"]), max_size=3)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), broken=BROKEN)
def test_every_line_has_exactly_one_fate_and_counts_add_up(rows: list[dict[str, str]], broken: list[str]) -> None:
    problems = [(len(rows) + 2 + n, reason, "?") for n, reason in enumerate(broken)]
    declared = source({"f": {"parts": [LONG]}})
    cleaned = clean_file(intake(rows, problems), FileInputs("s", "f", declared, study(), dictionary()))
    _check_conserved(cleaned, len(rows) + len(broken))
    assert cleaned.ledger["line"].tolist() == list(range(2, len(rows) + len(broken) + 2))


WIDE_ROW = st.fixed_dictionaries(dict.fromkeys(("id", "d", "crp", "end", "how", "rx"), CELL))


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(WIDE_ROW, min_size=1, max_size=6))
def test_several_parts_lose_nothing_either(rows: list[dict[str, str]]) -> None:
    parts: list[dict[str, Any]] = [
        {**WIDE, "columns": CRP},
        {**PEOPLE, "events": END, "columns": {"how": {"characteristic": "SEX"}}},
    ]
    parts += [{"kind": "treatments", "subject": "id", "treatment": "rx", "start": DAY}]
    parts += [{**WIDE, "columns": CRP, "where": [{"column": "how", "is_in": ["1", "12"]}]}]
    _check_conserved(clean(rows, parts), len(rows))


def _check_conserved(cleaned: CleanedFile, lines: int) -> None:
    ledger = cleaned.ledger
    assert ledger["line"].nunique() == lines
    assert set(ledger["fate"]) <= {"clean", "ignored", "quarantined"}
    assert ((ledger["reason"] != "") | (ledger["fate"] == "clean")).all()
    for name in ("patients", "measurements", "events", "treatments"):
        key = ["line", "item"]
        clean_keys = ledger.loc[(ledger["table"] == name) & (ledger["fate"] == "clean"), key]
        assert sorted(clean_keys.itertuples(index=False, name=None)) == sorted(
            getattr(cleaned, name)[key].itertuples(index=False, name=None)
        )
    measured = cleaned.measurements[["value", "lower", "upper"]].to_numpy("float64")
    assert not np.isinf(measured).any()


def test_functions_by_distinct_texts_survive_nulls_and_nothing() -> None:
    texts = pd.Series(["a", None, "b", "a", np.nan], index=[9, 3, 3, 1, 0], dtype="str")
    assert by_distinct(texts, str.upper, "str").tolist() == ["A", "", "B", "A", ""]
    assert by_distinct(texts, str.upper).index.tolist() == [9, 3, 3, 1, 0]
    assert by_distinct(texts.iloc[:0], str.upper).empty
    other = pd.Series(["x", "y", None, "x", "y"], index=texts.index, dtype="str")
    assert by_distinct_pair(texts, other, lambda a, b: a + b, "str").tolist() == ["ax", "y", "b", "ax", "y"]
    assert by_distinct_pair(texts.iloc[:0], other.iloc[:0], lambda a, b: a + b).empty
