"""Renders the treated arm as a raw REDCap export with its data dictionary."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd

from historical_controls.simulation.exports.export import Export, expected_frame, local_text
from historical_controls.simulation.exports.redcap_fields import FIELDS, FORM_OF_SHEET, columns_of
from historical_controls.simulation.patients import Patient
from historical_controls.simulation.truth import Truth
from historical_controls.simulation.truth_tables import Arm

SOURCE, FOLDER = "treated", "data/raw/treated"
MOMENT = "%Y-%m-%d %H:%M"
# The four columns that REDCap writes before all fields of a longitudinal project with repeats.
FRONT = ("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
ENDS = {"discharge_alive": "1", "death": "2", "transfer_out": "3"}
RESULTS = {"positive": "1", "negative": "0", "yes": "1", "no": "0"}
TIME_FIELDS = {"vitals": "vs_dt", "labs": "lab_dt", "blood_gas": "bg_dt", "cytokines": "cyt_dt", "ct": "ct_dt"}
TIME_FIELDS = {**TIME_FIELDS, "pcr": "pcr_dt"}


def redcap_export(arm: Arm, truth: Truth) -> Export:
    """The whole project in one raw export: one row per patient or repeat instance, unused columns empty."""
    once = [_once(patient) for patient in arm.patients]
    sheets = [_repeated(arm, sheet, form, truth) for sheet, form in FORM_OF_SHEET.items()]
    events = _instances(_adverse_events(arm), "adverse_events")
    care = _instances(_treatments(arm), "treatments")
    # record_id is both a field and the first of the front columns.
    columns = [*FRONT, *(c for field in FIELDS for c in columns_of(field) if c != "record_id")]
    frames = [pd.DataFrame([row for pair in once for row in pair]), events, care, *(rows for rows, _ in sheets)]
    rows = pd.concat(frames, ignore_index=True).reindex(columns=columns).fillna("")
    # REDCap writes a record's single events first, then its repeat instruments in the order of the forms.
    rows["order"] = rows["redcap_repeat_instrument"].map({"": -1, **{f: i for i, f in enumerate(_forms())}})
    ordered = rows.sort_values(["record_id", "order"], kind="stable").index
    # Old row number to place in the sorted file; expectations are moved by it.
    place = pd.Series(np.arange(len(rows), dtype=float), index=ordered)
    rows = rows.drop(columns="order").loc[ordered].set_axis(np.arange(len(rows), dtype=float))
    # The sheets come last in `frames`: what precedes them (single events, adverse events, care) has no expectations.
    expected = pd.concat(_placed(sheets, len(rows) - sum(len(r) for r, _ in sheets), place), ignore_index=True)
    return Export(SOURCE, "redcap", f"{FOLDER}/redcap_export.csv", rows, expected)


def _forms() -> list[str]:
    return list(dict.fromkeys(field.form for field in FIELDS))


def _placed(sheets: list[tuple[pd.DataFrame, pd.DataFrame]], start: int, place: pd.Series) -> list[pd.DataFrame]:
    """Expectations of each sheet, moved from their place in the sheet to their place in the file."""
    out = []
    for rows, expected in sheets:
        moved = (expected["place"].astype(int) + start).map(place)
        out.append(expected.assign(place=moved))
        start += len(rows)
    return out


def _once(patient: Patient) -> tuple[dict[str, str], dict[str, str]]:
    """Demographics and infusion in the baseline event; the outcome in the end-of-stay event."""

    def moment(hour: float | None) -> str:
        return "" if hour is None else local_text(pd.Series([patient.at(hour)]), MOMENT)[0]

    infusion = patient.infusion_hour
    baseline = {
        "record_id": patient.subject,
        "redcap_event_name": "baseline_arm_1",
        "sex": "1" if patient.sex == "male" else "2",
        "age": str(patient.age),
        "weight_kg": f"{patient.weight:.1f}",
        "height_cm": f"{patient.height:.0f}",
        "comorb___1": _bit(patient.diabetes),
        "comorb___2": _bit(patient.hypertension),
        "comorb___3": _bit(patient.obesity),
        "onset_date": patient.onset.isoformat(),
        "admit_dt": moment(0),
        "icu_bed": _bit(patient.icu_hour is not None),
        "icu_dt": moment(patient.icu_hour),
        "limit_dt": moment(patient.limitation_hour),
        "intub_dt": moment(patient.intubation_hour),
        "demographics_complete": "2",
        "consent_dt": moment(None if infusion is None else infusion - 3),
        "infusion_dt": moment(infusion),
        "infusion_min": "15",
        "cells_total": f"{patient.weight:.1f}",
        "infusion_complete": "2",
    }
    outcome = {
        "record_id": patient.subject,
        "redcap_event_name": "end_of_stay_arm_1",
        "end_status": ENDS[patient.end],
        "end_dt": moment(patient.end_hour),
        "outcome_complete": "2",
    }
    return baseline, outcome


def _bit(value: bool) -> str:
    return "1" if value else "0"


def _repeated(arm: Arm, sheet: str, form: str, truth: Truth) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of one repeating instrument and their expectations, places counted within the sheet."""
    items = {field.code: field.name for field in FIELDS if field.form == form and field.code}
    frame = arm.measurements
    # The form asks for arterial gases alone.
    frame = frame[(frame["sheet"] == sheet) & frame["outcome"].isin(items) & (frame["specimen"] != "venous")]
    texts = frame.assign(cell=_cells(frame, truth), column=frame["outcome"].map(items))
    wide = texts.pivot_table(index=["subject", "time"], columns="column", values="cell", aggfunc="first").reset_index()
    rows = wide.rename(columns={"subject": "record_id"}).fillna("")
    rows[TIME_FIELDS[form]] = local_text(wide["time"], MOMENT)
    places = wide.reset_index(names="place")[["place", "subject", "time"]]
    expected = frame.merge(places, on=["subject", "time"])
    expected = expected_frame(expected).assign(item=expected["outcome"].map(items))
    return _instances(rows.drop(columns="time"), form), expected


def _cells(frame: pd.DataFrame, truth: Truth) -> list[str]:
    # PaO2, FiO2 and the Glasgow score have no course of their own in the truth file.
    digits = {code: course.digits for code, course in truth.courses.items()} | {"PAO2": 1, "FIO2": 2, "GCS": 0}
    columns = zip(frame["outcome"], frame["value"], frame["lower"], frame["upper"], frame["result"], strict=True)
    return [_cell(code, value, lower, upper, result, digits) for code, value, lower, upper, result in columns]


def _cell(code: str, value: float, lower: float, upper: float, result: str | None, digits: dict[str, int]) -> str:
    if isinstance(result, str):
        return RESULTS[result]
    if not np.isnan(value):
        return f"{value:.{digits[code]}f}"
    return f"<{upper:g}" if not np.isnan(upper) else f">{lower:g}"


def _instances(rows: pd.DataFrame, form: str) -> pd.DataFrame:
    """Repeat instances numbered per patient, as REDCap does."""
    if rows.empty:
        return rows
    # REDCap numbers instances from 1 within each record and instrument.
    instance = (rows.groupby("record_id").cumcount() + 1).astype(str)
    return rows.assign(
        redcap_event_name="follow_up_arm_1",
        redcap_repeat_instrument=form,
        redcap_repeat_instance=instance,
        **{f"{form}_complete": "2"},
    )


def _adverse_events(arm: Arm) -> pd.DataFrame:
    frame = arm.adverse_events
    if frame.empty:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "record_id": frame["subject"],
            "ae_type": frame["event"].map({"adverse_event": "1", "infection": "2"}),
            "ae_term": frame["term"],
            "ae_grade": frame["grade"].astype(int).astype(str),
            "ae_start": local_text(frame["time"], MOMENT),
            "ae_end": local_text(frame["end_time"], MOMENT),
        }
    )


def _treatments(arm: Arm) -> pd.DataFrame:
    frame = arm.treatments.sort_values(["subject", "start", "treatment"])
    return pd.DataFrame(
        {
            "record_id": frame["subject"],
            "rx_name": frame["treatment"],
            "rx_start": local_text(frame["start"], MOMENT),
            "rx_stop": local_text(frame["stop"], MOMENT),
            "rx_dose": frame["dose"].map(lambda dose: "" if np.isnan(dose) else f"{dose:g}"),
            "rx_unit": frame["dose_unit"].fillna(""),
        }
    )


def data_dictionary() -> bytes:
    """The project's REDCap data dictionary, with REDCap's own 18 columns."""
    head = [
        "Variable / Field Name",
        "Form Name",
        "Section Header",
        "Field Type",
        "Field Label",
        "Choices, Calculations, OR Slider Labels",
        "Field Note",
        "Text Validation Type OR Show Slider Number",
        "Text Validation Min",
        "Text Validation Max",
        "Identifier?",
        "Branching Logic (Show field only if...)",
        "Required Field?",
        "Custom Alignment",
        "Question Number (surveys only)",
        "Matrix Group Name",
        "Matrix Ranking?",
        "Field Annotation",
    ]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    for f in FIELDS:
        if not f.name.endswith("_complete"):
            front = [f.name, f.form, "", f.kind, f.label, f.choices, f.note, f.validation]
            writer.writerow(front + [""] * (len(head) - len(front)))
    return stream.getvalue().encode()
