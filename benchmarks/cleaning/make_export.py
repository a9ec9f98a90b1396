"""A large laboratory export as a hospital would send it: long, Spanish, latin-1, ';', decimal commas, some dirt."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

# name as sent, unit as sent, specimen, mean and spread on the scale of the logarithm, decimals
PANEL = [
    ("Proteína C reactiva", "mg/L", "suero", 80.0, 0.8, 1),
    ("Ferritina", "ng/mL", "suero", 900.0, 0.6, 0),
    ("Dímero D (FEU)", "ng/mL FEU", "plasma", 900.0, 0.7, 0),
    ("Procalcitonina", "ng/mL", "suero", 0.4, 1.0, 2),
    ("Creatinina", "mg/dL", "suero", 1.1, 0.4, 2),
    ("Bilirrubina total", "mg/dL", "suero", 0.7, 0.4, 2),
    ("Linfocitos", "10^3/uL", "sangre total", 0.9, 0.4, 2),
    ("Leucocitos", "10^3/uL", "sangre total", 9.0, 0.3, 2),
    ("Plaquetas", "10^3/uL", "sangre total", 240.0, 0.3, 0),
    ("LDH", "U/L", "suero", 380.0, 0.3, 0),
    ("Albúmina", "g/dL", "suero", 3.1, 0.2, 1),
    ("Hemoglobina", "g/dL", "sangre total", 12.5, 0.2, 1),
    ("Lactato", "mmol/L", "sangre arterial", 1.8, 0.4, 1),
    ("Fibrinógeno", "mg/dL", "plasma", 500.0, 0.3, 0),
    ("IL-6", "pg/mL", "suero", 60.0, 1.0, 1),
    ("Glucosa", "mg/dL", "suero", 130.0, 0.3, 0),
]
COLUMNS = ["expediente", "folio", "fecha_toma", "fecha_resultado", "analito", "resultado", "unidad"]
COLUMNS += ["muestra", "equipo", "estatus", "comentario"]
ROWS_PER_PATIENT = 800
BLOCK = 500_000


def declaration(path: Path, quoted: bool) -> dict[str, object]:
    """The file as config.yaml would declare it."""
    formats = {"formats": ["%d/%m/%Y %H:%M"]}
    part = {
        "kind": "measurements_long",
        "subject": "expediente",
        "time": {"columns": ["fecha_toma"], **formats},
        "result_time": {"columns": ["fecha_resultado"], **formats},
        "analyte": "analito",
        "value": "resultado",
        "unit": "unidad",
        "specimen": "muestra",
        "assay": "equipo",
        "status": "estatus",
        "comment": "comentario",
    }
    return {
        "path": str(path),
        "encoding": "latin-1",
        "delimiter": ";",
        "decimal": ",",
        "thousands": ".",
        "ignore_analytes": ["Glucosa"],
        "parts": [part],
    }


def block(first: int, rows: int, patients: int, total: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rows from number `first` on, in order of collection; patients lie side by side, as in a ward."""
    number = np.arange(first, first + rows)
    sample, test = number // len(PANEL), number % len(PANEL)
    # A stay is a run of samples; 200 patients are in hospital at a time.
    wards = 200
    cohort, within = np.divmod(sample, wards * (ROWS_PER_PATIENT // len(PANEL)))
    person = (cohort * wards + within % wards) % patients
    minute = sample // wards * 180 % (250 * 1440) + within % wards * 7 % 180
    start = np.datetime64("2020-03-20T06:00")
    taken = pd.Series(start + minute.astype("timedelta64[m]"))
    names = [np.array([row[k] for row in PANEL], dtype=object)[test] for k in range(3)]
    mean, spread, decimals = (np.array([row[k] for row in PANEL])[test] for k in (3, 4, 5))
    values = mean * np.exp(spread * 0.5 * rng.standard_normal(rows))
    # Divided after rounding, so that the text has the decimals of its analyte.
    texts = pd.Series(np.round(values * 10**decimals).astype("int64").astype(str))
    places = pd.Series(decimals)
    for k in (1, 2):
        padded = texts.str.zfill(k + 1)
        texts = texts.where(places != k, padded.str[:-k] + "," + padded.str[-k:])
    frame = pd.DataFrame(
        {
            "expediente": pd.Series(person).astype(str).str.zfill(7),
            "folio": "F" + pd.Series(sample).astype(str),
            "fecha_toma": taken.dt.strftime("%d/%m/%Y %H:%M"),
            "fecha_resultado": (taken + pd.Timedelta("95min")).dt.strftime("%d/%m/%Y %H:%M"),
            "analito": names[0],
            "resultado": texts,
            "unidad": names[1],
            "muestra": names[2],
            "equipo": np.where(test % 3 == 0, "QUIMICA-1", "QUIMICA-2"),
            "estatus": "final",
            "comentario": "",
        }
    )
    return dirty(frame, rng)


def dirty(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """About 2% of the rows: limits, words, unknown names, missing units, comments, bad dates; and repeats."""
    chance = rng.random(len(frame))
    kinds = [
        (0.004, "resultado", "<" + frame["resultado"]),
        (0.008, "resultado", "pendiente"),
        (0.010, "resultado", "muestra insuficiente"),
        (0.012, "analito", "Prueba especial"),
        (0.013, "unidad", ""),
        (0.015, "comentario", "muestra hemolizada"),
        (0.016, "fecha_toma", "31/02/2020 10:00"),
        (0.018, "estatus", "corregido"),
    ]
    low = 0.0
    for high, column, said in kinds:
        frame[column] = frame[column].mask((chance >= low) & (chance < high), said)
        low = high
    # A row sent twice stands in place of the one that follows it.
    again = np.flatnonzero((chance >= 0.018) & (chance < 0.02))
    again = again[again > 0]
    frame.iloc[again] = frame.iloc[again - 1].to_numpy()
    return frame


def write_export(path: Path, rows: int, quoted: bool = False, seed: int = 20200504) -> None:
    rng = np.random.default_rng(seed)
    style = "all_valid" if quoted else "none"
    options = pa_csv.WriteOptions(include_header=False, delimiter=";", quoting_style=style)
    mark = '"' if quoted else ""
    with path.open("wb") as out:
        out.write((";".join(f"{mark}{name}{mark}" for name in COLUMNS) + "\n").encode("latin-1"))
        for first in range(0, rows, BLOCK):
            frame = block(first, min(BLOCK, rows - first), max(rows // ROWS_PER_PATIENT, 1), rows, rng)
            buffer = pa.BufferOutputStream()
            pa_csv.write_csv(pa.Table.from_pandas(frame.astype("str"), preserve_index=False), buffer, options)
            out.write(buffer.getvalue().to_pybytes().decode().encode("latin-1"))
    path.with_suffix(".json").write_text(json.dumps(declaration(path, quoted)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--quoted", action="store_true", help="every cell in quotes")
    chosen = parser.parse_args()
    write_export(chosen.path, chosen.rows, chosen.quoted)
