"""Many rows of few subjects: answers that need no matrix as long as a subject's series, against those that do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from historical_controls.mixed_model import MixedModelSpec, fit_mixed_model
from historical_controls.mixed_model.fits import scores, weighted


def series(seed: int = 6) -> pd.DataFrame:
    """Twelve subjects with 1 to 30 rows at uneven days."""
    rng = np.random.default_rng(seed)
    parts = []
    for subject, n in enumerate([1, 2, 3, 30, 25, 12, 8, 8, 17, 5, 4, 21]):
        day = np.sort(rng.choice(60, n, replace=False)) + 1.0
        y = rng.normal() + 0.1 * day + rng.normal(size=n).cumsum() * 0.3
        parts.append(pd.DataFrame({"id": subject, "arm": "ab"[subject % 2], "day": day, "y": y, "x": rng.normal()}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    "covariance",
    [
        {"random": "1", "residual": "iid"},
        {"random": "1", "residual": "car1", "time": "day"},
        {"random": "1 + day", "residual": "car1", "time": "day", "groups": "arm", "group_form": "two_scales"},
        {"random": None, "residual": "car1", "time": "day"},
        {"random": "1", "residual": "iid", "weights": "w"},
    ],
    ids=["intercept", "intercept car1", "slope car1 by arm", "car1 alone", "weighted rows"],
)
def test_scores_are_those_of_the_whole_covariance(covariance: dict) -> None:
    data = series().assign(w=lambda rows: 0.5 + rows["day"] % 3)
    fit = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", **covariance))
    for ours, theirs in zip(scores._exact(fit), scores._by_covariances(fit), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-9 * np.abs(theirs).max())


def test_adjusted_residuals_of_independent_rows_are_those_of_the_whole_matrix() -> None:
    """CR2 with rows of unequal weight, subjects with fewer rows than columns, and one who alone has a level."""
    data = series().assign(alone=lambda rows: (rows["id"] == 8).astype(float))
    design = fit_mixed_model(
        data, MixedModelSpec("y ~ arm * day + x + alone", "id", random=None, residual="iid")
    ).design
    rows = np.random.default_rng(2).uniform(0.3, 3, len(data))
    ours = weighted.solve_independent(design, rows)
    theirs = weighted._solve(design, lambda i: np.eye(int(design.counts[i])), rows[design.row], "independence")
    assert ours.vcov.to_numpy() == pytest.approx(theirs.vcov.to_numpy(), rel=1e-9, abs=1e-12)
    for row in np.eye(len(ours.solution)):
        assert ours.df(row) == pytest.approx(theirs.df(row), rel=1e-7)
