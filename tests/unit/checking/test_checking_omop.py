"""The check of a source in the OMOP model names what the tables lack, and no condition that the program wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from historical_controls.checking.study import check_study

CONFIG = {
    "study": {"id": "x", "title": {"en": "x"}, "treatment": {"en": "x"}, "first_date": "2020-01-01",
              "data_lock": "2020-12-31"},
    "outcomes": ["CRP"],
    "primary": {"outcome": "CRP", "day": 2},
    "cohort": {"time_zero": {"treated": "infusion", "historical": "event", "historical_event": "enrolment"},
               "horizon_days": 5},
}  # fmt: skip
EVENTS = {"source:CELLS": "infusion", "source:USUAL": "enrolment"}


def study(folder: Path, source_value: str, **omop: object) -> Path:
    """Three persons of each cohort, with a CRP of concept 3020460 a day and no table concept."""
    place = folder / "data/raw/omop"
    place.mkdir(parents=True, exist_ok=True)
    people = [(n, 1 if n < 4 else 2) for n in range(1, 7)]
    pd.DataFrame(
        [{"person_id": n, "gender_concept_id": 8507, "year_of_birth": 1960} for n, _ in people]
    ).to_csv(place / "person.csv", index=False)  # fmt: skip
    pd.DataFrame(
        [{"cohort_definition_id": arm, "subject_id": n, "cohort_start_date": "2020-02-01"} for n, arm in people]
    ).to_csv(place / "cohort.csv", index=False)
    pd.DataFrame(
        [{"person_id": n, "drug_concept_id": 0, "drug_source_value": "CELLS" if arm == 1 else "USUAL",
          "drug_exposure_start_datetime": "2020-02-01T10:00:00Z"} for n, arm in people]
    ).to_csv(place / "drug_exposure.csv", index=False)  # fmt: skip
    pd.DataFrame(
        [{"person_id": n, "measurement_concept_id": 3020460, "measurement_datetime": f"2020-02-0{day}T06:00:00Z",
          "value_as_number": 40 + n + day, "unit_concept_id": 0, "unit_source_value": "mg/L",
          "measurement_source_value": source_value} for n, _ in people for day in range(1, 5)]
    ).to_csv(place / "measurement.csv", index=False)  # fmt: skip
    source = {"arm": {"column": "cohort", "treated": ["1"], "historical": ["2"]},
              "omop": {"folder": "data/raw/omop", "events": EVENTS, **omop}}  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG | {"sources": {"hospital": source}}), encoding="utf-8")
    return folder


def test_concepts_that_nothing_names_are_told_with_their_source_values(tmp_path: Path) -> None:
    (told,) = [one for one in check_study(study(tmp_path, "PCRus")).warnings if "omop:" in one]
    assert "24 rows are ignored: 3020460 (24 rows, sent as 'PCRus')" in told
    assert told.endswith("Name the concepts of CRP: outcomes: {3020460: CRP}")


@pytest.mark.parametrize(("sent", "omop"), [("PCRus", {"outcomes": {3020460: "CRP"}}), ("1988-5", {})])
def test_a_named_concept_and_a_loinc_code_leave_nothing_to_look_at(
    sent: str, omop: dict[str, object], tmp_path: Path
) -> None:
    checked = check_study(study(tmp_path, sent, **omop))
    assert [one for one in checked.warnings if "omop" in one or "no row of the file" in one] == []
    values = next(one for one in checked.listings if one.title == "Values by outcome and day")
    assert values.rows[0][:2] == ("CRP", "3/3")


def test_a_declared_event_that_no_table_has_is_told_once(tmp_path: Path) -> None:
    events = {**EVENTS, "source:GVHD": "adverse_event"}
    told = [one for one in check_study(study(tmp_path, "1988-5", events=events)).warnings if "omop.events" in one]
    assert len(told) == 1 and told[0].endswith("no row of any table is 'source:GVHD' (event adverse_event)")
