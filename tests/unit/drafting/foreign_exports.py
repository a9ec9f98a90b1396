"""Exports in languages and of outcomes that no dictionary names: what they are is told by their cells."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyreadstat
import yaml
from exports import Export, lines


def french_visits_export(raw: Path) -> None:
    """Children at home over years: one file of children, one of monthly visits, decimal commas, a word for missing."""
    draw = random.Random(21)
    kids: list[list[object]] = [["code enfant", "prise en charge", "sexe", "né(e) le", "date d'inclusion", "pica"]]
    visits: list[list[object]] = [["code enfant", "date de visite", "plombémie (µg/L)", "score QI", "taille (cm)"]]
    for kid in range(12):
        start = date(2008 + kid % 2, 1 + kid % 9, 1 + 2 * kid)
        born = start - timedelta(draw.randint(400, 2000))
        arm = "chélation" if kid < 3 else "surveillance"
        kids.append(
            [f"E{kid:02}", arm, "FG"[kid % 2], f"{born:%d.%m.%Y}", f"{start:%d.%m.%Y}", "oui" if kid % 3 else "non"]
        )
        for month in range(24):
            numbers = [draw.uniform(40, 220), draw.uniform(70, 110), 95 + month + draw.random()]
            cells = [f"{number:.1f}".replace(".", ",") for number in numbers]
            cells[1] = f"{numbers[1]:.0f}" if month % 12 == 0 else "n.f."
            visits.append([f"E{kid:02}", f"{start + timedelta(30 * month):%d.%m.%Y}", *cells])
    lines(raw / "enfants.txt", kids, ";", "cp1252")
    lines(raw / "visites.txt", visits, ";", "cp1252")


FRENCH = """
enfants.txt:
  encoding: latin-1
  delimiter: ";"
  parts:
    - kind: patients
      subject: code enfant
      columns:
        sexe: {characteristic: SEX, values: {F: female, G: male}}
        né(e) le:
          characteristic: AGE
          unit: years
          born: {columns: [né(e) le], formats: ["%d.%m.%Y"]}
          as_of: {columns: [date d'inclusion], formats: ["%d.%m.%Y"]}
        pica: {characteristic: PICA, values: {"non": "no", "oui": "yes"}}
      events: [{event: enrolment, time: {columns: [date d'inclusion], formats: ["%d.%m.%Y"]}}]
visites.txt:
  encoding: latin-1
  delimiter: ";"
  decimal: ","
  sentinels: [{columns: [score QI], codes: [n.f.]}]
  parts:
    - kind: measurements_wide
      subject: code enfant
      time: {columns: [date de visite], formats: ["%d.%m.%Y"]}
      columns:
        plombémie (µg/L): {outcome: PLOMBEMIE, unit: µg/L}
        score QI: {outcome: SCORE_QI}
        taille (cm): {outcome: TAILLE, unit: cm}
"""


def german_single_arm_export(raw: Path) -> None:
    """Outpatients of one arm in an SPSS file: units in the labels, codes with words, 999 for missing."""
    draw = random.Random(22)
    rows = []
    for patient in range(12):
        fev, walk = draw.gauss(1.6, 0.3), draw.gauss(320, 40)
        for visit, day in enumerate((0, 14, 28, 56, 84)):
            far = 999 if (patient + visit) % 15 == 1 else round(walk + 6 * visit + draw.gauss(0, 12))
            rows.append(
                [101 + patient, visit, date(2022, 1, 3 + patient) + timedelta(day), 1 + patient % 2, 45 + patient,
                 round(fev + draw.gauss(0, 0.05), 2), far, round(draw.gauss(60, 5)), round(draw.uniform(20, 90), 1)]
            )  # fmt: skip
    names = ["PatNr", "Visite", "Untersuchungsdatum", "Geschlecht", "Alter", "FEV1", "Gehstrecke", "SGRQ", "CRP"]
    labels = [
        *("Patientennummer", "Visite", "Datum der Untersuchung", "Geschlecht", "Alter (Jahre)"),
        *("Einsekundenkapazität (L)", "6-Minuten-Gehstrecke (m)", "SGRQ-Gesamtwert", "CRP (mg/L)"),
    ]
    raw.mkdir(parents=True, exist_ok=True)
    pyreadstat.write_sav(
        pd.DataFrame(rows, columns=names),
        str(raw / "verlauf.sav"),
        column_labels=labels,
        variable_value_labels={"Geschlecht": {1: "männlich", 2: "weiblich"}},
    )


GERMAN = """
verlauf.sav:
  format: sav
  value_labels: true
  sentinels: [{columns: [Gehstrecke], codes: ["999"]}]
  parts:
    - kind: patients
      where: [{column: Visite, is_in: ["0"]}]
      subject: PatNr
      columns:
        Geschlecht: {characteristic: SEX, values: {männlich: male, weiblich: female}}
        Alter: {characteristic: AGE, unit: years}
      events: [{event: enrolment, time: {columns: [Untersuchungsdatum], formats: ["%Y-%m-%d"]}}]
    - kind: measurements_wide
      subject: PatNr
      time: {columns: [Untersuchungsdatum], formats: ["%Y-%m-%d"]}
      columns:
        FEV1: {outcome: FEV1, unit: L}
        Gehstrecke: {outcome: GEHSTRECKE, unit: m}
        SGRQ: {outcome: SGRQ}
        CRP: {outcome: CRP, unit: mg/L}
"""


def unknown_analytes_export(raw: Path) -> None:
    """A result a row: of three names the dictionary has one, another is a number, the third is no number."""
    draw = random.Random(23)
    rows: list[list[object]] = [["patient_id", "visit date", "test", "result", "unit"]]
    for patient in range(12):
        for week in range(4):
            when = f"{date(2021, 5, 1 + patient) + timedelta(7 * week):%Y-%m-%d}"
            rows.append([patient + 1, when, "Creatinine", f"{draw.uniform(0.6, 1.6):.1f}", "mg/dL"])
            rows.append([patient + 1, when, "Blood lead", f"{draw.uniform(2, 40):.1f}", "ug/dL"])
            rows.append([patient + 1, when, "Urine colour", draw.choice(["amber", "straw", "brown"]), ""])
    lines(raw / "tests.csv", rows)


UNKNOWN_ANALYTES = """
tests.csv:
  ignore_analytes: [Urine colour]
  parts:
    - kind: patients
      subject: patient_id
      events: [{event: enrolment, time: {columns: [visit date], formats: ["%Y-%m-%d"]}}]
    - kind: measurements_long
      subject: patient_id
      time: {columns: [visit date], formats: ["%Y-%m-%d"]}
      analyte: test
      value: result
      unit: unit
"""

FOREIGN = {
    "French visits over years": Export(french_visits_export, yaml.safe_load(FRENCH)),
    "German single arm": Export(german_single_arm_export, yaml.safe_load(GERMAN)),
    "unknown analytes": Export(unknown_analytes_export, yaml.safe_load(UNKNOWN_ANALYTES)),
}
