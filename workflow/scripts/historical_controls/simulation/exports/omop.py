"""Renders both arms as tables of the OMOP common data model 5.4, with the part of the vocabularies that they use.

Codes are those of LOINC, UCUM, RxNorm and SNOMED; concept ids are the example's own, above two billion, as the model
reserves them for local use. Only ids that the standard itself fixes (sex, visits, operators) are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.simulation.exports.export import local_text
from historical_controls.simulation.patients import Patient
from historical_controls.simulation.truth_tables import Arm

ISO, DAY = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"
TREATED, HISTORICAL = 1, 2
# Record numbers of the hospital are below; patients of the study database are counted from here.
FIRST_TREATED = 900_000_001
LOCAL = 2_000_000_001
SEXES = {"male": 8507, "female": 8532}
INPATIENT, INTENSIVE_CARE, HOSPITAL = 9201, 32037, 8717
BELOW, ABOVE = 4171756, 4172704
CONDITIONS = {
    "diabetes": ("44054006", "Diabetes mellitus type 2", "73211009", "Diabetes mellitus"),
    "hypertension": ("59621000", "Essential hypertension", "38341003", "Hypertensive disorder"),
    "obesity": ("414916001", "Obesity", "414916001", "Obesity"),
}
UCUM = {
    "mmHg": "mm[Hg]", "10^9/L": "10*9/L", "cells/uL": "{cells}/uL", "ng/mL FEU": "ng/mL{FEU}", "points": "{score}",
    "fraction": "{fraction}",
}  # fmt: skip
DECIMALS = {"PAO2": 1, "FIO2": 2, "TEMP": 1}
ANSWERS = {"positive": "Positive", "negative": "Negative", "yes": "Yes", "no": "No"}


@dataclass
class Vocabulary:
    """The concepts used so far, each with an id of its own."""

    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def id_of(self, vocabulary: str, code: str, name: str) -> int:
        """Return the id of a code, a new one where it is the first time."""
        concept = self.ids.setdefault((vocabulary, code), LOCAL + len(self.ids))
        self.names.setdefault(concept, name)
        return concept

    def table(self) -> pd.DataFrame:
        """Return table concept."""
        return pd.DataFrame(
            [
                {
                    "concept_id": concept,
                    "concept_name": self.names[concept],
                    "vocabulary_id": vocabulary,
                    "concept_code": code,
                }
                for (vocabulary, code), concept in self.ids.items()
            ]
        )


def omop_tables(arms: Mapping[int, Arm], dictionary: Dictionary) -> dict[str, pd.DataFrame]:
    """Return the tables of both arms by name, numbers as numbers, dates and times as ISO texts of the hospital's clock.

    arms: by number of the cohort. Outcomes without a LOINC code have concept 0 and their code as source value.
    """
    vocabulary = Vocabulary()
    people = {person_id(patient): (cohort, patient) for cohort, arm in arms.items() for patient in arm.patients}
    parts = [_of_arm(arm, vocabulary, dictionary) for arm in arms.values()]
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    tables |= _of_people(people, vocabulary)
    numbered = {
        name: frame.assign(**{f"{name}_id": range(1, len(frame) + 1)})
        if name not in ("person", "death", "cohort")
        else frame
        for name, frame in tables.items()
    }
    return {**numbered, "concept_ancestor": _ancestors(vocabulary), "concept": vocabulary.table()}


def person_id(patient: Patient) -> int:
    """Return the number of a patient in every table."""
    digits = patient.subject.removeprefix("MSC-")
    return int(digits) if digits == patient.subject else FIRST_TREATED + int(digits) - 1


def _moment(patient: Patient, hour: float) -> tuple[str, str]:
    times = pd.Series([patient.at(hour)])
    return local_text(times, DAY)[0], local_text(times, ISO)[0]


def _of_people(people: Mapping[int, tuple[int, Patient]], vocabulary: Vocabulary) -> dict[str, pd.DataFrame]:
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("person", "visit_occurrence", "visit_detail", "death", "cohort", "condition_occurrence")
    }
    for person, (cohort, patient) in people.items():
        day, start = _moment(patient, 0)
        last, end = _moment(patient, patient.end_hour)
        # Born on the day of admission, so that the completed years at admission are the age.
        rows["person"].append(
            {
                "person_id": person,
                "gender_concept_id": SEXES[patient.sex],
                "year_of_birth": int(day[:4]) - patient.age,
                "month_of_birth": int(day[5:7]),
                "day_of_birth": int(day[8:10]),
            }
        )
        stay = {"person_id": person, "visit_start_date": day, "visit_start_datetime": start}
        to = HOSPITAL if patient.end == "transfer_out" else 0
        rows["visit_occurrence"].append(
            {**stay, "visit_concept_id": INPATIENT, "visit_end_date": last, "visit_end_datetime": end}
            | {"discharged_to_concept_id": to}
        )
        if patient.icu_hour is not None:
            icu, moved = _moment(patient, patient.icu_hour)
            rows["visit_detail"].append(
                {"person_id": person, "visit_detail_concept_id": INTENSIVE_CARE, "visit_detail_start_date": icu}
                | {"visit_detail_start_datetime": moved, "visit_detail_end_date": last}
            )
        if patient.end == "death":
            rows["death"].append({"person_id": person, "death_date": last, "death_datetime": end})
        rows["cohort"].append({"cohort_definition_id": cohort, "subject_id": person, "cohort_start_date": day})
        rows["condition_occurrence"] += [
            {
                "person_id": person,
                "condition_concept_id": vocabulary.id_of("SNOMED", code, name),
                "condition_start_date": day,
            }
            for flag, (code, name, _, _) in CONDITIONS.items()
            if getattr(patient, flag)
        ]
    return {name: pd.DataFrame(own) for name, own in rows.items()}


def _of_arm(arm: Arm, vocabulary: Vocabulary, dictionary: Dictionary) -> dict[str, pd.DataFrame]:
    ids = {patient.subject: person_id(patient) for patient in arm.patients}
    courses = _courses(arm.treatments, ids, vocabulary, dictionary)
    drug = courses["concept"] > 0
    return {
        "measurement": pd.concat([_weights(arm, vocabulary), _results(arm.measurements, ids, vocabulary, dictionary)]),
        "drug_exposure": _named(courses.loc[drug], "drug"),
        "device_exposure": _named(courses.loc[~drug], "device"),
        "observation": _observations(arm, ids),
    }


def _weights(arm: Arm, vocabulary: Vocabulary) -> pd.DataFrame:
    rows = []
    for patient in arm.patients:
        day, start = _moment(patient, 0)
        for code, name, value, unit in (
            ("29463-7", "Body weight", round(patient.weight, 1), "kg"),
            ("8302-2", "Body height", round(patient.height), "cm"),
        ):
            rows.append(
                {
                    "person_id": person_id(patient),
                    "measurement_concept_id": vocabulary.id_of("LOINC", code, name),
                    "measurement_date": day,
                    "measurement_datetime": start,
                    "value_as_number": value,
                    "unit_concept_id": vocabulary.id_of("UCUM", unit, unit),
                }
            )
    return pd.DataFrame(rows)


def _results(
    measured: pd.DataFrame, ids: Mapping[str, int], vocabulary: Vocabulary, dictionary: Dictionary
) -> pd.DataFrame:
    """Table measurement: a limit is its number with an operator, a qualitative result a concept."""
    outcomes = dictionary.outcomes
    decimals = {code: DECIMALS.get(code, outcomes[code].decimals + 1) for code in measured["outcome"].unique()}
    value = measured["value"].fillna(measured["upper"]).fillna(measured["lower"])
    number = pd.Series(
        [round(one, decimals[code]) for one, code in zip(value, measured["outcome"], strict=True)], measured.index
    )
    concept, unit = (
        measured["outcome"].map(known) for known in _codes(measured["outcome"].unique(), vocabulary, outcomes)
    )
    answer = measured["result"].map(
        {said: vocabulary.id_of("LOINC", f"LA-{said}", ANSWERS[said]) for said in measured["result"].dropna().unique()}
    )
    qualitative = measured["result"].notna()
    operator = pd.Series(0, measured.index).mask(measured["value"].isna() & measured["upper"].notna(), BELOW)
    operator = operator.mask(measured["value"].isna() & measured["upper"].isna() & ~qualitative, ABOVE)
    return pd.DataFrame(
        {
            "person_id": measured["subject"].map(ids),
            "measurement_concept_id": concept,
            "measurement_date": local_text(measured["time"], DAY),
            "measurement_datetime": local_text(measured["time"], ISO),
            "operator_concept_id": operator.mask(qualitative, 0),
            "value_as_number": number.mask(qualitative),
            "value_as_concept_id": answer.fillna(0).astype("int64"),
            "unit_concept_id": unit.mask(qualitative, 0),
            "measurement_source_value": measured["outcome"],
        }
    )


def _codes(codes: Any, vocabulary: Vocabulary, outcomes: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Concept id of each outcome (0 without a LOINC code), and of its unit."""
    concepts = {
        code: vocabulary.id_of("LOINC", outcomes[code].loinc.split("|")[0], outcomes[code].label_en)
        if outcomes[code].loinc
        else 0
        for code in codes
    }
    units = {code: UCUM.get(outcomes[code].unit, outcomes[code].unit) for code in codes}
    return concepts, {code: vocabulary.id_of("UCUM", unit, unit) if unit else 0 for code, unit in units.items()}


def _courses(
    given: pd.DataFrame, ids: Mapping[str, int], vocabulary: Vocabulary, dictionary: Dictionary
) -> pd.DataFrame:
    """Courses with the concept of their ingredient; of support, which has none, 0."""
    known = {
        code: vocabulary.id_of("RxNorm", rx[0].removeprefix("RxNorm:"), treatment.label_en)
        for code, treatment in dictionary.treatments.items()
        if code in set(given["treatment"]) and (rx := [one for one in treatment.codes if one.startswith("RxNorm:")])
    }
    return pd.DataFrame(
        {
            "person_id": given["subject"].map(ids),
            "concept": given["treatment"].map(known).fillna(0).astype("int64"),
            "source_value": given["treatment"],
            "start": given["start"],
            "stop": given["stop"],
            "quantity": given["dose"],
            "dose_unit_source_value": given["dose_unit"],
        }
    )


def _named(courses: pd.DataFrame, domain: str) -> pd.DataFrame:
    table = f"{domain}_exposure"
    moments = {
        f"{table}_{end}_{kind}": local_text(courses[column], form)
        for end, column in (("start", "start"), ("end", "stop"))
        for kind, form in (("date", DAY), ("datetime", ISO))
    }
    return pd.DataFrame(
        {
            "person_id": courses["person_id"],
            f"{domain}_concept_id": courses["concept"],
            **moments,
            "quantity": courses["quantity"],
            f"{domain}_source_value": courses["source_value"],
            "dose_unit_source_value": courses["dose_unit_source_value"],
        }
    )


def _observations(arm: Arm, ids: Mapping[str, int]) -> pd.DataFrame:
    """Dated events that the model has no table for: by the text of the source, with concept 0."""
    once = arm.events.loc[
        ~arm.events["event"].isin(["admission", "icu_admission", "death", "discharge_alive", "transfer_out"])
    ]
    adverse = arm.adverse_events
    frames = [once.assign(value=None, term=None)]
    if len(adverse):
        frames.append(adverse.assign(value=adverse["grade"]))
    rows = pd.concat(frames, ignore_index=True)
    onset = pd.DataFrame(
        {
            "person_id": [person_id(patient) for patient in arm.patients],
            "observation_date": [patient.onset.isoformat() for patient in arm.patients],
            "observation_source_value": "symptom_onset",
        }
    )
    dated = pd.DataFrame(
        {
            "person_id": rows["subject"].map(ids),
            "observation_date": local_text(rows["time"], DAY),
            "observation_datetime": local_text(rows["time"], ISO),
            "value_as_string": rows["value"],
            "observation_source_value": rows["event"],
        }
    )
    return pd.concat([onset, dated], ignore_index=True).assign(observation_concept_id=0)


def _ancestors(vocabulary: Vocabulary) -> pd.DataFrame:
    pairs = []
    for code, name, above, more in CONDITIONS.values():
        pairs.append(
            (vocabulary.id_of("SNOMED", above, more), vocabulary.id_of("SNOMED", code, name), int(above != code))
        )
    return pd.DataFrame(pairs, columns=["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"])


def write_tables(tables: Mapping[str, pd.DataFrame], folder: str | Path, form: str = "parquet") -> None:
    """Write one file per table into a folder. form: 'parquet', or 'csv' for comma-separated text."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        if form == "parquet":
            frame.to_parquet(place / f"{name}.parquet", index=False)
        else:
            frame.to_csv(place / f"{name}.csv", index=False, lineterminator="\n")
