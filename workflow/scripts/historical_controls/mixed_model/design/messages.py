"""What the library says to a reader, as codes with values; the words of a report are the caller's, in any language.

`str(message)` is plain English for a programmer; `message.coded` is one stable text for a table of results, the code
and then its values by name ("variance_zero|effect=Intercept|group=site=north"), which `read_message` takes apart again.

Codes that reach a reader, with their values:

Boundaries of a fit (`fit.singular`), group empty where the groups share the parameter (and in models without groups):
    variance_zero (effect, group), correlation_one (effect, other, sign, group), correlations_degenerate (group),
    covariance_singular (group), residual_correlation_zero (group), residual_correlation_one (group)
Ends of an attempt (`attempt.message`): converged (), stopped (steps, decrement), start_impossible ()
Why a fit or an answer is refused (`error.message` of every ModelError): all others of `Code`, see `ENGLISH`. Those that
data of a well-written model can cause:
    not_converged (attempts, decrement), numerical_failure (), no_information (method), information_singular (method,
    eigenvalue), df_too_small (method, df), joint_df_too_small (method, df), response_constant (value), mean_exact (),
    rank_deficient (rank, columns, terms), column_zero (column), too_few_rows (rows, coefficients),
    group_of_one (column), one_subject (column), no_repeated_times (), all_censored (), separated (),
    profile_lost (), coefficient_unknown_to_data (), no_spread (), level_not_fitted (column, level, fitted)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Value = str | int | float


class Code(StrEnum):
    """One kind of message each; the values that go with it stand in braces in `ENGLISH`."""

    # boundaries
    VARIANCE_ZERO = "variance_zero"
    CORRELATION_ONE = "correlation_one"
    CORRELATIONS_DEGENERATE = "correlations_degenerate"
    COVARIANCE_SINGULAR = "covariance_singular"
    RESIDUAL_CORRELATION_ZERO = "residual_correlation_zero"
    RESIDUAL_CORRELATION_ONE = "residual_correlation_one"
    # ends of an attempt
    CONVERGED = "converged"
    STOPPED = "stopped"
    START_IMPOSSIBLE = "start_impossible"
    # fits and answers
    NOT_CONVERGED = "not_converged"
    NUMERICAL_FAILURE = "numerical_failure"
    NO_INFORMATION = "no_information"
    INFORMATION_SINGULAR = "information_singular"
    INFORMATION_NOT_POSITIVE = "information_not_positive"
    COEFFICIENT_UNKNOWN_TO_DATA = "coefficient_unknown_to_data"
    DF_TOO_SMALL = "df_too_small"
    JOINT_DF_TOO_SMALL = "joint_df_too_small"
    COMPONENT_DF_TOO_SMALL = "component_df_too_small"
    BOUNDARY_METHOD = "boundary_method"
    ROWS_DEPENDENT = "rows_dependent"
    ROW_EMPTY = "row_empty"
    COEFFICIENT_NOT_IN_MODEL = "coefficient_not_in_model"
    ROW_WIDTH = "row_width"
    NO_JOINT_TEST = "no_joint_test"
    PROFILE_LOST = "profile_lost"
    # data
    NO_ROWS = "no_rows"
    COLUMN_MISSING = "column_missing"
    COLUMN_HAS_GAPS = "column_has_gaps"
    NOT_FINITE = "not_finite"
    RESPONSE_CONSTANT = "response_constant"
    MEAN_EXACT = "mean_exact"
    TOO_FEW_ROWS = "too_few_rows"
    SUBJECT_IN_GROUPS = "subject_in_groups"
    GROUP_OF_ONE = "group_of_one"
    ONE_SUBJECT = "one_subject"
    WEIGHTS_NOT_POSITIVE = "weights_not_positive"
    REPEATED_MOMENT = "repeated_moment"
    NO_REPEATED_TIMES = "no_repeated_times"
    VISITS_WITHOUT_ORDER = "visits_without_order"
    COLUMN_ZERO = "column_zero"
    RANDOM_COLUMN_ZERO = "random_column_zero"
    RANK_DEFICIENT = "rank_deficient"
    FORMULA_FAILS = "formula_fails"
    RESPONSE_NOT_NUMERIC = "response_not_numeric"
    COVARIATE_MISSING = "covariate_missing"
    LEVEL_UNKNOWN = "level_unknown"
    LEVEL_NOT_FITTED = "level_not_fitted"
    MEAN_FAILS = "mean_fails"
    NEW_VALUES_INCOMPLETE = "new_values_incomplete"
    COLUMN_NOT_FITTED = "column_not_fitted"
    # values beyond limits
    BOUNDS_CROSSED = "bounds_crossed"
    BOUNDS_BOTH_OPEN = "bounds_both_open"
    BOUNDS_MISS_RESPONSE = "bounds_miss_response"
    ALL_CENSORED = "all_censored"
    SEPARATED = "separated"
    # weighted equations
    WEIGHT_COUNT = "weight_count"
    WEIGHT_REPEATED = "weight_repeated"
    WEIGHT_MISSING = "weight_missing"
    WEIGHTS_UNUSABLE = "weights_unusable"
    NO_SPREAD = "no_spread"
    # specifications
    WORD_UNKNOWN = "word_unknown"
    NO_RESPONSE = "no_response"
    NEEDS_TIME = "needs_time"
    NEEDS_VISIT = "needs_visit"
    RANDOM_OVER_VISITS = "random_over_visits"
    TWO_SCALES_WITHOUT_RANDOM = "two_scales_without_random"
    ONE_BOUND = "one_bound"
    CENSORED_FORM = "censored_form"
    CENSORED_ELSEWHERE = "censored_elsewhere"
    CENSORED_WITHOUT_BOUNDS = "censored_without_bounds"
    CENSORED_RANDOM_COLUMNS = "censored_random_columns"
    NEEDS_REML = "needs_reml"
    METHOD_VOID_UNDER_WEIGHTS = "method_void_under_weights"
    METHOD_NOT_FOR_CENSORED = "method_not_for_censored"
    NO_RANDOM_EFFECTS = "no_random_effects"
    NO_TIME_COLUMN = "no_time_column"
    SCORE_COLUMN_UNKNOWN = "score_column_unknown"


ENGLISH: dict[Code, str] = {
    Code.VARIANCE_ZERO: "variance of random {effect} is 0{group}",
    Code.CORRELATION_ONE: "correlation of random {effect} and {other} is {sign}1{group}",
    Code.CORRELATIONS_DEGENERATE: "correlations of the random effects are degenerate{group}",
    Code.COVARIANCE_SINGULAR: "covariance over visits is singular{group}",
    Code.RESIDUAL_CORRELATION_ZERO: "residual correlation is 0{group}",
    Code.RESIDUAL_CORRELATION_ONE: "residual correlation is 1{group}",
    Code.CONVERGED: "converged",
    Code.STOPPED: "stopped after {steps} steps with {decrement:.1e} still to gain",
    Code.START_IMPOSSIBLE: "V is not positive definite at the start",
    Code.NOT_CONVERGED: "the fit did not converge in {attempts} attempts and has no estimates "
    "({decrement:.1e} still to gain): simplify the covariance",
    Code.NUMERICAL_FAILURE: "the linear algebra of the fit failed ({detail}): simplify the model",
    Code.NO_INFORMATION: "df={method!r}: a covariance parameter has no information; simplify the covariance",
    Code.INFORMATION_SINGULAR: "df={method!r}: the information about the covariance parameters is singular "
    "(smallest eigenvalue {eigenvalue:.1e}); simplify the covariance",
    Code.INFORMATION_NOT_POSITIVE: "the observed information is not positive: simplify the model",
    Code.COEFFICIENT_UNKNOWN_TO_DATA: "some coefficients have next to no information: simplify the fixed formula",
    Code.DF_TOO_SMALL: "df={method!r} gives {df:.2f} degrees of freedom, too few for an interval: "
    "pool the covariance parameters or take fewer of them",
    Code.JOINT_DF_TOO_SMALL: "df={method!r} gives {df:.2f} denominator df: simplify the covariance",
    Code.COMPONENT_DF_TOO_SMALL: "df={method!r}: a component of the test has 2 df or fewer; use 'kenward-roger'",
    Code.BOUNDARY_METHOD: "df={method!r} is not defined on the boundary ({boundaries}): use 'kenward-roger'",
    Code.ROWS_DEPENDENT: "the rows of L are linearly dependent: drop those that repeat others",
    Code.ROW_EMPTY: "a row of L is zero or not finite, so there is nothing to estimate: correct it",
    Code.COEFFICIENT_NOT_IN_MODEL: "the model has no coefficient {name!r}: its names are {names}",
    Code.ROW_WIDTH: "L needs {width} columns, one per coefficient ({names})",
    Code.NO_JOINT_TEST: "joint tests are not offered for {fits}: give one row of L",
    Code.PROFILE_LOST: "the profile likelihood could not be followed: use interval='wald' and say so",
    Code.NO_ROWS: "the table has no rows: nothing can be fitted",
    Code.COLUMN_MISSING: "column {column!r} is not in the table{nearest}",
    Code.COLUMN_HAS_GAPS: "column {column!r} has {missing} missing values: drop or fill those rows first",
    Code.NOT_FINITE: "{what} has {missing} missing or infinite values (first: row {row}): "
    "drop or fill those rows first",
    Code.RESPONSE_CONSTANT: "the response is constant ({value:g}): there is nothing to model",
    Code.MEAN_EXACT: "the fixed formula reproduces the response exactly: there is no variation left to model",
    Code.TOO_FEW_ROWS: "{rows} rows cannot carry {coefficients} coefficients: simplify the fixed formula",
    Code.SUBJECT_IN_GROUPS: "subject {subject!r} appears in several levels of {column!r}: give it one",
    Code.GROUP_OF_ONE: "a level of {column!r} has one subject, which cannot carry variances of its own: "
    "pool the groups (groups=None)",
    Code.ONE_SUBJECT: "column {column!r} names one subject: a mixed model needs several",
    Code.WEIGHTS_NOT_POSITIVE: "column {column!r} must have positive finite weights: correct or drop those rows",
    Code.REPEATED_MOMENT: "subject {subject!r} has two rows at {column}={value}: keep one row each",
    Code.NO_REPEATED_TIMES: "residual='car1' needs subjects with several times: use residual='iid'",
    Code.VISITS_WITHOUT_ORDER: "column {column!r} has visits as text ({first!r}, ...), whose order is unknown: "
    "give numbers or an ordered categorical",
    Code.COLUMN_ZERO: "column {column!r} of X is zero in every row: take the term out",
    Code.RANDOM_COLUMN_ZERO: "a column of Z is zero in every row: take the term out of the random formula",
    Code.RANK_DEFICIENT: "X has rank {rank} of {columns}: take out or merge the terms behind {terms}",
    Code.FORMULA_FAILS: "{formula} cannot be evaluated: {detail}",
    Code.RESPONSE_NOT_NUMERIC: "{formula} must have one numeric response, not {columns} columns",
    Code.COVARIATE_MISSING: "the mean needs column {column!r}: give it in `at`, `by` or the table",
    Code.LEVEL_UNKNOWN: "{column}={level!r} is not a level that was fitted",
    Code.LEVEL_NOT_FITTED: "{column}={level!r} is not a fitted level: choose from {fitted}",
    Code.MEAN_FAILS: "the mean cannot be evaluated at the new values: {detail}",
    Code.NEW_VALUES_INCOMPLETE: "the new values have missing or unknown entries: give every covariate of the model",
    Code.COLUMN_NOT_FITTED: "column {column!r} is not in the fitted table",
    Code.BOUNDS_CROSSED: "{rows} rows (first: row {row}): {lower!r} is above {upper!r}: exchange or correct them",
    Code.BOUNDS_BOTH_OPEN: "{rows} rows (first: row {row}): neither bound is finite, which says nothing: "
    "drop those rows",
    Code.BOUNDS_MISS_RESPONSE: "{rows} rows (first: row {row}): {lower!r} and {upper!r} agree on a value that is not "
    "the response: give them on its scale",
    Code.ALL_CENSORED: "every response is censored: report the detection rate instead",
    Code.SEPARATED: "only censored responses determine some coefficients, so that their estimates are infinite: "
    "simplify the fixed formula, or report detection rates",
    Code.WEIGHT_COUNT: "{weights} weights for {rows} rows: give one for each",
    Code.WEIGHT_REPEATED: "a subject has several weights: give one for each",
    Code.WEIGHT_MISSING: "{subjects} subjects have no weight (first: {first!r}): give one for each",
    Code.WEIGHTS_UNUSABLE: "weights must be finite, none negative and not all zero: correct them",
    Code.NO_SPREAD: "the values do not vary within the groups, so that there is no standard error",
    Code.WORD_UNKNOWN: "{key}={word!r} is unknown: choose one of {allowed}",
    Code.NO_RESPONSE: "fixed={fixed!r} has no response: write 'y ~ ...'",
    Code.NEEDS_TIME: "residual='car1' needs time: name the column of times",
    Code.NEEDS_VISIT: "residual={residual!r} needs visit: name the column of visits",
    Code.RANDOM_OVER_VISITS: "residual={residual!r} already describes a whole subject: leave random out, "
    "or use residual='car1'",
    Code.TWO_SCALES_WITHOUT_RANDOM: "group_form='two_scales' needs random effects: use 'one_scale' or 'free'",
    Code.ONE_BOUND: "lower and upper belong together: give both or neither",
    Code.CENSORED_FORM: "fit_censored takes residual='iid' and reml=False: change these, or use fit_imputed",
    Code.CENSORED_ELSEWHERE: "a response with bounds is fitted by fit_imputed or fit_censored: call one of them, "
    "or leave lower and upper out",
    Code.CENSORED_WITHOUT_BOUNDS: "a censored fit needs the columns of its bounds: give lower and upper",
    Code.CENSORED_RANDOM_COLUMNS: "random={random!r} has {columns} columns, a censored response allows two: "
    "simplify it",
    Code.NEEDS_REML: "{what} is defined for restricted likelihood only: set reml=True",
    Code.METHOD_VOID_UNDER_WEIGHTS: "df={method!r} is void under subject weights, which make no likelihood: "
    "use 'satterthwaite' (with CR2)",
    Code.METHOD_NOT_FOR_CENSORED: "df={method!r} is not defined for censored responses: use 'between-within' "
    "(with profile-likelihood intervals), or 'z'",
    Code.NO_RANDOM_EFFECTS: "the model has no random effects: give `random` in the specification",
    Code.NO_TIME_COLUMN: "the specification names no time column: give `time` in the specification",
    Code.SCORE_COLUMN_UNKNOWN: "{name!r} is no coefficient of the fit: choose from {names}",
}


# English of another library or of this one, which no results table should hold.
FOR_PROGRAMMERS = frozenset({"detail", "boundaries", "nearest"})


@dataclass(frozen=True)
class Message:
    """A code and its values by name, in the order given."""

    code: Code
    values: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        values = dict(self.values)
        # In brackets after the sentence, or nothing at all where the groups share the parameter.
        if "group" in values:
            values["group"] = f" ({values['group']})" if values["group"] else ""
        return ENGLISH[self.code].format(**values)

    @property
    def coded(self) -> str:
        """The code and its values in one text, without what only a programmer reads; floats to four digits."""
        values = [f"{name}={_shown(value)}" for name, value in self.values if name not in FOR_PROGRAMMERS]
        return "|".join([self.code, *values])


def message(code: Code, **values: Value) -> Message:
    """A message of this code."""
    return Message(code, tuple(values.items()))


def read_message(coded: str) -> tuple[str, dict[str, str]]:
    """Code and values by name of a text that `coded` made."""
    code, *values = coded.split("|")
    return code, dict(value.split("=", 1) for value in values)


def _shown(value: Value) -> str:
    """A bar would end the value; there is none in a formula or a name that this library makes."""
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "/")
