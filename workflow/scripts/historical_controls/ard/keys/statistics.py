"""The statistics of the results table. Their order here is the order of columns in the statistician's tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from historical_controls.ard.keys.undeclared import UndeclaredKeyError, undeclared


class Kind(StrEnum):
    """What a statistic is; whether it may be shared for few patients and how it is printed follow from it."""

    PATIENTS = "count of patients"
    EVENTS = "count of events"  # few events are events of few patients
    RECORDS = "count of records or values"
    COUNT = "count of something else than patients or their records"
    PLACE = "place in an order"
    SETTING = "number of the settings"
    SHARE = "share"
    ESTIMATE = "estimate"
    BOUND = "bound of an interval"
    RATE = "rate"
    MEASURE = "summary of values"
    MODEL = "property of a fitted model"
    P_VALUE = "p-value"
    CODE = "code of a word"
    REMARK = "code of the reason for which a number is missing"
    TEXT = "text of the study"

    @property
    def is_text(self) -> bool:
        """Whether rows of this kind hold a text, not a number."""
        return self in (Kind.CODE, Kind.REMARK, Kind.TEXT)

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number without a unit."""
        return self in (Kind.PATIENTS, Kind.EVENTS, Kind.RECORDS, Kind.COUNT)

    @property
    def printed_as(self) -> str:
        """The format that rows of this kind have ('percent' also with decimals); '' where each row has its own."""
        if self.is_text:
            return "text"
        return "0" if self.is_count else {Kind.P_VALUE: "p", Kind.SHARE: "percent"}.get(self, "")

    def allows(self, unit: str, format: str) -> bool:
        """Whether a number of this kind may have this unit and format: counts, shares and p-values have no unit."""
        if not self.printed_as:
            return True
        return not unit and (format == self.printed_as or (self is Kind.SHARE and format.startswith("percent.")))


class Statistic(StrEnum):
    """A name of column `statistic`, and its kind."""

    kind: Kind

    def __new__(cls, name: str, kind: Kind) -> Self:
        # The member is the name alone, as tables have it; the kind comes as an attribute.
        member = str.__new__(cls, name)
        member._value_ = name
        member.kind = kind
        return member

    # Counts, the total first
    N_SUBJECTS = "n_subjects", Kind.PATIENTS
    N_KNOWN = "n_known", Kind.PATIENTS
    N_VALUES = "n_values", Kind.RECORDS
    N = "n", Kind.PATIENTS
    TOTAL = "total", Kind.PATIENTS
    COUNT = "count", Kind.PATIENTS
    SHARE = "share", Kind.SHARE
    # What most tables are about
    VALUE = "value", Kind.MEASURE
    ESTIMATE = "estimate", Kind.ESTIMATE
    MEAN = "mean", Kind.MEASURE
    MEDIAN = "median", Kind.MEASURE
    CENTRE = "centre", Kind.MEASURE
    # Everything else, by the alphabet
    AGREEMENT = "agreement", Kind.CODE
    ASSAYS = "assays", Kind.TEXT
    BALANCE_OF = "balance_of", Kind.CODE
    CHANCE_TO_SEE = "chance_to_see", Kind.SHARE
    CITATION = "citation", Kind.TEXT
    CONVERGED = "converged", Kind.CODE
    COVARIANCE_PARAMETER = "covariance_parameter", Kind.MODEL
    COVARIANCE_RUNG = "covariance_rung", Kind.CODE
    COVARIATE_LEFT_OUT = "covariate_left_out", Kind.REMARK
    CRITERION = "criterion", Kind.MODEL
    DECIDED_BY_ONE = "decided_by_one", Kind.CODE
    DECIDES = "decides", Kind.CODE
    DESIGN = "design", Kind.CODE
    DETECTABLE = "detectable", Kind.MEASURE
    DETECTABLE_SD = "detectable_sd", Kind.MEASURE
    DF = "df", Kind.MODEL
    DF_METHOD = "df_method", Kind.CODE
    DIFFERENCE = "difference", Kind.ESTIMATE
    DIFFERENCE_LEFT = "difference_left", Kind.MODEL
    DISAGREES = "disagrees", Kind.CODE
    E_VALUE = "e_value", Kind.ESTIMATE
    E_VALUE_INTERVAL = "e_value_interval", Kind.BOUND
    EFFECTIVE_SIZE = "effective_size", Kind.MEASURE
    ESTIMATE_MODEL_SCALE = "estimate_model_scale", Kind.MODEL
    EVENT = "event", Kind.CODE
    EVER = "ever", Kind.PATIENTS
    EVIDENCE = "evidence", Kind.MEASURE
    EXPECTED = "expected_value", Kind.MODEL
    FACTOR = "factor", Kind.MEASURE
    FIRST = "first", Kind.PLACE
    HINT = "hint", Kind.TEXT
    HOW = "how", Kind.CODE
    INFEASIBLE = "infeasible", Kind.REMARK
    KURTOSIS = "kurtosis", Kind.MODEL
    LACK_OF_FIT = "lack_of_fit", Kind.CODE
    LACK_OF_FIT_P = "lack_of_fit_p", Kind.P_VALUE
    LARGEST = "largest", Kind.MEASURE
    LARGEST_SHARE = "largest_share", Kind.MEASURE
    LAST = "last", Kind.PLACE
    LEAST = "least", Kind.BOUND
    LEFT_BECAUSE = "left_because", Kind.REMARK
    LIMIT = "limit", Kind.SETTING
    LIMITS = "limits", Kind.CODE
    LOGLIK = "loglik", Kind.MODEL
    LOWER = "lower", Kind.BOUND
    LOWER_SIMULTANEOUS = "lower_simultaneous", Kind.BOUND
    MAX = "max", Kind.MEASURE
    MAX_SUBJECTS = "max_subjects", Kind.PATIENTS
    MEAN_MODEL = "mean_model", Kind.CODE
    MEDIAN_LOWER = "median_lower", Kind.BOUND
    MEDIAN_UPPER = "median_upper", Kind.BOUND
    MIN = "min", Kind.MEASURE
    MIN_SUBJECTS = "min_subjects", Kind.PATIENTS
    MOST = "most", Kind.BOUND
    N_ABOVE = "n_above", Kind.COUNT
    N_AFTER = "n_after", Kind.PATIENTS
    N_AT_LIMIT = "n_at_limit", Kind.PATIENTS
    N_AT_RISK = "n_at_risk", Kind.PATIENTS
    N_ATTEMPTS = "n_attempts", Kind.COUNT
    N_COPIES = "n_copies", Kind.COUNT
    N_BEFORE = "n_before", Kind.PATIENTS
    N_BELOW = "n_below", Kind.COUNT
    N_CENSORED = "n_censored", Kind.PATIENTS
    N_CHECKED = "n_checked", Kind.COUNT
    N_CLEAN = "n_clean", Kind.RECORDS
    N_CONTRASTS = "n_contrasts", Kind.COUNT
    N_DECIDING = "n_deciding", Kind.PATIENTS
    N_DETECTED = "n_detected", Kind.PATIENTS
    N_DIED = "n_died", Kind.PATIENTS
    N_DRAWS = "n_draws", Kind.COUNT
    N_DUPLICATE = "n_duplicate", Kind.RECORDS
    N_ESTIMATED = "n_estimated", Kind.COUNT
    N_EVENTS = "n_events", Kind.EVENTS
    N_EVER = "n_ever", Kind.PATIENTS
    N_EXCLUDED = "n_excluded", Kind.PATIENTS
    N_FAIL = "n_fail", Kind.PATIENTS
    N_FINDINGS = "n_findings", Kind.COUNT
    N_FAR = "n_far", Kind.COUNT
    N_HOLDS = "n_holds", Kind.COUNT
    N_IGNORED = "n_ignored", Kind.RECORDS
    N_IMPUTED = "n_imputed", Kind.PATIENTS
    N_INCLUDED = "n_included", Kind.PATIENTS
    N_ITERATIONS = "n_iterations", Kind.COUNT
    N_LABELLINGS = "n_labellings", Kind.COUNT
    N_LEFT_OUT = "n_left_out", Kind.PATIENTS
    N_LINES = "n_lines", Kind.RECORDS
    N_LOSSES = "n_losses", Kind.COUNT
    N_MEASURED = "n_measured", Kind.PATIENTS
    N_MISSING = "n_missing", Kind.PATIENTS
    N_NEGATIVES = "n_negatives", Kind.SETTING
    N_NEVER = "n_never", Kind.PATIENTS
    N_NOT_RECORDED = "n_not_recorded", Kind.PATIENTS
    N_OUTSIDE = "n_outside", Kind.COUNT
    N_PASS = "n_pass", Kind.PATIENTS
    N_PATIENTS = "n_patients", Kind.PATIENTS
    N_PER_ARM = "n_per_arm", Kind.COUNT
    N_QUARANTINED = "n_quarantined", Kind.RECORDS
    N_RECORDS = "n_records", Kind.RECORDS
    N_SPECIFICATIONS = "n_specifications", Kind.COUNT
    N_TESTS = "n_tests", Kind.RECORDS
    N_TIES = "n_ties", Kind.COUNT
    N_UNKNOWN = "n_unknown", Kind.PATIENTS
    N_UNMATCHED = "n_unmatched", Kind.PATIENTS
    N_UNOBSERVED = "n_unobserved", Kind.PATIENTS
    N_UNOBSERVED_DIED = "n_unobserved_died", Kind.PATIENTS
    N_WINS = "n_wins", Kind.COUNT
    NO_INTERVAL = "no_interval", Kind.REMARK
    NO_TIPPING_POINT = "no_tipping_point", Kind.REMARK
    NOT_APPLICABLE = "not_applicable", Kind.REMARK
    NOT_COMPARED = "not_compared", Kind.REMARK
    NOT_ESTIMABLE = "not_estimable", Kind.REMARK
    NOT_IDENTIFIED = "not_identified", Kind.REMARK
    NOT_PERMUTED = "not_permuted", Kind.REMARK
    NOT_RANKED = "not_ranked", Kind.REMARK
    NOT_RECORDED = "not_recorded", Kind.REMARK
    NOTE_EN = "note_en", Kind.TEXT
    NOTE_ES = "note_es", Kind.TEXT
    OBSERVED = "observed", Kind.MODEL
    ODDS_OF = "odds_of", Kind.CODE
    ODDS_RATIO = "odds_ratio", Kind.ESTIMATE
    P_BENJAMINI_HOCHBERG = "p_benjamini_hochberg", Kind.P_VALUE
    P_FLOOR = "p_floor", Kind.P_VALUE
    P_HOLM = "p_holm", Kind.P_VALUE
    P_MAX_T = "p_max_t", Kind.P_VALUE
    P_RAW = "p_raw", Kind.P_VALUE
    P_VALUE = "p_value", Kind.P_VALUE
    PATIENT_DAYS = "patient_days", Kind.MEASURE
    PENALTY = "penalty", Kind.MODEL
    PERMUTATIONS = "permutations", Kind.CODE
    POSITION = "position", Kind.PLACE
    POWER = "power", Kind.SETTING
    PROBABILITY = "probability", Kind.ESTIMATE
    Q1 = "q1", Kind.MEASURE
    Q1_LOWER = "q1_lower", Kind.BOUND
    Q1_UPPER = "q1_upper", Kind.BOUND
    Q3 = "q3", Kind.MEASURE
    Q3_LOWER = "q3_lower", Kind.BOUND
    Q3_UPPER = "q3_upper", Kind.BOUND
    RATE = "rate", Kind.RATE
    RATIO = "ratio", Kind.SETTING
    REGISTERED = "registered", Kind.PLACE
    SD = "sd", Kind.MEASURE
    SHARE_CENSORED = "share_censored", Kind.SHARE
    SHARE_HELD = "share_held", Kind.SHARE
    SHIFT_TO_NONE = "shift_to_none", Kind.MEASURE
    SHIFT_TO_OPEN = "shift_to_open", Kind.MEASURE
    SINGULAR = "singular", Kind.CODE
    SKEWNESS = "skewness", Kind.MODEL
    SMALLEST = "smallest", Kind.MEASURE
    SMD = "smd", Kind.MEASURE
    SMD_BY_CHANCE = "smd_by_chance", Kind.MEASURE
    SMD_CENSORED = "smd_censored", Kind.CODE
    SMD_SCALE = "smd_scale", Kind.CODE
    STANDARD_ERROR = "standard_error", Kind.MODEL
    STANDARDISED = "standardised", Kind.MEASURE
    STATE = "state", Kind.CODE
    TARGET = "target", Kind.CODE
    TAU_SD = "tau_sd", Kind.MEASURE
    TO_ABOVE = "to_above", Kind.MEASURE
    TO_BELOW = "to_below", Kind.MEASURE
    TO_HOLDS = "to_holds", Kind.MEASURE
    TOTAL_DISTANCE = "total_distance", Kind.MODEL
    TRUE_RATE = "true_rate", Kind.SETTING
    UPPER = "upper", Kind.BOUND
    UPPER_ONE_SIDED = "upper_one_sided", Kind.BOUND
    UPPER_SIMULTANEOUS = "upper_simultaneous", Kind.BOUND
    VARIANCE_RATIO = "variance_ratio", Kind.MEASURE
    VERDICT = "verdict", Kind.CODE
    WEEK = "week", Kind.PLACE
    WEIGHTING = "weighting", Kind.CODE
    WIN_ODDS = "win_odds", Kind.ESTIMATE
    WIN_RATIO = "win_ratio", Kind.ESTIMATE

    @property
    def words(self) -> str:
        """The locale entry that names it."""
        return f"statistic.{self.value}"


BY_NAME: Mapping[str, Statistic] = {str(one): one for one in Statistic}
INTERVAL = (Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER)
# What a study says in each language in one text.
NOTES: Mapping[str, Statistic] = {"en": Statistic.NOTE_EN, "es": Statistic.NOTE_ES}
# What is known of a quantile where censored values leave only bounds.
QUANTILE_BOUNDS = {
    Statistic.MEDIAN: (Statistic.MEDIAN_LOWER, Statistic.MEDIAN_UPPER),
    Statistic.Q1: (Statistic.Q1_LOWER, Statistic.Q1_UPPER),
    Statistic.Q3: (Statistic.Q3_LOWER, Statistic.Q3_UPPER),
}
REMARKS = tuple(one for one in Statistic if one.kind is Kind.REMARK)
# What one cell of a table holds: a number with its interval or spread, a p-value with its floor.
PATTERNS = (
    INTERVAL,
    (Statistic.MEAN, Statistic.LOWER, Statistic.UPPER),
    (Statistic.SHARE, Statistic.LOWER, Statistic.UPPER),
    (Statistic.SHARE_HELD, Statistic.LOWER, Statistic.UPPER),
    (Statistic.DIFFERENCE, Statistic.LOWER, Statistic.UPPER),
    (Statistic.WIN_RATIO, Statistic.LOWER, Statistic.UPPER),
    (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER),
    (Statistic.RATE, Statistic.LOWER, Statistic.UPPER),
    (Statistic.MEAN, Statistic.SD),
    (Statistic.MEDIAN, Statistic.Q1, Statistic.Q3),
    (Statistic.MEDIAN, Statistic.MIN, Statistic.MAX),
    (Statistic.P_VALUE, Statistic.P_FLOOR),
    (Statistic.ESTIMATE_MODEL_SCALE, Statistic.STANDARD_ERROR),
)


def declared_statistic(name: str) -> Statistic:
    """The statistic of that name. Raises UndeclaredKeyError where none is declared."""
    if name not in BY_NAME:
        raise UndeclaredKeyError(undeclared("statistic", name, BY_NAME))
    return BY_NAME[name]
