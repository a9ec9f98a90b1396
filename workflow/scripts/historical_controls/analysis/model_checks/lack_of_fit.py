"""Whether the data ask for a richer course of the mean than the one that was fitted (EM-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from historical_controls.analysis.model.ladder import FAILURES, Fitted, specification, with_bounds
from historical_controls.analysis.model.mean_model import VISIT, MeanModel, visit_label
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.mixed_model.fits.gaussian import fit_mixed_model
from historical_controls.mixed_model.fits.imputed import ImputedFit, copies_under

# The check looks at many outcomes; below this p-value the report speaks up.
SPEAKS_UP = 0.01


def lack_of_fit_rows(cell: Cell, fitted: Fitted, settings: Analysis) -> Iterator[Row]:
    """p-value of a likelihood-ratio test against a richer course of the mean, and whether it speaks up (EM-4).

    Both means by full maximum likelihood under the chosen covariance, since restricted likelihoods of different means
    cannot be compared. Visits as categories are as rich as the data: they have no such test.
    """
    richer = _richer(fitted.mean, settings)
    # Covariances over visits fit rows of their own, which a spline of days would not share.
    if richer is None or fitted.rungs[0].rung.over_visits:
        return
    try:
        ours, more = (_full_likelihood(mean, fitted) for mean in (fitted.mean, richer))
    except FAILURES:
        return
    p_value = likelihood_ratio_p(2 * (more.loglik - ours.loglik), more.n_coefficients - ours.n_coefficients)
    yield cell.number(Statistic.LACK_OF_FIT_P, p_value, format="p")
    if p_value < SPEAKS_UP:
        yield cell.text(Statistic.LACK_OF_FIT, "yes")


def _richer(mean: MeanModel, settings: Analysis) -> MeanModel | None:
    """The same arms and covariates along a spline with two more degrees of freedom, or with a mean for each day where
    days are too few for that; None where the course has as many coefficients as there are days."""
    if mean.visits or mean.form == "single_day":
        return None
    # A line has one degree of freedom, whatever `spline_df` says.
    df = 1 if mean.form.startswith("line") else settings.spline_df
    own = _course(settings.spline_df) if mean.form.startswith("spline") else "day"
    days = mean.frame.groupby("arm")["day"].nunique().min()
    if days >= df + 4:
        return _along(mean, own, _course(df + 2))
    # A mean for each day contains every curve along the days.
    labels = pd.Categorical(mean.frame["day"].map(visit_label))
    return _along(replace(mean, frame=mean.frame.assign(**{VISIT: labels})), own, VISIT) if days > df + 1 else None


def _course(df: int) -> str:
    return f"cr(day, df={df}, constraints='center')"


def _along(mean: MeanModel, own: str, other: str) -> MeanModel:
    # Whole words: a covariate may be called days_from_onset.
    return replace(mean, fixed=re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", lambda _: other, mean.fixed))


@dataclass(frozen=True)
class Likelihoods:
    """loglik (D,): full log-likelihood of each completed copy of the data, one without values beyond a limit."""

    loglik: NDArray[np.float64]
    n_coefficients: int


def _full_likelihood(mean: MeanModel, fitted: Fitted) -> Likelihoods:
    """Of a mean under the chosen covariance; values beyond a limit are those of the fit's own copies."""
    # Likelihoods of different means compare under full maximum likelihood only.
    spec = replace(specification(mean.fixed, fitted.rungs[0].rung), reml=False)
    if isinstance(fitted.fit, ImputedFit):
        copies = copies_under(fitted.fit, with_bounds(spec))
        copies.point  # noqa: B018  raises NotConverged
        return Likelihoods(np.array([fit.loglik for fit in copies.fits]), len(copies.names))
    fit = fit_mixed_model(mean.frame, spec)
    return Likelihoods(np.array([fit.loglik]), len(fit.names))


def likelihood_ratio_p(gains: NDArray[np.float64], df: int) -> float:
    """p-value of one likelihood-ratio statistic, or of those of D completed copies together.

    Copies: D2 of Li, Meng, Raghunathan & Rubin 1991 (Statistica Sinica 1:65-92), which needs the statistics alone.
    """
    # Nested means cannot lose likelihood; what is below 0 is the optimiser's tolerance.
    gains, D = np.maximum(gains, 0.0), len(gains)
    r = (1 + 1 / D) * float(np.var(np.sqrt(gains), ddof=1)) if D > 1 else 0.0
    if r < 1e-12:  # copies that agree are one data set
        return float(chdtrc(df, gains.mean()))
    F = (gains.mean() / df - (D + 1) / (D - 1) * r) / (1 + r)
    # Denominator degrees of freedom of D2; its F may be negative where copies vary more than they gain.
    return float(fdtrc(df, df ** (-3 / D) * (D - 1) * (1 + 1 / r) ** 2, max(F, 0.0)))
