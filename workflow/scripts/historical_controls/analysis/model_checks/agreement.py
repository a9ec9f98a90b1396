"""Whether other answers for the same day disagree with the printed one: by other covariances, and by permutation."""

from __future__ import annotations

from collections.abc import Iterator

from historical_controls.analysis.model.gates import reason_against_contrast
from historical_controls.analysis.model.ladder import FAILURES, Fit, Fitted
from historical_controls.analysis.model.mean_model import difference_rows
from historical_controls.analysis.model.model_data import ModelData
from historical_controls.analysis.model.permutation import PermutedOutcome
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.dictionary.scales import effect_of, effect_unit
from historical_controls.inference.permutation.contrast import Permuted
from historical_controls.mixed_model.inference.contrast import Contrast

Bounds = tuple[float, float]


def agreement_rows(
    cell: Cell, data: ModelData, fitted: Fitted, permuted: PermutedOutcome | None, settings: Analysis
) -> Iterator[Row]:
    """The contrast under every other rung at each declared day, and what disagrees with the printed one there.

    An answer disagrees whose interval is `settings.disagreement` times as wide, or says otherwise of no difference.
    """
    for day in settings.days:
        reason = reason_against_contrast(data, fitted.mean, day, settings)
        chosen = None if reason else _contrast(fitted.fit, fitted, day, settings)
        if chosen is None:
            continue
        # The first rung is the printed one.
        others = {one.rung.id: _contrast(one.fit, fitted, day, settings) for one in fitted.rungs[1:]}
        known = {rung: contrast for rung, contrast in others.items() if contrast is not None}
        for rung, contrast in known.items():
            yield from _rung_rows(cell.at(analysis=AnalysisKey.COVARIANCE_RUNGS, method=rung, day=day), contrast, data)
        printed = (chosen.lower, chosen.upper)
        rungs = any(disagrees(printed, (one.lower, one.upper), settings) for one in known.values())
        by_labels = [(test.lower, test.upper) for test in _tests(permuted, day)]
        labels = any(disagrees(printed, one, settings) for one in by_labels)
        if rungs or labels:
            said = "rungs_and_permutation" if rungs and labels else "rungs" if rungs else "permutation"
            yield cell.at(day=day).text(Statistic.DISAGREES, said)


def disagrees(printed: Bounds, other: Bounds, settings: Analysis) -> bool:
    """Whether another interval is so much wider, or alone of the two includes no difference; nan says nothing."""
    wider = other[1] - other[0] > settings.disagreement * (printed[1] - printed[0])
    # nan is not equal to itself: an interval without both limits cannot disagree.
    known = all(bound == bound for bound in other)
    return known and (wider or _includes_none(printed) != _includes_none(other))


def _includes_none(bounds: Bounds) -> bool:
    return bounds[0] <= 0 <= bounds[1]


def _tests(permuted: PermutedOutcome | None, day: int) -> list[Permuted]:
    # A day may have a model contrast and no permutation answer.
    pairs = [] if permuted is None else zip(permuted.days, permuted.tests, strict=True)
    return [test for own, test in pairs if own == day]


def _contrast(fit: Fit, fitted: Fitted, day: int, settings: Analysis) -> Contrast | None:
    try:
        L = difference_rows(fit, fitted.mean, [day])
        return fit.contrasts(L, fitted.df_method, settings.level)[0]
    except FAILURES:
        return None


def _rung_rows(here: Cell, contrast: Contrast, data: ModelData) -> Iterator[Row]:
    unit, shown = effect_unit(data.outcome)
    for name in INTERVAL:
        value = effect_of(getattr(contrast, name), data.outcome.scale)
        yield here.at(contrast=CONTRAST).number(name, value, unit, shown)
