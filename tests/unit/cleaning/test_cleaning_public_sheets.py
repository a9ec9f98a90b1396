"""Three small studies on sheets in the shape of public ones, from their config files to clean records.

Shapes: messy_aki, messy_bp and messy_uc of R's package medicaldata (Higgins 2021); the rows are our own, so that every
value below can be read in the sheet. The configs were written from README.md and docs/input.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.reading.included import with_included
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.intake.reading import read_file

ROOT = Path(__file__).parents[3]
STUDIES = ROOT / "tests/data/studies"


@pytest.fixture(scope="module")
def cleaned() -> Callable[[str], dict[str, CleanSource]]:
    """Every source of a study through the whole of cleaning, by name."""
    known: dict[str, dict[str, CleanSource]] = {}

    def run(name: str) -> dict[str, CleanSource]:
        if name not in known:
            known[name] = _cleaned(STUDIES / name)
        return known[name]

    return run


def _cleaned(folder: Path) -> dict[str, CleanSource]:
    raw = with_included(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")), folder)
    own = raw.get("dictionary")
    dictionary = load_dictionary(folder / own if own else ROOT / "data/dictionary")
    study = checked_config(vocabulary(raw, dictionary, ROOT / "workflow/locales"))
    files = {
        source_name: [
            clean_file(
                read_file(folder / file.path, file), FileInputs(source_name, name, source, study.study, dictionary)
            )
            for name, file in source.files.items()
        ]
        for source_name, source in study.sources.items()
    }
    people = link_people({name: pd.concat([f.ledger for f in own]) for name, own in files.items()}, study.sources)
    return {
        name: assemble_source(own, people, SourceInputs(name, study.sources[name], dictionary))
        for name, own in files.items()
    }


def by_day(found: CleanSource, outcome: str) -> dict[str, list[float | None]]:
    """Values of each patient in the order of their days; None where a request was not done."""
    rows = found.measurements.loc[found.measurements["outcome"] == outcome].sort_values(["patient_id", "time"])
    return {
        str(name).split("/")[-1]: [None if pd.isna(v) else float(v) for v in own["value"]]
        for name, own in rows.groupby("patient_id")
    }


def held(found: CleanSource) -> dict[str, str]:
    """Reason by the text that is held."""
    rows = found.ledger.loc[found.ledger["fate"] == "quarantined"]
    return dict(zip(rows["raw_value"], rows["reason"], strict=True))


def test_kidney_sheet(cleaned: Callable[[str], dict[str, CleanSource]]) -> None:
    found = cleaned("messy_aki")
    assert by_day(found["steroid"], "GFR") == {"1": [17, 12, 10, 22], "2": [21, 17, 12], "4": [40, 31, 29, None]}
    assert by_day(found["placebo"], "GFR") == {
        "3": [32, 20, 11], "5": [28, 25, 24.5, 26], "6": [30, 22, 18, 21], "7": [36, 19, 23],
    }  # fmt: skip
    assert set(held(found["steroid"])) == {"19 but poor collection"} and not held(found["placebo"])
    assert found["placebo"].patients["SEX"].tolist() == ["male", "male", "female", "female"]
    # The line of means names nobody.
    assert found["placebo"].ledger.set_index("line")["reason"][12] == "NOTHING_READ"


def test_pressure_sheet(cleaned: Callable[[str], dict[str, CleanSource]]) -> None:
    found = cleaned("messy_bp")["hospital"]
    assert by_day(found, "SBP") == {
        "1": [167, 156, 150], "2": [158, 140], "3": [171, 160, 151], "4": [149, 145], "5": [180, 176],
        "6": [155, 148, 139],
    }  # fmt: skip
    assert by_day(found, "DBP")["4"] == [88, 84] and by_day(found, "HR")["3"] == [68, 66]
    assert by_day(found, "HR")["6"] == [82, 79, 78]
    assert held(found) == {"not split: 147-90": "NUM_UNREADABLE", "sixty": "NUM_UNREADABLE"}
    days = sorted(found.measurements["time"].dt.strftime("%m-%d").unique())
    assert days == ["06-03", "06-10", "06-17"]
    assert found.patients.set_index("patient_id")["arm"].value_counts().to_dict() == {"treated": 3, "historical": 3}


def test_colitis_sheet(cleaned: Callable[[str], dict[str, CleanSource]]) -> None:
    found = cleaned("messy_uc")
    assert by_day(found["upa"], "WBC") == {"001": [8.2, 7.1], "003": [11.4, 8.8], "006": [7.7, 6.9]}
    assert by_day(found["uste"], "PLT") == {"002": [300], "004": [402, 377], "005": [355, 340]}
    assert by_day(found["uste"], "WBC")["005"] == [12.5, None]
    # 34 and 20: the birthdays of the first and the last patient are still to come.
    assert found["upa"].patients["AGE"].tolist() == [34, 48, 40]
    assert found["uste"].patients["AGE"].tolist() == [70, 54, 20]
    assert held(found["uste"]) == {"414K": "UNIT_CONFLICT", "not split: 91": "NUM_UNREADABLE"}
    assert not any("street" in name for name in found["upa"].ledger["item"])
