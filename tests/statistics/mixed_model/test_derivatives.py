"""Gradient and Hessian of every structure against central differences, at random data and parameters."""

from __future__ import annotations

import numpy as np
import pytest
from generated import study
from hypothesis import given, settings
from hypothesis import strategies as st

from historical_controls.mixed_model import MixedModelSpec, build_design
from historical_controls.mixed_model.design.specification import VISIT_STRUCTURES
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.fits.influence import without
from historical_controls.mixed_model.fits.responses import with_responses
from historical_controls.mixed_model.likelihood.likelihood import Point, evaluate, expected
from historical_controls.mixed_model.likelihood.reduction import reduce

FORMS = [(None, "free"), ("arm", "free"), ("arm", "one_scale"), ("arm", "two_scales")]
RANDOM = [
    (random, residual, groups, form, correlated)
    for random in (None, "1", "1 + day", "1 + day + I(day**2)")
    for residual in ("iid", "car1")
    for groups, form in FORMS
    for correlated in (True, False)
    if not (random is None and (form == "two_scales" or (residual, groups) == ("iid", None)))
    and (correlated or random == "1 + day")
]
VISITS = [(structure, groups, form) for structure in VISIT_STRUCTURES for groups, form in FORMS[:3]]


def agree(spec: MixedModelSpec, seed: int, step: float = 1e-5) -> None:
    """The exact derivatives equal central differences to the accuracy that those have."""
    design = build_design(study(seed, days=5), spec)
    engine, parameters = machinery(reduce(design), spec)
    theta = parameters.start(0.7) + np.random.default_rng(seed).normal(size=parameters.size) * 0.2
    theta = parameters.canonical(theta)

    def at(where: np.ndarray) -> Point:
        point = evaluate(engine, parameters, where)
        assert point is not None
        return point

    point, moves = at(theta), np.eye(len(theta)) * step
    pairs = [(at(theta + move), at(theta - move)) for move in moves]
    gradient = np.array([up.loglik - down.loglik for up, down in pairs]) / (2 * step)
    information = -np.array([up.gradient - down.gradient for up, down in pairs]) / (2 * step)
    assert point.gradient == pytest.approx(gradient, abs=1e-6 * max(1, np.abs(gradient).max()))
    assert point.information == pytest.approx(information, abs=1e-6 * max(1, np.abs(information).max()))


@settings(max_examples=3, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), reml=st.booleans(), weights=st.sampled_from([None, "weight"]))
@pytest.mark.parametrize(("random", "residual", "groups", "form", "correlated"), RANDOM)
def test_random_effects(random, residual, groups, form, correlated, seed, reml, weights) -> None:  # type: ignore[no-untyped-def]
    spec = MixedModelSpec(
        "y ~ arm * day + x",
        "id",
        random,
        random_correlated=correlated,
        residual=residual,
        time="day",
        groups=groups,
        group_form=form,
        reml=reml,
        weights=weights,
    )
    agree(spec, seed)


@pytest.mark.parametrize(("random", "residual", "groups", "form", "correlated"), RANDOM)
def test_several_problems_have_the_derivatives_of_each(random, residual, groups, form, correlated) -> None:  # type: ignore[no-untyped-def]
    model = {"random_correlated": correlated, "residual": residual, "time": "day", "groups": groups}
    alike_together(MixedModelSpec("y ~ arm * day + x", "id", random, group_form=form, **model))


@pytest.mark.parametrize(("structure", "groups", "form"), VISITS)
def test_several_problems_over_visits_have_the_derivatives_of_each(structure, groups, form) -> None:  # type: ignore[no-untyped-def]
    alike_together(
        MixedModelSpec("y ~ arm + x", "id", residual=structure, visit="visit", groups=groups, group_form=form)
    )


def alike_together(spec: MixedModelSpec) -> None:
    """Leading axes: other responses, at other parameters, without a subject that only one of the problems has."""
    design, rng = build_design(study(3, days=5), spec), np.random.default_rng(3)
    reduced = reduce(design)
    y = design.y + rng.normal(size=(3, len(design.y)))
    several = without(with_responses(reduced, design, y), np.array([2, 5, 9]))
    engine, parameters = machinery(several, spec)
    theta = parameters.start(0.7) + rng.normal(size=(3, parameters.size)) * 0.2
    together = evaluate(engine, parameters, theta)
    assert together is not None
    for number, left_out in enumerate([2, 5, 9]):
        own = without(with_responses(reduced, design, y[number]), left_out)
        alone = evaluate(*machinery(own, spec), theta[number])
        assert alone is not None
        for name in ("loglik", "gradient", "full_information", "information"):
            assert getattr(together, name)[number] == pytest.approx(getattr(alone, name), rel=1e-9, abs=1e-8)
        assert expected(together)[number] == pytest.approx(expected(alone), rel=1e-9, abs=1e-8)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), reml=st.booleans(), weights=st.sampled_from([None, "weight"]))
@pytest.mark.parametrize(("structure", "groups", "form"), VISITS)
def test_visits(structure, groups, form, seed, reml, weights) -> None:  # type: ignore[no-untyped-def]
    spec = MixedModelSpec(
        "y ~ arm + x",
        "id",
        residual=structure,
        visit="visit",
        groups=groups,
        group_form=form,
        reml=reml,
        weights=weights,
    )
    agree(spec, seed)
