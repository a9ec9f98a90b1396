"""The files of a source joined: people linked or held, relative times anchored, duplicates settled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cleaning_study
import pandas as pd
import pytest
from cleaning_study import LAB, LONG, assembled, clean, dictionary, fates, intake, source, study

from historical_controls.cleaning.ledger.counts import LedgerCounts, count_ledger, ledger_ard
from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.crosswalk import read_crosswalk
from historical_controls.cleaning.people.identity import WHO_IS_WHO, hold_hints, link_people
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import UserError, UserErrors
from historical_controls.tables import parquet as table_io
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import LEDGER

DAY = {"columns": ["d"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}
PERSON = {
    "kind": "patients",
    "subject": "id",
    "columns": {
        "sex": {"characteristic": "SEX"},
        "age": {"characteristic": "AGE", "unit": "years"},
        "kg": {"characteristic": "WEIGHT", "unit": "kg"},
    },
    "events": [{"event": "death", "time": DAY}],
}


def person(name: str, **facts: str) -> dict[str, str]:
    return {"id": name, "sex": "male", "age": "61", "kg": "70", "d": "", **facts}


def joined(lab: list[dict[str, str]], people: list[dict[str, str]] | None = None, **keys: Any) -> CleanSource:
    rows = [{**LAB, **change} for change in lab]
    return assembled({"lab": (rows, LONG), "people": (people or [person("1")], PERSON)}, **keys)


def lab_fates(clean_source: CleanSource) -> list[str]:
    ledger = clean_source.ledger.loc[clean_source.ledger["file"] == "lab"].sort_values("line")
    return [reason or fate for fate, reason in zip(ledger["fate"], ledger["reason"], strict=True)]


TEMP = {"test": "TEMP", "unit": "Cel", "specimen": ""}
AIR = {"test": "FIO2", "unit": "fraction", "specimen": "arterial"}
DIMER = {"test": "DDIM", "unit": "ng/mL FEU", "specimen": ""}
CYTOKINE = {"test": "IL6", "unit": "pg/mL", "specimen": ""}

SETTLED: list[tuple[list[dict[str, str]], list[str]]] = [
    ([{}, {}], ["clean", "DUP_IDENTICAL"]),
    ([{"result": "1.2", "unit": "mg/dL"}, {"result": "12"}], ["clean", "DUP_IDENTICAL"]),
    ([{}, {"result": "13"}], ["DUP_CONFLICT", "DUP_CONFLICT"]),
    ([{}, {}, {"result": "13"}], ["DUP_CONFLICT", "DUP_IDENTICAL", "DUP_CONFLICT"]),
    ([{}, {"result": "<12"}], ["DUP_CONFLICT", "DUP_CONFLICT"]),
    ([{}, {"result": "13", "assay": "B"}], ["clean", "clean"]),
    ([{}, {"result": "13", "specimen": "plasma"}], ["clean", "clean"]),
    ([{}, {"result": "13", "when": "2020-05-04 08:01"}], ["clean", "clean"]),
    ([{}, {"result": "13", "id": "2"}], ["clean", "clean"]),
    ([{"status": "preliminar"}, {"result": "13"}], ["DUP_SUPERSEDED", "clean"]),
    ([{}, {"result": "13", "status": "corregido"}], ["DUP_SUPERSEDED", "clean"]),
    ([{"status": "corregido"}, {"result": "13", "status": "corregido"}], ["DUP_CONFLICT", "DUP_CONFLICT"]),
    ([{"result": "pendiente"}, {"result": "13"}], ["DUP_SUPERSEDED", "clean"]),
    ([{"result": "pendiente"}, {"result": "pendiente"}], ["clean", "DUP_IDENTICAL"]),
    ([{"result": "x"}, {"result": "13"}], ["NUM_UNREADABLE", "clean"]),
    # One reading charted in two scales, each rounded: 99.6 F is 37.53 to 37.58 C.
    ([{**TEMP, "result": "99.6", "unit": "F"}, {**TEMP, "result": "37.56"}], ["DUP_IDENTICAL", "clean"]),
    ([{**TEMP, "result": "37.6"}, {**TEMP, "result": "99.6", "unit": "F"}], ["DUP_IDENTICAL", "clean"]),
    ([{**TEMP, "result": "99.6", "unit": "F"}, {**TEMP, "result": "37.60"}], ["DUP_CONFLICT", "DUP_CONFLICT"]),
    ([{**TEMP, "result": "99.6", "unit": "F"}, {**TEMP, "result": "99.7", "unit": "F"}], ["DUP_CONFLICT"] * 2),
    ([{**TEMP, "result": "37.5"}, {**TEMP, "result": "37.6"}], ["DUP_CONFLICT"] * 2),
    # 1.2E3 ng/mL was rounded to hundreds; ng/L and pg/mL are two units, each rounded by itself.
    ([{**DIMER, "result": "1.2E3"}, {**DIMER, "result": "1.235", "unit": "mg/L FEU"}], ["DUP_IDENTICAL", "clean"]),
    ([{**DIMER, "result": "1.2E3"}, {**DIMER, "result": "1.26", "unit": "mg/L FEU"}], ["DUP_CONFLICT"] * 2),
    ([{**CYTOKINE, "result": "12.3"}, {**CYTOKINE, "result": "12", "unit": "ng/L"}], ["clean", "DUP_IDENTICAL"]),
    ([{**CYTOKINE, "result": "12.3"}, {**CYTOKINE, "result": "12", "unit": "PG/ML"}], ["DUP_CONFLICT"] * 2),
    # Single precision: 0.20999999 is 0.21, as a double and as a value at the hard limit.
    ([{**AIR, "result": "0.21"}, {**AIR, "result": "0.20999999"}], ["DUP_IDENTICAL", "clean"]),
    ([{**AIR, "result": "0.20999999"}], ["clean"]),
    ([{**AIR, "result": "0.2099"}], ["OUT_OF_RANGE"]),
    ([{"status": "cancelado"}, {"result": "13"}], ["WITHDRAWN", "clean"]),
]


def test_the_same_sample_twice() -> None:
    """Each case has a patient of its own, so that one file settles all of them."""
    lab, people, expected = [], [], []
    for number, (rows, each) in enumerate(SETTLED):
        named = [{**row, "id": f"{number}-{row.get('id', '1')}"} for row in rows]
        lab += named
        people += [person(name) for name in sorted({row["id"] for row in named})]
        expected.append(each)
    found = joined(lab, people)
    fates_of = iter(lab_fates(found))
    assert [[next(fates_of) for _ in rows] for rows, _ in SETTLED] == expected
    assert len(found.measurements) == sum(each.count("clean") for each in expected)


@pytest.mark.parametrize(("sent", "kept"), [("1.235", 1234.6), ("1.236", None)])
def test_a_mark_of_thousands_is_no_decimal_of_a_reading_in_another_unit(sent: str, kept: float | None) -> None:
    """1.235 ng/mL is 1235 where the point marks thousands: 1234.5 to 1235.5, within which 1,2346 mg/L lies."""
    rows = [{**DIMER, "result": sent}, {**DIMER, "result": "1,2346", "unit": "mg/L FEU"}]
    found = joined(rows, file_keys={"decimal": ",", "thousands": "."})
    assert found.measurements["value"].tolist() == ([] if kept is None else [kept])


def test_the_order_of_files_decides_nothing_but_which_line_stands() -> None:
    rows = [{**LAB}, {**LAB, "result": "13", "status": "corregido"}]
    one = assembled({"a": (rows[:1], LONG), "b": (rows[1:], LONG)})
    other = assembled({"a": (rows[1:], LONG), "b": (rows[:1], LONG)})
    for found in (one, other):
        assert found.measurements["value"].tolist() == [13]
        assert sorted(found.ledger["reason"]) == ["", "DUP_SUPERSEDED"]


@pytest.mark.parametrize(
    ("death", "when", "fate"),
    [
        ("2020-05-04 08:00", "2020-05-04 08:00", "clean"),
        ("2020-05-04 08:00", "2020-05-04 08:01", "AFTER_DEATH"),
        ("2020-05-04", "2020-05-04 23:59", "clean"),
        ("2020-05-04", "2020-05-05 00:01", "AFTER_DEATH"),
        ("", "2020-05-05 00:01", "clean"),
    ],
)
def test_nothing_is_measured_after_death(death: str, when: str, fate: str) -> None:
    found = joined([{"when": when}], [person("1", d=death)], timezone="America/Mexico_City")
    assert lab_fates(found) == [fate]


def test_a_day_and_an_hour_of_one_death_do_not_contradict() -> None:
    people = [person("1", d="2020-05-04"), person("1", d="2020-05-04 08:00"), person("1", d="2020-05-04")]
    found = joined([{"when": "2020-05-04 09:00"}], people)
    assert lab_fates(found) == ["AFTER_DEATH"]
    assert found.events["time"].tolist() == [pd.Timestamp("2020-05-04 08:00", tz="UTC")]


@pytest.mark.parametrize("second", [{"sex": "female"}, {"age": "63"}, {"d": "2020-06-02"}], ids=["sex", "age", "death"])
def test_one_id_with_the_facts_of_two_people_is_held_whole(second: dict[str, str]) -> None:
    found = joined(
        [{}, {"id": "2"}], [person("1", d="2020-06-01"), person("1", **{"d": "2020-06-01", **second}), person("2")]
    )
    assert lab_fates(found) == ["ID_CONFLICT", "clean"]
    one = found.ledger.loc[(found.ledger["subject"] == "1") & (found.ledger["fate"] == "clean")]
    assert one.empty
    assert found.patients.set_index("patient_id")["SEX"].to_dict() == {"s/2": "male"}


STAYS = {
    **PERSON,
    "events": [{"event": "death", "time": DAY}, {"event": "admission", "time": {**DAY, "columns": ["in"]}}],
}


@pytest.mark.parametrize(
    ("second", "expected"), [("60", ["DUP_SUPERSEDED"]), ("59", ["DUP_SUPERSEDED"]), ("64", ["ID_CONFLICT"] * 2)]
)
def test_ages_at_two_admissions_are_no_contradiction(
    second: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """57 at first, and up to three years more within three years: the age at the first admission is kept."""
    rows = [{**person("1", age="57"), "in": "2020-01-02"}, {**person("1", age=second), "in": "2022-12-30"}]
    long = cleaning_study.study(data_lock="2023-12-31")
    monkeypatch.setattr(cleaning_study, "study", lambda: long)
    found = assembled({"lab": ([LAB], LONG), "people": (rows, STAYS)})
    ages = found.ledger.loc[found.ledger["analyte"] == "AGE"]
    assert sorted(ages.loc[ages["fate"] != "clean", "reason"]) == expected
    if expected == ["DUP_SUPERSEDED"]:
        assert found.patients["AGE"].tolist() == [57.0]


def test_an_event_dated_by_its_day_keeps_both_ends_of_it() -> None:
    found = joined([{}], [person("1", d="2020-06-01")], timezone="America/Mexico_City")
    row = found.events.iloc[0]
    assert (row["time"], row["latest"]) == (
        pd.Timestamp("2020-06-01 05:00", tz="UTC"),
        pd.Timestamp("2020-06-02 04:59:59.999", tz="UTC"),
    )


def test_what_may_change_over_a_stay_holds_no_one() -> None:
    found = joined([{}], [person("1"), person("1", kg="72", age="62")])
    row = found.patients.iloc[0]
    assert lab_fates(found) == ["clean"]
    assert (row["SEX"], bool(pd.isna(row["WEIGHT"])), bool(pd.isna(row["AGE"]))) == ("male", True, True)
    held = found.ledger.loc[found.ledger["reason"] == "DUP_CONFLICT", ["analyte", "raw_value"]]
    assert sorted(held.to_numpy().tolist()) == [["AGE", "61"], ["AGE", "62"], ["WEIGHT", "70"], ["WEIGHT", "72"]]


def people_of(
    crosswalk: pd.DataFrame | None = None, facts: pd.DataFrame | None = None, **subjects: list[str]
) -> pd.DataFrame:
    """PEOPLE of sources by name (those named t.. are treated)."""
    frames = {
        name: pd.DataFrame({"subject": pd.Series(ids, dtype="str")}).assign(source=name)
        for name, ids in subjects.items()
    }
    arms = {name: "treated" if name.startswith("t") else "historical" for name in subjects}
    declared = {name: source({"f": {"parts": [LONG]}}, arm) for name, arm in arms.items()}
    return link_people(frames, declared, crosswalk, facts).set_index(["source", "subject"])


LINKS = [
    ({"h": ["00123", "123", "9"]}, {"00123": ("h/00123", ""), "123": ("h/00123", ""), "9": ("h/9", "")}),
    ({"h": ["00123", "0123"]}, {"00123": ("h/00123", "ID_CONFLICT"), "0123": ("h/0123", "ID_CONFLICT")}),
    ({"h": ["0012", "012", "12"]}, dict.fromkeys(["0012", "012", "12"], (None, "ID_CONFLICT"))),
    ({"h": ["A1", "B-1"]}, {"A1": ("h/A1", ""), "B-1": ("h/B-1", "")}),
    ({"h": ["A1", "a1"]}, {"A1": ("h/A1", "ID_CONFLICT"), "a1": ("h/a1", "ID_CONFLICT")}),
    ({"h": ["A1", "A-1", "9"]}, {"A1": (None, "ID_CONFLICT"), "A-1": (None, "ID_CONFLICT"), "9": ("h/9", "")}),
    ({"h": ["0012 3", "00123"]}, {"0012 3": ("h/00123", ""), "00123": ("h/00123", "")}),
    (
        {"h": ["1234-5", "1234", "88-1"]},
        {"1234-5": (None, "ID_CONFLICT"), "1234": (None, "ID_CONFLICT"), "88-1": (None, "")},
    ),
    ({"h": ["0", "1/7", "2/7"]}, {"0": ("h/0", ""), "1/7": ("h/1/7", ""), "2/7": ("h/2/7", "")}),
    ({"h": ["00777", "8"], "t": ["00777"]}, {"00777": (None, "ID_BOTH_ARMS"), "8": ("h/8", "")}),
    ({"h": ["001777", "1777"], "t": ["1777"]}, {"001777": (None, "ID_BOTH_ARMS"), "1777": (None, "ID_BOTH_ARMS")}),
    ({"h": ["0004"], "t": ["4"]}, {"0004": ("h/0004", ""), "4": ("t/4", "")}),
    ({"h": ["1/7"], "t": ["7"]}, {"1/7": ("h/1/7", ""), "7": ("t/7", "")}),
    ({"h": ["00777"], "h2": ["00777"]}, {"00777": (None, "")}),
    (
        {"h": ["12.0", "0012", "13,0"]},
        {"12.0": (None, "ID_CONFLICT"), "0012": (None, "ID_CONFLICT"), "13,0": (None, "")},
    ),
    (
        {"h": ["12.0", "13.0", "14.0", "0012", "15"]},
        {"12.0": ("h/0012", ""), "0012": ("h/0012", ""), "13.0": (None, ""), "14.0": (None, ""), "15": (None, "")},
    ),
    (
        {"h": ["12.0", "13.0", "14.0", "14.1", "12"]},
        {**dict.fromkeys(["12.0", "12"], (None, "ID_CONFLICT")), **dict.fromkeys(["13.0", "14.0", "14.1"], (None, ""))},
    ),
    ({"h": ["00777"], "t": ["777.0"]}, {"00777": (None, ""), "777.0": (None, "")}),
    ({"h": ["07771"], "t": ["7771.0"]}, {"07771": (None, "ID_BOTH_ARMS"), "7771.0": (None, "ID_BOTH_ARMS")}),
    (
        {"h": ["1.23E+05", "7,1e7", "E12"]},
        {**dict.fromkeys(["1.23E+05", "7,1e7"], (None, "ID_CONFLICT")), "E12": (None, "")},
    ),
    ({"h": []}, {}),
    ({"h": ["9" * 10_000]}, {"9" * 10_000: ("h/" + "9" * 10_000, "")}),
]


@pytest.mark.parametrize(("subjects", "expected"), LINKS, ids=[str(s)[:40] for s, _ in LINKS])
def test_ids_and_people(subjects: dict[str, list[str]], expected: dict[str, tuple[str | None, str]]) -> None:
    found = people_of(**subjects)
    assert {name for _, name in found.index} == set(expected)
    for (_, name), row in found.iterrows():
        patient, hold = expected[name]
        assert row["hold"] == hold
        assert patient in (None, row["patient_id"])


def test_a_hold_names_the_other_ids_and_what_to_type() -> None:
    found = people_of(h=["A1", "A-1", "9", "00777", "12.0", "0012", "1234-5", "1234", "1.2E+07"], t=["00777"])
    hints = hold_hints(found.loc[["h"]].reset_index())
    alike = {"A1": "A-1", "A-1": "A1", "12.0": "0012", "1234-5": "1234"}
    for name, other in alike.items():
        assert f"may be that of '{other}', or" in hints[name] and WHO_IS_WHO in hints[name]
    assert "among controls" in hints["00777"] and "a spreadsheet cut it" in hints["1.2E+07"] and "9" not in hints
    table = pd.DataFrame({"source": ["h", "h2"], "subject": ["55", "56"], "person": "x", "line": [2, 3]})
    found = people_of(crosswalk=table, h=["55"], h2=["56"])
    # It is said already who is who.
    assert hold_hints(found.loc[["h2"]].reset_index())["56"].endswith("counted once, as h/55")


NUMBERED = [f"P{n:03d}" for n in range(12)]


@pytest.mark.parametrize("text", ["Mittelw.", "Werte in mg/L", "keine", "DS", "Blatt 2 (Forts.)", "média geral", "¿?a"])
def test_words_among_ids_of_one_form_are_no_patients(text: str) -> None:
    """No list knows the words of every language: what has no digit, or is a sentence, is held for its form."""
    found = people_of(h=[*NUMBERED, text])
    assert found["hold"].to_dict()[("h", text)] == "ID_INVALID"
    assert set(found["hold"].drop(("h", text))) == {""}
    assert (
        hold_hints(found.reset_index())[text]
        == f"'{text}' is not a patient id; if it is one, list it under 'accepted_ids'"
    )


@pytest.mark.parametrize(
    "ids",
    [
        # Too few to tell, ids of several forms, of random letters, of names, of words with a number.
        ["P1", "P2", "P3", "ana"],
        [*NUMBERED[:6], *map(str, range(1000, 1006)), "ana"],
        ["a1b2", "1ab2", "ab12", "12ab", "a12b", "abcd", "1a2b"],
        ["ana", "luis", "eva", "P001", "P002", "P003", "P004", "P005"],
        [f"Patient {n}" for n in range(1, 9)],
        [*NUMBERED, "K7", "12"],
    ],
)
def test_ids_of_other_forms_are_patients(ids: list[str]) -> None:
    assert set(people_of(h=ids)["hold"]) == {""}


def test_a_declared_id_of_another_form_is_a_patient() -> None:
    rows = [{**LAB, "id": name} for name in [*NUMBERED, "Mittelw."]]
    held = assembled({"lab": (rows, LONG)})
    assert [(row.subject, row.reason) for row in held.ledger.itertuples() if row.fate != "clean"] == [
        ("Mittelw.", "ID_INVALID")
    ]
    assert len(held.patients) == len(NUMBERED)
    freed = assembled({"lab": (rows, LONG)}, file_keys={"accepted_ids": ["Mittelw."]})
    assert set(freed.ledger["fate"]) == {"clean"} and len(freed.patients) == len(NUMBERED) + 1


STAY = {
    "kind": "patients",
    "subject": "id",
    "events": [
        {"event": "admission", "time": {"columns": ["in"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}},
        {
            "event": "discharge_alive",
            "time": {"columns": ["out"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]},
            "only_if": {"column": "how", "is_in": ["alive"]},
        },
        {
            "event": "death",
            "time": {"columns": ["out"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]},
            "only_if": {"column": "how", "is_in": ["dead"]},
        },
    ],
}


@pytest.mark.parametrize("how", ["alive", "dead"])
@pytest.mark.parametrize(
    ("begin", "end", "held"),
    [
        ("2020-05-04", "2020-05-01", True),
        ("2020-05-04 15:00", "2020-05-04 09:00", True),
        # The day without a clock, or midnight for an unknown hour, may be later that day.
        ("2020-05-04 15:00", "2020-05-04", False),
        ("2020-05-04 15:00", "2020-05-04 00:00", False),
        ("2020-05-04", "2020-05-04 09:00", False),
        ("2020-05-04", "2020-05-20", False),
    ],
)
def test_a_stay_that_ends_before_it_starts_is_held(how: str, begin: str, end: str, held: bool) -> None:
    found = assembled({"stays": ([{"id": "1", "in": begin, "out": end, "how": how}], STAY)})
    assert sorted(fates(found)) == (["TIME_ORDER", "clean"] if held else ["clean", "clean"])


def test_an_admission_after_the_death_is_held() -> None:
    first = {"id": "1", "in": "2020-05-04", "out": "2020-05-20", "how": "dead"}
    found = assembled({"stays": ([first, {**first, "in": "2020-07-01", "out": "2020-07-09", "how": "alive"}], STAY)})
    held = found.ledger.loc[found.ledger["fate"] != "clean"]
    assert held[["line", "reason", "raw_value"]].to_numpy().tolist() == [[3, "AFTER_DEATH", "2020-07-01"]]
    same_day = assembled({"stays": ([first, {**first, "in": "2020-05-20 10:00", "out": "", "how": ""}], STAY)})
    assert "AFTER_DEATH" not in fates(same_day)


def test_an_event_that_repeats_by_declaration_is_no_contradiction(tmp_path: Path) -> None:
    dose = {"kind": "events", "subject": "id", "time": DAY, "event": "=infusion"}
    rows = [{"id": "1", "d": day} for day in ("2020-04-02", "2020-04-09", "2020-04-02")]
    found = assembled({"doses": (rows, dose)})
    assert fates(found) == ["ID_CONFLICT", "ID_CONFLICT", "DUP_IDENTICAL"]
    assert "'yes' into column 'repeats'" in found.ledger["hint"].astype(object).iloc[0]
    (tmp_path / "events.csv").write_text("code,label_en,repeats\ninfusion,dose,yes\nstart,start,no\n", encoding="utf-8")
    own = load_dictionary(tmp_path)
    assert set(own.events_once) == {"birth", "death", "start"}
    again = assembled({"doses": (rows, dose)}, known=own)
    assert fates(again) == ["clean", "clean", "DUP_IDENTICAL"]
    (tmp_path / "events.csv").write_text("code,label_en,repeats\ndeath,death,yes\nstart,start,si\n", encoding="utf-8")
    with pytest.raises(UserErrors) as caught:
        load_dictionary(tmp_path)
    assert "'yes' is not allowed in column 'repeats' of 'death'" in str(caught.value) and "'si'" in str(caught.value)


def test_a_treated_patient_of_a_historical_source_is_no_control_of_another() -> None:
    """Whatever spelling of the id names the patient as treated."""
    ids = {"ward": ["00777", "777", "9123"], "h": ["777", "9123"]}
    frames = {
        name: pd.DataFrame({"subject": pd.Series(own, dtype="str")}).assign(source=name) for name, own in ids.items()
    }
    declared = {name: source({"f": {"parts": [LONG]}}, "historical") for name in ids}
    declared["ward"] = declared["ward"].model_copy(update={"treated_subjects": ["00777"]})
    found = link_people(frames, declared).set_index(["source", "subject"])["hold"].to_dict()
    both = dict.fromkeys([("ward", "00777"), ("ward", "777"), ("h", "777")], "ID_BOTH_ARMS")
    assert found == {**both, ("ward", "9123"): "", ("h", "9123"): ""}


def test_a_treated_patient_whom_another_file_spells_otherwise_is_one_person() -> None:
    """The list of treated ids has one spelling: other ones were held as his own controls (ID_BOTH_ARMS)."""
    ids = ["MG-001", "MG001", "MG-002", "MG002"]
    declared = source({"f": {"parts": [LONG]}}, "historical").model_copy(update={"treated_subjects": ["MG-001"]})
    lines = [("h", one, one[-1]) for one in ids]
    table = pd.DataFrame(lines, columns=["source", "subject", "person"]).assign(line=range(2, 6))
    frames = {"h": pd.DataFrame({"subject": pd.Series(ids, dtype="str")}).assign(source="h")}
    found = link_people(frames, {"h": declared}, table).set_index("subject")
    assert found["hold"].to_dict() == dict.fromkeys(ids, "")
    assert found.loc["MG001", "patient_id"] == found.loc["MG-001", "patient_id"] == "h/MG-001"


def test_a_treated_id_that_no_file_has_is_refused_with_the_nearest() -> None:
    """Mistyped in the list, a treated patient was analysed as a control."""
    frames = {"ward": pd.DataFrame({"subject": ["P-0017", "P-0018"], "source": "ward"})}
    declared = source({"f": {"parts": [LONG]}}, "historical")
    listed = declared.model_copy(update={"treated_subjects": ["P-0018", "P-00l7", "zzz"]})
    with pytest.raises(UserErrors) as caught:
        link_people(frames, {"ward": listed})
    said = str(caught.value)
    assert "no file has the id 'P-00l7'" in said and "Did you mean 'P-0017'?" in said and "'zzz'" in said
    assert "P-0018" not in said.replace("Did you mean 'P-0018'?", "")


CROSSWALKS = [
    # What the crosswalk says, and what becomes of whom: one id, its person, its hold.
    ([("h", "123-4", "x"), ("h", "123", "x")], {("h", "123-4"): ("h/123", ""), ("h", "123"): ("h/123", "")}),
    ([("h", "123-4", "x"), ("h", "123", "y")], {("h", "123-4"): ("h/123-4", ""), ("h", "123"): ("h/123", "")}),
    ([("h", "123-4", "x")], {("h", "123-4"): ("h/123-4", ""), ("h", "123"): ("h/123", "ID_CONFLICT")}),
    ([("t", "0777", "x"), ("h", "777", "y")], {("t", "0777"): ("t/0777", ""), ("h", "777"): ("h/777", "")}),
    (
        [("t", "0777", "x"), ("h", "777", "x")],
        {("t", "0777"): ("t/0777", ""), ("h", "777"): ("t/0777", "ID_BOTH_ARMS")},
    ),
    ([("h", "55", "x"), ("h2", "56", "x")], {("h", "55"): ("h/55", ""), ("h2", "56"): ("h/55", "ID_TWO_SOURCES")}),
]


@pytest.mark.parametrize(("lines", "expected"), CROSSWALKS, ids=[str(n) for n in range(len(CROSSWALKS))])
def test_the_crosswalk_settles_what_it_names(
    lines: list[tuple[str, str, str]], expected: dict[tuple[str, str], tuple[str, str]]
) -> None:
    table = pd.DataFrame(lines, columns=["source", "subject", "person"]).assign(line=range(2, len(lines) + 2))
    found = people_of(crosswalk=table, h=["123-4", "123", "777", "55"], h2=["56"], t=["0777"])
    for key, (patient, hold) in expected.items():
        assert (found.loc[key, "patient_id"], found.loc[key, "hold"]) == (patient, hold)


def test_a_crosswalk_of_unknown_ids_is_a_fault() -> None:
    table = pd.DataFrame({"source": ["h", "h"], "subject": ["1234", "9"], "person": ["x", "x"], "line": [2, 3]})
    with pytest.raises(UserError, match="has the id '9'"):
        people_of(crosswalk=table, h=["1234"])


def both_arms(**keys: Any) -> dict[str, Source]:
    """The two sources that a file with both arms becomes, and one of its own."""
    column = {"column": "group", "treated": ["1"], "historical": ["0"]}
    file = {"f": {"parts": [LONG], "arm_column": column}}
    arms = {f"s_{arm}": source(file, arm, **keys) for arm in ("treated", "historical")}
    return {**arms, "h": source({"f": {"parts": [LONG]}}, "historical")}


def linked(sources: dict[str, Source], crosswalk: pd.DataFrame | None = None, **ids: list[str]) -> pd.DataFrame:
    frames = {
        name: pd.DataFrame({"subject": pd.Series(ids[name], dtype="str")}).assign(source=name) for name in sources
    }
    return link_people(frames, sources, crosswalk).set_index(["source", "subject"])


IDS = {"s_treated": ["1", "2"], "s_historical": ["2", "3"], "h": ["9"]}


@pytest.mark.parametrize(
    ("subject", "arms"), [("1", ["treated"]), ("3", ["historical"]), ("2", ["treated", "historical"])]
)
def test_the_crosswalk_names_a_source_of_both_arms_as_written(subject: str, arms: list[str], tmp_path: Path) -> None:
    (tmp_path / "crosswalk.csv").write_text(f"source,subject,person\ns,{subject},x\nh,9,x\n", encoding="utf-8")
    found = linked(both_arms(), read_crosswalk(tmp_path / "crosswalk.csv", both_arms()), **IDS)
    assert {found.loc[(f"s_{arm}", subject), "patient_id"] for arm in arms} == {found.loc[("h", "9"), "patient_id"]}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("s", "7", "x")], "no file of source 's' has the id '7'"),
        ([("s_treated", "3", "x")], "no file of source 's_treated' has the id '3'"),
        ([("s", "1", "x"), ("s_treated", "1", "y")], "the id '1' has two persons"),
    ],
)
def test_an_id_that_neither_arm_has_is_a_fault(lines: list[tuple[str, str, str]], said: str) -> None:
    table = pd.DataFrame(lines, columns=["source", "subject", "person"]).assign(line=range(2, len(lines) + 2))
    with pytest.raises((UserError, UserErrors)) as caught:
        linked(both_arms(), table, **IDS)
    assert said in str(caught.value)


def test_a_treated_id_of_one_arm_is_no_fault_in_the_other() -> None:
    assert linked(both_arms(treated_subjects=["1", "3"]), **IDS)["hold"].notna().all()
    with pytest.raises((UserError, UserErrors)) as caught:
        linked(both_arms(treated_subjects=["4"]), **IDS)
    # Said once, though both arms have the list.
    assert str(caught.value).count("no file has the id '4'") == 1 and "sources.s.treated_subjects" in str(caught.value)


FAULTY = [
    ("source,subject\nh,1\n", "there is no column 'person'"),
    ("source,subject,person\nhh,1,x\n", "there is no source 'hh'"),
    ("source,subject,person\nh,1,\n", "'person' is blank"),
    ("source;subject;person\nh;1;x\nh;1;y\n", "the id '1' has 2 persons"),
    ("source,subject,person\nh,1,x,more\n", "the line has 4 cells, the header 3"),
]


@pytest.mark.parametrize(("text", "said"), FAULTY, ids=[said for _, said in FAULTY])
def test_faults_of_a_crosswalk_file(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "crosswalk.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((UserError, UserErrors)) as caught:
        read_crosswalk(path, {"h": source({"f": {"parts": [LONG]}}, "historical")})
    assert said in str(caught.value)
    assert "crosswalk.csv, line" in str(caught.value)


def test_two_ids_with_the_same_facts_and_hour_of_admission_are_held() -> None:
    same = {"n": 4, "facts": "AGE=61;HEIGHT=170;SEX=male;WEIGHT=71"}
    admitted = pd.Timestamp("2020-05-01 15:42", tz="UTC")
    rows = [("1", admitted, same), ("2", admitted, same), ("3", admitted + pd.Timedelta("1min"), same)]
    facts = pd.DataFrame([{"source": "h", "subject": s, "admission": at, **more} for s, at, more in rows])
    found = people_of(facts=facts, h=["1", "2", "3", "4"])
    assert found["hold"].to_dict() == {
        ("h", "1"): "ID_CONFLICT",
        ("h", "2"): "ID_CONFLICT",
        ("h", "3"): "",
        ("h", "4"): "",
    }
    few = people_of(facts=facts.assign(n=2), h=["1", "2", "3"])
    assert (few["hold"] == "").all()


def test_an_id_that_lost_its_zeros_is_one_person() -> None:
    found = joined([{"id": "0012"}, {"id": "12", "when": "2020-05-05 08:00"}], [person("0012")])
    assert found.measurements["patient_id"].tolist() == ["s/0012", "s/0012"]
    assert len(found.patients) == 1


def test_a_treated_patient_among_the_controls_is_held_in_both() -> None:
    rows = {"h": [{**LAB, "id": "01777"}, {**LAB, "id": "2"}], "t": [{**LAB, "id": "1777"}, {**LAB, "id": "3"}]}
    declared = {name: source({"f": {"parts": [LONG]}}, arm) for name, arm in (("h", "historical"), ("t", "treated"))}
    parts = {n: clean_file(intake(r), FileInputs(n, "f", declared[n], study(), dictionary())) for n, r in rows.items()}
    people = link_people({name: part.ledger for name, part in parts.items()}, declared)
    for name, other in (("h", "2"), ("t", "3")):
        found = assemble_source([parts[name]], people, SourceInputs(name, declared[name], dictionary()))
        assert fates(found) == ["ID_BOTH_ARMS", "clean"]
        assert found.patients["patient_id"].tolist() == [f"{name}/{other}"]
        assert found.measurements["patient_id"].tolist() == [f"{name}/{other}"]


RELATIVE = {**LONG, "time": {"columns": ["hour"], "relative_to": "admission", "relative_unit": "HH:MM"}}
ADMITTED = {"kind": "patients", "subject": "id", "events": [{"event": "admission", "time": DAY}]}


def relative(admitted: list[dict[str, str]], **keys: Any) -> CleanSource:
    rows = [{**LAB, "id": name, "hour": hour} for name, hour in (("1", "26:30"), ("2", "00:00"), ("3", "x"))]
    return assembled({"lab": (rows, RELATIVE), "people": (admitted, ADMITTED)}, **keys)


def test_relative_times_count_from_the_patients_own_anchor() -> None:
    found = relative([{"id": "1", "d": "2020-05-04 10:00"}], timezone="America/Mexico_City")
    assert lab_fates(found) == ["clean", "TIME_NO_ANCHOR", "DATE_INVALID"]
    assert found.measurements["time"].tolist() == [pd.Timestamp("2020-05-05 17:30", tz="UTC")]


def test_a_source_without_a_calendar_stands_at_its_epoch() -> None:
    found = relative([{"id": "1", "d": ""}], relative_epoch="2020-03-01")
    assert lab_fates(found) == ["clean", "clean", "DATE_INVALID"]
    assert sorted(found.measurements["time"]) == [
        pd.Timestamp(time, tz="UTC") for time in ("2020-03-01 00:00", "2020-03-02 02:30")
    ]
    assert set(found.events["event"]) == {"admission"}
    assert set(found.events["time"]) == {pd.Timestamp("2020-03-01", tz="UTC")}


def counts_of(ledger: pd.DataFrame, folder: Path) -> LedgerCounts:
    write_table(ledger, folder / "ledger.parquet", LEDGER)
    return count_ledger(folder / "ledger.parquet")


def test_counts_reach_the_report(tmp_path: Path) -> None:
    found = joined([{}, {}, {"result": "x"}])
    ard = ledger_ard({"s": counts_of(found.ledger, tmp_path)}, found.patients)
    one = ard.loc[(ard["analysis"] == "ledger") & (ard["level"] == "lab")].set_index("statistic")["value"].to_dict()
    assert one == {"n_lines": 3, "n_records": 3, "n_clean": 1, "n_duplicate": 1, "n_ignored": 0, "n_quarantined": 1}
    reasons = ard.loc[ard["analysis"] == "ledger_reasons"].set_index("level")["value"].to_dict()
    assert reasons == {"DUP_IDENTICAL": 1, "NUM_UNREADABLE": 1}


def test_lines_are_counted_once_wherever_a_ledger_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Three records of one line, with the cut of the row groups between them, and the same line of another file.
    rows = [{"file": file, "line": line, "item": item} for file, line, item in
            (("a", 2, "x"), ("a", 2, "y"), ("a", 2, "z"), ("a", 3, "x"), ("b", 3, "x"))]  # fmt: skip
    filled = {"source": "s", "table": "", "subject": "", "analyte": "", "fate": "clean", "reason": ""}
    monkeypatch.setattr(table_io, "ROW_GROUP", 2)
    counts = counts_of(pd.DataFrame(rows).assign(**filled, raw_value=None, hint=None), tmp_path)
    assert dict(counts.lines) == {"a": 2, "b": 1}
    assert counts.by_reason["n"].sum() == 5


def test_counts_of_nothing(tmp_path: Path) -> None:
    assert ledger_ard({"s": counts_of(LEDGER.empty(), tmp_path)}, joined([{}]).patients.iloc[:0])["value"].tolist() == [
        0
    ]


def test_a_source_with_nothing_clean_is_assembled() -> None:
    found = assembled({"lab": ([{**LAB, "result": "x"}], LONG)})
    assert found.measurements.empty
    assert found.events.empty
    assert found.patients["patient_id"].tolist() == ["s/1"]


def test_an_empty_source_is_assembled() -> None:
    part = clean([LAB], LONG)
    nothing = type(part)(**{name: getattr(part, name).iloc[:0] for name in part.__dataclass_fields__})
    declared = source({"f": {"parts": [LONG]}})
    people = link_people({"s": nothing.ledger}, {"s": declared})
    found = assemble_source([nothing], people, SourceInputs("s", declared, dictionary()))
    assert found.patients.empty
    assert found.ledger.empty


@pytest.mark.parametrize(
    ("one", "other"),
    [("A-101", "\u0410-101"), ("\u00d1-7", "N\u0303-7"), ("A101", "\uff21\uff11\uff10\uff11"), ("X9", "\u03a79")],
    ids=["Cyrillic", "decomposed", "full width", "Greek"],
)
def test_ids_that_look_the_same_are_doubtful(one: str, other: str) -> None:
    found = assembled({"lab": ([{**LAB, "id": one}, {**LAB, "id": other}], LONG)})
    assert fates(found) == ["ID_CONFLICT"] * 2


def test_what_joining_holds_is_listed_as_sent() -> None:
    """180 lb, not 81.6; the hospital's day and hour, not UTC; the drug's own name."""
    weight = {"kind": "patients", "subject": "id", "columns": {"kg": {"characteristic": "WEIGHT", "unit": "lb"}}}
    death = {"event": "death", "time": {"columns": ["d"], "formats": ["%d/%m/%Y %H:%M"]}}
    died = {"kind": "patients", "subject": "id", "events": [death]}
    course = {"kind": "treatments", "subject": "id", "treatment": "drug", "values": {"DEXA": "dexamethasone"}}
    course |= {"start": {"columns": ["d"], "formats": ["%d/%m/%Y %H:%M"]}}
    days = ["04/05/2020 21:00", "06/05/2020 21:00"]
    found = assembled(
        {
            "weights": ([{"id": "1", "kg": "180"}, {"id": "1", "kg": "200"}], weight),
            "deaths": ([{"id": "2", "d": day} for day in days], died),
            "drugs": ([{"id": "3", "drug": "DEXA", "d": days[0]}] * 2, course),
        },
        timezone="America/Mexico_City",
    )
    left = found.ledger.loc[found.ledger["fate"] != "clean"].sort_values(["file", "line"])
    assert left["raw_value"].tolist() == [*days, "DEXA", "180", "200"]
