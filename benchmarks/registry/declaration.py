"""What the generated files are called and how config.yaml declares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

FORMATS = {"en": "%Y-%m-%d %H:%M", "es": "%d/%m/%Y %H:%M"}


class Lab(NamedTuple):
    """One analyte: its names, unit and specimens as the two hospitals write them."""

    en: str
    es: str
    unit: str
    specimen_en: str = "serum"
    specimen_es: str = "suero"


LABS = {
    "CRP": Lab("C-reactive protein", "Proteína C reactiva", "mg/L"),
    "PLT": Lab("Platelets", "Plaquetas", "10^3/uL", "whole blood", "sangre total"),
    "CREAT": Lab("Creatinine", "Creatinina", "mg/dL"),
    "BILI": Lab("Total bilirubin", "Bilirrubina total", "mg/dL"),
    "LYMPH": Lab("Lymphocyte count", "Linfocitos abs", "10^3/uL", "whole blood", "sangre total"),
    "WBC": Lab("Leukocytes", "Leucocitos", "10^3/uL", "whole blood", "sangre total"),
    "DDIM": Lab("D-dimer (FEU)", "Dímero D (FEU)", "ng/mL FEU", "plasma", "plasma"),
    "FERR": Lab("Ferritin", "Ferritina", "ng/mL"),
    "LDH": Lab("Lactate dehydrogenase", "Deshidrogenasa láctica", "U/L"),
    "PCT": Lab("Procalcitonin", "Procalcitonina", "ng/mL"),
    "HGB": Lab("Haemoglobin", "Hemoglobina", "g/dL", "whole blood", "sangre total"),
    "ALB": Lab("Albumin", "Albúmina", "g/dL"),
    "LACT": Lab("Lactate", "Lactato", "mmol/L", "plasma", "plasma"),
    # Sent and not needed: ignored by declaration.
    "GLU": Lab("Glucose", "Glucosa", "mg/dL"),
}
DAILY = [*LABS]
VITALS = {"HR": "/min", "RR": "/min", "TEMP": "Cel", "SPO2": "%"}
ENGLISH = {"HR": "Heart rate", "RR": "Respiratory rate", "TEMP": "Temperature", "SPO2": "SpO2"}
GASES = ("PAO2", "FIO2")
COLUMNS = {"HR": "fc", "RR": "fr", "TEMP": "temp_c", "SPO2": "sato2", "PAO2": "po2_mmhg", "FIO2": "fio2"}


@dataclass(frozen=True)
class Hospital:
    """How one source writes its files."""

    name: str
    arm: str
    id: str
    label: dict[str, str]
    language: str = "en"
    delimiter: str = ","
    encoding: str = "utf-8"
    mark: str = "."
    wide: bool = False
    panels: int = 1
    analytes: int = 10
    not_done: str = "not processed"
    ends: tuple[str, str] = ("died", "home")
    drugs: tuple[str, str, str] = ("dexamethasone", "mechanical ventilation", "enoxaparin")

    @property
    def clock(self) -> str:
        return FORMATS[self.language]

    def column(self, code: str) -> str:
        """Heading of a column of a file with one time a row."""
        return COLUMNS[code] if self.language == "es" else code.lower()


HOSPITALS = (
    Hospital("treated", "treated", "T{}", {"en": "Study database", "es": "Base de datos del estudio"}),
    Hospital("north", "historical", "N{:07d}", {"en": "North hospital", "es": "Hospital Norte"}),
    Hospital(
        "south",
        "historical",
        "{:07d}",
        {"en": "South hospital", "es": "Hospital Sur"},
        language="es",
        delimiter=";",
        encoding="latin-1",
        mark=",",
        wide=True,
        panels=2,
        analytes=14,
        not_done="no procesado",
        ends=("DEFUNCION", "MEJORIA"),
        drugs=("Dexametasona", "Ventilación mecánica invasiva", "Enoxaparina"),
    ),
)


def source(hospital: Hospital) -> dict[str, Any]:
    """A source of the config: five files."""

    def moment(column: str) -> dict[str, Any]:
        return {"columns": [column], "formats": [hospital.clock]}

    def wide(columns: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "measurements_wide", "subject": "subject", "time": moment("time"), "columns": columns}

    long = {"kind": "measurements_long", "subject": "subject", "time": moment("time"), "value": "value", "unit": "unit"}
    died, home = hospital.ends
    events = [{"event": "admission", "time": moment("admitted")}]
    for event, code in (("death", died), ("discharge_alive", home)):
        events.append({"event": event, "time": moment("left"), "only_if": {"column": "how", "is_in": [code]}})
    if hospital.arm == "treated":
        events.append({"event": "infusion", "time": moment("infused")})
    people = {
        "kind": "patients",
        "subject": "subject",
        "columns": {
            "sex": {"characteristic": "SEX", "values": {"F": "female", "M": "male"}},
            "age": {"characteristic": "AGE", "unit": "years"},
        },
        "events": events,
    }
    codes = ("dexamethasone", "invasive_ventilation", "enoxaparin")
    drugs = {
        "kind": "treatments",
        "subject": "subject",
        "treatment": "drug",
        "start": moment("start"),
        "stop": moment("stop"),
    }
    signs = wide({hospital.column(code): {"outcome": code, "unit": unit} for code, unit in VITALS.items()})
    pao2, fio2 = (hospital.column(code) for code in GASES)
    gases = wide(
        {
            pao2: {"outcome": "PAO2", "unit": "mmHg", "specimen": "arterial"},
            fio2: {"outcome": "FIO2", "unit": "fraction", "specimen": "arterial"},
        }
    )
    parts = {
        "admissions": people,
        "laboratory": long | {"analyte": "analyte", "specimen": "specimen"},
        "vitals": signs if hospital.wide else long | {"analyte": "sign"},
        "gases": gases,
        "treatments": drugs | {"values": dict(zip(hospital.drugs, codes, strict=True))},
    }
    written = {"encoding": hospital.encoding, "delimiter": hospital.delimiter, "decimal": hospital.mark}
    files = {
        name: {"path": f"data/raw/{hospital.name}_{name}.csv", **written, "parts": [part]}
        for name, part in parts.items()
    }
    files["laboratory"]["ignore_analytes"] = [LABS["GLU"].en, LABS["GLU"].es]
    return {"arm": hospital.arm, "label": hospital.label, "timezone": "America/Mexico_City", "files": files}


def rules() -> dict[str, Any]:
    """Whom the treated are compared with: adults with severe hypoxaemia, by two readings of 'severe'."""
    severe = {"kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150}
    return {
        "derivations": {
            "PF": {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}
        },
        "rules": {
            "adult": {
                "label": {"en": "18 years or older", "es": "18 años o más"},
                "kind": "characteristic",
                "characteristic": "AGE",
                "op": ">=",
                "value": 18,
            },
            "severe": {"label": {"en": "P/F below 150", "es": "PaO2/FiO2 menor de 150"}, **severe},
        },
        "filters": ["adult", "severe"],
        "readings": {
            "severity": {
                "label": {"en": "What 'severe' means", "es": "Qué significa «grave»"},
                "options": {
                    "below_150": {"label": {"en": "P/F below 150", "es": "PaO2/FiO2 menor de 150"}},
                    "below_120": {
                        "label": {"en": "P/F below 120", "es": "PaO2/FiO2 menor de 120"},
                        "rules": {
                            "severe": {"label": {"en": "P/F below 120", "es": "PaO2/FiO2 menor de 120"}, "value": 120}
                        },
                    },
                },
            }
        },
        "co_treatments": {
            "steroids": {"label": {"en": "Steroids", "es": "Esteroides"}, "treatments": ["dexamethasone"]},
            "ventilation": {
                "label": {"en": "Ventilation", "es": "Ventilación"},
                "treatments": ["invasive_ventilation"],
            },
        },
        "time_zero": {"standard_care_hours": 48},
        "horizon_days": 28,
    }


def config(count: int, share: float) -> dict[str, Any]:
    """The whole of config.yaml; what it does not say is a default."""
    return {
        "study": {
            "id": "registry-benchmark",
            "title": {
                "en": f"{count:,} generated admissions, {share:.0%} eligible",
                "es": f"{count:,} ingresos generados, {share:.0%} elegibles",
            },
            "treatment": {"en": "the new treatment", "es": "el tratamiento nuevo"},
            "simulated": True,
            "first_date": "2010-12-01",
            "data_lock": "2021-03-31",
        },
        "seed": 1,
        "sources": {hospital.name: source(hospital) for hospital in HOSPITALS},
        "outcomes": ["PF", "HR", "RR", "CRP"],
        "primary": {"outcome": "PF", "day": 7, "key_secondary": ["HR"]},
        "cohort": rules(),
        "balance": {"covariates": ["AGE", "SEX", "PF", "CRP", "PLT"], "key_covariates": ["PF", "AGE"]},
        "analysis": {"days": [7, 14, 28], "covariates": ["AGE"]},
    }
