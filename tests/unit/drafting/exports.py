"""Five exports of different shape, each with the declaration that a person would write for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import yaml

START = datetime(2021, 3, 2, 8, 30)


@dataclass(frozen=True)
class Export:
    """write: puts the files below data/raw; truth: `files` of the declaration, by path below data/raw."""

    write: Callable[[Path], None]
    truth: dict[str, Any]


def days(number: int, patient: int) -> datetime:
    return START + timedelta(days=3 * patient + number, hours=patient % 7)


def lines(path: Path, rows: list[list[object]], mark: str = ",", encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(mark.join(map(str, row)) + "\r\n" for row in rows).encode(encoding))


def long_export(raw: Path) -> None:
    """American dates, a result a row, who left how in words."""
    draw = random.Random(1)
    people = [["MRN", "Patient Name", "Gender", "Age", "Admit Date", "Discharge Date", "Disposition"]]
    values = [["MRN", "Test Name", "Result", "Units", "Specimen", "Collection Date", "Comments"]]
    for patient in range(12):
        sex, end = "MF"[patient % 2], "Died" if patient % 4 == 0 else "Home"
        leave = f"{days(9, patient):%m/%d/%Y %H:%M}"
        people.append([f"A{patient:03}", "X Y", sex, 40 + patient, f"{days(0, patient):%m/%d/%Y %H:%M}", leave, end])
        for day in range(5):
            when = f"{days(day, patient):%m/%d/%Y %H:%M}"
            tests = (("C-Reactive Protein", "mg/L", 90), ("Ferritin", "ng/mL", 800), ("WBC", "10^9/L", 9))
            for test, unit, mean in tests:
                value = f"{mean * draw.uniform(0.5, 1.5):.1f}"
                values.append([f"A{patient:03}", test, value, unit, "serum" if mean > 9 else "whole blood", when, ""])
    lines(raw / "patients.csv", people)
    lines(raw / "labs.csv", values)


LONG = """
patients.csv:
  private_columns: [Patient Name]
  parts:
    - kind: patients
      subject: MRN
      columns:
        Gender: {characteristic: SEX, values: {M: male, F: female}}
        Age: {characteristic: AGE, unit: years}
      events:
        - {event: admission, time: {columns: [Admit Date], formats: ["%m/%d/%Y %H:%M"]}}
        - event: death
          time: {columns: [Discharge Date], formats: ["%m/%d/%Y %H:%M"]}
          only_if: {column: Disposition, is_in: [Died]}
        - event: discharge_alive
          time: {columns: [Discharge Date], formats: ["%m/%d/%Y %H:%M"]}
          only_if: {column: Disposition, is_in: [Home]}
labs.csv:
  parts:
    - kind: measurements_long
      subject: MRN
      time: {columns: [Collection Date], formats: ["%m/%d/%Y %H:%M"]}
      analyte: Test Name
      value: Result
      unit: Units
      specimen: Specimen
      comment: Comments
"""


def wide_export(raw: Path) -> None:
    """A Spanish ward's sheet: semicolons, decimal commas, latin-1, a gas in a column of kinds of samples."""
    draw = random.Random(2)
    rows: list[list[object]] = [
        ["expediente", "nombre", "fecha_hora", "tipo_muestra", "po2_mmhg", "fio2_%", "PCR (mg/L)", "ferritina", "fc"]
    ]
    for patient in range(12):
        for day in range(5):
            kind = "arterial" if day % 2 == 0 else "venosa"
            cells = [draw.uniform(50, 90), draw.uniform(30, 90), draw.uniform(20, 200), draw.uniform(300, 2000)]
            numbers = [f"{cell:.1f}".replace(".", ",") for cell in cells]
            when = f"{days(day, patient):%d/%m/%Y %H:%M}"
            rows.append([f"{patient + 100}", "Muñoz", when, kind, *numbers, int(draw.uniform(70, 120))])
    lines(raw / "gases.csv", rows, ";", "latin-1")


WIDE_COLUMNS = """
        po2_mmhg: {{outcome: PAO2, unit: mmHg, specimen: {0}}}
        fio2_%: {{outcome: FIO2, unit: "%", specimen: {0}}}
        PCR (mg/L): {{outcome: CRP, unit: mg/L, specimen: {0}}}
        ferritina: {{outcome: FERR, unit: ng/mL, specimen: {0}}}
        fc: {{outcome: HR, unit: /min, specimen: {0}}}
"""
WIDE = f"""
gases.csv:
  encoding: latin-1
  delimiter: ";"
  decimal: ","
  private_columns: [nombre]
  parts:
    - kind: measurements_wide
      where: [{{column: tipo_muestra, is_in: [arterial]}}]
      subject: expediente
      time: {{columns: [fecha_hora], formats: ["%d/%m/%Y %H:%M"]}}
      columns:{WIDE_COLUMNS.format("arterial")}
    - kind: measurements_wide
      where: [{{column: tipo_muestra, is_in: [venosa]}}]
      subject: expediente
      time: {{columns: [fecha_hora], formats: ["%d/%m/%Y %H:%M"]}}
      columns:{WIDE_COLUMNS.format("venous")}
"""


def visit_export(raw: Path) -> None:
    """One row a patient, both arms in one file, a column for each outcome and day; no dates."""
    draw = random.Random(3)
    rows: list[list[object]] = [
        ["subject", "group", "sex", "age", "weight", "diabetes"]
        + [f"{name}_day{day}" for name in ("CRP", "IL6") for day in (0, 3, 7)]
    ]
    for patient in range(14):
        values = [f"{draw.uniform(10, 150):.1f}" for _ in range(6)]
        arm, sex = "treated" if patient < 5 else "control", 1 + patient % 2
        rows.append([f"P{patient:02}", arm, sex, 50 + patient, 60 + patient, "yes" if patient % 3 else "no", *values])
    lines(raw / "export.txt", rows, "\t")


VISIT = """
export.txt:
  delimiter: "\\t"
  parts:
    - kind: patients
      subject: subject
      columns:
        sex: {characteristic: SEX, values: {"1": male, "2": female}}
        age: {characteristic: AGE, unit: years}
        weight: {characteristic: WEIGHT, unit: kg}
        diabetes: {characteristic: DIABETES, values: {"yes": "yes", "no": "no"}}
    - kind: measurements_wide
      subject: subject
      time: {relative_to: admission, relative_unit: days}
      columns:
        CRP_day0: {outcome: CRP, unit: mg/L, at: 0}
        CRP_day3: {outcome: CRP, unit: mg/L, at: 3}
        CRP_day7: {outcome: CRP, unit: mg/L, at: 7}
        IL6_day0: {outcome: IL6, unit: pg/mL, at: 0}
        IL6_day3: {outcome: IL6, unit: pg/mL, at: 3}
        IL6_day7: {outcome: IL6, unit: pg/mL, at: 7}
"""


def redcap_export(raw: Path) -> None:
    """Instruments stacked in one file, with the project's data dictionary."""
    head = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"]
    head += ["sex", "age", "hypertension", "admit_dt", "infusion_dt", "vs_dt", "vs_hr", "vs_temp"]
    head += ["lab_dt", "lab_crp", "lab_ddim"]
    rows: list[list[object]] = [head]
    draw = random.Random(4)
    for patient in range(8):
        who = f"R-{patient + 1}"
        first, dose = f"{days(0, patient):%Y-%m-%d %H:%M}", f"{days(2, patient):%Y-%m-%d %H:%M}"
        rows.append([who, "baseline_arm_1", "", "", 1 + patient % 2, 45 + patient, patient % 2, first, dose, *[""] * 6])
        for day in range(4):
            when = f"{days(day, patient):%Y-%m-%d %H:%M}"
            vital = [when, int(draw.uniform(70, 120)), f"{draw.uniform(36, 39):.1f}", "", "", ""]
            labs = ["", "", "", when, f"{draw.uniform(20, 200):.1f}", int(draw.uniform(300, 3000))]
            rows.append([who, "stay_arm_1", "vitals", day + 1, *[""] * 5, *vital])
            rows.append([who, "stay_arm_1", "labs", day + 1, *[""] * 5, *labs])
    lines(raw / "msc/project.csv", rows)
    head_line = "Variable / Field Name,Form Name,Field Type,Field Label,"
    head_line += '"Choices, Calculations, OR Slider Labels",Identifier?'
    fields = [head_line, "record_id,main,text,Record,,"]
    (raw / "msc/dictionary.csv").write_text("\n".join(fields) + "\n", encoding="utf-8")


REDCAP = """
msc/project.csv:
  redcap: {dictionary: data/raw/msc/dictionary.csv}
  parts:
    - kind: patients
      where: [{column: redcap_event_name, is_in: [baseline_arm_1]}]
      subject: record_id
      columns:
        sex: {characteristic: SEX, values: {"1": male, "2": female}}
        age: {characteristic: AGE, unit: years}
        hypertension: {characteristic: HYPERTENSION, values: {"1": "yes", "0": "no"}}
      events:
        - {event: admission, time: {columns: [admit_dt], formats: ["%Y-%m-%d %H:%M"]}}
        - {event: infusion, time: {columns: [infusion_dt], formats: ["%Y-%m-%d %H:%M"]}}
    - kind: measurements_wide
      where: [{column: redcap_repeat_instrument, is_in: [vitals]}]
      subject: record_id
      time: {columns: [vs_dt], formats: ["%Y-%m-%d %H:%M"]}
      columns:
        vs_hr: {outcome: HR, unit: /min}
        vs_temp: {outcome: TEMP, unit: Cel}
    - kind: measurements_wide
      where: [{column: redcap_repeat_instrument, is_in: [labs]}]
      subject: record_id
      time: {columns: [lab_dt], formats: ["%Y-%m-%d %H:%M"]}
      columns:
        lab_crp: {outcome: CRP, unit: mg/L}
        lab_ddim: {outcome: DDIM, unit: ng/mL FEU}
"""


def sheet_export(raw: Path) -> None:
    """A workbook of two sheets: patients, and courses of treatments; dates are dates of the sheet."""
    raw.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    people = book.active
    people.title = "Pacientes"
    people.append(["No. Expediente", "Sexo", "Edad", "Talla (cm)", "Fecha ingreso", "Inicio síntomas", "CURP"])
    drugs = book.create_sheet("Tratamientos")
    drugs.append(["No. Expediente", "Medicamento", "Inicio", "Fin", "Dosis"])
    for patient in range(9):
        sex = "HM"[patient % 2]
        dated = [days(0, patient), days(-5, patient)]
        people.append([f"{patient + 500}", sex, 40 + patient, 160 + patient, *dated, "XEXX"])
        for name in ("Dexametasona", "Enoxaparina"):
            drugs.append([f"{patient + 500}", name, days(1, patient), days(4, patient), 6])
    book.save(raw / "historicos.xlsx")


SHEETS = """
historicos.xlsx/Pacientes:
  format: xlsx
  sheet: Pacientes
  private_columns: [CURP]
  parts:
    - kind: patients
      subject: No. Expediente
      columns:
        Sexo: {characteristic: SEX, values: {H: male, M: female}}
        Edad: {characteristic: AGE, unit: years}
        Talla (cm): {characteristic: HEIGHT, unit: cm}
      events:
        - {event: admission, time: {columns: [Fecha ingreso], formats: ["%Y-%m-%d %H:%M:%S"]}}
        - {event: symptom_onset, time: {columns: [Inicio síntomas], formats: ["%Y-%m-%d %H:%M:%S"]}}
historicos.xlsx/Tratamientos:
  format: xlsx
  sheet: Tratamientos
  parts:
    - kind: treatments
      subject: No. Expediente
      treatment: Medicamento
      values: {Dexametasona: dexamethasone, Enoxaparina: enoxaparin}
      start: {columns: [Inicio], formats: ["%Y-%m-%d %H:%M:%S"]}
      stop: {columns: [Fin], formats: ["%Y-%m-%d %H:%M:%S"]}
      dose: Dosis
"""

EXPORTS = {
    "long": Export(long_export, yaml.safe_load(LONG)),
    "wide by analyte": Export(wide_export, yaml.safe_load(WIDE)),
    "wide by visit": Export(visit_export, yaml.safe_load(VISIT)),
    "REDCap": Export(redcap_export, yaml.safe_load(REDCAP)),
    "workbook": Export(sheet_export, yaml.safe_load(SHEETS)),
}
