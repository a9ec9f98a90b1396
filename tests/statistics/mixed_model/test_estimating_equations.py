"""Weighted estimating equations against R's clubSandwich, against the formulas with N x N matrices, and invariances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from engine_references import table
from generated import study

from historical_controls.mixed_model import (
    DataError,
    MixedModelFit,
    MixedModelSpec,
    RankDeficient,
    SpecificationError,
    WeightedFit,
    fit_mixed_model,
    solve_independent,
    solve_weighted,
)

DROPPED = [1, 2, 16, 39, 40, 41, 76, 89, 104]

# clubSandwich 0.5.8 on Orthodont without the rows above: coef_test(vcov = vcovCR(type = "CR2"), test = "Satterthwaite")
# of lm; of lm(weights = w) with target = rep(1, N), inverse_var = FALSE; of lme(random = ~ 1 | Subject), REML
CLUBSANDWICH = {
    "lm": [
        (17.11747203046896, 1.55675005555198, 14.110373728568),
        (-0.90018687421895, 1.82917187497598, 20.079617607686),
        (0.70667698167103, 0.12556880505920, 14.355854241736),
        (-0.13660862229603, 0.15942637921546, 20.675114886174),
    ],
    "weighted lm": [
        (15.53127720603733, 1.91480452410800, 7.4523540205942),
        (1.07211981228123, 2.15815882315572, 10.5257936346362),
        (0.81293930590812, 0.16907880228007, 7.5817290180226),
        (-0.24050674349829, 0.20168509476445, 10.8699418676586),
    ],
    "lme": [
        (16.32269347480678, 1.36973575227594, 13.759905015965),
        (0.94781927764316, 1.60261430159600, 20.169040831359),
        (0.78528730106233, 0.11217196174890, 13.698753059522),
        (-0.29772561893770, 0.13444402010625, 20.253419096553),
    ],
}


def orthodont() -> tuple[MixedModelFit, pd.Series]:
    """The fit and weights 0.5 to 4.5 that go round with the rank of the subject's name."""
    data = table("Orthodont").drop(index=DROPPED)
    names = sorted(data["Subject"].unique())
    weights = pd.Series([0.5 + (k + 1) % 5 for k in range(len(names))], index=names)
    return fit_mixed_model(data, MixedModelSpec("distance ~ Sex * age", "Subject", "1")), weights


@pytest.mark.parametrize("name", list(CLUBSANDWICH))
def test_clubsandwich(name: str) -> None:
    fit, weights = orthodont()
    equal = weights * 0 + 1
    answers = {
        "lm": lambda: solve_independent(fit.design, equal),
        "weighted lm": lambda: solve_independent(fit.design, weights),
        "lme": lambda: solve_weighted(fit, equal),
    }
    found = answers[name]().coefficients()[["estimate", "standard_error", "df"]].to_numpy()
    # lme's own variances are good to about 1e-8
    assert found == pytest.approx(np.array(CLUBSANDWICH[name]), rel=1e-6 if name == "lme" else 1e-10)


def brute(
    fit: MixedModelFit, weights: np.ndarray, model: bool, row: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """beta, CR2 and df by Pustejovsky & Tipton 2018, term by term with N x N matrices."""
    design = fit.design
    X, y, owner = design.X, design.y, design.subject_of_row
    Phi = np.zeros((len(y), len(y)))
    for i in range(len(design.first)):
        own = np.flatnonzero(owner == i)
        Phi[np.ix_(own, own)] = fit.subject_covariance(i) if model else np.eye(len(own))
    W = np.diag(weights) @ np.linalg.inv(Phi)
    M = np.linalg.inv(X.T @ W @ X)
    beta = M @ X.T @ W @ y
    residual = np.eye(len(y)) - X @ M @ X.T @ W
    meat, columns = np.zeros_like(M), []
    for i in range(len(design.first)):
        own = np.flatnonzero(owner == i)
        D = np.linalg.cholesky(Phi[np.ix_(own, own)]).T
        B = D @ residual[own] @ Phi @ residual[own].T @ D.T
        values, vectors = np.linalg.eigh(B)
        A = D.T @ vectors @ np.diag(values**-0.5) @ vectors.T @ D
        half = X[own].T @ W[np.ix_(own, own)] @ A
        score = half @ (y - X @ beta)[own]
        meat += np.outer(score, score)
        columns.append(residual[own].T @ half.T @ M @ row)
    P = np.column_stack(columns)
    spread = P.T @ Phi @ P
    return beta, M @ meat @ M, float(np.trace(spread) ** 2 / np.sum(spread**2))


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize("residual", ["iid", "car1"])
def test_brute_force(model: bool, residual: Any) -> None:
    data = study(4)
    spec = MixedModelSpec("y ~ arm * day + x", "id", "1", residual=residual, time="day", groups="arm")
    fit = fit_mixed_model(data, spec)
    weights = pd.Series(np.random.default_rng(1).uniform(0.2, 3, len(fit.design.subjects)), fit.design.subjects)
    row = np.array([0.0, 1.0, 0.0, 0.0, 3.0])
    per_row = weights.to_numpy()[fit.design.subject_of_row]
    beta, vcov, df = brute(fit, per_row, model, row)
    answer = solve_weighted(fit, weights) if model else solve_independent(fit.design, weights)
    contrast = answer.contrast(row)
    assert answer.beta.to_numpy() == pytest.approx(beta, rel=1e-9)
    assert answer.vcov.to_numpy() == pytest.approx(vcov, rel=1e-8)
    assert contrast.df == pytest.approx(df, rel=1e-8)
    assert contrast.standard_error == pytest.approx(np.sqrt(row @ vcov @ row), rel=1e-8)


def test_weights_of_rows() -> None:
    """Inverse-intensity weights differ among a subject's rows; they come in the order of the caller's table."""
    data = study(4).sample(frac=1, random_state=1)
    fit = fit_mixed_model(data, MixedModelSpec("y ~ arm + day", "id", "1"))
    row = np.array([0.0, 1.0, 0.0])
    beta, vcov, df = brute(fit, data["weight"].to_numpy()[fit.design.row], False, row)
    answer = solve_independent(fit.design, data["weight"].to_numpy())
    assert answer.beta.to_numpy() == pytest.approx(beta, rel=1e-9)
    assert answer.vcov.to_numpy() == pytest.approx(vcov, rel=1e-8)
    assert answer.contrast(row).df == pytest.approx(df, rel=1e-8)


def _same(one: WeightedFit, other: WeightedFit) -> None:
    pd.testing.assert_frame_equal(one.coefficients(), other.coefficients(), rtol=1e-9)


def test_scale_of_the_weights() -> None:
    fit, weights = orthodont()
    _same(solve_weighted(fit, weights), solve_weighted(fit, weights * 1e-7))
    _same(solve_independent(fit.design, weights), solve_independent(fit.design, weights * 40))


def test_no_weight_is_absence() -> None:
    """Under independence, a subject of weight zero may as well not be there."""
    fit, weights = orthodont()
    data = fit.design.data
    gone = data["Subject"].isin(["M03", "F07"])
    without = fit_mixed_model(data[~gone], fit.spec)
    zero = weights.where(~weights.index.isin(["M03", "F07"]), 0.0)
    _same(solve_independent(fit.design, zero), solve_independent(without.design, weights))


def test_equal_weights_keep_the_estimates() -> None:
    """With V of the fit and equal weights the equations are those of generalised least squares."""
    fit, weights = orthodont()
    assert solve_weighted(fit, weights * 0 + 3).beta.to_numpy() == pytest.approx(fit.beta.to_numpy(), rel=1e-9)


def test_answers_as_a_fit_does() -> None:
    fit, weights = orthodont()
    weighted = solve_weighted(fit, weights)
    gap = weighted.difference("Sex", ("Male", "Female"), {"age": [11]}).table["estimate"].iloc[0]
    means = weighted.marginal_means({"age": [11]}, "Sex").table.set_index("Sex")["estimate"]
    assert gap == pytest.approx(means["Male"] - means["Female"])
    curve = weighted.trajectory({"age": [8, 10, 12]}, by="Sex").table
    assert (curve["band_upper"] >= curve["upper"]).all()


def test_refusals() -> None:
    fit, weights = orthodont()
    with pytest.raises(SpecificationError, match="void under subject weights"):
        solve_weighted(fit, weights).contrast({"age": 1.0}, df="kenward-roger")
    with pytest.raises(DataError, match=r"no weight \(first: 'F01'"):
        solve_weighted(fit, weights.drop("F01"))
    with pytest.raises(DataError, match="none negative"):
        solve_weighted(fit, -weights)
    with pytest.raises(DataError, match="for 99 rows"):
        solve_independent(fit.design, np.ones(3))
    with pytest.raises(RankDeficient):
        solve_weighted(fit, weights.where(weights.index.str.startswith("M"), 0.0))
