"""The columns of a dictionary's files: what each says, and what holds where a row leaves it out."""

from __future__ import annotations

from collections.abc import Mapping

# Column: (what it says, default; None: it is needed).
Columns = dict[str, tuple[str, str | None]]

OUTCOMES: Columns = {
    "code": ("capital letters, digits and _; the name of the outcome everywhere else", None),
    "family": (
        "vital, ..., characteristic (of a patient), or one of your own (table 14.2.18)",
        "component",
    ),
    "kind": ("number, flag, category, result, event or ending", "number"),
    "label_en": ("its name in English reports", None),
    "label_es": ("its name in Spanish reports; blank: the English one", ""),
    "unit": ("canonical unit, in which limits are meant and results printed; others are converted by units.csv", ""),
    "loinc": ("LOINC codes, separated by |, by which a source in the OMOP model is read", ""),
    "hard_low": ("values below are held as impossible", ""),
    "hard_high": ("values above are held as impossible", ""),
    "warn_low": ("values below are kept and flagged", ""),
    "warn_high": ("values above are kept and flagged", ""),
    "lod": ("usual limit of detection", ""),
    "scale": ("linear, log (ratios; nothing negative), logit (shares in %), or none", "linear"),
    "benefit": ("up or down: which direction is better; none: neither", "none"),
    "daily_summary": ("median, worst, last, min or max of a day's values; none", "median"),
    "categories": ("results or categories, separated by |", ""),
    "decimals": ("with which a mean is printed", "1"),
    "source": ("where the limits come from", ""),
    "specimens": ("specimens that answer it, separated by |; blank: any", ""),
    "known": (
        "end: only when follow-up ends, so that nothing is selected, weighted or adjusted by it; blank: at time zero",
        "",
    ),
}
UNITS: Columns = {
    "outcome": ("code, or * and a canonical unit for every outcome that has it (*mmHg)", None),
    "unit": ("the unit as it is sent", None),
    "spellings": ("further spellings, separated by |", ""),
    "factor": ("canonical value = value times factor plus offset", None),
    "offset": ("blank: 0", ""),
    "source": ("where the factor comes from", ""),
}
SYNONYMS: Columns = {
    "name": ("an analyte's name as hospitals write it; capitals and accents do not count", None),
    "code": ("the outcome that it means", None),
    "language": ("en, es, pt, fr, de, it, nl, sv, da or no, for readers of the file", ""),
    "result_kind": ("number or result: it means this only where the result is one", ""),
}
PLAUSIBILITY: Columns = {
    "outcome": ("code", None),
    "measured_by": ("laboratory, monitor, observer or calculated", None),
    "median_low": ("where the median of a whole group of patients lies, at least", ""),
    "median_high": ("and at most", ""),
    "change_per_hour": ("largest believable change in an hour: a difference, or a ratio where the scale is log", ""),
    "source": ("where these come from", ""),
}
TREATMENTS: Columns = {
    "code": ("small letters, digits and _", None),
    "family": ("support, or a group of drugs", "drug"),
    "label_en": ("its name in English reports", None),
    "label_es": ("its name in Spanish reports; blank: the English one", ""),
    "codes": ("its codes in vocabularies (RxNorm:3264, ATC:H02AB02), separated by |", ""),
    "names": ("other names of it, as hospitals write them, separated by |", ""),
}
EVENTS: Columns = {
    "code": ("small letters, digits and _; the name of the event everywhere else", None),
    "label_en": ("its name in English reports", None),
    "label_es": ("its name in Spanish reports; blank: the English one", ""),
    "meaning": ("what counts as one, for readers of the file", ""),
    "repeats": (
        "yes: it may happen to a patient several times, such as doses (time zero is the first); no: two dates of it "
        "contradict each other; blank: no for infusion, birth and death, yes for others",
        "",
    ),
}
SPECIMENS: Columns = {
    "specimen": ("its name", None),
    "spellings": ("how hospitals write it, separated by |", ""),
}
REGISTERED: Columns = {
    "outcome": ("code of an outcome that the study registered", None),
    "number": ("its place in the registry's list, from 1", None),
    "wording": ("the registry's own words", ""),
}
FILES: dict[str, Columns] = {
    "outcomes": OUTCOMES,
    "units": UNITS,
    "synonyms": SYNONYMS,
    "plausibility": PLAUSIBILITY,
    "treatments": TREATMENTS,
    "events": EVENTS,
    "specimens": SPECIMENS,
    "registered": REGISTERED,
}


def defaults_of(columns: Columns) -> dict[str, str]:
    """What holds where a row leaves a column out or blank, for the columns that may."""
    return {name: default for name, (_, default) in columns.items() if default is not None}


OUTCOME_COLUMNS, OUTCOME_DEFAULTS = tuple(OUTCOMES), defaults_of(OUTCOMES)
UNIT_COLUMNS, UNIT_DEFAULTS = tuple(UNITS), defaults_of(UNITS)
SYNONYM_COLUMNS, SYNONYM_DEFAULTS = tuple(SYNONYMS), defaults_of(SYNONYMS)
PLAUSIBILITY_COLUMNS, PLAUSIBILITY_DEFAULTS = tuple(PLAUSIBILITY), defaults_of(PLAUSIBILITY)
TREATMENT_COLUMNS, TREATMENT_DEFAULTS = tuple(TREATMENTS), defaults_of(TREATMENTS)
EVENT_COLUMNS, EVENT_DEFAULTS = tuple(EVENTS), defaults_of(EVENTS)
SPECIMEN_COLUMNS, SPECIMEN_DEFAULTS = tuple(SPECIMENS), defaults_of(SPECIMENS)
REGISTERED_COLUMNS, REGISTERED_DEFAULTS = tuple(REGISTERED), defaults_of(REGISTERED)

# Columns that are meant in the unit of their row.
IN_UNIT = ("hard_low", "hard_high", "warn_low", "warn_high", "lod", "decimals")


def kept_columns(row: Mapping[str, str], earlier: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return what a row of outcomes.csv keeps of the program's own row of its code, where its file has no such column.

    Limits are kept only where the unit stays: in another one they would be others.
    """
    own = earlier.get(row.get("code", ""), {})
    same = row.get("unit", own.get("unit")) == own.get("unit")
    return {name: text for name, text in own.items() if same or name not in IN_UNIT}
