"""The fields of the REDCap project."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One field; `code` is the outcome measured there, if any."""

    name: str
    form: str
    kind: str
    label: str
    choices: str = ""
    note: str = ""
    validation: str = ""
    code: str = ""


YES_NO = "1, Yes | 0, No"
MOMENT = "datetime_ymd"
FORM_OF_SHEET = {
    "vitals": "vitals",
    "lab": "labs",
    "gas": "blood_gas",
    "cytokine": "cytokines",
    "image": "ct",
    "swab": "pcr",
}


def columns_of(field: Field) -> list[str]:
    """Columns of the export: one per choice for a checkbox."""
    if field.kind != "checkbox":
        return [field.name]
    return [f"{field.name}___{choice.split(',')[0].strip()}" for choice in field.choices.split("|")]


def _measured(form: str, rows: tuple[tuple[str, str, str, str], ...]) -> tuple[Field, ...]:
    """Measured fields, free text so that '<' and '>' can be typed: (name, code, label, unit)."""
    return tuple(
        Field(name, form, "text", f"{label} ({unit})", note=unit, code=code) for name, code, label, unit in rows
    )


def _timed(form: str, time: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        Field(time, form, "text", "Date and time of collection", validation=MOMENT),
        *fields,
        Field(f"{form}_complete", form, "dropdown", "Complete?"),
    )


FIELDS: tuple[Field, ...] = (
    Field("record_id", "demographics", "text", "Study id"),
    Field("sex", "demographics", "radio", "Sex", "1, Male | 2, Female"),
    Field("age", "demographics", "text", "Age at admission (years)", validation="integer"),
    Field("weight_kg", "demographics", "text", "Weight (kg)", note="9999 = unknown", validation="number"),
    Field("height_cm", "demographics", "text", "Height (cm)", note="9999 = unknown", validation="number"),
    Field("comorb", "demographics", "checkbox", "Comorbidities", "1, Diabetes | 2, Hypertension | 3, Obesity"),
    Field("onset_date", "demographics", "text", "First symptom", validation="date_ymd"),
    Field("admit_dt", "demographics", "text", "Admission", validation=MOMENT),
    Field("icu_bed", "demographics", "radio", "Intensive care bed", YES_NO),
    Field("icu_dt", "demographics", "text", "Admission to intensive care", validation=MOMENT),
    Field("limit_dt", "demographics", "text", "Treatment-limitation order", validation=MOMENT),
    Field("intub_dt", "demographics", "text", "Intubation", validation=MOMENT),
    Field("demographics_complete", "demographics", "dropdown", "Complete?"),
    Field("consent_dt", "infusion", "text", "Consent", validation=MOMENT),
    Field("infusion_dt", "infusion", "text", "Start of the infusion", validation=MOMENT),
    Field("infusion_min", "infusion", "text", "Duration (minutes)", validation="integer"),
    Field("cells_total", "infusion", "text", "Cells given (millions; 1 million per kg)", validation="number"),
    Field("infusion_complete", "infusion", "dropdown", "Complete?"),
    *_timed(
        "vitals",
        "vs_dt",
        _measured(
            "vitals",
            (
                ("vs_hr", "HR", "Heart rate", "/min"),
                ("vs_rr", "RR", "Respiratory rate", "/min"),
                ("vs_temp", "TEMP", "Temperature", "Cel"),
                ("vs_map", "MAP", "Mean arterial pressure", "mmHg"),
                ("vs_spo2", "SPO2", "Oxygen saturation by pulse oximetry", "%"),
                ("vs_gcs", "GCS", "Glasgow coma score", "points"),
            ),
        ),
    ),
    *_timed(
        "labs",
        "lab_dt",
        _measured(
            "labs",
            (
                ("lab_wbc", "WBC", "Leukocytes", "10^3/uL"),
                ("lab_lymph", "LYMPH", "Lymphocytes", "10^3/uL"),
                ("lab_plt", "PLT", "Platelets", "10^3/uL"),
                ("lab_fib", "FIB", "Fibrinogen", "mg/dL"),
                ("lab_pct", "PCT", "Procalcitonin", "ng/mL"),
                ("lab_ferr", "FERR", "Ferritin", "ng/mL"),
                ("lab_ddim", "DDIM", "D-dimer, fibrinogen equivalent units", "ng/mL FEU"),
                ("lab_crp", "CRP", "C-reactive protein", "mg/L"),
                ("lab_creat", "CREAT", "Creatinine", "mg/dL"),
                ("lab_bili", "BILI", "Bilirubin, total", "mg/dL"),
            ),
        ),
    ),
    *_timed(
        "blood_gas",
        "bg_dt",
        _measured(
            "blood_gas",
            (
                ("bg_pao2", "PAO2", "Arterial oxygen pressure", "mmHg"),
                ("bg_fio2", "FIO2", "Inspired oxygen fraction", "fraction"),
            ),
        ),
    ),
    *_timed(
        "cytokines",
        "cyt_dt",
        _measured(
            "cytokines",
            (
                ("cyt_il6", "IL6", "Interleukin 6", "pg/mL"),
                ("cyt_tnfa", "TNFA", "Tumour necrosis factor alpha", "pg/mL"),
                ("cyt_il10", "IL10", "Interleukin 10", "pg/mL"),
                ("cyt_il1b", "IL1B", "Interleukin 1 beta", "pg/mL"),
                ("cyt_il17", "IL17", "Interleukin 17A", "pg/mL"),
                ("cyt_vegf", "VEGF", "Vascular endothelial growth factor, EDTA plasma", "pg/mL"),
                ("cell_treg", "TREG", "Regulatory T cells, share of CD4", "%"),
                ("cell_dc", "DC", "Dendritic cells, share of live CD45+", "%"),
                ("cell_cd4", "CD4", "CD4 T cells", "cells/uL"),
                ("cell_cd8", "CD8", "CD8 T cells", "cells/uL"),
                ("cell_nk", "NK", "NK cells", "cells/uL"),
            ),
        ),
    ),
    *_timed(
        "ct",
        "ct_dt",
        (
            Field("ct_bilateral", "ct", "radio", "Bilateral pneumonia", YES_NO, code="CT_BILATERAL"),
            Field("ct_score", "ct", "text", "Severity score (0-25)", validation="integer", code="CTSS"),
        ),
    ),
    *_timed(
        "pcr",
        "pcr_dt",
        (
            Field(
                "pcr_result",
                "pcr",
                "radio",
                "SARS-CoV-2 PCR",
                "1, Positive | 0, Negative | 2, Indeterminate",
                code="PCR",
            ),
        ),
    ),
    Field("rx_name", "treatments", "dropdown", "Co-treatment or support"),
    Field("rx_start", "treatments", "text", "Start", validation=MOMENT),
    Field("rx_stop", "treatments", "text", "Stop", validation=MOMENT),
    Field("rx_dose", "treatments", "text", "Dose", validation="number"),
    Field("rx_unit", "treatments", "text", "Unit of the dose"),
    Field("treatments_complete", "treatments", "dropdown", "Complete?"),
    Field("ae_type", "adverse_events", "radio", "Type", "1, Adverse event | 2, Infection"),
    Field("ae_term", "adverse_events", "text", "Term"),
    Field("ae_grade", "adverse_events", "radio", "Grade", "1, 1 | 2, 2 | 3, 3 | 4, 4 | 5, 5"),
    Field("ae_start", "adverse_events", "text", "Start", validation=MOMENT),
    Field("ae_end", "adverse_events", "text", "End", validation=MOMENT),
    Field("adverse_events_complete", "adverse_events", "dropdown", "Complete?"),
    Field("end_status", "outcome", "radio", "End of stay", "1, Discharged alive | 2, Died | 3, Transferred"),
    Field("end_dt", "outcome", "text", "Date and time", validation=MOMENT),
    Field("outcome_complete", "outcome", "dropdown", "Complete?"),
)
