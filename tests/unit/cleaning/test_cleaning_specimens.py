"""A specimen is part of the measurement: another one does not answer the outcome."""

from __future__ import annotations

import pytest
from cleaning_study import LAB, LONG, clean, dictionary, fates, lab, source, value_of


@pytest.mark.parametrize(
    ("test", "unit", "specimen", "fate"),
    [
        ("Leucocitos", "10^3/uL", "sangre total", "clean"),
        ("Leucocitos", "10^3/uL", "", "clean"),
        ("Leucocitos", "10^3/uL", "líquido pleural", "SPECIMEN_OTHER"),
        ("WBC", "10^3/uL", "Pleural fluid", "SPECIMEN_OTHER"),
        ("Leucocitos", "10^3/uL", "LCR", "SPECIMEN_OTHER"),
        ("Bilirrubina total", "mg/dL", "suero", "clean"),
        ("Bilirrubina total", "mg/dL", "orina", "SPECIMEN_OTHER"),
        ("Creatinina", "mg/dL", "urine", "SPECIMEN_OTHER"),
        ("Creatinina", "mg/dL", "frasco 3", "SPECIMEN_OTHER"),
        ("pO2", "mmHg", "sangre venosa", "clean"),
        ("pO2", "mmHg", "orina", "SPECIMEN_OTHER"),
    ],
)
def test_only_declared_specimens_answer_an_outcome(test: str, unit: str, specimen: str, fate: str) -> None:
    row = {**LAB, "test": test, "unit": unit, "result": "60" if test == "pO2" else "8", "specimen": specimen}
    assert fates(lab(row)) == [fate]


def test_the_hint_tells_another_specimen_from_an_unknown_one() -> None:
    row = {**LAB, "test": "Bilirrubina total", "unit": "mg/dL", "result": "8"}
    held = lab({**row, "specimen": "orina"}, {**row, "specimen": "frasco 3"}).ledger["hint"]
    assert held.iloc[0].startswith("specimen 'urine' does not answer BILI; outcomes.csv names: blood, ")
    assert held.iloc[1].startswith("specimen 'frasco 3' is not in specimens.csv; if it is one of blood, ")


def test_another_specimen_is_no_value_out_of_range_and_no_unit_to_convert() -> None:
    # 900 x 10^3/uL is beyond the hard limit of blood; of another specimen it says nothing of the unit.
    row = {**LAB, "test": "Leucocitos", "unit": "10^3/uL", "result": "900", "specimen": "líquido pleural"}
    assert fates(lab(row)) == ["SPECIMEN_OTHER"]


def test_a_value_out_of_range_names_the_specimen_where_one_is_stated() -> None:
    """Hard limits of CRP in outcomes.csv: 0 to 700 mg/L."""
    hints = lab({"result": "701", "specimen": "suero"}, {"result": "701", "specimen": ""}).ledger["hint"].tolist()
    assert hints == [
        "701 mg/L (sent in 'mg/L', specimen 'serum'): outside the hard limits 0 to 700",
        "701 mg/L (sent in 'mg/L'): outside the hard limits 0 to 700",
    ]


def test_declared_specimens_of_columns_and_files_count_alike() -> None:
    part = {"kind": "measurements_wide", "subject": "id", "time": LONG["time"]}
    part |= {"columns": {"leu": {"outcome": "WBC", "unit": "10^3/uL", "specimen": "pleural fluid"}}}
    assert fates(clean([{"id": "1", "when": "2020-05-04", "leu": "8"}], part)) == ["SPECIMEN_OTHER"]
    row = {**LAB, "test": "Leucocitos", "unit": "10^3/uL", "result": "8", "specimen": ""}
    assert fates(lab(row, default_specimens={"WBC": "pleural fluid"})) == ["SPECIMEN_OTHER"]
    assert value_of(lab(row, default_specimens={"WBC": "blood"}), "specimen") == "blood"


def test_outcomes_name_known_specimens() -> None:
    known = set(dictionary().specimens.values())
    named = {name for outcome in dictionary().outcomes.values() for name in outcome.specimens}
    assert {"serum", "arterial", "nasopharyngeal swab"} <= named <= known


def test_treatments_of_one_name_are_one_treatment() -> None:
    part = {
        "kind": "treatments",
        "subject": "id",
        "treatment": "rx",
        "start": {"columns": ["d"], "formats": ["%d/%m/%Y"]},
    }
    with pytest.raises(ValueError, match="names 'Dexametasona' and 'DEXAMETÁSONA' are the same and mean"):
        source({"f": {"parts": [{**part, "values": {"Dexametasona": "dexamethasone", "DEXAMETÁSONA": "tocilizumab"}}]}})
    # Two spellings of one treatment are what 'values' is for.
    same = {"Dexametasona": "dexamethasone", "DEXAMETASONA": "dexamethasone"}
    assert source({"f": {"parts": [{**part, "values": same}]}})
