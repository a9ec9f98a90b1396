"""The same simulated patients as plain CSV files and as tables of the OMOP model."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.simulation.exports.export import local_text
from historical_controls.simulation.exports.omop import DECIMALS, HISTORICAL, TREATED, omop_tables, person_id
from historical_controls.simulation.study import Study, simulate
from historical_controls.simulation.truth import changed, load_truth
from historical_controls.simulation.truth_tables import Arm

ROOT = Path(__file__).resolve().parents[3]
ISO = "%Y-%m-%d %H:%M:%S"
ONCE = ("consent", "infusion", "intubation", "limitation_order", "adverse_event", "infection")
SUPPORT = ("oxygen", "high_flow_oxygen", "invasive_ventilation", "prone_position")
BY_SOURCE = ("CTSS", "TREG", "DC", "IL17", "VEGF", "CT_BILATERAL")
OMOP: dict[str, Any] = {
    "characteristics": {
        "SNOMED:73211009": "DIABETES",
        "SNOMED:38341003": "HYPERTENSION",
        "SNOMED:414916001": "OBESITY",
    },
    "events": {f"source:{event}": event for event in ("symptom_onset", *ONCE)},
    "treatments": {f"source:{code}": code for code in SUPPORT},
}
ARM = {"column": "cohort", "treated": ["1"], "historical": ["2"]}
# Neither layout names a specimen or an assay: both declare them.
DECLARED: dict[str, Any] = {
    "default_specimens": {"PAO2": "arterial", "PF": "arterial"},
    "assays": {"CRP": "QUIMICA-1", "IL6": "ECLIA-1"},
}


@cache
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@cache
def simulated(treated: int = 3, historical: int = 6) -> Study:
    truth = load_truth(ROOT / "data/raw/truth.yaml")
    return simulate(changed(truth, treated=treated, historical=historical, seed=1), dirty=False)


@cache
def tables(treated: int = 3, historical: int = 6) -> dict[str, pd.DataFrame]:
    study = simulated(treated, historical)
    return omop_tables({TREATED: study.treated, HISTORICAL: study.historical}, dictionary())


def omop_source(folder: str = "data/raw/omop", **more: Any) -> dict[str, Any]:
    """The source of both arms as tables of the OMOP model."""
    return {
        "arm": ARM,
        "timezone": "America/Mexico_City",
        "omop": {"folder": folder, **OMOP, **more},
        "files": {"measurement": DECLARED},
    }


def csv_source(folder: Path, study: Study) -> dict[str, Any]:
    """The same patients as four CSV files with a column of the arm, written below the folder; their declaration."""
    arms = {TREATED: study.treated, HISTORICAL: study.historical}
    frames = [_plain(arm, cohort) for cohort, arm in arms.items()]
    place = folder / "data/raw/plain"
    place.mkdir(parents=True)
    for name in frames[0]:
        pd.concat([one[name] for one in frames]).to_csv(place / f"{name}.csv", index=False)
    formats = [ISO, "%Y-%m-%d"]

    def at(column: str) -> dict[str, Any]:
        return {"columns": [column], "formats": formats}

    flags = ("DIABETES", "HYPERTENSION", "OBESITY")
    columns: dict[str, Any] = {
        "SEX": {"characteristic": "SEX"}, "AGE": {"characteristic": "AGE", "unit": "years"},
        "WEIGHT": {"characteristic": "WEIGHT", "unit": "kg"}, "HEIGHT": {"characteristic": "HEIGHT", "unit": "cm"},
    } | {flag: {"characteristic": flag} for flag in flags}  # fmt: skip
    dated = [{"event": event, "time": at(event)} for event in ("symptom_onset", "admission", "icu_admission")]
    ends = [
        {"event": end, "time": at("end"), "only_if": {"column": "how", "is_in": [end]}}
        for end in ("death", "discharge_alive", "transfer_out")
    ]
    parts: dict[str, Any] = {
        "people": {"kind": "patients", "subject": "id", "columns": columns, "events": [*dated, *ends]},
        "results": {
            "kind": "measurements_long", "subject": "id", "time": at("time"), "analyte": "name", "value": "value",
            "unit": "unit",
        },
        "courses": {
            "kind": "treatments", "subject": "id", "treatment": "name", "start": at("start"), "stop": at("stop"),
            "dose": "dose", "dose_unit": "unit",
        },
        "events": {
            "kind": "events", "subject": "id", "time": at("time"), "event": "name", "value": "value",
            "values": {event: event for event in ONCE},
        },
    }  # fmt: skip
    files = {name: {"path": f"data/raw/plain/{name}.csv", "parts": [part]} for name, part in parts.items()}
    files["results"] |= DECLARED
    return {"arm": ARM, "timezone": "America/Mexico_City", "files": files}


def clock(times: pd.Series) -> pd.Series:
    """Times of the hospital's clock; midnight as a day without a clock, since the model cannot tell the two apart."""
    return local_text(times, ISO).str.removesuffix(" 00:00:00")


def _plain(arm: Arm, cohort: int) -> dict[str, pd.DataFrame]:
    ids = {patient.subject: person_id(patient) for patient in arm.patients}

    def moment(patient: Any, hour: float | None) -> str:
        return "" if hour is None else clock(pd.Series([patient.at(hour)]))[0]

    people = pd.DataFrame(
        {
            "id": person_id(one), "SEX": one.sex, "AGE": one.age, "WEIGHT": round(one.weight, 1),
            "HEIGHT": round(one.height), "symptom_onset": one.onset.isoformat(), "admission": moment(one, 0),
            "icu_admission": moment(one, one.icu_hour), "end": moment(one, one.end_hour), "how": one.end,
            **{flag.upper(): "yes" if getattr(one, flag) else "no" for flag in ("diabetes", "hypertension", "obesity")},
        }
        for one in arm.patients
    )  # fmt: skip
    measured = arm.measurements
    outcomes = dictionary().outcomes
    number = measured["value"].fillna(measured["upper"]).fillna(measured["lower"])
    printed = [
        "" if pd.isna(one) else repr(round(float(one), DECIMALS.get(code, outcomes[code].decimals + 1)))
        for one, code in zip(number, measured["outcome"], strict=True)
    ]
    sign = pd.Series("", measured.index).mask(measured["value"].isna() & measured["upper"].notna(), "<")
    sign = sign.mask(measured["value"].isna() & measured["upper"].isna(), ">").mask(measured["result"].notna(), "")
    results = pd.DataFrame(
        {
            "id": measured["subject"].map(ids),
            "time": clock(measured["time"]),
            "name": measured["outcome"],
            "value": measured["result"].fillna(sign + pd.Series(printed, measured.index)),
            "unit": measured["outcome"].map(lambda code: outcomes[code].unit).mask(measured["result"].notna(), ""),
        }
    )
    given = arm.treatments
    courses = pd.DataFrame(
        {
            "id": given["subject"].map(ids), "name": given["treatment"], "start": clock(given["start"]),
            "stop": clock(given["stop"]), "dose": given["dose"], "unit": given["dose_unit"],
        }
    )  # fmt: skip
    once = arm.events.loc[arm.events["event"].isin(ONCE)].assign(grade=None)
    rows = pd.concat([once, arm.adverse_events], ignore_index=True)
    events = pd.DataFrame(
        {
            "id": rows["subject"].map(ids), "time": clock(rows["time"]), "name": rows["event"],
            "value": rows["grade"],
        }
    )  # fmt: skip
    made = {"people": people, "results": results, "courses": courses, "events": events}
    return {name: frame.assign(cohort=cohort) for name, frame in made.items()}
