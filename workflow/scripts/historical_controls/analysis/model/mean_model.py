"""The mean of a model: how time enters by declaration, and what the data can carry of it by rule (EM-3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.model_data import ModelData
from historical_controls.ard.keys.arms import ARMS
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.inference.spread import no_spread
from historical_controls.mixed_model.design.arrays import Design
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.design.errors import ModelError
from historical_controls.mixed_model.design.specification import MixedModelSpec

Array = NDArray[np.float64]
Time = Literal["visits", "spline", "line"]
# Column of 0 and 1 by which the arms differ in every form, and the category of visits.
TREATED, VISIT = "treated", "at_visit"
# Forms in which visits that one arm alone has tell nothing of the difference.
SHARED = "visits_shared"
# More visits than these are a course, not a schedule.
MOST_VISITS = 8
# What is tried where the data cannot carry the declared course, in this order.
FORMS: dict[Time, tuple[str, ...]] = {
    "visits": (
        "visits",
        "visits_own_slopes_common",
        "visits_shared",
        "visits_shared_own_slopes_common",
        "visits_common",
    ),
    "spline": ("spline", "spline_line", "spline_common", "line", "line_common", "single_day"),
    "line": ("line", "line_common", "single_day"),
}


@dataclass(frozen=True)
class MeanModel:
    """form: one of FORMS; fixed, null: right sides with and without arms; visits: the days fitted, empty for curves;
    shared_visits: those of them at which the mean has a difference between the arms.

    frame: the rows that are fitted (of ModelData.frame), with columns treated, at_visit and visit (the day).
    seed: of the draws of values beyond limits. design: of these rows with arms, of a response that only varies.
    """

    form: str
    fixed: str
    null: str
    visits: tuple[int, ...]
    frame: pd.DataFrame
    seed: int = 0
    design: Design | None = None
    shared_visits: tuple[int, ...] = ()

    @property
    def one_value_each(self) -> bool:
        return not self.frame["subject"].duplicated().any()

    @property
    def time(self) -> str:
        """Column that a course is drawn along."""
        return VISIT if self.visits else "day"

    def moments(self, days: Sequence[int]) -> list[Any]:
        """The values of column `time` at these days, those of visits that were fitted."""
        if not self.visits:
            return [float(day) for day in days]
        return [visit_label(day) for day in days if day in self.visits]

    def moments_of(self, arm: str, days: Sequence[int]) -> list[Any]:
        """Those of these days at which the mean of an arm is its own: a visit that it lacks has the other arm's."""
        if not self.form.startswith(SHARED):
            return self.moments(days)
        own = set(self.frame.loc[self.frame["arm"] == arm, "visit"])
        return self.moments([day for day in days if day in own])

    def weights(self, day: int, from_zero: bool = True) -> dict[int, float]:
        """Days and weights of the mean over days 0 to `day` of a difference that is 0 at time zero (EM-1).

        from_zero False: over days 1 to `day`, the difference at time zero being unknown. The trapezoids of a curve;
        between visits the difference is taken to change along a line. No model is carried back to before the first day
        with responses in both arms: up to there the difference is that line, or without `from_zero` that day's.
        """
        # Day 0 has the weight 1/2 and the difference 0, so that its term is missing.
        grid = np.arange(1, day + 1)
        trapezoids = np.where(grid == day, 0.5, 1.0) / day
        if not from_zero:
            ends = (grid == 1) | (grid == day)
            trapezoids = np.ones(1) if day == 1 else np.where(ends, 0.5, 1.0) / (day - 1)
        if not self.visits:
            # The later of the arms' first days: a baseline of 24 hours leaves no response on day 1.
            first = min(int(self.frame.groupby("arm")["day"].min().max()), day)
            early = grid < first
            told = trapezoids[~early]
            told[0] += trapezoids[early] @ (grid[early] / first if from_zero else np.ones(first - 1))
            return dict(zip(grid[~early].tolist(), told.tolist(), strict=True))
        knots = [*([0] if from_zero else []), *(visit for visit in self.shared_visits if visit > 0)]
        # Piecewise linear hat functions: each visit's share in the difference on every day of the grid.
        hats = dict(zip(knots, np.eye(len(knots)), strict=True))
        weights = {visit: float(np.interp(grid, knots, hat) @ trapezoids) for visit, hat in hats.items() if visit > 0}
        # Visits after the period have no weight and need not be estimable.
        return {visit: weight for visit, weight in weights.items() if weight}


def build_mean_model(data: ModelData, settings: Analysis) -> MeanModel:
    """The first form of the declared time that these data carry: a design of full column rank.

    Raises ModelError where they carry none.
    """
    failure: ModelError | None = None
    for mean in _forms(data, settings, choose_time(data, settings)):
        try:
            return replace(mean, design=_design(mean))
        except ModelError as error:
            failure = error
    assert failure is not None
    raise failure


def choose_time(data: ModelData, settings: Analysis) -> Time:
    """The declared time; for 'auto' visits where they are scheduled and few, else the spline."""
    # One degree of freedom is a straight line by definition.
    if settings.spline_df == 1 or data.outcome.code in settings.straight_lines:
        return "line"
    if settings.time != "auto":
        return settings.time
    return "visits" if _scheduled(data.frame, settings) else "spline"


def _scheduled(frame: pd.DataFrame, settings: Analysis) -> bool:
    """Whether nobody has two values at one visit, every value is near its visit, and visits are few."""
    visit = nearest_visit(frame["day"], settings)
    near = ((frame["day"] - visit).abs() <= settings.visit_window_days).all()
    return (
        bool(near)
        and visit.nunique() <= MOST_VISITS
        and not pd.DataFrame({"subject": frame["subject"], "visit": visit}).duplicated().any()
    )


def nearest_visit(day: pd.Series, settings: Analysis) -> pd.Series:
    """The visit of each value: the contrast day within whose window it lies, else the nearest scheduled visit."""
    days, inverse = np.unique(day.to_numpy(dtype=np.int64), return_inverse=True)
    # Contrast days come first: a value near one must not be counted at a visit beside it.
    contrast = _nearest(days, settings.days)
    near = np.abs(contrast - days) <= settings.visit_window_days
    visit = np.where(near, contrast, _nearest(days, [*settings.visits, *settings.days]))
    return pd.Series(visit[inverse], index=day.index, name=day.name)


def _nearest(days: NDArray[np.int64], visits: Sequence[int]) -> NDArray[np.int64]:
    """The nearest of these visits to each day, the earlier of two equally near."""
    ordered = np.unique(np.asarray(visits, dtype=np.int64))
    after = np.searchsorted(ordered, days).clip(max=len(ordered) - 1)
    before = (after - 1).clip(min=0)
    earlier = np.abs(days - ordered[before]) <= np.abs(ordered[after] - days)
    return np.asarray(np.where(earlier, ordered[before], ordered[after]))


def visit_label(day: int) -> str:
    return f"{day:05d}"


def _with_arm(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{TREATED: (frame["arm"] == "treated").astype(float)})


def at_visits(frame: pd.DataFrame, settings: Analysis) -> pd.DataFrame:
    """One response per subject and visit: the nearest day, the earlier of two equally near; columns visit, at_visit."""
    placed = frame.assign(visit=nearest_visit(frame["day"], settings).astype("int64"))
    placed = placed.assign(distance=(placed["day"] - placed["visit"]).abs())
    chosen = placed.sort_values(["subject", "visit", "distance", "day"]).drop_duplicates(["subject", "visit"])
    # Zero-padded labels sort as text in the order of the days.
    levels = [visit_label(day) for day in sorted(chosen["visit"].unique())]
    labels = pd.Categorical(chosen["visit"].map(visit_label), categories=levels)
    return chosen.drop(columns="distance").assign(**{VISIT: labels}).reset_index(drop=True)


def _forms(data: ModelData, settings: Analysis, time: Time) -> Iterator[MeanModel]:
    frame = _with_arm(data.frame)
    own = _with_arm(at_visits(data.frame, settings)) if time == "visits" else frame
    one_visit = time == "visits" and len(own["visit"].unique()) == 1
    visits = _visits_of(own, ARMS) if time == "visits" and not one_visit else ()
    shared = tuple(day for day in visits if all(day in _visits_of(own, (arm,)) for arm in ARMS))
    for form in ("single_day",) if one_visit else FORMS[time]:
        if form.startswith(SHARED) and shared in ((), visits):
            continue
        rows = _one_each(own) if form == "single_day" else own
        own_slopes = form in ("visits", SHARED)
        # Tried with common slopes next, in the order of FORMS.
        if own_slopes and not _covariates_fit(rows, len(data.covariates)):
            continue
        shared_visits = shared if form.startswith(SHARED) else visits
        slopes = f":{VISIT}" if own_slopes else ""
        covariates = [f"{name}{slopes}" for name in data.covariates]
        fixed, null = (_formula([one, *covariates]) for one in _course(form, settings, shared_visits))
        yield MeanModel(form, fixed, null, visits, rows, data.seed, shared_visits=shared_visits)


def _visits_of(frame: pd.DataFrame, arms: Sequence[str]) -> tuple[int, ...]:
    return tuple(sorted(int(day) for day in frame.loc[frame["arm"].isin(arms), "visit"].unique()))


def _covariates_fit(frame: pd.DataFrame, covariates: int) -> bool:
    """Whether each visit has the patients for slopes of its own: two arms, the covariates, and three to spare."""
    return covariates == 0 or bool(frame.groupby("visit")["subject"].nunique().min() >= covariates + 5)


def _one_each(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows where everybody was measured once; none of them otherwise, which no design carries."""
    return frame if not frame["subject"].duplicated().any() else frame.iloc[:0]


def _course(form: str, settings: Analysis, shared_visits: Sequence[int] = ()) -> tuple[str, str]:
    """The terms of time with and without arms; shared_visits: those at which the arms differ."""
    # A difference at each visit that both arms have; elsewhere one arm alone tells the mean of the visit.
    differences = [f"I({TREATED} * ({VISIT} == '{visit_label(day)}'))" for day in shared_visits]
    shared = " + ".join([VISIT, *differences])
    spline = f"cr(day, df={settings.spline_df}, constraints='center')"
    return {
        "visits": (f"{TREATED} * {VISIT}", VISIT),
        "visits_own_slopes_common": (f"{TREATED} * {VISIT}", VISIT),
        "visits_shared": (shared, VISIT),
        "visits_shared_own_slopes_common": (shared, VISIT),
        "visits_common": (f"{TREATED} + {VISIT}", VISIT),
        "spline": (f"{TREATED} * {spline}", spline),
        "spline_line": (f"{TREATED} + {spline} + {TREATED}:day", spline),
        "spline_common": (f"{TREATED} + {spline}", spline),
        "line": (f"{TREATED} * day", "day"),
        "line_common": (f"{TREATED} + day", "day"),
        "single_day": (TREATED, "1"),
    }[form]


def _formula(terms: list[str]) -> str:
    return " + ".join(["y ~ " + terms[0], *terms[1:]])


def arm_without_spread(mean: MeanModel) -> bool:
    """Whether an arm's values lie on one course, given its covariates: no covariance of its own can be fitted to it."""
    design = mean.design
    if design is None or mean.frame["y"].isna().any():
        return False
    y = mean.frame["y"].to_numpy(dtype=float)[design.row]
    arm = mean.frame["arm"].to_numpy(dtype=object)[design.row]
    return any(_exact(design.X[arm == one], y[arm == one]) for one in ARMS)


def _exact(X: Array, y: Array) -> bool:
    beta, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    # With as many coefficients as values any values are reproduced.
    return bool(len(y) > rank and no_spread(np.abs(y - X @ beta).max(), np.abs(y).max()))


def _design(mean: MeanModel) -> Design:
    """The design, which the response takes no part in. Raises ModelError where its parts cannot be told apart."""
    # Any response that varies: whether a design has full rank does not depend on it.
    frame = mean.frame.assign(y=np.arange(len(mean.frame), dtype=float))
    return build_design(frame, MixedModelSpec(fixed=mean.fixed, subject="subject", random=None, residual="iid"))


class Differences(Protocol):
    """What gives rows of L: any fit of the library."""

    def difference_rows(self, by: str, levels: tuple[Any, Any], at: Mapping[str, Any] | None = None) -> Array: ...


def difference_rows(fit: Differences, mean: MeanModel, days: Sequence[int]) -> Array:
    """Rows of L (days, p): treated minus historical at each day. Raises ModelError where no such visit was fitted."""
    moments = [visit_label(day) for day in days] if mean.visits else mean.moments(days)
    return fit.difference_rows(TREATED, (1.0, 0.0), {mean.time: moments})
