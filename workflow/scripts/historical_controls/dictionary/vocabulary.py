"""Words that the config, the tables and the stages share. Imports nothing, so that asking costs nothing."""

from __future__ import annotations

# What a source may tell of where its file names events or treatments itself.
ANY_EVENT, ANY_TREATMENT = "any event", "any treatment"

EVENT_NAMES: dict[str, str] = {
    "admission": "admission to this hospital; standard care starts",
    "icu_admission": "admission to an intensive care unit",
    "symptom_onset": "first symptom",
    "imaging": "imaging study that other times count from",
    "first_record": "first row of a patient, where a file counts its times from it",
    "consent": "consent to the study treatment",
    "infusion": "study treatment given; time zero of the treated",
    "intubation": "invasive ventilation starts",
    "extubation": "invasive ventilation ends",
    "limitation_order": "treatment-limitation order or advance refusal",
    "discharge_alive": "left the hospital alive",
    "transfer_out": "transferred to another hospital",
    "death": "death",
    "last_contact": "last time the patient is known to be alive",
    "adverse_event": "adverse event (value: grade; detail: term)",
    "infection": "proven infection (detail: site or culture)",
}
