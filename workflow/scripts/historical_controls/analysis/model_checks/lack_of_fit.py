"""Whether the data ask for a richer course of the mean than the one that was fitted (EM-4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scipy.special import chdtrc

from historical_controls.analysis.model.ladder import FAILURES, Fit, Fitted, specification, with_open_bounds
from historical_controls.analysis.model.mean_model import MeanModel
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.mixed_model.fits.censored import fit_censored
from historical_controls.mixed_model.fits.gaussian import fit_mixed_model

# The check looks at many outcomes; below this p-value the report speaks up.
SPEAKS_UP = 0.01


def lack_of_fit_rows(cell: Cell, fitted: Fitted, settings: Analysis) -> Iterator[Row]:
    """p-value of a likelihood-ratio test against a spline with two more degrees of freedom, and whether it speaks up.

    Both means by full maximum likelihood under the chosen covariance, since restricted likelihoods of different means
    cannot be compared. Visits as categories are as rich as the data: they have no such test.
    """
    richer = _richer(fitted.mean, settings)
    if richer is None or fitted.rungs[0].rung.residual not in ("iid", "car1"):
        return
    try:
        ours, more = (_full_likelihood(mean, fitted) for mean in (fitted.mean, richer))
        gain = 2 * (more.loglik - ours.loglik)
    except FAILURES:
        return
    p_value = float(chdtrc(len(more.names) - len(ours.names), max(gain, 0.0)))
    yield cell.number(Statistic.LACK_OF_FIT_P, p_value, format="p")
    if p_value < SPEAKS_UP:
        yield cell.text(Statistic.LACK_OF_FIT, "yes")


def _richer(mean: MeanModel, settings: Analysis) -> MeanModel | None:
    """The same arms and covariates along a spline with two more degrees of freedom; None where days are too few."""
    if mean.visits or mean.form == "single_day":
        return None
    df = (1 if mean.form.startswith("line") else settings.spline_df) + 2
    if mean.frame.groupby("arm")["day"].nunique().min() < df + 2:
        return None
    course = f"cr(day, df={settings.spline_df}, constraints='center')"
    wider = f"cr(day, df={df}, constraints='center')"
    own = course if mean.form.startswith("spline") else "day"
    return replace(mean, fixed=mean.fixed.replace(own, wider))


def _full_likelihood(mean: MeanModel, fitted: Fitted) -> Fit:
    spec = replace(specification(mean.fixed, fitted.rungs[0].rung), reml=False)
    if mean.frame["y"].isna().any():
        return fit_censored(with_open_bounds(mean.frame), replace(spec, lower="lower", upper="upper"))
    return fit_mixed_model(mean.frame, spec)
