"""What each rule answers from the values of simulated studies: estimate, p-value of no difference, and interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rate_worlds import DAYS, Studies
from scipy import stats

from historical_controls.analysis.model.ladder import FAILURES, Fit, specification
from historical_controls.analysis.model.mean_model import MeanModel, build_mean_model, difference_rows
from historical_controls.analysis.model.model_data import model_data
from historical_controls.analysis.model.permutation import replace_pooled
from historical_controls.balance.weights.entropy import solve
from historical_controls.config.analysis.analysis import Analysis, CovarianceRung
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.inference import relative_effect
from historical_controls.inference.labels import Labels, draw_labels
from historical_controls.inference.permutation.contrast import permutation_test
from historical_controls.inference.scores import Scores
from historical_controls.mixed_model.design.arrays import Design
from historical_controls.mixed_model.design.design import build_design, fixed_rows
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_design
from historical_controls.mixed_model.fits.responses import fit_responses
from historical_controls.mixed_model.fits.scores import subject_scores
from historical_controls.mixed_model.fits.small_samples import share_small_samples
from historical_controls.mixed_model.fits.weighted import solve_weighted
from historical_controls.mixed_model.inference.contrast import Contrast
from historical_controls.mixed_model.likelihood.likelihood import evaluate
from historical_controls.mixed_model.likelihood.optimiser import Control, newton
from historical_controls.mixed_model.likelihood.reduction import reduce

DAY = 7
LABELLINGS = 1000
# The visits that a trial would have: values of six days and an unstructured covariance, one for both arms.
SCHEDULE = (1, 3, 7, 10, 14, 21)
MMRM = CovarianceRung.model_construct(id="mmrm", random=None, residual="us", per_arm="pooled")
# What statsmodels' MixedLM offers: no residual correlation, one covariance for both arms.
MIXEDLM = CovarianceRung.model_construct(id="mixedlm", random="1 + day", residual="iid", per_arm="pooled")


LADDER_RULES = ("default", "satterthwaite", "weighted", "permutation", "studentised_permutation", "pooled_permutation")


@dataclass(frozen=True)
class Answer:
    """One rule in one study: difference (log odds of ranks), p-value of none, interval; nan where it has none."""

    estimate: float = np.nan
    p_value: float = np.nan
    lower: float = np.nan
    upper: float = np.nan


@dataclass(frozen=True)
class Batch:
    """Studies of one design with the mean model of the first one and their labellings.

    rules: those of the ladder that are asked for. row: of the null model at the day; patients: their numbers in the
    order of its subjects.
    """

    studies: Studies
    settings: Analysis
    mean: MeanModel
    labels: Labels
    rules: tuple[str, ...] = LADDER_RULES
    row: NDArray[np.float64] = field(default_factory=lambda: np.empty((1, 0)))
    patients: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @cached_property
    def ordered(self) -> Labels:
        """The labellings in that order."""
        return self.labels.take(self.patients)


def labellings(studies: Studies, seed: int) -> Labels:
    return draw_labels(studies.treated, seed, LABELLINGS, LABELLINGS)


def batch_of(studies: Studies, dictionary: Dictionary, labels: Labels, day: int = DAY) -> Batch:
    """The studies asked for the difference at a day; of other days than DAY only the ladder's rules have answers."""
    settings = analysis_settings(days=[day])
    data = model_data(dictionary.outcomes["PF"], *studies.tables(0), settings, dictionary)
    return Batch(studies, settings, build_mean_model(data, settings), labels)


def analysis_settings(**changes: object) -> Analysis:
    few = {"exact_up_to": LABELLINGS, "draws": LABELLINGS, "scenario_draws": LABELLINGS}
    return Analysis.model_validate({"days": [DAY], "covariates": [], "mean_over": [], "permutation": few, **changes})


def fits(batch: Batch, mean: MeanModel, rung: CovarianceRung, null: bool = False) -> list[MixedModelFit | None]:
    """The fit of one covariance to every study, None where it does not converge."""
    design = build_design(mean.frame, specification(mean.null if null else mean.fixed, rung))
    y = _responses(batch.studies, design)
    first = next((fit for fit in (_alone(design, own) for own in y[:3]) if fit and not fit.singular), None)
    # A single start, by itself, for an unstructured covariance that few patients may not determine.
    if first is None or design.spec.over_visits:
        return [_alone(design, own) for own in y]
    return [fit if fit and fit.converged else None for fit in fit_responses(first, y)]


def _alone(design: Design, y: NDArray[np.float64]) -> MixedModelFit | None:
    own = replace(design, y=y)
    try:
        fit = _one_start(own) if design.spec.over_visits else fit_design(own, Control())
    except FAILURES:
        return None
    return fit if fit.converged else None


def _one_start(design: Design) -> MixedModelFit:
    """Newton once: all attempts at an unstructured covariance that 15 patients do not determine take seconds."""
    problem = reduce(design)
    engine = machinery(problem, design.spec)
    point, attempt = newton(partial(evaluate, *engine), engine[1].start(1.0), "one", Control())
    return MixedModelFit(design, problem, point if attempt.converged else None, (attempt,))


def _responses(studies: Studies, design: Design) -> NDArray[np.float64]:
    """Values of all studies in the order of the design's rows (B, N)."""
    rows = design.data.iloc[design.row]
    patient = rows["subject"].str.slice(3).astype(int).to_numpy()
    return studies.y[:, patient, rows["day"].to_numpy(dtype=int) - DAYS[0]]


def ladder_answers(batch: Batch) -> list[dict[str, Answer]]:
    """The declared ladder with Kenward-Roger, other rules on its covariance, and its permutation answers."""
    rungs = [rung for rung in batch.settings.ladder if not rung.over_visits]
    ranked = [
        _ranked(list(zip(rungs, own, strict=True)))
        for own in zip(*(fits(batch, batch.mean, rung) for rung in rungs), strict=True)
    ]
    for rung in rungs:
        share_small_samples([pairs[0][1] for pairs in ranked if pairs and pairs[0][0] is rung], "kenward-roger")
    # The first that allows inference, as fit_ladder does.
    chosen = [next((pair for pair in pairs if _infers(pair[1])), None) for pairs in ranked]
    nulls = _nulls(batch, [None if pick is None else pick[0] for pick in chosen])
    # Rows at the day: of all studies of the group, whose designs are one.
    L = next((difference_rows(pick[1], batch.mean, batch.settings.days) for pick in chosen if pick), np.empty((1, 0)))
    null = next((null for null in nulls if null), None)
    if null is not None:
        # All null models have the rows of one table, in one order.
        batch = replace(batch, row=_null_row(batch, null), patients=_patients(null))
    return [_of_ladder(batch, pick, null, L) for pick, null in zip(chosen, nulls, strict=True)]


def _ranked(pairs: list[tuple[CovarianceRung, MixedModelFit | None]]) -> list[tuple[CovarianceRung, MixedModelFit]]:
    """The fits that there are, in the order of the criterion."""
    found = [(rung, fit) for rung, fit in pairs if fit is not None]
    return sorted(found, key=lambda pair: round(-2 * pair[1].loglik + 2 * len(pair[1].point.theta), 6))


def _nulls(batch: Batch, rungs: list[CovarianceRung | None]) -> list[MixedModelFit | None]:
    """The fit without arms under the chosen covariance of each study, found together where studies chose alike."""
    out: list[MixedModelFit | None] = [None] * len(rungs)
    for rung in {one.id: one for one in rungs if one is not None}.values():
        own = [number for number, one in enumerate(rungs) if one is not None and one.id == rung.id]
        few = replace(batch, studies=batch.studies.take(own))
        for number, fit in zip(own, fits(few, batch.mean, replace_pooled(rung), null=True), strict=True):
            out[number] = fit
    return out


def _infers(fit: MixedModelFit) -> bool:
    try:
        fit.small_sample("kenward-roger")
    except FAILURES:
        return False
    return True


def _of_ladder(
    batch: Batch,
    pick: tuple[CovarianceRung, MixedModelFit] | None,
    null: MixedModelFit | None,
    L: NDArray[np.float64],
) -> dict[str, Answer]:
    if pick is None:
        return dict.fromkeys(batch.rules, Answer())
    fit = pick[1]
    given: dict[str, Callable[[], Answer]] = {
        "default": lambda: contrast(fit, L, "kenward-roger"),
        "satterthwaite": lambda: contrast(fit, L, "satterthwaite"),
        "weighted": lambda: _weighted(batch, fit, L),
        "permutation": lambda: _permuted(batch, null),
        "studentised_permutation": lambda: _studentised(batch, null),
        "pooled_permutation": lambda: _pooled(batch, null),
    }
    return {rule: given[rule]() for rule in batch.rules}


def contrast(fit: Fit, L: NDArray[np.float64], method: str) -> Answer:
    try:
        return _of_contrast(fit.contrasts(L, method)[0])  # type: ignore[arg-type]
    except FAILURES:
        return Answer()


def _of_contrast(one: Contrast) -> Answer:
    return Answer(one.estimate, one.p_value, one.lower, one.upper)


def _weighted(batch: Batch, fit: MixedModelFit, L: NDArray[np.float64]) -> Answer:
    """Entropy weights for the baseline, CR2 with Satterthwaite's df; no answer where the gates refuse."""
    treated, baseline = batch.studies.treated, batch.studies.baseline
    Z = (baseline[~treated] - baseline[treated].mean())[:, None] / baseline[~treated].std(ddof=1)
    found = solve(Z, 1e-8, 200)
    if found.left > 1e-8 or 1 / (found.weights**2).sum() < 5 or found.weights.max() > 0.5:
        return Answer()
    weights = np.ones(len(treated))
    weights[~treated] = found.weights * treated.sum()
    try:
        by_subject = pd.Series(weights, [f"s/p{i:03d}" for i in range(len(treated))])
        return _of_contrast(solve_weighted(fit, by_subject).contrasts(L)[0])
    except FAILURES:
        return Answer()


def _null_row(batch: Batch, null: MixedModelFit) -> NDArray[np.float64]:
    """The null model's row at the day, with covariates of zero."""
    at = pd.DataFrame({"day": [float(batch.settings.days[0])], **dict.fromkeys(_covariates(batch.mean), 0.0)})
    return fixed_rows(null.design, at)


def _permuted(batch: Batch, null: MixedModelFit | None) -> Answer:
    if null is None:
        return Answer()
    test = permutation_test(_scores(batch, null), batch.ordered, 0.95, 3)[0]
    return Answer(test.estimate, test.p_value, test.lower, test.upper)


def _scores(batch: Batch, null: MixedModelFit) -> Scores:
    names = [name for name in null.names if not set(name.split(":")) & set(_covariates(batch.mean))]
    own = subject_scores(null, names, batch.row[:, [list(null.names).index(name) for name in names]])
    return Scores(own.score, own.information, own.shift(batch.studies.treated[batch.patients]))


def _patients(fit: MixedModelFit) -> NDArray[np.int64]:
    """Numbers of the patients in the order of a fit."""
    return fit.design.subjects.str.slice(3).astype(int).to_numpy()


def _covariates(mean: MeanModel) -> tuple[str, ...]:
    known = {"subject", "arm", "day", "y", "lower", "upper", "treated", "visit", "at_visit"}
    return tuple(name for name in mean.frame.columns if name not in known)


def _pooled(batch: Batch, null: MixedModelFit | None) -> Answer:
    """The difference of the arms' scores per information, not divided by a standard error of its own."""
    if null is None:
        return Answer()
    scores = _scores(batch, null)
    s, m, h = scores.score[:, 0], scores.shift[:, 0], scores.information[:, 0]
    own, member = batch.ordered.matrix[0], batch.ordered.matrix.astype(float)
    gap = (member @ s) / (member @ h) - ((1 - member) @ s) / ((1 - member) @ h)
    p_value = float((np.abs(gap) >= abs(gap[0]) * (1 - 1e-9)).mean())
    return Answer(float(s[own].sum() / m[own].sum()), p_value)


def _studentised(batch: Batch, null: MixedModelFit | None) -> Answer:
    """The difference over its standard error, whose degrees of freedom are not looked at: T of (IN-9) itself."""
    if null is None:
        return Answer()
    scores = _scores(batch, null)
    s, h = scores.score[:, 0], scores.information[:, 0]
    gap, variance = np.zeros(len(batch.ordered.matrix)), np.zeros(len(batch.ordered.matrix))
    for sign, member in ((1, batch.ordered.matrix.astype(float)), (-1, (~batch.ordered.matrix).astype(float))):
        n, ratio = member.sum(axis=1), (member @ s) / (member @ h)
        left = member @ s**2 - 2 * ratio * (member @ (s * h)) + ratio**2 * (member @ h**2)
        gap, variance = gap + sign * ratio, variance + n / (n - 1) * left / (member @ h) ** 2
    size = np.abs(gap) / np.sqrt(variance)
    return Answer(p_value=float((size >= size[0] * (1 - 1e-9)).mean()))


def mixedlm(batch: Batch) -> list[dict[str, Answer]]:
    own = fits(batch, batch.mean, MIXEDLM)
    L = next((difference_rows(fit, batch.mean, [DAY]) for fit in own if fit is not None), None)
    none = Answer()
    return [{"mixedlm_z": none if fit is None or L is None else contrast(fit, L, "z")} for fit in own]


def mmrm(batch: Batch) -> list[dict[str, Answer]]:
    """Six scheduled visits as categories, unstructured covariance of both arms together, Kenward-Roger."""
    settings = analysis_settings(time="visits", visit_window_days=0)
    # A visit at which one of the arms was never measured has no difference to estimate: the columns would have no rank.
    arms = batch.mean.frame.groupby("day")["treated"].nunique()
    days = tuple(day for day in SCHEDULE if arms.get(day) == 2)
    if DAY not in days:
        return [{"mmrm": Answer()}] * len(batch.studies.y)
    rows = batch.mean.frame["day"].isin(days)
    frame = batch.mean.frame.loc[rows].assign(at_visit=lambda own: own["day"].map("{:05d}".format).astype("category"))
    frame = frame.assign(visit=frame["day"]).reset_index(drop=True)
    covariates = _covariates(batch.mean)
    fixed = " + ".join(["y ~ treated * at_visit", *covariates])
    mean = MeanModel("visits", fixed, "", days, frame)
    own = fits(replace(batch, settings=settings), mean, MMRM)
    L = next((difference_rows(fit, mean, [DAY]) for fit in own if fit is not None), None)
    none = Answer()
    return [{"mmrm": none if fit is None or L is None else contrast(fit, L, "kenward-roger")} for fit in own]


def without_model(batch: Batch) -> list[dict[str, Answer]]:
    return [
        {"welch": _welch(batch.studies, number), "worst_rank": worst_rank(batch, number)}
        for number in range(len(batch.studies.y))
    ]


def _welch(studies: Studies, number: int) -> Answer:
    """Means of days 1 to 7 while alive, one a patient, without the baseline."""
    values = studies.y[number, :, :DAY]
    n = np.isfinite(values).sum(axis=1)
    means = np.nansum(values, axis=1)[n > 0] / n[n > 0]
    treated = studies.treated[n > 0]
    if min(treated.sum(), (~treated).sum()) < 3:
        return Answer()
    test = stats.ttest_ind(means[treated], means[~treated], equal_var=False)
    interval, difference = test.confidence_interval(), means[treated].mean() - means[~treated].mean()
    return Answer(float(difference), float(test.pvalue), float(interval.low), float(interval.high))


def worst_rank(batch: Batch, number: int) -> Answer:
    """Win odds of the last value up to day 7, death below every value and the earlier the lower."""
    values, death = batch.studies.y[number, :, :DAY], batch.studies.death[number]
    known = np.isfinite(values)
    last = np.take_along_axis(values, (DAY - 1 - known[:, ::-1].argmax(axis=1))[:, None], axis=1)[:, 0]
    score = np.where(death <= DAY, death - 1e6, last)
    present = np.isfinite(score)
    effect = relative_effect(score[present], batch.labels.take(np.flatnonzero(present)))
    if not np.isfinite(effect.p_value):
        return Answer()
    # A limit that complete separation does not give is the end of the scale.
    low, high = np.nan_to_num(effect.lower, nan=0.0), np.nan_to_num(effect.upper, nan=np.inf)
    with np.errstate(divide="ignore"):
        odds, lower, upper = np.log([effect.win_odds, low, high])
    return Answer(float(odds), effect.p_value, float(lower), float(upper))
