"""What is to be fitted: a frozen description with no data in it.

The model of docs/methods.md (MM-1): y_i = X_i beta + Z_i b_i + e_i, b_i ~ N(0, G_g), e_i ~ N(0, R_i).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from historical_controls.mixed_model.design.errors import SpecificationError
from historical_controls.mixed_model.design.messages import Code, Value

Residual = Literal["iid", "car1", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ad", "adh", "us"]
GroupForm = Literal["free", "two_scales", "one_scale"]

RESIDUALS: tuple[str, ...] = get_args(Residual)
GROUP_FORMS: tuple[str, ...] = get_args(GroupForm)
VISIT_STRUCTURES: tuple[str, ...] = RESIDUALS[2:]


@dataclass(frozen=True)
class MixedModelSpec:
    """One linear mixed model over a long table, one row per subject and time.

    fixed: formula of response and mean, e.g. "y ~ group * cr(day, df=3, constraints='center') + baseline".
    subject: column identifying the independent units.
    random: None or a formula of the columns of Z, e.g. "1" or "1 + day".
    random_correlated: whether G is a full matrix (True) or diagonal (False).
    residual: "iid"; "car1", correlation exp(-|dt|/range) over `time`; or a structure over `visit`.
    time: column of numbers for "car1" (any unit; the range is in the same unit).
    visit: column of scheduled visits for "cs" ... "us" (numbers, or a categorical, whose order is taken).
    groups: column, constant within subject, whose levels have covariance parameters of their own.
    group_form: "free" (all of them), "two_scales" (one shape, a factor for G and one for R per group),
        "one_scale" (one shape, one factor per group).
    reml: restricted likelihood (True) or full likelihood (False).
    weights: column of known positive row weights; a row's residual variance is divided by its weight.
    lower, upper: columns bounding a censored response (equal where it was observed, -inf or inf where open).

    Raises SpecificationError for unknown words and for combinations that have no meaning.
    """

    fixed: str
    subject: str
    random: str | None = None
    random_correlated: bool = True
    residual: Residual = "iid"
    time: str | None = None
    visit: str | None = None
    groups: str | None = None
    group_form: GroupForm = "free"
    reml: bool = True
    weights: str | None = None
    lower: str | None = None
    upper: str | None = None

    def __post_init__(self) -> None:
        _known("residual", self.residual, RESIDUALS)
        _known("group_form", self.group_form, GROUP_FORMS)
        for code, values in _contradictions(self):
            raise SpecificationError(code, **values)

    @property
    def over_visits(self) -> bool:
        """Whether the covariance is a matrix over scheduled visits."""
        return self.residual in VISIT_STRUCTURES

    @property
    def censored(self) -> bool:
        """Whether the response comes with censoring bounds."""
        return self.lower is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the specification names outside its formulas."""
        named = (self.subject, self.time, self.visit, self.groups, self.weights, self.lower, self.upper)
        return tuple(column for column in named if column is not None)


def _known(key: str, word: str, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        raise SpecificationError(Code.WORD_UNKNOWN, key=key, word=word, allowed=", ".join(allowed))


def _contradictions(spec: MixedModelSpec) -> list[tuple[Code, dict[str, Value]]]:
    """Every meaningless combination."""
    rules: list[tuple[bool, Code, dict[str, Value]]] = [
        ("~" not in spec.fixed, Code.NO_RESPONSE, {"fixed": spec.fixed}),
        (spec.residual == "car1" and spec.time is None, Code.NEEDS_TIME, {}),
        (spec.over_visits and spec.visit is None, Code.NEEDS_VISIT, {"residual": spec.residual}),
        # Several structures over visits already include a random intercept, which would then not be identified.
        (spec.over_visits and spec.random is not None, Code.RANDOM_OVER_VISITS, {"residual": spec.residual}),
        # One of the two scales is that of G, which a model without random effects lacks.
        (spec.group_form == "two_scales" and spec.random is None, Code.TWO_SCALES_WITHOUT_RANDOM, {}),
        ((spec.lower is None) != (spec.upper is None), Code.ONE_BOUND, {}),
    ]
    return [(code, values) for broken, code, values in rules if broken]
