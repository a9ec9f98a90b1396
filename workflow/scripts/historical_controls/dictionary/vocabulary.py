"""Words that the config, the tables and the stages share. Imports nothing, so that asking costs nothing."""

from __future__ import annotations

# What a source may tell of where its file names events or treatments itself.
ANY_EVENT, ANY_TREATMENT = "any event", "any treatment"
# The event that is the study treatment, as data/dictionary/events.csv says.
STUDY_TREATMENT = "infusion"
# Events that are no treatment: with them the observation of a patient begins.
ARRIVALS = ("admission", "icu_admission", "enrolment", "birth", "first_record", "imaging", "symptom_onset")
# Those of which a file of visits may date one in each row: the first begins the observation, no later one a new stay.
ONCE = ("enrolment", "birth", "first_record", "symptom_onset")
# Events that end a stay, and with it what is recorded of a patient.
ENDINGS = ("death", "discharge_alive", "transfer_out")
# Specimens of blood: whatever is measured in one of them answers the same question, or nearly so.
BLOOD = frozenset(
    {
        *("blood", "whole blood", "serum", "plasma", "edta plasma", "citrate plasma"),
        *("arterial", "venous", "capillary"),
    }
)
