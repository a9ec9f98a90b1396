"""A specimen is part of the measurement: another one does not answer the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cleaning_study import LAB, LONG, clean, dictionary, fates, lab, source, value_of
from test_cleaning_severity import findings_of


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


WIDE: dict[str, Any] = {"kind": "measurements_wide", "subject": "id", "time": LONG["time"], "comment": "note"}
WIDE |= {"columns": {"plt": {"outcome": "PLT", "unit": "10^9/L"}, "pct": {"outcome": "PCT", "unit": "ng/mL"}}}
ROW = {"id": "1", "when": "2020-05-04 08:00", "plt": "40", "pct": "3,1"}


@pytest.mark.parametrize(
    ("note", "of_pct", "of_plt"),
    [
        ("", "clean", "clean"),
        ("Haemolysed", "SPECIMEN_BAD", "clean"),  # haemolysis_holds: ferritin and procalcitonin
        ("gehemolyseerd", "SPECIMEN_BAD", "clean"),
        ("Clotted sample", "clean", "SPECIMEN_BAD"),  # a clot takes platelets from the blood that is counted
        ("stolsel", "clean", "SPECIMEN_BAD"),
        ("koagel", "clean", "SPECIMEN_BAD"),
        ("not clotted", "clean", "clean"),
        ("Taken from drip arm", "SPECIMEN_BAD", "SPECIMEN_BAD"),
        ("foutief afgenomen", "SPECIMEN_BAD", "SPECIMEN_BAD"),
        ("felaktigt taget prov", "SPECIMEN_BAD", "SPECIMEN_BAD"),
        ("forkert taget prøve", "SPECIMEN_BAD", "SPECIMEN_BAD"),
        ("Taken from arterial line", "clean", "clean"),
        ("Phoned to ward", "clean", "clean"),
    ],
)
def test_a_comment_is_of_all_results_of_a_wide_row(note: str, of_pct: str, of_plt: str) -> None:
    assert fates(clean([{**ROW, "note": note}], WIDE, decimal=",")) == [of_pct, of_plt]


@pytest.mark.parametrize(
    ("meaning", "held"), [("fine", []), ("haemolysed", ["PCT"]), ("clotted", ["PLT"]), ("invalid", ["PCT", "PLT"])]
)
def test_a_declared_comment_says_what_it_is_declared_to_say(meaning: str, held: list[str]) -> None:
    # Finnish, which no list of words has; the second declares as fine what its words call haemolysed.
    for note in ("näyte hyytynyt", "haemolysed"):
        cleaned = clean([{**ROW, "note": note}], {**WIDE, "comments": {note: meaning}}, decimal=",")
        ledger = cleaned.ledger.sort_values("item")
        assert ledger.loc[ledger["reason"] == "SPECIMEN_BAD", "analyte"].tolist() == held
        assert all(cleaned.measurements["flags"].str.contains("SPECIMEN_BAD") == (meaning != "fine"))


def comments(notes: list[str], folder: Path, **part: Any) -> pd.DataFrame:
    rows = "".join(f"{n},2020-05-04,{150 + n},3.{n},{note}\n" for n, note in enumerate(notes))
    (folder / "f.csv").write_text("id,when,plt,pct,note\n" + rows)
    found = findings_of(folder / "f.csv", {"parts": [WIDE | part]}, folder)[0]
    return found.loc[found["finding"] == "COMMENT_UNKNOWN"]


def test_comments_that_nobody_knows_are_a_finding_with_the_line_that_would_declare_them(tmp_path: Path) -> None:
    """Otherwise a bad specimen in words of another language would be a clean value, and nobody would know."""
    notes = ["", "näyte hyytynyt", "näyte hyytynyt", "soitettu", "haemolysed", "not clotted"]
    (one,) = comments(notes, tmp_path).to_dict("records")
    assert (one["n"], one["severity"]) == (3, "report")
    # Hints stand among the results, which may be shared, and free text may name people.
    assert one["hint"] == "what do the comments of 2 kinds say of their specimens? Their results are kept"
    assert one["config_line"].startswith('parts.0.comments: {"näyte hyytynyt": "...", "soitettu": "..."}')
    assert comments(notes, tmp_path, comments={"näyte hyytynyt": "clotted", "soitettu": "fine"}).empty
