"""What the raw exports say of each patient, for the second program: nothing of the library."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from .second_program import ZONE, ages, blood_gases, endings, number

SPANISH, ISO = "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M"
# Names in the laboratory's export, column of the treated, factors of other units, limits of plausibility.
ANALYTES = {
    "LYMPH": (("Linfocitos abs", "LINFOCITOS ABSOLUTOS"), "lab_lymph", {"10^3/uL": 1.0, "cels/uL": 1e-3}, (0, 15)),
    "PLT": (("Plaquetas",), "lab_plt", {"10^3/uL": 1.0, "cels/uL": 1e-3}, (0, 1700)),
    "FERR": (("Ferritina",), "lab_ferr", {"ng/mL": 1.0}, (1, 1e5)),
    "DDIM": (("Dímero D (FEU)", "DIMERO D"), "lab_ddim", {"ng/mL FEU": 1.0, "mg/L FEU": 1e3}, (0, 1e5)),
    "BILI": (("Bilirrubina total",), "lab_bili", {"mg/dL": 1.0}, (0, 80)),
    "CREAT": (("Creatinina",), "lab_creat", {"mg/dL": 1.0}, (0, 60)),
}
VITALS = {
    "TEMP": ("temp_c", "vs_temp", (26, 45)),
    "MAP": ("tam", "vs_map", (0, 300)),
    "GCS": ("glasgow", "vs_gcs", (3, 15)),
}


def moments(text: pd.Series, form: str) -> pd.Series:
    """Milliseconds since 1970 of local times, written or read; nan where there is none."""
    local = pd.to_datetime(text, format=form, errors="coerce")
    known = local.dt.tz_localize(ZONE, ambiguous=False, nonexistent="shift_forward")
    return (known - pd.Timestamp(0, tz="UTC")).dt.total_seconds() * 1000


def of_hospital(raw: Path, name: str) -> pd.DataFrame:
    with (raw / f"historical/{name}.csv").open(encoding="latin-1", newline="") as file:
        head, *lines = csv.reader(file, delimiter=";")
    sent = pd.DataFrame([line for line in lines if len(line) == len(head)], columns=head)
    return sent.assign(person="historical/" + sent["expediente"].str.strip().str.zfill(7))


def of_trial(raw: Path, instrument: str) -> pd.DataFrame:
    sent = pd.read_csv(raw / "treated/redcap_export.csv", dtype=str)
    rows = sent[(sent["redcap_repeat_instrument"] == instrument) | (sent["redcap_event_name"] == instrument)]
    return rows.assign(person="treated/" + rows["record_id"])


def vitals(raw: Path) -> pd.DataFrame:
    """Temperature, mean pressure and Glasgow scale: person, outcome, time, low, high."""
    parts = []
    for rows, at, form, decimal, place in (
        (of_hospital(raw, "signos_vitales"), "fecha_hora", SPANISH, ",", 0),
        (of_trial(raw, "vitals"), "vs_dt", ISO, ".", 1),
    ):
        time = moments(rows[at], form)
        for code, one in VITALS.items():
            value = number(rows[one[place]], decimal)
            own = pd.DataFrame({"person": rows["person"], "outcome": code, "time": time, "low": value, "high": value})
            parts.append(own[value.between(*one[2])])
    return pd.concat(parts)


def bounds(text: pd.Series, decimal: str, factor: pd.Series | float = 1.0) -> pd.DataFrame:
    """Low and high: equal, or infinite on the side on which only a limit was sent; `at`: the number itself."""
    parts = text.str.extract(r"^(<|menor a|>|mayor a)? ?([\d,.]+)$")
    at = number(parts[1], decimal) * factor
    low = at.mask(parts[0].isin(["<", "menor a"]), -np.inf)
    return pd.DataFrame({"low": low, "high": at.mask(parts[0].isin([">", "mayor a"]), np.inf), "at": at})


def laboratory(raw: Path) -> pd.DataFrame:
    """The analytes of rules and scores in their units: person, outcome, time, low, high."""
    sent, trial, parts = of_hospital(raw, "laboratorio"), of_trial(raw, "labs"), []
    for code, (names, column, factors, limits) in ANALYTES.items():
        rows = sent[sent["analito"].isin(names)]
        # Of these analytes haemolysis holds ferritin alone.
        rows = rows[~(rows["comentario"].str.contains("hemolizada") & (code == "FERR"))]
        old = bounds(rows["resultado"], ",", rows["unidad"].map(factors))
        old = old.assign(person=rows["person"], time=moments(rows["fecha_toma"], SPANISH))
        # 9999 means missing in some columns; it may be a ferritin.
        missing = trial[column].isin(["-99", "9999"]) & (code not in ("FERR", "DDIM"))
        new = bounds(trial[column].mask(missing), ".").assign(
            person=trial["person"], time=moments(trial["lab_dt"], ISO)
        )
        both = pd.concat([old, new]).drop_duplicates()
        both = both[both["at"].between(*limits)].drop(columns="at")
        # Two results of one sample: neither counts.
        parts.append(both[~both.duplicated(["person", "time"], keep=False)].assign(outcome=code))
    return pd.concat(parts)


def ratios(raw: Path) -> pd.DataFrame:
    """P/F of arterial gases: person, outcome, time, low, high."""
    gases = blood_gases(raw)
    time = moments(gases["time"], ISO)
    return pd.DataFrame(
        {"person": gases["person"], "outcome": "PF", "time": time, "low": gases["value"], "high": gases["value"]}
    )


def results(raw: Path) -> pd.DataFrame:
    """Swabs and chest CT: person, outcome, time, met (1 where the rule's result was seen, -1 where the other one)."""
    sent, films = of_hospital(raw, "laboratorio"), of_hospital(raw, "imagen")
    sent = sent[sent["analito"] == "PCR SARS-CoV-2"]
    swab = {"Detectado": 1, "POSITIVO": 1, "No detectado": -1, "NEGATIVO": -1}
    ct, pcr = of_trial(raw, "ct"), of_trial(raw, "pcr")
    parts = [
        ("PCR", sent, sent["resultado"].map(swab), moments(sent["fecha_toma"], SPANISH)),
        ("PCR", pcr, pcr["pcr_result"].map({"1": 1, "0": -1}), moments(pcr["pcr_dt"], ISO)),
        ("CT", films, films["bilateral"].map({"SI": 1, "NO": -1}), moments(films["fecha_hora"], SPANISH)),
        ("CT", ct, ct["ct_bilateral"].map({"1": 1, "0": -1}), moments(ct["ct_dt"], ISO)),
    ]
    columns = [
        pd.DataFrame({"person": rows["person"], "outcome": code, "time": time, "met": met})
        for code, rows, met, time in parts
    ]
    return pd.concat(columns).dropna()


def courses(raw: Path) -> pd.DataFrame:
    """Ventilation and norepinephrine: person, drug (or 'ventilation'), start, stop, dose in ug/kg/min."""
    sent, trial = of_hospital(raw, "tratamientos"), of_trial(raw, "treatments")
    names = {"Norepinefrina": "norepinephrine", "Ventilación mecánica invasiva": "invasive_ventilation"}
    old = pd.DataFrame({"person": sent["person"], "drug": sent["tratamiento"].map(names)})
    old = old.assign(start=moments(sent["inicio"], SPANISH), stop=moments(sent["fin"], SPANISH))
    old["dose"] = number(sent["dosis"], ",")
    new = pd.DataFrame(
        {"person": trial["person"], "drug": trial["rx_name"].where(trial["rx_name"].isin(names.values()))}
    )
    new = new.assign(start=moments(trial["rx_start"], ISO), stop=moments(trial["rx_stop"], ISO))
    new["dose"] = number(trial["rx_dose"], ".")
    both = pd.concat([old, new])
    both = both[both["drug"].notna()]
    return both.assign(stop=both["stop"].fillna(np.inf))


def stays(raw: Path) -> pd.DataFrame:
    """By person: age, onset, admission, icu, order (limiting treatment), infusion, end of the stay."""
    sent, trial = of_hospital(raw, "pacientes").drop_duplicates("person"), of_trial(raw, "baseline_arm_1")
    old = {"admission": "ingreso", "icu": "ingreso_uti", "order": "limitacion_esfuerzo"}
    new = {"admission": "admit_dt", "icu": "icu_dt", "order": "limit_dt", "infusion": "infusion_dt"}
    # A date without a clock is its first moment (EL-8).
    onset = pd.concat(
        [
            moments(sent["inicio_sintomas"] + " 00:00", SPANISH).set_axis(sent["person"]),
            moments(trial["onset_date"] + " 00:00", ISO).set_axis(trial["person"]),
        ]
    )
    parts = [
        pd.DataFrame({"person": rows["person"], **{name: moments(rows[column], form) for name, column in own.items()}})
        for rows, own, form in ((sent, old, SPANISH), (trial, new, ISO))
    ]
    both = pd.concat(parts).set_index("person")
    ends = endings(raw).set_index("person")
    both["end"] = moments(ends["time"], ISO)
    return both.assign(age=ages(raw), onset=onset)


def swabs(raw: Path) -> pd.DataFrame:
    """Tests for the virus: person, time (milliseconds since 1970), positive. The same test sent twice is one."""
    trial = of_trial(raw, "pcr")
    own = pd.DataFrame({"person": trial["person"], "time": moments(trial["pcr_dt"], ISO), "said": trial["pcr_result"]})
    hospital = of_hospital(raw, "laboratorio")
    hospital = hospital[hospital["analito"].str.strip() == "PCR SARS-CoV-2"]
    time = moments(hospital["fecha_toma"], SPANISH)
    other = pd.DataFrame({"person": hospital["person"], "time": time, "said": hospital["resultado"].str.strip()})
    tests = pd.concat([own, other]).dropna().drop_duplicates()
    return tests.assign(positive=tests["said"].isin(["1", "POSITIVO", "Detectado"])).sort_values(["person", "time"])


def is_cleared(tests: pd.DataFrame, zero: float) -> bool:
    """Whether two negatives at least 24 hours apart, none positive between them, follow time zero (one patient)."""
    first: float | None = None
    for time, positive in zip(tests["time"], tests["positive"], strict=True):
        first = None if positive else time if first is None else first
        if first is not None and first > zero and time - first >= 24 * 3_600_000:
            return True
    return False


def adverse_events(raw: Path) -> pd.DataFrame:
    """Adverse events of the treated, infections among them: person, time, grade."""
    rows = of_trial(raw, "adverse_events")
    return pd.DataFrame({"person": rows["person"], "time": moments(rows["ae_start"], ISO), "grade": rows["ae_grade"]})
