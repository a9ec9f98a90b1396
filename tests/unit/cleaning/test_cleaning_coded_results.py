"""Qualitative results written as codes, in rows that name their analyte; courses said twice."""

from __future__ import annotations

import pytest
from cleaning_study import assembled, fates, lab, value_of

CODES = {"MECHVENT": {"1": "yes", "0": "no"}, "PCR": {"D": "positive", "ND": "negative", "?": "perhaps"}}


@pytest.mark.parametrize(
    ("test", "result", "said"),
    [
        ("MechVent", "1", "yes"),
        ("Ventilación mecánica", "0", "no"),
        ("RT-PCR SARS-CoV-2", "d", "positive"),
        ("RT-PCR SARS-CoV-2", "ND", "negative"),
        ("RT-PCR SARS-CoV-2", "indeterminado", "indeterminate"),
    ],
)
def test_declared_codes_say_what_they_mean(test: str, result: str, said: str) -> None:
    cleaned = lab({"test": test, "result": result, "unit": ""}, result_codes=CODES)
    assert value_of(cleaned, "result") == said


@pytest.mark.parametrize(("test", "result"), [("MechVent", "2"), ("RT-PCR SARS-CoV-2", "?")])
def test_codes_without_a_known_meaning_are_held(test: str, result: str) -> None:
    assert fates(lab({"test": test, "result": result, "unit": ""}, result_codes=CODES)) == ["RESULT_UNKNOWN"]


def test_codes_of_one_outcome_say_nothing_of_another() -> None:
    assert value_of(lab({"result": "1"}, result_codes=CODES)) == 1
    assert fates(lab({"test": "MechVent", "result": "1", "unit": ""}, result_codes={"PCR": {"1": "positive"}})) == [
        "RESULT_UNKNOWN"
    ]


def test_an_unknown_unit_is_named_to_the_reader() -> None:
    cleaned = lab({"test": "IL-6", "unit": "IU/mL"}, {"test": "Dímero D", "unit": "ng/mL DDU"}, {})
    assert fates(cleaned) == ["UNIT_UNKNOWN", "UNIT_UNKNOWN", "clean"]
    hints = cleaned.ledger.sort_values("line")["hint"]
    assert [("IU/mL" in hints.iloc[0]), ("ng/mL DDU" in hints.iloc[1])] == [True, True]
    assert hints.isna().tolist() == [False, False, True]


@pytest.mark.parametrize(("result", "word"), [("1,250", "thousands"), ("cinco", "sentinels"), ("ND", "limit")])
def test_a_cell_that_is_no_number_comes_with_what_would_release_it(result: str, word: str) -> None:
    assert word in lab({"test": "ferritina", "unit": "ng/mL", "result": result}).ledger["hint"].iloc[0]


def test_a_course_said_twice_stands_once() -> None:
    date = {"columns": ["from"], "formats": ["%Y-%m-%d"]}
    part = {"kind": "treatments", "subject": "id", "treatment": "rx", "start": date, "dose": "dose", "dose_unit": "du"}
    course = {"id": "1", "rx": "dexamethasone", "from": "2020-05-04", "dose": "6", "du": "mg"}
    rows = [course, course, {**course, "dose": "10"}, {**course, "from": "2020-05-09"}]
    source = assembled({"f": (rows, part), "g": ([course], part)})
    assert fates(source) == ["clean", "DUP_IDENTICAL", "clean", "clean", "DUP_IDENTICAL"]
    assert source.treatments["dose"].tolist() == [6, 10, 6]
