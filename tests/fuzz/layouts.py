"""Clean files of several layouts, small and made here, each with the declaration that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from historical_controls.config.sources.sources import Source, SourceFile

SECRET = "SECRETO"
START = datetime(2020, 5, 1, 6, 10)
MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


@dataclass(frozen=True)
class Layout:
    """One clean file: its cells as text, how they are written, and its declaration.

    `typed`: kind of cell ('date', 'number') of workbook columns; others are text.
    """

    name: str
    declared: dict[str, Any] = field(hash=False, compare=False)
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    newline: str = "\n"
    quoted: Literal["", "minimal", "all"] = ""
    mark: bytes = b""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()
    timezone: str = "America/Mexico_City"

    def source(self) -> Source:
        label = {"en": self.name, "es": self.name}
        files = {"f": self.declared}
        return Source.model_validate({"arm": "historical", "label": label, "timezone": self.timezone, "files": files})

    def file(self) -> SourceFile:
        return self.source().files["f"]

    def of_rows(self, rows: tuple[tuple[str, ...], ...]) -> Layout:
        return replace(self, rows=rows)


def number(value: float, digits: int, decimal: str = ".", thousands: str = "") -> str:
    text = f"{value:,.{digits}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def subject(n: int) -> str:
    return f"{4100 + 37 * (n % 5):07d}"


def moment(n: int) -> datetime:
    """Distinct times, none of them midnight or in a clock change."""
    return START + timedelta(hours=5 * n, minutes=7 * n % 50)


LAB_TESTS: tuple[tuple[str, str, str, Callable[[int], str]], ...] = (
    ("Proteína C reactiva", "mg/L", "suero", lambda n: number(20 + 3.7 * n, 1, ",", ".")),
    ("Procalcitonina", "ng/mL", "suero", lambda n: "<0,02" if n % 4 == 1 else number(0.11 + 0.07 * n, 2, ",", ".")),
    ("Ferritina", "ng/mL", "suero", lambda n: number(1100 + 61 * n, 0, ",", ".")),
    ("Dímero D", "ng/mL FEU", "plasma", lambda n: number(410.5 + 13 * n, 1, ",", ".")),
    ("Leucocitos", "10^3/uL", "sangre total", lambda n: number(6 + 0.31 * n, 2, ",", ".")),
    ("Plaquetas", "/uL", "sangre total", lambda n: number(180000 + 1000 * n, 0, ",", ".")),
    ("Creatinina", "mg/dL", "suero", lambda n: number(0.8 + 0.03 * n, 2, ",", ".")),
    ("Interleucina 6", "pg/mL", "suero", lambda n: ">5.000" if n % 5 == 2 else number(45 + 1.5 * n, 1, ",", ".")),
    ("PCR", "mg/dL", "suero", lambda n: number(2.5 + 0.4 * n, 1, ",", ".")),
    ("PCR SARS-CoV-2", "", "exudado nasofaríngeo", lambda n: "Detectado" if n % 2 else "Negativo"),
    ("Índice raro", "U", "suero", lambda n: str(n)),
)


def hospital_laboratory(n: int = 33) -> Layout:
    """A long export of a Spanish hospital system: latin-1, semicolons, decimal comma, a name column, a footer."""
    form = "%d/%m/%Y %H:%M"
    rows = []
    for k in range(n):
        name, unit, specimen, value = LAB_TESTS[k % len(LAB_TESTS)]
        taken = moment(k)
        cells = [f"F{k:04d}", subject(k), f"{SECRET} NÚÑEZ", taken.strftime(form)]
        cells += [(taken + timedelta(minutes=95)).strftime(form), name, value(k), unit, specimen, f"EQUIPO-{k % 3}"]
        rows.append((*cells, "final", "sin comentario" if k % 3 else ""))
    part = {"kind": "measurements_long", "subject": "expediente", "analyte": "analito", "value": "resultado"}
    part |= {"unit": "unidad", "specimen": "muestra", "assay": "equipo", "status": "estatus", "comment": "comentario"}
    part |= {
        "time": {"columns": ["toma"], "formats": [form]},
        "result_time": {"columns": ["informe"], "formats": [form]},
    }
    declared = {"path": "f.csv", "encoding": "latin-1", "delimiter": ";", "decimal": ",", "thousands": "."}
    declared |= {"footer": ["^Total de registros:"], "private_columns": ["nombre"], "parts": [part]}
    columns = (
        "folio",
        "expediente",
        "nombre",
        "toma",
        "informe",
        "analito",
        "resultado",
        "unidad",
        "muestra",
        "equipo",
    )
    return Layout(
        "hospital_laboratory",
        declared | {"ignore_analytes": ["Índice raro"]},
        (*columns, "estatus", "comentario"),
        tuple(rows),
        below=(f"Total de registros: {n}",),
    )


def vital_signs(n: int = 24) -> Layout:
    """A wide file with a unit column, a declared sentinel, and date and hour in two columns."""
    rows = []
    for k in range(n):
        when, fahrenheit = moment(k), k % 3 == 0
        heat = 36.2 + 0.1 * (k % 30)
        cells = [
            str(k),
            subject(k),
            when.strftime("%Y-%m-%d"),
            when.strftime("%H:%M"),
            "-99" if k % 7 == 3 else str(60 + k % 90),
        ]
        cells += [number(heat * 1.8 + 32, 2) if fahrenheit else number(heat, 1), "F" if fahrenheit else "C"]
        rows.append(
            (*cells, str(85 + k % 14), number(0.3 + 0.01 * (k % 60), 2), str(70 + k % 80), "" if k % 4 else "15")
        )
    part = {
        "kind": "measurements_wide",
        "subject": "id",
        "time": {"columns": ["fecha", "hora"], "formats": ["%Y-%m-%d %H:%M"]},
    }
    part |= {
        "columns": {
            "fc": {"outcome": "HR", "unit": "/min"},
            "temp": {"outcome": "TEMP", "unit_column": "temp_unidad"},
            "sat": {"outcome": "SPO2", "unit": "%"},
            "fio2": {"outcome": "FIO2", "unit": "fraction", "specimen": "arterial"},
            "pao2": {"outcome": "PAO2", "unit": "mmHg", "specimen": "arterial", "assay": "GASES-1"},
            "gcs": {"outcome": "GCS", "unit": "points"},
        }
    }
    declared = {"path": "f.csv", "sentinels": [{"columns": ["fc"], "codes": ["-99"]}], "parts": [part]}
    columns = ("n", "id", "fecha", "hora", "fc", "temp", "temp_unidad", "sat", "fio2", "pao2", "gcs")
    return Layout("vital_signs", declared, columns, tuple(rows))


RESEARCH_COLUMNS = (
    "record_id",
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "sex",
    "age",
    "weight_kg",
    "admit_dt",
    "end_status",
    "end_dt",
    "lab_dt",
    "lab_crp",
    "lab_ddim",
    "lab_pct",
    "pcr_dt",
    "pcr_result",
    "rx_name",
    "rx_start",
    "rx_stop",
    "rx_dose",
    "rx_unit",
    "ae_type",
    "ae_term",
    "ae_grade",
    "ae_start",
)


def research_database(n: int = 20) -> Layout:
    """A raw export that stacks instruments in one file: patients, events, wide results, courses, adverse events."""
    rows = [row for k in range(n // 5) for row in _stacked_patient(k)]
    wide = {"kind": "measurements_wide", "subject": "record_id"}
    columns = {
        "lab_crp": {"outcome": "CRP", "unit": "mg/L", "assay": "Q-1"},
        "lab_pct": {"outcome": "PCT", "unit": "ng/mL"},
    }
    columns |= {"lab_ddim": {"outcome": "DDIM", "unit": "mg/L FEU", "specimen": "plasma"}}
    courses = {"kind": "treatments", "treatment": "rx_name", "dose": "rx_dose", "dose_unit": "rx_unit"}
    events = {
        "kind": "events",
        "event": "ae_type",
        "values": {"1": "adverse_event", "2": "infection"},
        "value": "ae_grade",
    }
    virus = {"outcome": "PCR", "assay": "RT-PCR", "values": {"1": "positive", "0": "negative"}}
    parts = [
        {"kind": "patients", "where": _is("redcap_event_name", "baseline_arm_1"), "subject": "record_id"}
        | {"columns": _characteristics(), "events": [{"event": "admission", "time": _dated("admit_dt")}]},
        {"kind": "patients", "where": _is("redcap_event_name", "end_arm_1"), "subject": "record_id", "events": _ends()},
        wide | {"where": _is("redcap_repeat_instrument", "labs"), "time": _dated("lab_dt"), "columns": columns},
        wide
        | {"where": _is("redcap_repeat_instrument", "pcr"), "time": _dated("pcr_dt"), "columns": {"pcr_result": virus}},
        courses
        | {"where": _is("redcap_repeat_instrument", "treatments"), "subject": "record_id"}
        | {"start": _dated("rx_start"), "stop": _dated("rx_stop")},
        events
        | {"where": _is("redcap_repeat_instrument", "adverse"), "subject": "record_id", "detail": "ae_term"}
        | {"time": _dated("ae_start")},
    ]
    declared = {
        "path": "f.csv",
        "sentinels": [{"columns": ["weight_kg", "lab_crp"], "codes": ["-99", "9999"]}],
        "parts": parts,
    }
    return Layout("research_database", declared, RESEARCH_COLUMNS, tuple(rows), quoted="minimal")


def _is(column: str, text: str) -> list[dict[str, Any]]:
    return [{"column": column, "is_in": [text]}]


def _dated(column: str) -> dict[str, Any]:
    return {"columns": [column], "formats": ["%Y-%m-%d %H:%M"]}


def _characteristics() -> dict[str, Any]:
    sex = {"characteristic": "SEX", "values": {"1": "male", "2": "female"}}
    return {
        "sex": sex,
        "age": {"characteristic": "AGE", "unit": "years"},
        "weight_kg": {"characteristic": "WEIGHT", "unit": "kg"},
    }


def _ends() -> list[dict[str, Any]]:
    names = {"1": "discharge_alive", "2": "death"}
    return [
        {"event": name, "time": _dated("end_dt"), "only_if": {"column": "end_status", "is_in": [code]}}
        for code, name in names.items()
    ]


def _stacked_patient(k: int) -> list[tuple[str, ...]]:
    def at(days: float) -> str:
        return (START + timedelta(days=k + days, minutes=11 * k)).strftime("%Y-%m-%d %H:%M")

    def row(event: str, instrument: str = "", instance: str = "", **cells: str) -> tuple[str, ...]:
        front = {"record_id": f"MSC-{k + 1:02d}", "redcap_event_name": event}
        front |= {"redcap_repeat_instrument": instrument, "redcap_repeat_instance": instance}
        return tuple((front | cells).get(column, "") for column in RESEARCH_COLUMNS)

    again, weight = "follow_up_arm_1", "9999" if k % 4 == 3 else number(70.5 + k, 1)
    values = [
        {"lab_crp": number(88 + k + d, 1), "lab_ddim": number(1.25 + 0.1 * d, 2), "lab_pct": "<0.05"} for d in range(3)
    ]
    return [
        row("baseline_arm_1", sex=str(1 + k % 2), age=str(40 + k), weight_kg=weight, admit_dt=at(0)),
        row("end_arm_1", end_status=str(1 + k % 2), end_dt=at(20)),
        *(row(again, "labs", str(d + 1), lab_dt=at(1 + d), **values[d]) for d in range(3)),
        row(again, "pcr", "1", pcr_dt=at(2.5), pcr_result=str(k % 2)),
        row(
            again, "treatments", "1", rx_name="dexamethasone", rx_start=at(1), rx_stop=at(9), rx_dose="6", rx_unit="mg"
        ),
        row(
            again,
            "adverse",
            "1",
            ae_type=str(1 + k % 2),
            ae_term='fever, "mild"\nand chills',
            ae_grade="2",
            ae_start=at(3),
        ),
    ]


def workbook(n: int = 24) -> Layout:
    """A sheet with a title above its header, real dates and numbers, and ids only where they change."""
    rows = []
    for k in range(n):
        first = k % 4 == 0
        when = moment(k).strftime("%Y-%m-%d %H:%M:%S")
        cells = [f"{9000 + k // 4:06d}" if first else "", when, number(100.5 + k, 1), number(60 + 0.25 * k, 2)]
        rows.append((*cells, ("Sí", "No")[k % 2], f"nota {k}"))
    part = {"kind": "measurements_wide", "subject": "Expediente", "fill_down_subject": True}
    part |= {"time": {"columns": ["Fecha"], "formats": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]}}
    columns = {"PCR mg/L": {"outcome": "CRP", "unit": "mg/L"}, "PaO2": {"outcome": "PAO2", "unit": "mmHg"}}
    part |= {"columns": columns | {"Bilateral": {"outcome": "CT_BILATERAL"}}}
    declared = {"path": "f.xlsx", "format": "xlsx", "header_line": 3, "footer": ["^Fin"], "parts": [part]}
    return Layout(
        "workbook",
        declared,
        ("Expediente", "Fecha", "PCR mg/L", "PaO2", "Bilateral", "Nota"),
        tuple(rows),
        above=("Hospital de ejemplo", ""),
        below=("Fin de la hoja",),
        typed=(("Fecha", "date"), ("PCR mg/L", "number"), ("PaO2", "number")),
    )


def relative_times(n: int = 25) -> Layout:
    """UTF-16 with tabs: admissions by date, results by hours since admission."""
    rows = []
    for k in range(n):
        if k < 5:
            rows.append((str(k), "ADM", subject(k), moment(k).strftime("%d.%m.%Y %H:%M"), "", "", "", ""))
        else:
            hours = f"{3 * k:02d}:{k % 60:02d}"
            ferritin = ("Ferritina sérica", "µg/L", number(1500.5 + k, 1, ".", "'"))
            test = ferritin if k % 2 else ("hs-CRP", "mg/dL", number(9.5 + 0.1 * k, 1))
            rows.append((str(k), "LAB", subject(k), "", hours, *test))
    admission = {"kind": "events", "where": _is("tipo", "ADM"), "subject": "id", "event": "=admission"}
    admission |= {"time": {"columns": ["fecha"], "formats": ["%d.%m.%Y %H:%M"]}}
    part = {"kind": "measurements_long", "where": _is("tipo", "LAB"), "subject": "id", "analyte": "prueba"}
    part |= {"time": {"columns": ["horas"], "relative_to": "admission", "relative_unit": "HH:MM"}}
    part |= {"value": "valor", "unit": "unidad"}
    declared = {"path": "f.txt", "encoding": "utf-16", "delimiter": "\t", "thousands": "'", "parts": [admission, part]}
    columns = ("n", "tipo", "id", "fecha", "horas", "prueba", "unidad", "valor")
    return Layout("relative_times", declared, columns, tuple(rows), newline="\r\n")


def quoted_comments(n: int = 22) -> Layout:
    """Every cell quoted, comments over several lines, thousands by comma, Spanish months and a 12-hour clock."""
    rows = []
    for k in range(n):
        when = moment(k)
        half = "a. m." if when.hour < 12 else "p. m."
        clock = f"{(when.hour - 1) % 12 + 1:02d}:{when.minute:02d} {half}"
        text = f"{when.day:02d}-{MONTHS[when.month - 1]}-{when.year} {clock}"
        name, unit, value = (("Ferritin", "ng/mL", 2100.5 + k), ("Platelets", "cells/uL", 150000 + 1000 * k))[k % 2]
        comment = ("", 'sent "urgent", see\nnote', "two; words, here")[k % 3]
        rows.append((str(k), f"P {k % 4:03d}", text, name, number(value, 1 - k % 2, ".", ","), unit, comment))
    part = {"kind": "measurements_long", "subject": "id", "analyte": "test", "value": "result", "unit": "unit"}
    part |= {"time": {"columns": ["when"], "formats": ["%d-%b-%Y %I:%M %p"]}, "comment": "comment"}
    declared = {"path": "f.csv", "encoding": "utf-8-sig", "thousands": ",", "parts": [part]}
    columns = ("n", "id", "when", "test", "result", "unit", "comment")
    return Layout("quoted_comments", declared, columns, tuple(rows), "\r\n", "all", b"\xef\xbb\xbf")


def merged_ids(n: int = 24) -> Layout:
    """A pipe-delimited list where an id stands once per block, with rows of two kinds."""
    rows = []
    for k in range(n):
        kind = "A" if k % 4 == 0 else "B"
        cells = [f"{7000 + k // 4}" if k % 4 == 0 else "", kind, moment(k).strftime("%d/%m/%y %H:%M")]
        rows.append(
            (
                *cells,
                str(51 + k // 4) if kind == "A" else "",
                number(7.21 + 0.01 * (k % 30), 2, ",") if kind == "B" else "",
                f"x{k}",
            )
        )
    people = {
        "kind": "patients",
        "where": _is("clase", "A"),
        "subject": "id",
        "columns": {"edad": {"characteristic": "AGE", "unit": "años"}},
    }
    gas = {"kind": "measurements_wide", "where": _is("clase", "B"), "subject": "id", "fill_down_subject": True}
    gas |= {
        "time": {"columns": ["fecha"], "formats": ["%d/%m/%y %H:%M"]},
        "columns": {"ph": {"outcome": "PH", "unit": "ph"}},
    }
    declared = {"path": "f.csv", "encoding": "cp1252", "delimiter": "|", "decimal": ",", "parts": [people, gas]}
    return Layout("merged_ids", declared, ("id", "clase", "fecha", "edad", "ph", "nota"), tuple(rows))


LAYOUTS: tuple[Callable[[int], Layout], ...] = (
    hospital_laboratory,
    vital_signs,
    research_database,
    workbook,
    relative_times,
    quoted_comments,
    merged_ids,
)
