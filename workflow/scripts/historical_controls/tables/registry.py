"""The tables that stages hand to each other: name, key, columns, units. Nothing else passes between stages."""

from __future__ import annotations

from collections.abc import Iterable

from historical_controls.tables.schema import Column, Table


def _text(name: str, description: str, nullable: bool = False) -> Column:
    return Column(name, "text", description, nullable)


def _number(name: str, description: str, unit: str = "", nullable: bool = True) -> Column:
    return Column(name, "number", description, nullable, unit)


def _time(name: str, description: str, nullable: bool = False) -> Column:
    return Column(name, "time", description, nullable, "UTC")


SOURCE = _text("source", "name of the source in config.yaml")
FILE = _text("file", "name of the file in config.yaml")
LINE = Column("line", "integer", "line of the file (1 = first line; for xlsx the row of the sheet)")
ITEM = _text("item", "column of the raw row that the record was read from; '' where the row is one record")
PATIENT = _text("patient_id", "id of the person after linking, unique over all sources")
SCENARIO = _text("scenario", "name of the scenario; 'primary' always exists")
OUTCOME = _text("outcome", "code in outcomes.csv")
ARM = _text("arm", "'treated' or 'historical'")
DAY = Column(
    "day",
    "integer",
    "study day: 0 = baseline (24 h up to time zero, or as declared), d = hours after it in ((d-1)*24, d*24]",
)

INTAKE = Table(
    "intake",
    "results/intake/{source}/{file}.parquet",
    "What the hospital sent: every cell as text, with its line. The file's SHA-256 stands in the parquet "
    "metadata and in the column.",
    ("line",),
    (
        LINE,
        _text("sha256", "SHA-256 of the file as sent"),
        _text("problem", "why the line could not be read into columns; null for a good line", nullable=True),
        _text("text", "the whole line as sent, kept only where there is a problem", nullable=True),
    ),
    # With a prefix, since a raw column may be called 'line' or 'text' as well.
    open_columns="one per column of the raw file, named as in the file after 'cell:', as text",
)

_RECORD = (SOURCE, FILE, LINE, ITEM)
_RECORD_KEY = ("source", "file", "line", "item")

LATEST = "last moment at which it can have happened, where the file names a day alone"
RESULT_TIME = _time(
    "result_time",
    "when the result was reported, where the file says so; of a day alone, when the day ended",
    nullable=True,
)
RELEASED = _text("released", "reasons that a person set aside for this record, each followed by ';'; null = none", True)
# Both bounds beside the value: what an assay could not measure is never replaced by a number on the way to the
# likelihood.
_MEASURED = (
    OUTCOME,
    _number("value", "exact value in the canonical unit; null for censored, qualitative and not-done results"),
    _number("lower", "lower bound of the true value (equals value where exact; 0 or null below a limit)"),
    _number("upper", "upper bound of the true value (equals value where exact; null above a limit)"),
    _text("result", "qualitative result: positive, negative, indeterminate, yes, no; or a category", True),
    _text("unit", "canonical unit of the outcome; '' for qualitative results"),
    _text("assay", "instrument or assay as sent; '' unknown"),
    _text("specimen", "specimen as sent or declared, folded; '' unknown"),
    _text("status", "'done', 'corrected', 'preliminary' or 'not_done'"),
    _text("flags", "warnings kept with the value, ';'-separated codes; '' none"),
)

PATIENTS_RAW = Table(
    "patients_raw",
    "results/clean/{source}/by_file/{file}/patients.parquet",
    "Characteristics read from one file, before linking.",
    (*_RECORD_KEY, "subject", "characteristic"),
    (
        *_RECORD,
        _text("subject", "patient id as sent, trimmed"),
        _text("characteristic", "code in outcomes.csv (family 'characteristic')"),
        _number("value", "number in the canonical unit; null for flags and categories"),
        _text("result", "flag ('yes', 'no') or category; null for numbers", True),
        _text("raw_value", "cell as sent"),
        RELEASED,
    ),
)

MEASUREMENTS_RAW = Table(
    "measurements_raw",
    "results/clean/{source}/by_file/{file}/measurements.parquet",
    "Measurements read from one file, before linking and de-duplication.",
    _RECORD_KEY,
    (
        *_RECORD,
        _text("subject", "patient id as sent, trimmed"),
        _time("time", "time of collection; of a day alone, when the day began; null while relative", nullable=True),
        _time("latest", LATEST, nullable=True),
        _number("relative_hours", "hours since the patient's anchor event, where times are relative", "h"),
        _number("relative_latest", "the same, at the latest: where a number of whole days is all that is known", "h"),
        _text("anchor", "event that relative times count from; '' for absolute times"),
        RESULT_TIME,
        *_MEASURED,
        _text("raw_value", "cell as sent"),
        _text("raw_unit", "unit as sent or declared"),
        RELEASED,
    ),
)

EVENTS_RAW = Table(
    "events_raw",
    "results/clean/{source}/by_file/{file}/events.parquet",
    "Dated events read from one file, before linking.",
    _RECORD_KEY,
    (
        *_RECORD,
        _text("subject", "patient id as sent, trimmed"),
        _text("event", "a code of events.csv"),
        _time("time", "when it happened; null while relative", nullable=True),
        _time("latest", LATEST, nullable=True),
        _time("end_time", "when it ended, for events that last", nullable=True),
        _time("end_latest", "last moment at which it can have ended, where the file names a day alone", nullable=True),
        _number("relative_hours", "hours since the patient's anchor event, where times are relative", "h"),
        _number("relative_latest", "the same, at the latest: where a number of whole days is all that is known", "h"),
        _text("anchor", "event that relative times count from; '' for absolute times"),
        RELEASED,
        _text("value", "grade, category or result that came with the event", True),
        _text("detail", "free text that came with the event", True),
        _text("time_text", "time as sent"),
    ),
)

TREATMENTS_RAW = Table(
    "treatments_raw",
    "results/clean/{source}/by_file/{file}/treatments.parquet",
    "Co-treatments and organ support read from one file, before linking.",
    _RECORD_KEY,
    (
        *_RECORD,
        _text("subject", "patient id as sent, trimmed"),
        _text("treatment", "code of the co-treatment or support"),
        _time("start", "first time given", nullable=True),
        _time("start_latest", "last moment of the first time, where the file names a day alone", nullable=True),
        _time("stop", "last time given; null = not recorded", nullable=True),
        _time("stop_latest", "last moment of the last time, where the file names a day alone", nullable=True),
        _number("dose", "dose as sent"),
        _text("dose_unit", "unit of the dose as sent", True),
        _text("raw_value", "name as sent"),
    ),
)

LEDGER = Table(
    "ledger",
    "results/clean/{source}/ledger.parquet (and by_file/{file}/ledger.parquet before linking)",
    "What became of every record of every raw row. A raw row unfolds into one record per measured cell; a row "
    "without any stands as one record with item ''. Per file: records = clean + duplicate + ignored + quarantined, "
    "and every line sent stands here, or the run fails.",
    _RECORD_KEY,
    (
        *_RECORD,
        _text("table", "table the record was meant for; '' where that is not known"),
        _text("subject", "patient id as sent, trimmed; '' where not read"),
        _text("analyte", "outcome code where resolved, else the name as sent; ''"),
        _text("fate", "'clean', 'duplicate', 'ignored' or 'quarantined'"),
        _text("reason", "reason code; '' for clean records without remark"),
        _text("raw_value", "cell or line as sent, for records that are not clean; null otherwise", True),
        _text("hint", "what would release the record; null otherwise", True),
    ),
)

RESOLUTIONS = Table(
    "resolutions",
    "results/clean/{source}/by_file/{file}/resolutions.parquet",
    "Decisions of people on single held rows (the file named by `resolutions` in config.yaml), found in the export.",
    (*_RECORD_KEY, "reason", "decision", "column"),
    (
        *_RECORD[:3],
        _text("item", "record of the row that is decided of; '' = every one held for the reason"),
        _text("reason", "reason code that the record was held for"),
        _text("decision", "'release', 'exclude' or 'correct'"),
        _text("column", "raw column that is corrected; '' for other decisions"),
        _text("text", "what the corrected cell says"),
        _text("row_hash", "hash of the row as sent, as in quarantine.csv"),
        _text("who", "who decided"),
        _text("date", "day of the decision"),
        _text("why", "grounds, as written"),
    ),
)

PEOPLE = Table(
    "people",
    "results/clean/people.parquet",
    "Ids of all sources and the person each belongs to.",
    ("source", "subject"),
    (
        SOURCE,
        _text("subject", "patient id as sent, trimmed"),
        PATIENT,
        _text("hold", "reason why every row of this id is held; '' = linked"),
    ),
)

FINDINGS = Table(
    "findings",
    "results/clean/{source}/findings.parquet",
    "Suspicions about a source that a person must settle; none of them changes a value.",
    ("source", "file", "finding", "outcome", "unit", "value", "hint"),
    (
        SOURCE,
        _text("file", "name of the file in config.yaml; '' where the whole source is meant"),
        _text(
            "finding",
            "'SENTINEL_SUSPECT' (a code for missing that is not declared), 'LIMIT_SUSPECT' (a limit that lost its "
            "sign), 'UNIT_SUSPECT' (a unit stated wrongly), 'SPECIMEN_UNKNOWN' (a specimen that specimens.csv lacks), "
            "'SOURCE_SHIFT' (a factor away from another source), 'DATE_ORDER_SUSPECT' (day and month changed over), "
            "'CLOCK_SUSPECT' (two clocks), 'ARM_UNKNOWN' (an arm that is not declared), "
            "'AIR_BESIDE' (room air beside a value, not read), 'ENDING_UNREAD' (an end of a stay that no condition "
            "names), 'COMMENT_UNKNOWN' (comments on specimens that nobody knows), "
            "'CENTURY_SUSPECT' (births of either century), "
            "'DOUBTFUL_SHARE' (much of the file held or suspected), 'NOTHING_READ' (no "
            "row is read)",
        ),
        _text("outcome", "code in outcomes.csv; '' where none is meant"),
        _text("unit", "unit as sent; for dates the text or format, for SOURCE_SHIFT the other source"),
        _number("value", "the value meant, or the median of those meant, in the canonical unit"),
        _text("raw_value", "the cell with this value as sent, in the unit sent; '' where no value is meant"),
        Column("n", "integer", "records that it concerns"),
        _number("share", "their share of the records compared; for SOURCE_SHIFT the Kolmogorov-Smirnov distance"),
        _number("factor", "proposed factor on the numbers sent"),
        _text("hint", "what was seen, or the suggested line for the file's declaration"),
        _text("config_line", "line of the file's declaration that would settle it; '' where none would"),
        _text("severity", "'stop': ends the run before the cohort; 'report': listed and printed at the end of the run"),
        _text("examples", "up to three lines of the file as sent; '' where no single record is meant"),
    ),
)

PATIENTS = Table(
    "patients",
    "results/clean/{source}/patients.parquet",
    "One row per person of a source.",
    ("source", "patient_id"),
    (SOURCE, PATIENT, ARM),
    open_columns="one per characteristic of outcomes.csv, named by its code: float64, boolean (flags) or text",
)

MEASUREMENTS = Table(
    "measurements",
    "results/clean/{source}/measurements.parquet",
    "One row per clean measurement, traceable to file and line.",
    # A bedside device and the laboratory may both report on one moment: assay and specimen tell them apart.
    ("source", "patient_id", "outcome", "time", "assay", "specimen"),
    (
        SOURCE,
        PATIENT,
        _time("time", "time of collection; of a day alone, when the day began"),
        _time("latest", LATEST, nullable=True),
        RESULT_TIME,
        *_MEASURED,
        _text("raw_value", "cell as sent"),
        _text("raw_unit", "unit as sent or declared"),
        FILE,
        LINE,
        ITEM,
    ),
)

EVENTS = Table(
    "events",
    "results/clean/{source}/events.parquet",
    "One row per dated event.",
    # The same event may be recorded twice, in two files or rows: each keeps its place.
    ("source", "patient_id", "event", "time", "file", "line", "item"),
    (
        SOURCE,
        PATIENT,
        _text("event", "a code of events.csv"),
        _time("time", "when it happened; of a day alone, when the day began"),
        _time("latest", LATEST, nullable=True),
        _time("end_time", "when it ended, for events that last", nullable=True),
        _time("end_latest", "last moment at which it can have ended, where the file names a day alone", nullable=True),
        _text("value", "grade, category or result that came with the event", True),
        _text("detail", "free text that came with the event", True),
        FILE,
        LINE,
        ITEM,
    ),
)

TREATMENTS = Table(
    "treatments",
    "results/clean/{source}/treatments.parquet",
    "One row per course of a co-treatment or organ support.",
    ("source", "patient_id", "treatment", "start", "file", "line", "item"),
    (
        SOURCE,
        PATIENT,
        _text("treatment", "code of the co-treatment or support"),
        _time("start", "first time given; of a day alone, when the day began"),
        _time("start_latest", "last moment of the first time, where the file names a day alone", nullable=True),
        _time("stop", "last time given; null = not recorded", nullable=True),
        _time("stop_latest", "last moment of the last time, where the file names a day alone", nullable=True),
        _number("dose", "dose as sent"),
        _text("dose_unit", "unit of the dose as sent", True),
        FILE,
        LINE,
        ITEM,
    ),
)

ELIGIBILITY = Table(
    "eligibility",
    "results/cohort/{scenario}/eligibility.parquet",
    "Each rule for each patient, at the hour that decides: for treated the infusion, for controls time zero or, "
    "where never eligible, the candidate hour that met most rules in order.",
    ("scenario", "source", "patient_id", "rule"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        _text("rule", "id of the rule in config.yaml"),
        Column("position", "integer", "place of the rule in the declared order"),
        _text("state", "'true', 'false' or 'unknown'"),
        _text("ever", "best state over all candidate hours: 'true', 'unknown' or 'false'"),
        _time("evaluated_at", "the hour that decides", nullable=True),
        _number("evidence", "value that decided the rule, canonical unit"),
    ),
)

EVIDENCE = Table(
    "evidence",
    "results/cohort/{scenario}/evidence.parquet",
    "The rows that decided a rule, for every treated patient and every included control, at the hour that decides. "
    "A characteristic has no row here; a combination has those of its parts.",
    ("scenario", "source", "patient_id", "rule", "what", "time", "file", "line", "item"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        _text("rule", "id of the rule in config.yaml"),
        _text("what", "outcome, event or treatment that the row holds"),
        _time("time", "when it was collected, happened or began"),
        _number("value", "exact value in the canonical unit"),
        _number("lower", "lower bound of the true value"),
        _number("upper", "upper bound of the true value"),
        _text("result", "qualitative result", True),
        FILE,
        LINE,
        ITEM,
    ),
)

COHORT_PATIENTS = Table(
    "cohort_patients",
    "results/cohort/{scenario}/patients.parquet",
    "Everyone considered, with time zero and follow-up of those included.",
    ("scenario", "source", "patient_id"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        Column("included", "flag", "in the analysis population"),
        _text("excluded_by", "first attrition step that excluded the patient; '' for included"),
        _text("display_id", "id for display without identity: T1.., C001..; '' for excluded"),
        _time("time_zero", "start of follow-up; null for excluded", nullable=True),
        _number("days_from_onset", "symptom onset to time zero", "d"),
        _number("hours_from_admission", "admission to time zero", "h"),
        _number(
            "hours_to_treatment",
            "time zero to the study treatment: the event of `cohort.time_zero.treatment`, else infusion, or the event "
            "of time zero where it is no arrival; null for controls, and where no file dates it",
            "h",
        ),
        _number("calendar_week", "weeks from the declared calendar reference date to time zero", "weeks"),
        _text(
            "end_state",
            "how follow-up ended: 'death', 'discharge_alive', 'transfer_out', an event of `cohort.ends_with`, "
            "'horizon', 'last_record'",
            True,
        ),
        _number("end_day", "days from time zero to the end of follow-up, at most the horizon", "d"),
        _number("responses_from", "time zero to the first responses: `cohort.baseline_hours_after`", "h"),
    ),
    open_columns="one per characteristic of outcomes.csv, as in table patients",
)

ATTRITION = Table(
    "attrition",
    "results/cohort/{scenario}/attrition.parquet",
    "What each filter left, in order; the flow diagram is drawn from it.",
    ("scenario", "source", "arm", "position"),
    (
        SCENARIO,
        SOURCE,
        ARM,
        Column("position", "integer", "order of the steps; 0 = everyone in the export"),
        _text(
            "step",
            "'all' (position 0); 'time_zero' (the event that starts follow-up is recorded) or 'standard_care' (alive "
            "and in hospital after the declared hours of standard care); the filters' rule ids; 'wait'; "
            "'calendar_window'; 'calendar_era'; 'source_left_out'; 'early_death' (a declared sensitivity only)",
        ),
        Column("n_before", "integer", "patients before the step"),
        Column("n_excluded", "integer", "patients that the step excluded"),
        Column("n_unknown", "integer", "of the excluded, those for whom the rule could not be decided"),
        Column("n_after", "integer", "patients after the step"),
    ),
)

OBSERVATIONS = Table(
    "observations",
    "results/cohort/{scenario}/observations.parquet",
    "One row per patient, outcome and time from 72 h before time zero on, or from as far back as `baseline_hours` and "
    "`placebo_days` ask, derived outcomes (P/F, SOFA) included; findings such as a positive test from any time before.",
    ("scenario", "source", "patient_id", "outcome", "hours", "assay", "specimen"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        _number("hours", "hours since time zero (negative before)", "h", nullable=False),
        *_MEASURED,
        FILE,
        LINE,
        ITEM,
    ),
)

VISITS = Table(
    "visits",
    "results/cohort/{scenario}/visits.parquet",
    "One value per patient, outcome and study day, by the outcome's daily summary. Day 0 is the baseline: "
    "`baseline_hours` up to time zero and `baseline_hours_after` after it; responses start after them.",
    ("scenario", "source", "patient_id", "outcome", "day"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        OUTCOME,
        DAY,
        _number("value", "daily summary; null when the summary is censored", ""),
        _number("lower", "lower bound of the summary (equals value where exact)"),
        _number("upper", "upper bound of the summary (equals value where exact)"),
        Column("n", "integer", "values summarised"),
        _text("assay", "assays of the values summarised, ';'-separated"),
        _text("flags", "flags of the values summarised, ';'-separated"),
    ),
)

COHORT_EVENTS = Table(
    "cohort_events",
    "results/cohort/{scenario}/events.parquet",
    "Events of included patients on the time axis since time zero.",
    ("scenario", "source", "patient_id", "event", "hours", "file", "line", "item"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        _text("event", "a code of events.csv"),
        _number("hours", "hours since time zero (negative before)", "h", nullable=False),
        _number("end_hours", "hours since time zero of its end", "h"),
        _text("value", "grade, category or result that came with the event", True),
        _text("detail", "free text that came with the event", True),
        FILE,
        LINE,
        ITEM,
    ),
)

DISPLAY = Table(
    "display",
    "results/cohort/{scenario}/display.parquet",
    "What figures and listings may show of single patients: display ids and study days only, no dates, no raw ids.",
    # No source and no patient_id: this table is made for figures, which must not give anybody away.
    ("scenario", "display_id", "item", "day"),
    (
        SCENARIO,
        _text("display_id", "T1.. for treated, C001.. for historical, in an order that says nothing"),
        ARM,
        _text(
            "item",
            "outcome code, or how follow-up ended: 'death', 'discharge_alive', 'transfer_out', 'in_hospital' or "
            "'last_record'",
        ),
        _number("day", "study day (end of follow-up: days with decimals)", "d", nullable=False),
        _number("value", "value shown, canonical unit; for the end of follow-up null"),
        _text("censored", "'', '<' or '>': the value is a limit"),
        _number("ratio", "value over the patient's own baseline; null where either is missing or a limit"),
    ),
)

TREATED_COURSES = Table(
    "treated_courses",
    "results/cohort/{scenario}/treated_courses.parquet",
    "What a shared report may say of each treated patient, in the order in which it is said: in bands of ages, weeks "
    "and values where `report.public` is true, else as recorded.",
    ("scenario", "display_id", "place"),
    (
        SCENARIO,
        _text("display_id", "T1.. for treated, in an order that says nothing"),
        Column("place", "integer", "place of the fact among those of its patient, from 0"),
        _text("kind", "'age', 'value', 'event' or 'end'"),
        _text("item", "AGE, code of the outcome, event, or how follow-up ended ('horizon': followed to the end)"),
        _number("time", "study day of a value or of the horizon; else week from 1 where banded, or whole day"),
        _number("first", "lowest value of the band, or the value; canonical unit"),
        _number("last", "highest value of the band, or the value; canonical unit"),
        Column("open", "flag", "the band has no upper end; null where nothing is banded", True),
        _text("grade", "CTCAE grade of the event, 1 to 5", True),
    ),
)

PATIENT_SUMMARIES = Table(
    "patient_summaries",
    "results/cohort/{scenario}/summaries.parquet",
    "One row per included patient and patient-level outcome, such as ventilator-free days. Supporting, not registered.",
    ("scenario", "source", "patient_id", "outcome"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        OUTCOME,
        _number("value", "the value; null where the patient was not followed to the end, or nothing was recorded"),
        _number("lower", "least possible value (equals value where it is known)"),
        _number("upper", "greatest possible value (equals value where it is known)"),
        _text("unit", "canonical unit of the outcome"),
        _number("days_observed", "days followed, or days with a reading", "d"),
        _text(
            "state",
            "'known'; 'death' (by the declared day, the value is the declared one); 'transfer_out', 'last_record' or "
            "an event of `cohort.ends_with` (not followed to the declared day); 'not_recorded' (the source records no "
            "such support, or no reading)",
        ),
    ),
)

UNDERIVED = Table(
    "underived",
    "results/cohort/{scenario}/underived.parquet",
    "Values that gave no derived outcome, and why: every arterial gas without an FiO2 stands here.",
    ("scenario", "source", "patient_id", "outcome", "reason", "time", "file", "line", "item"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        _text("outcome", "code of the derived outcome that was not computed"),
        _text(
            "reason",
            "'no_partner' (nothing to pair with in the window), 'outside_limits' (the ratio lies outside the hard "
            "limits), 'other_specimen', 'flag_refused', 'formula_does_not_hold', 'flow_not_listed', 'other_device', "
            "'collection_gap', 'no_baseline', 'reported' (by the file itself; the derivation replaces it)",
        ),
        _time("time", "time of the value"),
        _number("value", "the value, or its limit where it is censored; canonical unit of its own outcome"),
        _number("ratio", "the ratio that was refused"),
        FILE,
        LINE,
        ITEM,
    ),
)

BALANCE = Table(
    "balance",
    "results/balance/{scenario}/balance.parquet",
    "How alike the arms are on each declared covariate, per weighting method.",
    ("scenario", "method", "covariate", "level"),
    (
        SCENARIO,
        _text("method", "'unweighted' or the weighting method"),
        _text("covariate", "characteristic or baseline outcome code"),
        _text("level", "category of a categorical covariate; ''"),
        Column("n_treated", "integer", "treated patients with a value"),
        Column("n_historical", "integer", "historical patients with a value"),
        _number("mean_treated", "mean on the outcome's scale (log outcomes: of logs); share for flags, categories"),
        _number("mean_historical", "mean on the outcome's scale (log outcomes: of logs); share for flags, categories"),
        _number("sd_treated", "standard deviation on the same scale"),
        _number("sd_historical", "standard deviation on the same scale"),
        _number("smd", "standardised mean difference, treated minus historical; unweighted spread in every method"),
        _number("variance_ratio", "variance of treated over that of historical; null for shares"),
        _number("smd_by_chance", "size of the difference that exchangeable arms stay within; unweighted only"),
    ),
)

METHOD = _text("method", "'unweighted', 'entropy', 'matching' or 'overlap'")

WEIGHTS = Table(
    "weights",
    "results/balance/{scenario}/weights.parquet",
    "Weight of every included patient under each declared method that gave weights; the weights of an arm sum to the "
    "number of treated (matching: to the number of matched treated).",
    ("scenario", "method", "source", "patient_id"),
    (SCENARIO, METHOD, SOURCE, PATIENT, ARM, _number("weight", "weight, 0 for unmatched patients", nullable=False)),
)

MATCHED_SETS = Table(
    "matched_sets",
    "results/balance/{scenario}/matched_sets.parquet",
    "Who is matched with whom; without rows where matching is not declared or nobody could be matched.",
    ("scenario", "source", "patient_id"),
    (
        SCENARIO,
        SOURCE,
        PATIENT,
        ARM,
        Column("matched_set", "integer", "number of the set: one treated patient and the controls matched with it"),
        _number("distance", "distance to the set's treated patient; 0 for the treated", nullable=False),
    ),
)

GATES = Table(
    "gates",
    "results/balance/{scenario}/gates.parquet",
    "Whether the arms may be compared at all, by weighting method; a state 'refuse' leaves no estimate.",
    ("scenario", "method", "gate", "covariate", "level"),
    (
        SCENARIO,
        METHOD,
        _text(
            "gate",
            "'few_effective' (warn or refuse); 'one_weight', 'far_from_controls', 'outside_hull', "
            "'weights_not_converged', 'too_few_for_logistic', 'separated', 'nobody_matched', 'no_key_covariate' "
            "(refuse); 'outside_range', 'unknown_in_arm', 'time_axis', 'outside_calendar', 'ratio_reduced', "
            "'unmatched', 'treated_later', 'treatment_undated' (warn)",
        ),
        _text("covariate", "covariate that the gate looked at; ''"),
        _text("level", "display id of the patient that it names, or an arm; ''"),
        _text("state", "'ok', 'warn' or 'refuse'"),
        _number("value", "what was found"),
        _number("limit", "what is declared"),
    ),
)

STATISTICS = Table(
    "statistics",
    "results/analysis/primary/statistics/{outcome}.parquet",
    "Studentised statistic (z) of an outcome under every labelling of the patients; labelling 0 is the observed one. "
    "All outcomes share the labellings. No rows: the outcome has no permutation answer.",
    ("permutation",),
    (Column("permutation", "integer", "position of the labelling"),),
    open_columns="one per day with a contrast, 'day 7'; null where the labelling leaves an arm too few patients",
)

CALIBRATION_STUDIES = Table(
    "calibration_studies",
    "results/calibration/studies/{outcome}/{part}.parquet",
    "What each analysis answers in each simulated study of the shape in hand.",
    ("outcome", "number", "analysis", "effect"),
    (
        OUTCOME,
        Column("number", "integer", "number of the study, which decides its seed"),
        _text("analysis", "'mixed_model', 'permutation', 'while_alive', 'worst_rank', or 'gates'"),
        _number("effect", "declared effect in standard deviations of historical patients near the day", nullable=False),
        _number("sd", "that standard deviation, on the model scale"),
        _number("estimate", "on the model scale, ranks as the probability of winning; null without an answer"),
        _number("lower", "lower limit; null where there is none"),
        _number("upper", "upper limit; null where there is none"),
        _number("p_value", "of no difference; null without an answer"),
        _text("reason", "why there is no answer, of 'gates' the gate that refuses; ''"),
    ),
)

ARD = Table(
    "ard",
    "results/ard.parquet (and one part per job)",
    "Analysis results data: every number that a report prints.",
    (
        "output_id",
        "scenario",
        "analysis",
        "method",
        "outcome",
        "population",
        "arm",
        "level",
        "day",
        "contrast",
        "statistic",
    ),
    (
        _text("output_id", "number of the table or figure in docs/outputs.csv"),
        SCENARIO,
        _text("analysis", "what was done: attrition, baseline, mixed_model, ..."),
        _text("method", "how: summary, covariance rung, ..."),
        _text("outcome", "outcome code; ''"),
        _text("population", "population analysed"),
        _text("arm", "'treated', 'historical', 'both' or ''"),
        _text("level", "a covariate, rule, patient or source; ''"),
        _number("day", "study day; null where none", "days"),
        _text("contrast", "what is compared with what; ''"),
        _text("statistic", "name of the number"),
        _text("id", "stable hash of the key"),
        _number("value", "the number, in the unit of column `unit`; null for text"),
        _text("text", "code of a word or reason in the locales, or a text result; null for numbers", True),
        _text("unit", "unit of the number; ''"),
        _text("format", "how it is printed: '0', '0.0', '0.00', 'p', 'percent', 'percent.00', 'text'"),
    ),
)

TABLES: tuple[Table, ...] = (
    INTAKE,
    PATIENTS_RAW,
    MEASUREMENTS_RAW,
    EVENTS_RAW,
    TREATMENTS_RAW,
    LEDGER,
    RESOLUTIONS,
    PEOPLE,
    FINDINGS,
    PATIENTS,
    MEASUREMENTS,
    EVENTS,
    TREATMENTS,
    ELIGIBILITY,
    EVIDENCE,
    COHORT_PATIENTS,
    ATTRITION,
    OBSERVATIONS,
    VISITS,
    COHORT_EVENTS,
    DISPLAY,
    TREATED_COURSES,
    PATIENT_SUMMARIES,
    UNDERIVED,
    BALANCE,
    STATISTICS,
    CALIBRATION_STUDIES,
    WEIGHTS,
    MATCHED_SETS,
    GATES,
    ARD,
)


def data_model(exports: Iterable[Table]) -> str:
    """docs/data_model.md, generated from the declarations so that the two cannot disagree.

    exports: the tables that are written for other programs.
    """
    head = (
        "# Data model\n\n"
        "Generated from `tables/registry.py` by `make docs`; do not edit. Times are UTC in tables and local (the\n"
        "source's time zone) in exports. Every table is parquet, sorted by its key; what is\n"
        "written for other programs says so in its path.\n"
    )
    body = "".join(_table_section(table) for table in (*TABLES, *exports))
    return f"{head}{body}"


def _table_section(table: Table) -> str:
    rows = "".join(
        f"| `{c.name}` | {c.kind}{' or null' if c.nullable else ''} | {c.unit} | {c.description} |\n"
        for c in table.columns
    )
    more = f"\nFurther columns: {table.open_columns}.\n" if table.open_columns else ""
    return (
        f"\n## {table.name}\n\n`{table.path}`\n\n{table.description}\n\n"
        f"Key: {', '.join(f'`{k}`' for k in table.key)}\n\n"
        f"| column | kind | unit | meaning |\n|---|---|---|---|\n{rows}{more}"
    )
