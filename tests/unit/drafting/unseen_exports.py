"""Five more exports, made after the drafting was: sheets as people keep them, each with a person's declaration."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
import yaml
from exports import Export, days, lines


def two_header_export(raw: Path) -> None:
    """Merged heads over visits, both pressures in one cell, birthdays in three columns, the arm in words."""
    draw = random.Random(11)
    raw.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Hypertension clinic, 2022"])
    sheet.append([None, None, None, None, None, "Day 0", None, "Day 14", None, "Day 28", None])
    sheet.append(["pat_id", "Arm", "Sex", "Birth year", "Street", *["BP", "HR"] * 3])
    for patient in range(12):
        cells: list[object] = []
        for _ in range(3):
            cells += [f"{draw.randint(130, 180)}/{draw.randint(70, 100)}", draw.randint(60, 95)]
        arm = "active" if patient % 3 == 0 else "usual care"
        sheet.append([patient + 1, arm, "FM"[patient % 2], 1950 + patient, "Elm", *cells])
    book.save(raw / "bp.xlsx")


TWO_HEADERS = """
bp.xlsx:
  format: xlsx
  header_line: 3
  header_rows: 2
  private_columns: [Street]
  split_columns:
    Day 0 BP: {by: /, into: [Day 0 BP systolic, Day 0 BP diastolic]}
    Day 14 BP: {by: /, into: [Day 14 BP systolic, Day 14 BP diastolic]}
    Day 28 BP: {by: /, into: [Day 28 BP systolic, Day 28 BP diastolic]}
  parts:
    - kind: patients
      subject: pat_id
      columns: {Sex: {characteristic: SEX, values: {F: female, M: male}}}
    - kind: measurements_wide
      subject: pat_id
      time: {relative_to: admission, relative_unit: days}
      columns:
        Day 0 BP systolic: {outcome: SBP, unit: mmHg, at: 0}
        Day 0 BP diastolic: {outcome: DBP, unit: mmHg, at: 0}
        Day 14 BP systolic: {outcome: SBP, unit: mmHg, at: 14}
        Day 14 BP diastolic: {outcome: DBP, unit: mmHg, at: 14}
        Day 28 BP systolic: {outcome: SBP, unit: mmHg, at: 28}
        Day 28 BP diastolic: {outcome: DBP, unit: mmHg, at: 28}
        Day 0 HR: {outcome: HR, unit: /min, at: 0}
        Day 14 HR: {outcome: HR, unit: /min, at: 14}
        Day 28 HR: {outcome: HR, unit: /min, at: 28}
"""


def dated_visits_export(raw: Path) -> None:
    """Wide by visit, each visit with a date of its own: in one column, or in three."""
    draw = random.Random(12)
    rows: list[list[object]] = [
        [
            *("subject_id", "treatment", "dob", "start_date", "start_wbc", "start_crp", "start_plt"),
            *("end_year", "end_month", "end_day", "end_wbc", "end_crp", "end_plt"),
        ]
    ]
    for patient in range(14):
        first, last = days(0, patient), days(90, patient)
        values = [f"{draw.uniform(4, 12):.1f}", f"{draw.uniform(1, 60):.1f}", draw.randint(200, 450)]
        later = [f"{draw.uniform(4, 12):.1f}", f"{draw.uniform(1, 60):.1f}", draw.randint(200, 450)]
        rows.append(
            [f"U{patient:02}", "upa" if patient % 2 else "placebo", f"19{50 + patient}-03-0{1 + patient % 9}",
             f"{first:%Y-%m-%d}", *values, last.year, last.month, last.day, *later]
        )  # fmt: skip
    lines(raw / "uc.csv", rows)


DATED_VISITS = """
uc.csv:
  parts:
    - kind: patients
      subject: subject_id
      columns:
        dob:
          characteristic: AGE
          unit: years
          born: {columns: [dob], formats: ["%Y-%m-%d"]}
          as_of: {columns: [start_date], formats: ["%Y-%m-%d"]}
      events: [{event: admission, time: {columns: [start_date], formats: ["%Y-%m-%d"]}}]
    - kind: measurements_wide
      subject: subject_id
      # Two parts of one kind: their lines are told apart by columns, the time is that of the second.
      time: {columns: [end_year, end_month, end_day], formats: ["%Y %m %d"]}
      columns:
        start_wbc: {outcome: WBC, unit: 10^9/L}
        start_crp: {outcome: CRP, unit: mg/L}
        start_plt: {outcome: PLT, unit: 10^9/L}
        end_wbc: {outcome: WBC, unit: 10^9/L}
        end_crp: {outcome: CRP, unit: mg/L}
        end_plt: {outcome: PLT, unit: 10^9/L}
"""


def redcap_visits_export(raw: Path) -> None:
    """A longitudinal REDCap project: a row for each patient and event, no repeated instruments, no data dictionary."""
    draw = random.Random(13)
    rows: list[list[object]] = [
        [
            "record_id",
            "redcap_event_name",
            "sex",
            "age",
            "dm",
            "admit_date",
            "infusion_date",
            "visit_date",
            "hr",
            "temp",
            "crp",
        ]
    ]
    for patient in range(10):
        first, dose = f"{days(0, patient):%Y-%m-%d}", f"{days(2, patient):%Y-%m-%d}"
        rows.append(
            [patient + 1, "screening_arm_1", patient % 2 + 1, 40 + patient, patient % 2, first, dose, "", "", "", ""]
        )
        for day in (1, 7, 28):
            when = f"{days(day, patient):%Y-%m-%d}"
            values = [draw.randint(60, 110), f"{draw.uniform(36, 39):.1f}", f"{draw.uniform(5, 150):.1f}"]
            rows.append([patient + 1, f"day_{day}_arm_1", "", "", "", "", "", when, *values])
    lines(raw / "msc/project.csv", rows)


REDCAP_VISITS = """
msc/project.csv:
  parts:
    - kind: patients
      where: [{column: redcap_event_name, is_in: [screening_arm_1]}]
      subject: record_id
      columns:
        sex: {characteristic: SEX, values: {"1": male, "2": female}}
        age: {characteristic: AGE, unit: years}
        dm: {characteristic: DIABETES, values: {"1": "yes", "0": "no"}}
      events:
        - {event: admission, time: {columns: [admit_date], formats: ["%Y-%m-%d"]}}
        - {event: infusion, time: {columns: [infusion_date], formats: ["%Y-%m-%d"]}}
    - kind: measurements_wide
      where: [{column: redcap_event_name, is_in: [day_1_arm_1, day_7_arm_1, day_28_arm_1]}]
      subject: record_id
      time: {columns: [visit_date], formats: ["%Y-%m-%d"]}
      columns:
        hr: {outcome: HR, unit: /min}
        temp: {outcome: TEMP, unit: Cel}
        crp: {outcome: CRP, unit: mg/L}
"""


def spanish_lab_export(raw: Path) -> None:
    """A laboratory's system: semicolons, decimal commas, points for thousands, limits, a result in words."""
    draw = random.Random(14)
    rows: list[list[object]] = [
        [
            "No. Expediente",
            "Nombre del paciente",
            "Fecha toma",
            "Estudio",
            "Resultado",
            "Unidades",
            "Tipo de muestra",
            "Observaciones",
        ]
    ]
    for patient in range(12):
        for day in range(4):
            when = f"{days(day, patient):%d/%m/%Y %H:%M}"
            tests = [
                ("Proteína C reactiva", f"{draw.uniform(5, 250):.1f}", "mg/L", "suero"),
                ("Ferritina", f"{draw.uniform(1001, 2900):,.1f}".replace(",", "@").replace(".", "p"), "ng/mL", "suero"),
                ("Leucocitos", f"{draw.uniform(3, 18):.2f}", "10^3/uL", "sangre total"),
                ("Procalcitonina", "<0,05" if day == 3 else f"{draw.uniform(0.1, 9):.2f}", "ng/mL", "suero"),
            ]
            for test, value, unit, specimen in tests:
                written = value.replace(".", ",").replace("@", ".").replace("p", ",")
                rows.append([f"{patient + 700}", "A B", when, test, written, unit, specimen, ""])
    lines(raw / "laboratorio.csv", rows, ";", "latin-1")


SPANISH_LAB = """
laboratorio.csv:
  encoding: latin-1
  delimiter: ";"
  decimal: ","
  thousands: "."
  private_columns: [Nombre del paciente]
  parts:
    - kind: measurements_long
      subject: No. Expediente
      time: {columns: [Fecha toma], formats: ["%d/%m/%Y %H:%M"]}
      analyte: Estudio
      value: Resultado
      unit: Unidades
      specimen: Tipo de muestra
      comment: Observaciones
"""


def unitless_long_export(raw: Path) -> None:
    """A monitor's log: hours since admission, a value a row, no units; a second file with who left how."""
    draw = random.Random(15)
    rows: list[list[object]] = [["patient", "hours since admission", "parameter", "value"]]
    people: list[list[object]] = [["patient", "gender", "age", "admission date", "discharge date", "vital status"]]
    for patient in range(12):
        status = "deceased" if patient in (2, 7) else "alive"
        dated = [f"{days(number, patient):%d.%m.%Y}" for number in (0, 20)]
        people.append([f"K{patient}", ["male", "female"][patient % 2], 30 + patient, *dated, status])
        for hour in range(0, 48, 6):
            for name, low, high in (("Heart rate", 60, 120), ("Temperature", 36, 40), ("Respiratory rate", 12, 36)):
                rows.append([f"K{patient}", hour, name, f"{draw.uniform(low, high):.1f}"])
    lines(raw / "treated/monitor.csv", rows)
    lines(raw / "treated/people.csv", people)


UNITLESS = """
treated/monitor.csv:
  default_units: {HR: /min, TEMP: Cel, RR: /min}
  parts:
    - kind: measurements_long
      subject: patient
      time: {columns: [hours since admission], relative_to: admission, relative_unit: hours}
      analyte: parameter
      value: value
treated/people.csv:
  parts:
    - kind: patients
      subject: patient
      columns:
        gender: {characteristic: SEX, values: {male: male, female: female}}
        age: {characteristic: AGE, unit: years}
      events:
        - {event: admission, time: {columns: [admission date], formats: ["%d.%m.%Y"]}}
        - event: death
          time: {columns: [discharge date], formats: ["%d.%m.%Y"]}
          only_if: {column: vital status, is_in: [deceased]}
        - event: discharge_alive
          time: {columns: [discharge date], formats: ["%d.%m.%Y"]}
          only_if: {column: vital status, is_in: [alive]}
"""

UNSEEN = {
    "two headers": Export(two_header_export, yaml.safe_load(TWO_HEADERS)),
    "dated visits": Export(dated_visits_export, yaml.safe_load(DATED_VISITS)),
    "REDCap visits": Export(redcap_visits_export, yaml.safe_load(REDCAP_VISITS)),
    "Spanish laboratory": Export(spanish_lab_export, yaml.safe_load(SPANISH_LAB)),
    "long without units": Export(unitless_long_export, yaml.safe_load(UNITLESS)),
}
