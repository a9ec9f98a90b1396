"""The few declared covariates as a matrix of numbers: what weights balance, matching measures and gates watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from historical_controls.balance.covariates import CategoryCovariate, Covariate, Floats, NumberCovariate
from historical_controls.balance.differences import Moments, moments_of, on_scale, pooled_sd, share_moments

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class KeyCovariates:
    """One column a number, flag or category but the first; n patients, p columns.

    covariate: code of each column's covariate. X (n, p): on the covariate's scale, missing values imputed with the mean
    of both arms pooled. known (n, p): not imputed. spread (p,): the denominator of the standardised mean difference;
    0 where nothing varies. control_sd (p,): standard deviation among the controls, so that no treated patient widens
    the distance that is allowed. treated (n,).
    """

    covariate: tuple[str, ...]
    X: Floats
    known: Flags
    spread: Floats
    control_sd: Floats
    treated: Flags

    @property
    def standardised(self) -> Floats:
        """X around the treated patients' means, in units of spread (p columns; 0 spread leaves the unit)."""
        return (self.X - self.X[self.treated].mean(axis=0)) / np.where(self.spread > 0, self.spread, 1.0)

    def imputed(self) -> dict[str, int]:
        """How many patients' value of each covariate was imputed."""
        missing = dict.fromkeys(self.covariate, 0)
        for code, known in zip(self.covariate, self.known.T, strict=True):
            # The columns of one category are missing together: the maximum counts a patient once.
            missing[code] = max(missing[code], int((~known).sum()))
        return missing


def key_covariates(covariates: Sequence[Covariate], treated: Flags, indicators: bool) -> KeyCovariates:
    """Columns of the covariates, in order; `indicators`: a 0/1 column for each that anybody lacks."""
    columns = [column for covariate in covariates for column in _columns(covariate, treated, indicators)]
    empty = np.zeros((len(treated), 0))
    return KeyCovariates(
        tuple(name for name, _, _ in columns),
        np.column_stack([values for _, values, _ in columns]) if columns else empty,
        np.column_stack([known for _, _, known in columns]) if columns else empty.astype(bool),
        # Imputed values are left out: all at the mean, they would make the arms look less spread out than they are.
        np.array([_spread(values[known], treated[known]) for _, values, known in columns]),
        # One control alone has no standard deviation; 0 stands for "no distance can be measured".
        np.array([np.nan_to_num(_moments(values[known & ~treated]).sd) for _, values, known in columns]),
        treated,
    )


def _columns(covariate: Covariate, treated: Flags, indicators: bool) -> Iterator[tuple[str, Floats, Flags]]:
    """Name, values and which are known; a covariate that nobody has gives no column."""
    raw = _raw(covariate)
    # The columns of a category are missing together, so that the first tells for all.
    known = ~np.isnan(raw[:, 0])
    if not known.any():
        return
    for values in raw.T:
        yield covariate.code, np.where(known, values, values[known].mean()), known
    # The indicator itself is known of everybody.
    if indicators and not known.all():
        yield covariate.code, (~known).astype(float), np.ones(len(treated), dtype=bool)


def _raw(covariate: Covariate) -> Floats:
    """(n, k): the number on its scale, or 0/1 per category but the first; nan where missing."""
    if isinstance(covariate, NumberCovariate):
        return on_scale(covariate)[:, None]
    return _dummies(covariate)


def _dummies(covariate: CategoryCovariate) -> Floats:
    # The first level is the reference: with all of them the columns would sum to 1 and be collinear.
    levels = covariate.levels if covariate.levels == ("",) else covariate.levels[1:]
    missing = np.array([value is None for value in covariate.category], dtype=bool)
    columns = [np.where(missing, np.nan, covariate.category == level) for level in levels]
    # A category with one level does not vary; a column of zeros keeps its name for the gates and counts.
    return np.column_stack(columns).astype(np.float64) if columns else np.zeros((len(missing), 1))


def _spread(values: Floats, treated: Flags) -> float:
    arms = [_moments(values[treated]), _moments(values[~treated])]
    spread = pooled_sd(*arms)
    return 0.0 if np.isnan(spread) else spread


def _moments(values: Floats) -> Moments:
    # A 0/1 column has the standard deviation of a share (BA-1), also where it comes from a number.
    if np.isin(values, (0.0, 1.0)).all():
        return share_moments(float(values.sum()), len(values))
    return moments_of(values)
