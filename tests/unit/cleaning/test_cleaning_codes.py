"""Codes and conditions mean exactly what is declared; names keep their signs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cleaning_study import DATES, LONG, clean, fates, lab, source
from pydantic import ValidationError

from historical_controls.dictionary.folding import fold

DEATH = {"kind": "patients", "subject": "id"}
DEATH |= {"events": [{"event": "death", "time": DATES, "only_if": {"column": "alive", "is_in": ["-"]}}]}
PCR = {"kind": "measurements_wide", "subject": "id", "time": DATES}


def died(alive: str, declared: str = "-", **keys: Any) -> bool:
    event = {"event": "death", "time": DATES, "only_if": {"column": "alive", "is_in": [declared]}}
    part = {"kind": "patients", "subject": "id", "events": [event]}
    return bool(len(clean([{"id": "1", "when": "2020-05-04", "alive": alive}], part, **keys).events))


@pytest.mark.parametrize("alive", ["", ".", "--", "*", "=", "+", "—", "/", "'-", "- -", "-1"])
def test_only_the_declared_sign_makes_an_event(alive: str) -> None:
    assert not died(alive)
    assert died("-") and died(" - ") and died("-\u200b")


@pytest.mark.parametrize(
    ("text", "declared", "same"),
    [
        ("MUERTO", "muerto", True),
        ("Sí", "sí", True),
        ("Si\u0301", "sí", True),
        ("si", "sí", True),
        ("DEFUNCIÓN", "defuncion", True),
        ("1.0", "1", True),
        ("1", "1.0", True),
        ("1.5", "1", False),
        ("&lt;5", "<5", True),
        ("R&amp;D", "R&amp;D", True),
        ('="1"', "1", True),
        ("01", "1", False),
        ("+", "-", False),
        ("no aplica", "no-aplica", False),
        ("1?", "1", False),
    ],
)
def test_codes_are_compared_trimmed_and_without_capitals_and_accents(text: str, declared: str, same: bool) -> None:
    assert died(text, declared) is same


def test_numbers_are_one_code_whatever_the_mark_of_the_file() -> None:
    assert died("1,0", "1", decimal=",") and died("1,50", "1.5", decimal=",") and not died("1,0", "10", decimal=",")
    assert meaning_of("2.0", {"1": "negative", "2": "positive"}) == "positive"
    # The text itself goes before the number that it is.
    assert meaning_of("01", {"1": "negative", "01": "positive"}) == "positive"
    with pytest.raises(ValidationError, match=r"'1' and '1\.0' are the same"):
        meaning_of("1", {"1": "negative", "1.0": "positive"})


def test_capitals_are_told_apart_where_declared() -> None:
    assert died("m", "M") and not died("m", "M", code_case="exact")
    assert died("si", "sí") and not died("si", "sí", code_case="exact")


def meaning_of(text: str, values: dict[Any, Any], **keys: Any) -> str:
    """The result read, or the reason why none was."""
    part = {**PCR, "columns": {"pcr": {"outcome": "PCR", "values": values}}}
    cleaned = clean([{"id": "1", "when": "2020-05-04", "pcr": text}], part, **keys)
    return str(cleaned.measurements["result"].iloc[0]) if len(cleaned.measurements) else fates(cleaned)[0]


SIGNS = {"+": "positive", "-": "negative", "+/-": "indeterminate"}


@pytest.mark.parametrize(("text", "expected"), [("+", "positive"), ("-", "negative"), (" +/- ", "indeterminate")])
def test_signs_are_codes(text: str, expected: str) -> None:
    assert meaning_of(text, SIGNS) == expected


@pytest.mark.parametrize("text", ["++", "--", ".", "=", "±", "(-)", "-+", "+ -"])
def test_other_signs_are_no_code(text: str) -> None:
    assert meaning_of(text, SIGNS) == "RESULT_UNKNOWN"


def test_coded_characteristics_and_events_keep_their_signs() -> None:
    part = {"kind": "patients", "subject": "id"}
    part |= {"columns": {"dm": {"characteristic": "DIABETES", "values": {"+": "yes", "-": "no"}}}}
    told = [fates(clean([{"id": "1", "dm": text}], part))[0] for text in ("+", "-", "*", "--")]
    assert told == ["clean", "clean", "RESULT_UNKNOWN", "RESULT_UNKNOWN"]
    rows = {"kind": "events", "subject": "id", "time": DATES, "event": "what", "values": {"+": "death"}}
    told = [fates(clean([{"id": "1", "when": "2020-05-04", "what": text}], rows))[0] for text in ("+", "-", "*")]
    assert told == ["clean", "EVENT_UNKNOWN", "EVENT_UNKNOWN"]


def test_result_codes_of_long_rows_keep_their_signs() -> None:
    codes = {"PCR": {"+": "positive", "-": "negative"}}
    cleaned = lab(*({"test": "SARS-CoV-2 PCR", "unit": "", "result": text} for text in "+-."), result_codes=codes)
    assert fates(cleaned) == ["clean", "clean", "RESULT_UNKNOWN"]
    assert list(cleaned.measurements["result"]) == ["positive", "negative"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CD8-", "CD8"),
        ("CD8\u207b", "CD8"),
        ("CD8 -", "CD8"),
        ("CD4-CD8+", "CD4+CD8+"),
        ("CD4-CD8+", "CD4 CD8+"),
        ("CD8-", "CD8+"),
        ("HBsAg (-)", "HBsAg"),
        ("Ferritina <", "Ferritina"),
        ("positivo?", "positivo"),
        ("-1", "1"),
    ],
)
def test_names_that_differ_in_a_sign_are_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IL-6", "il 6"),
        ("IL\u20136", "IL-6"),
        ("Dímero-D", "DIMERO D"),
        ("Proteína C-reactiva", "proteina  c reactiva"),
        ("CD8\u207a", "cd8+"),
        ("hs-CRP", "hs CRP"),
        ("Linfocitos (abs.)", "linfocitos abs"),
    ],
)
def test_names_that_differ_in_case_accents_or_hyphens_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("name", "fate"), [("CD8", "clean"), ("CD8+", "clean"), ("CD8-", "NAME_UNKNOWN")])
def test_cells_without_the_marker_are_no_cells_with_it(name: str, fate: str) -> None:
    assert fates(lab({"test": name, "result": "400", "unit": "cells/uL", "specimen": ""})) == [fate]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Pos": "positive", "pos": "negative"}, "code_case: exact"),
        ({"+": "positive", " + ": "negative"}, "are the same"),
        ({"Si\u0301": "positive", "S\u00ed": "negative"}, "are the same"),
        ({"Sí": "positive", "SI": "negative"}, "code_case: exact"),
    ],
)
def test_declared_codes_that_collide_are_refused(values: dict[str, str], said: str) -> None:
    part = {**PCR, "columns": {"pcr": {"outcome": "PCR", "values": values}}}
    with pytest.raises(ValidationError, match=said):
        source({"f": {"parts": [part]}})
    with pytest.raises(ValidationError, match=said):
        source({"f": {"parts": [LONG], "result_codes": {"PCR": values}}})
    source({"f": {"parts": [part], "code_case": "exact"}}) if "exact" in said else None


def test_a_code_cannot_be_missing_and_a_result() -> None:
    part = {**PCR, "columns": {"pcr": {"outcome": "PCR", "values": {"9": "negative"}}}}
    with pytest.raises(ValidationError, match="declared as missing and as 'negative'"):
        source({"f": {"parts": [part], "sentinels": [{"columns": ["pcr"], "codes": ["9"]}]}})
    # In another column the same code may be missing.
    source({"f": {"parts": [part], "sentinels": [{"columns": ["crp"], "codes": ["9"]}]}})


def test_a_code_missing_in_every_column_cannot_be_a_result() -> None:
    """Without `columns` a sentinel holds in the column of the results too, where each 9 would be lost as missing."""
    wide = {"parts": [{**PCR, "columns": {"pcr": {"outcome": "PCR", "values": {"9": "positive"}}}}]}
    named = {"parts": [LONG], "result_codes": {"PCR": {"9": "positive"}}}
    said = "'9' is declared as missing and as 'positive' .*every column"
    for file in (wide, named):
        with pytest.raises(ValidationError, match=said):
            source({"f": {**file, "sentinels": [{"codes": ["9"]}]}})
    # Where rows name the analyte, the results stand in the part's column of values.
    with pytest.raises(ValidationError, match="PCR: '9' is declared as missing and as 'positive'"):
        source({"f": {**named, "sentinels": [{"columns": [LONG["value"]], "codes": ["9"]}]}})
    source({"f": {**named, "sentinels": [{"columns": [LONG["unit"]], "codes": ["9"]}]}})


@pytest.mark.parametrize("every", [{}, {"columns": []}, {"columns": ["*"]}])
def test_a_code_for_missing_may_hold_in_every_column_at_once(every: dict[str, Any]) -> None:
    part = {**PCR, "columns": {"crp": {"outcome": "CRP", "unit": "mg/L"}, "ferr": {"outcome": "FERR", "unit": "ng/mL"}}}
    rows = [{"id": "1", "when": "2020-05-04", "crp": "-99", "ferr": "80"}]
    rows += [{"id": "2", "when": "2020-05-04", "crp": "12", "ferr": "-99.0"}]
    sent = clean(rows, part, sentinels=[{**every, "codes": ["-99"]}])
    assert sorted(fates(sent)) == ["SENTINEL", "SENTINEL", "clean", "clean"]
    one = clean(rows, part, sentinels=[{"columns": ["crp"], "codes": ["-99"]}])
    assert sorted(fates(one)).count("SENTINEL") == 1
    with pytest.raises(ValidationError, match="'\\*' is every column"):
        source({"f": {"parts": [part], "sentinels": [{"columns": ["*", "crp"], "codes": ["-99"]}]}})


def test_a_name_of_a_treatment_cannot_be_missing() -> None:
    course = {"kind": "treatments", "subject": "id", "treatment": "drug", "values": {"9": "dexamethasone"},
              "start": {"columns": ["start"], "formats": ["%Y-%m-%d"]}}  # fmt: skip
    with pytest.raises(ValidationError, match="drug: '9' is declared as missing and as 'dexamethasone'"):
        source({"f": {"parts": [course], "sentinels": [{"codes": ["9"]}]}})


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ("{SI: positive, NO: negative}", "NO", "negative"),
        ("{SI: positive, NO: negative}", "si", "positive"),
        ("{yes: positive, no: negative}", "Yes", "positive"),
        ("{on: positive, off: negative}", "OFF", "negative"),
        ("{true: positive, false: negative}", "False", "negative"),
        # The text that a person put between quotes wins over a word that YAML took for it.
        ("{no: negative, 'off': positive}", "off", "positive"),
    ],
)
def test_yaml_words_are_texts_again(declared: str, text: str, expected: str) -> None:
    assert meaning_of(text, yaml.safe_load(declared)) == expected


def test_yaml_words_in_conditions_and_meanings() -> None:
    condition = yaml.safe_load("{column: alive, is_in: [NO]}")
    part = {"kind": "patients", "subject": "id", "events": [{"event": "death", "time": DATES, "only_if": condition}]}
    told = [len(clean([{"id": "1", "when": "2020-05-04", "alive": text}], part).events) for text in ("NO", "SI", "no")]
    assert told == [1, 0, 1]
    part = {"kind": "patients", "subject": "id"}
    part |= {"columns": {"dm": {"characteristic": "DIABETES", "values": yaml.safe_load("{S: YES, N: NO}")}}}
    assert list(clean([{"id": "1", "dm": "N"}], part).patients["result"]) == ["no"]


@pytest.mark.parametrize("written", ["9999", "9999.0", "'9999'", "'9999,0'", "'9.999'"])
@pytest.mark.parametrize(("sent", "fate"), [("9999", "SENTINEL"), ("9999,00", "SENTINEL"), ("99", "clean")])
def test_a_number_in_the_config_is_the_code_that_it_looks_like(written: str, sent: str, fate: str) -> None:
    """YAML reads 9999 and 9999.0 as numbers; cells are texts, and the file has its own marks."""
    keys = {
        "decimal": ",",
        "thousands": ".",
        "sentinels": yaml.safe_load(f"[{{columns: [result], codes: [{written}]}}]"),
    }
    assert fates(lab({"result": sent}, **keys)) == [fate]


def test_numbers_dates_and_null_are_texts_in_every_place_of_codes() -> None:
    declared = yaml.safe_load("{1: positive, 2.0: negative, null: indeterminate}")
    said = [meaning_of(text, declared) for text in ("1", "2.0", "NULL")]
    assert said == ["positive", "negative", "indeterminate"]
    file = yaml.safe_load("{accepted_ids: [0], ignore_analytes: [17], sentinels: [{codes: [1900-01-01, NULL]}]}")
    known = source({"f": {"parts": [LONG], **file}}, treated_subjects=[12]).files["f"]
    assert (known.accepted_ids, known.ignore_analytes) == (["0"], ["17"])
    assert known.sentinels[0].codes == ["1900-01-01", "null"]


def test_codes_for_missing_and_for_results_are_compared_as_cleaning_compares_them() -> None:
    """A cell '9.0' is the declared 9, so that its meaning would be lost."""
    file = {"parts": [LONG], "result_codes": {"PCR": {"9.0": "positive"}}, "sentinels": [{"codes": ["9"]}]}
    with pytest.raises(ValidationError, match=r"PCR: '9\.0' is declared as missing and as 'positive'"):
        source({"f": file})
