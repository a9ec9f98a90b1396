"""Faults once planted in the example's config, most of which were accepted: each is refused at its key."""

from __future__ import annotations

from typing import Any

import pytest
from config_study import put, refusals, study

VENT = "cohort.summaries.VENT_FREE_DAYS.support"
TREATED_PARTS = "sources.treated.files.redcap.parts"
TEXT = {"en": "x", "es": "x"}
# key, value, place of the refusal (where it is not the key), words of the refusal
PLANTED: list[tuple[str, Any, str, str]] = [
    ("cohort.rules.I2.result", "positiv", "", "Did you mean 'positive'?"),
    ("cohort.derivations.PF.numerator_specimen.0", "arterail", "", "Did you mean 'arterial'?"),
    (f"{TREATED_PARTS}.4.columns.bg_pao2.specimen", "arterail", "", "Did you mean 'arterial'?"),
    (f"{TREATED_PARTS}.3.columns.lab_pct.assay", "ECLIA-11", "", "Did you mean 'ECLIA-1'?"),
    ("primary.day", 8, "", "8 is not a known day of the contrasts"),
    ("analysis.days", [7, 28], "analysis.days.1", "Allowed: 1 to 21 (cohort.horizon_days)"),
    ("analysis.mean_over", [7, 90], "analysis.mean_over.1", "Allowed: 1 to 21"),
    ("analysis.days", [7, 7], "analysis.days.1", "7 is listed twice"),
    (
        "analysis.not_concluded",
        {"LDH": "no_data"},
        "analysis.not_concluded.LDH",
        "'LDH' is not a known analysed outcome",
    ),
    ("analysis.not_concluded", {"PCR": "no_datum"}, "analysis.not_concluded.PCR", "Did you mean 'no_data'?"),
    ("outcomes.1", "PF", "", "'PF' is listed twice"),
    ("cohort.filters.1", "I12", "", "'I12' is listed twice"),
    ("balance.key_covariates.1", "PF", "", "'PF' is listed twice"),
    ("cohort.rules.I3.outcome", "PCR", "", "PCR is an outcome (kind: result); a numeric outcome is needed here"),
    ("cohort.rules.I3.outcome", "AGE", "", "AGE is a characteristic of patients"),
    ("cohort.rules.I1.outcome", "PF", "", "an outcome with qualitative results is needed here"),
    # No analysis compares a characteristic, and none describes a flag by day: both ended as "nobody has values".
    (
        "outcomes.1",
        "SEX",
        "",
        "SEX is a characteristic of patients (kind: category); an outcome of numbers, results or events",
    ),
    ("outcomes.1", "MECHVENT", "", "MECHVENT is an outcome (kind: flag); an outcome of numbers, results or events"),
    # How a stay ends is what treatment may change: nothing is adjusted for it, balanced or matched on it.
    ("analysis.covariates.0", "DEATH", "", "DEATH is an outcome (kind: ending); a characteristic known at"),
    # Whether a patient survived is known at the end alone: to select or adjust by it is to do so by the outcome.
    ("analysis.covariates.0", "SURVIVED", "", "SURVIVED is known only when follow-up ends (kind: flag)"),
    ("balance.covariates.0", "SURVIVED", "", "SURVIVED is known only when follow-up ends"),
    ("balance.key_covariates.1", "SURVIVED", "", "SURVIVED is known only when follow-up ends"),
    ("balance.matching.exact.0", "SURVIVED", "", "SURVIVED is known only when follow-up ends"),
    ("cohort.rules.I12.characteristic", "SURVIVED", "", "a characteristic known at time zero is needed here"),
    ("balance.covariates.0", "DEATH", "", "DEATH is an outcome (kind: ending)"),
    ("balance.key_covariates.1", "DISCHARGE", "", "DISCHARGE is an outcome (kind: ending)"),
    ("balance.matching.exact.0", "DEATH", "", "DEATH is an outcome (kind: ending)"),
    ("primary.key_secondary", ["HR", "PF"], "primary", "PF is the primary outcome; take it out of key_secondary"),
    ("calibration", {"outcomes": ["PCR"]}, "calibration.outcomes.0", "'PCR' is not a known numeric outcome analysed"),
    ("study.title", {"en": "x"}, "", "there is no text in the language 'es'"),
    ("cohort.rules.I3.label", {"es": "x"}, "", "there is no text in the language 'en'"),
    ("balance.matching.calipers", {"XX": 0.5}, "balance.matching.calipers.XX", "'XX' is not a known key covariate"),
    (
        "estimands.questions.nobody_gone.strategies.sepsis",
        "hypothetical",
        "",
        "'sepsis' is not a known intercurrent event",
    ),
    ("estimands.questions.nobody_gone.strategies.rescue", "principal_stratum", "", "Type 'treatment_policy'"),
    ("estimands.questions.nobody_gone.strategies.discharge", "composite", "", "Type 'hypothetical'"),
    ("cohort.time_zero.historical", "icu_admission", "", "historical: event, historical_event: <event>"),
    ("cohort.rules.I12.value", "eighteen", "", "'eighteen' is not a known result of AGE"),
    ("cohort.derivations.SOFA.support.0", "invasive_ventilatoin", "", "Did you mean 'invasive_ventilation'?"),
    ("cohort.derivations.SOFA.support.1", "noninvasive_ventilatoin", "", "Did you mean 'noninvasive_ventilation'?"),
    (f"{VENT}.0", "invasive_ventilatoin", "", "Did you mean 'invasive_ventilation'?"),
    ("cohort.co_treatments.proning.treatments.0", "prone_positon", "", "Did you mean 'prone_position'?"),
    ("cohort.derivations.ORGAN_FAILURES.of", "PF", "", "'PF' is not a known derivation of kind sofa"),
    ("cohort.readings.leukocytes.options.wbc.rules.I5.outcome", "WBBC", "", "Did you mean 'WBC'?"),
    ("cohort.readings.survival.options.no_vasopressor.rules.E3.treatments.0", "norepinefrina", "", "norepinephrine"),
    ("scenarios", {"readings": {"label": TEXT}}, "scenarios.readings", "the program itself writes to a folder"),
    ("scenarios", {"wait_draws": {"label": TEXT}}, "scenarios.wait_draws", "choose another name"),
    (
        "scenarios",
        {"odd": {"label": TEXT, "overrides": {"cohort": {"horizon_days": 10}}}},
        "scenario 'odd': analysis.days.1",
        "14 is not a known day of follow-up",
    ),
]


@pytest.mark.parametrize(("key", "value", "place", "words"), PLANTED, ids=[f"{one[0]}={one[1]}" for one in PLANTED])
def test_a_planted_fault_is_refused_at_its_key(key: str, value: Any, place: str, words: str) -> None:
    raw = study("example")
    path = tuple(int(step) if step.isdigit() else step for step in key.split("."))
    put(raw, path, value)
    said = refusals(raw)
    assert words in said.get(place or key, ""), said
