"""The shape of the study in hand: who could be in it, when they are measured, and how their values vary (CA-1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.fit_rows import spread_near
from historical_controls.analysis.model.included_visits import PERSON, subject_of
from historical_controls.analysis.model.ladder import Fitted, fit_ladder
from historical_controls.analysis.model.mean_model import TREATED, VISIT, nearest_visit, visit_label
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.ard.keys.arms import ARMS
from historical_controls.mixed_model.design.design import build_design, fixed_rows
from historical_controls.mixed_model.fits.covariance import subject_covariances
from historical_controls.mixed_model.fits.gaussian import MixedModelFit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StudyShape:
    """What studies of this shape are drawn from; days (D,) are all days on which anybody was measured.

    people: included patients (table cohort_patients), both arms together; at_zero: their visits of day 0 of the
    outcome and of covariates. means (patients, D): mean of a historical patient with the characteristics of each.
    roots: by arm (D, D), a root of the covariance between days. patterns: by arm, of each patient the last day of
    follow-up and the places in `days` of those measured. sd: standard deviation of historical patients near the primary
    day. Means, covariances and sd are on the model scale.
    """

    inputs: AnalysisInputs
    code: str
    people: pd.DataFrame
    at_zero: pd.DataFrame
    days: NDArray[np.int64]
    means: Array
    roots: dict[str, Array]
    patterns: dict[str, list[tuple[float, NDArray[np.int64]]]]
    sd: float
    rung: str

    @property
    def sizes(self) -> dict[str, int]:
        """Included patients by arm."""
        return {arm: int((self.people["arm"] == arm).sum()) for arm in ARMS}


def study_shape(inputs: AnalysisInputs, code: str, key_covariates: Iterable[str]) -> StudyShape | str:
    """The shape of one outcome of the primary scenario, as its chosen covariance was fitted; or why it has none.

    key_covariates: those that gates look at. Effects are in standard deviations of historical patients near the day.
    """
    data = inputs.table(code)
    reason = inputs.reason_against(data)
    if reason is not None:
        return reason
    if data.share_censored() > 0:
        return "limits_not_simulated"
    # Weights and small-sample rules belong to the answer, not to how values come about.
    fitted = fit_ladder(data, inputs.settings.model_copy(update={"visit_weights": "none", "df_method": "z"}))
    if not isinstance(fitted, Fitted):
        return fitted.reason
    # Values beyond limits have fits of another kind, and were refused.
    assert isinstance(fitted.fit, MixedModelFit)
    sd, _ = spread_near(data, inputs.primary.day, inputs.settings.visit_window_days)
    if not sd > 0:
        return "no_spread"
    # Everybody included, whom a matched primary analysis compares or not: each study is matched anew.
    people = inputs.patients
    people = people.loc[people["included"].fillna(False).astype(bool)].sort_values(PERSON, ignore_index=True)
    days = _days(data, fitted)
    over_visits = fitted.fit.spec.over_visits
    read = {code, *key_covariates, *inputs.settings.covariates}
    zero = inputs.visits.loc[(inputs.visits["day"] == 0) & inputs.visits["outcome"].isin(read)]
    return StudyShape(
        inputs,
        code,
        people,
        zero.merge(people[PERSON], on=PERSON),
        days,
        _means(data, fitted, people, days, inputs),
        {arm: _root(fitted.fit, fitted, arm, days, inputs) for arm in ARMS},
        {arm: _patterns(data, people, arm, days, inputs, over_visits) for arm in ARMS},
        sd,
        fitted.rung,
    )


def _days(data: ModelData, fitted: Fitted) -> NDArray[np.int64]:
    # A covariance over visits knows nothing of days between them.
    levels = fitted.fit.design.visit_levels if fitted.fit.spec.over_visits else data.frame["day"].unique()
    return np.sort(np.asarray(levels, dtype=np.int64))


def _at(days: NDArray[np.int64], arm: str, fitted: Fitted, inputs: AnalysisInputs) -> pd.DataFrame:
    """One row a day, with every column that a form of time reads."""
    visits = nearest_visit(pd.Series(days), inputs.settings)
    frame = pd.DataFrame({"subject": arm, "arm": arm, "day": days, "visit": visits.to_numpy(dtype=np.int64)})
    if fitted.mean.visits:
        labels = visits.map(visit_label)
        frame[VISIT] = pd.Categorical(labels, categories=fitted.mean.frame[VISIT].cat.categories)
    return frame


def _means(
    data: ModelData, fitted: Fitted, people: pd.DataFrame, days: NDArray[np.int64], inputs: AnalysisInputs
) -> Array:
    """(patients, D): the fitted mean of the historical arm at each one's covariates; averages where one has none."""
    names = list(data.covariates)
    own = data.frame.drop_duplicates("subject").set_index("subject")[names].astype(float)
    covariates = own.reindex(subject_of(people).to_numpy()).fillna(own.mean())
    grid = _at(days, "historical", fitted, inputs).assign(**{TREATED: 0.0})
    rows = grid.loc[np.tile(grid.index, len(people))].reset_index(drop=True)
    values = {name: np.repeat(covariates[name].to_numpy(), len(days)) for name in names}
    X = fixed_rows(fitted.fit.design, rows.assign(**values))
    return np.asarray(X @ fitted.fit.beta.to_numpy()).reshape(len(people), len(days))


def _root(fit: MixedModelFit, fitted: Fitted, arm: str, days: NDArray[np.int64], inputs: AnalysisInputs) -> Array:
    """(D, D): L with L L' the fitted covariance of a patient of the arm who was measured on all days."""
    # Two of each arm, so that both groups are there and no design refuses them; y only has to vary.
    everyone = [_at(days, one, fitted, inputs).assign(subject=f"{one}{n}") for one in ARMS for n in range(2)]
    rows = pd.concat(everyone, ignore_index=True)
    design = build_design(rows.assign(y=np.arange(len(rows), dtype=float)), replace(fit.spec, fixed="y ~ 1"))
    subject = list(design.subjects).index(f"{arm}0")
    V = subject_covariances(design, fit.problem, fit.point, fit.point.nu, fit.point.sigma2, subject)
    size, vectors = np.linalg.eigh(V)
    # Boundary fits are singular: a Cholesky root would not exist.
    return np.asarray(vectors * np.sqrt(np.maximum(size, 0.0)))


def _patterns(
    data: ModelData, people: pd.DataFrame, arm: str, days: NDArray[np.int64], inputs: AnalysisInputs, visits: bool
) -> list[tuple[float, NDArray[np.int64]]]:
    own = data.frame.loc[data.frame["arm"] == arm]
    day = nearest_visit(own["day"], inputs.settings) if visits else own["day"]
    measured = {name: np.flatnonzero(np.isin(days, one)) for name, one in day.groupby(own["subject"])}
    included = people.loc[people["arm"] == arm]
    ends = zip(subject_of(included), included["end_day"], strict=True)
    return [(float(end), measured.get(name, np.zeros(0, dtype=np.int64))) for name, end in ends]
