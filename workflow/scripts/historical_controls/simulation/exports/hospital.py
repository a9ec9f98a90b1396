"""Renders the historical arm as a Spanish hospital system exports it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.simulation.exports.export import Export, expected_frame, local_text
from historical_controls.simulation.patients import Patient
from historical_controls.simulation.truth_tables import Arm

MOMENT = "%d/%m/%Y %H:%M"
SOURCE, FOLDER = "historical", "data/raw/historical"
# Several names are drawn alike; a name listed twice is twice as frequent. "PCR" under CRP is ambiguous on purpose.
NAMES = {
    "WBC": ("Leucocitos",),
    "LYMPH": ("Linfocitos abs", "Linfocitos abs", "LINFOCITOS ABSOLUTOS"),
    "PLT": ("Plaquetas",),
    "FIB": ("Fibrinógeno",),
    "PCT": ("Procalcitonina",),
    "FERR": ("Ferritina",),
    "DDIM": ("Dímero D (FEU)", "DIMERO D"),
    "CRP": ("Proteína C reactiva", "PCR"),
    "IL6": ("Interleucina 6", "IL-6"),
    "CREAT": ("Creatinina",),
    "BILI": ("Bilirrubina total",),
    "PCR": ("PCR SARS-CoV-2",),
}
# Per outcome: (unit as printed, printed = canonical * factor, decimals); the first is the usual one.
UNITS = {
    "WBC": (("10^3/uL", 1.0, 2),),
    "LYMPH": (("10^3/uL", 1.0, 2), ("cels/uL", 1000.0, 0)),
    "PLT": (("10^3/uL", 1.0, 0), ("cels/uL", 1000.0, 0)),
    "FIB": (("mg/dL", 1.0, 0),),
    "PCT": (("ng/mL", 1.0, 2),),
    "FERR": (("ng/mL", 1.0, 0),),
    "DDIM": (("ng/mL FEU", 1.0, 0), ("mg/L FEU", 0.001, 3)),
    "CRP": (("mg/L", 1.0, 1), ("mg/dL", 0.1, 2)),
    "IL6": (("pg/mL", 1.0, 1),),
    "CREAT": (("mg/dL", 1.0, 2),),
    "BILI": (("mg/dL", 1.0, 2),),
}
OTHER_UNIT_SHARE = 0.3
SPECIMENS = {
    **dict.fromkeys(("WBC", "LYMPH", "PLT"), "sangre total"),
    **dict.fromkeys(("DDIM", "FIB"), "plasma"),
    "PCR": "exudado nasofaríngeo",
}
ASSAYS = {
    **dict.fromkeys(("WBC", "LYMPH", "PLT"), "CITOMETRIA-1"),
    **dict.fromkeys(("DDIM", "FIB"), "COAGULACION-1"),
    **dict.fromkeys(("IL6", "PCT", "FERR"), "ECLIA-1"),
    "PCR": "RT-PCR",
}
BELOW = ("<", "< ", "menor a ")
ABOVE = (">", "> ", "mayor a ")
RESULTS = {"positive": ("POSITIVO", "Detectado"), "negative": ("NEGATIVO", "No detectado")}
TREATMENTS = {
    "oxygen": "Oxígeno suplementario",
    "high_flow_oxygen": "Cánula nasal de alto flujo",
    "invasive_ventilation": "Ventilación mecánica invasiva",
    "prone_position": "Pronación",
    "norepinephrine": "Norepinefrina",
    "enoxaparin": "Enoxaparina",
    "dexamethasone": "Dexametasona",
    "methylprednisolone": "Metilprednisolona",
    "tocilizumab": "Tocilizumab",
    "hydroxychloroquine": "Hidroxicloroquina",
}
ENDS = {"death": "DEFUNCION", "discharge_alive": "MEJORIA", "transfer_out": "TRASLADO"}
VITALS = {"HR": "fc", "RR": "fr", "TEMP": "temp_c", "MAP": "tam", "SPO2": "sato2", "GCS": "glasgow"}


def number_text(values: pd.Series, decimals: int, thousands: bool = False) -> pd.Series:
    """Numbers with decimal comma, and a point between thousands where asked; '' for none."""

    def spelled(value: float) -> str:
        if np.isnan(value):
            return ""
        text = f"{value:,.{decimals}f}" if thousands else f"{value:.{decimals}f}"
        # Both marks are exchanged in one pass; two `replace` calls would turn every mark into the same one.
        return text.translate(str.maketrans(",.", ".,"))

    return values.astype(float).map(spelled)


def hospital_exports(arm: Arm, rng: np.random.Generator) -> list[Export]:
    """The six files of the hospital, clean."""
    return [
        _patients(arm),
        _laboratory(arm, rng),
        _gases(arm, rng),
        _vitals(arm),
        _treatments(arm),
        _images(arm),
    ]


def _export(name: str, rows: pd.DataFrame, expected: pd.DataFrame, footer: tuple[str, ...] = ()) -> Export:
    return Export(SOURCE, name, f"{FOLDER}/{name}.csv", rows, expected, "latin-1", ";", quoted=False, footer=footer)


def _nothing() -> pd.DataFrame:
    return expected_frame(
        pd.DataFrame(columns=["place", "subject", "time", "outcome", "value", "lower", "upper", "result"])
    )


def _patients(arm: Arm) -> Export:
    rows = pd.DataFrame([_patient_row(patient, number) for number, patient in enumerate(arm.patients)])
    rows.index = rows.index.astype(float)
    return _export("pacientes", rows, _nothing())


def _patient_row(patient: Patient, number: int) -> dict[str, str]:
    def moment(hour: float | None) -> str:
        return "" if hour is None else local_text(pd.Series([patient.at(hour)]), MOMENT)[0]

    return {
        "expediente": patient.subject,
        "nombre": f"SIMULADO {number + 1:03d}",
        "curp": f"SIMULADO{number + 1:010d}",
        "sexo": "M" if patient.sex == "male" else "F",
        "edad": str(patient.age),
        "peso_kg": f"{patient.weight:.1f}".replace(".", ","),
        "talla_cm": f"{patient.height:.0f}",
        "diabetes": _flag(patient.diabetes),
        "hipertension": _flag(patient.hypertension),
        "obesidad": _flag(patient.obesity),
        "inicio_sintomas": patient.onset.strftime("%d/%m/%Y"),
        "ingreso": moment(0),
        "cama_uti": _flag(patient.icu_hour is not None),
        "ingreso_uti": moment(patient.icu_hour),
        "limitacion_esfuerzo": moment(patient.limitation_hour),
        "egreso": moment(patient.end_hour),
        "motivo_egreso": ENDS[patient.end],
    }


def _flag(value: bool) -> str:
    return "SI" if value else "NO"


def _choose(rng: np.random.Generator, options: tuple[str, ...], count: int) -> np.ndarray:
    return np.array(options, dtype=object)[rng.integers(0, len(options), count)]


def _laboratory(arm: Arm, rng: np.random.Generator) -> Export:
    sheets = arm.measurements["sheet"].isin(["lab", "swab"])
    frame = arm.measurements[sheets].sort_values(["subject", "time", "outcome"], ignore_index=True)
    parts = [_lab_rows(part, str(code), rng) for code, part in frame.groupby("outcome", sort=True)]
    rows = pd.concat(parts).sort_index()
    number = {patient.subject: i + 1 for i, patient in enumerate(arm.patients)}
    rows.insert(1, "nombre", "SIMULADO " + rows["expediente"].map(number).astype(str).str.zfill(3))
    rows.insert(2, "folio", [f"F{place:06d}" for place in range(len(rows))])
    rows.index = rows.index.astype(float)
    # Padded to the full width: a footer that looks like a record is what readers stumble over.
    footer = (f"Total de registros: {len(rows)}" + ";" * (rows.shape[1] - 1),)
    return _export("laboratorio", rows, expected_frame(frame.assign(place=frame.index.astype(float))), footer)


def _lab_rows(part: pd.DataFrame, code: str, rng: np.random.Generator) -> pd.DataFrame:
    text, unit = _result_text(part, rng) if code == "PCR" else _printed(part, UNITS[code], rng)
    # Results follow their samples by 45 minutes to 4 hours; a result dated before its sample is planted dirt.
    lag = pd.to_timedelta(rng.integers(45, 240, len(part)), unit="min")
    return pd.DataFrame(
        {
            "expediente": part["subject"],
            "fecha_toma": local_text(part["time"], MOMENT),
            "fecha_resultado": local_text(part["time"] + lag, MOMENT),
            "analito": _choose(rng, NAMES[code], len(part)),
            "resultado": text,
            "unidad": unit,
            "muestra": SPECIMENS.get(code, "suero"),
            "equipo": ASSAYS.get(code, "QUIMICA-1"),
            "estatus": "final",
            "comentario": "",
        },
        index=part.index,
    )


def _result_text(part: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.Series, pd.Series]:
    second = rng.random(len(part)) < 0.3
    text = [RESULTS[result][int(other)] for result, other in zip(part["result"], second, strict=True)]
    return pd.Series(text, part.index, dtype=object), pd.Series("", part.index)


def _printed(
    part: pd.DataFrame, units: tuple[tuple[str, float, int], ...], rng: np.random.Generator
) -> tuple[pd.Series, pd.Series]:
    """Result and unit as printed; a share of the rows comes in the other unit."""
    other = (rng.random(len(part)) < OTHER_UNIT_SHARE) & (len(units) > 1)
    text = pd.Series("", part.index, dtype=object)
    unit = pd.Series("", part.index, dtype=object)
    # Where there is one unit, first and last are the same and `other` is empty.
    for chosen, (name, factor, decimals) in ((~other, units[0]), (other, units[-1])):
        some = part[chosen]
        unit[chosen] = name
        text[chosen] = _with_sign(some, factor, decimals, name.startswith("cels"), rng)
    return text, unit


def _with_sign(
    part: pd.DataFrame, factor: float, decimals: int, thousands: bool, rng: np.random.Generator
) -> pd.Series:
    # All three spellings are made for all rows and the right one is picked, so that the draws do not depend on values.
    exact = number_text(part["value"] * factor, decimals, thousands)
    below = _choose(rng, BELOW, len(part)) + number_text(part["upper"] * factor, decimals)
    above = _choose(rng, ABOVE, len(part)) + number_text(part["lower"] * factor, decimals)
    return exact.where(part["value"].notna(), below.where(part["upper"].notna(), above))


def _gases(arm: Arm, rng: np.random.Generator) -> Export:
    frame = arm.measurements[arm.measurements["sheet"] == "gas"]
    wide = _wide(frame.assign(specimen_key=frame["specimen"]), ["subject", "time", "specimen"])
    # The hospital writes FiO2 as percent or as fraction, row by row, with its unit beside it.
    percent = rng.random(len(wide)) < 0.6
    fraction = number_text(wide["FIO2"], 2)
    rows = pd.DataFrame(
        {
            "expediente": wide["subject"],
            "fecha_hora": local_text(wide["time"], MOMENT),
            "tipo_muestra": np.where(wide["specimen"] == "venous", "venosa", "arterial"),
            "po2_mmhg": number_text(wide["PAO2"], 1),
            "fio2": number_text(wide["FIO2"] * 100, 0).where(percent, fraction),
            "unidad_fio2": np.where(percent, "%", "fracción"),
        }
    )
    rows.index = rows.index.astype(float)
    return _export("gasometrias", rows, _wide_expected(wide, frame, {"PAO2": "po2_mmhg", "FIO2": "fio2"}))


def _vitals(arm: Arm) -> Export:
    frame = arm.measurements[arm.measurements["sheet"] == "vitals"]
    wide = _wide(frame, ["subject", "time"])
    rows = pd.DataFrame({"expediente": wide["subject"], "fecha_hora": local_text(wide["time"], MOMENT)})
    for code, column in VITALS.items():
        rows[column] = number_text(wide[code], 1 if code == "TEMP" else 0)
    rows.index = rows.index.astype(float)
    return _export("signos_vitales", rows, _wide_expected(wide, frame, VITALS))


def _images(arm: Arm) -> Export:
    frame = arm.measurements[arm.measurements["sheet"] == "image"]
    score = _wide(frame[frame["outcome"] == "CTSS"], ["subject", "time"])
    bilateral = frame[frame["outcome"] == "CT_BILATERAL"].set_index(["subject", "time"])["result"]
    side = bilateral.reindex(pd.MultiIndex.from_frame(score[["subject", "time"]])).to_numpy()
    rows = pd.DataFrame(
        {
            "expediente": score["subject"],
            "fecha_hora": local_text(score["time"], MOMENT),
            "estudio": "TAC de tórax simple",
            "bilateral": np.where(side == "yes", "SI", "NO"),
            "puntaje_severidad": number_text(score["CTSS"], 0),
        }
    )
    rows.index = rows.index.astype(float)
    expected = _wide_expected(score, frame, {"CT_BILATERAL": "bilateral", "CTSS": "puntaje_severidad"})
    return _export("imagen", rows, expected)


def _treatments(arm: Arm) -> Export:
    frame = arm.treatments.sort_values(["subject", "start", "treatment"], ignore_index=True)
    rows = pd.DataFrame(
        {
            "expediente": frame["subject"],
            "tratamiento": frame["treatment"].map(TREATMENTS),
            "inicio": local_text(frame["start"], MOMENT),
            "fin": local_text(frame["stop"], MOMENT),
            "dosis": number_text(frame["dose"], 2),
            "unidad_dosis": frame["dose_unit"].fillna("").str.replace("day", "día"),
        }
    )
    rows.index = rows.index.astype(float)
    return _export("tratamientos", rows, _nothing())


def _wide(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row per key with a column per outcome, in the order of the file."""
    return frame.pivot_table(index=key, columns="outcome", values="value", aggfunc="first").reset_index()


def _wide_expected(wide: pd.DataFrame, frame: pd.DataFrame, items: dict[str, str]) -> pd.DataFrame:
    """One expectation per measured cell."""
    places = wide.reset_index(names="place")[["place", "subject", "time"]]
    out = frame[frame["outcome"].isin(items)].merge(places, on=["subject", "time"], how="inner")
    return expected_frame(out).assign(place=out["place"].astype(float), item=out["outcome"].map(items))
