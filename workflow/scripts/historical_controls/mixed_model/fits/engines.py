"""Which engine and which parametrisation a specification asks for."""

from __future__ import annotations

from historical_controls.mixed_model.design.specification import GroupForm, MixedModelSpec
from historical_controls.mixed_model.likelihood.likelihood import Engine, Parameters
from historical_controls.mixed_model.likelihood.reduction import Problem
from historical_controls.mixed_model.random_effects.parameters import random_effects_parameters
from historical_controls.mixed_model.random_effects.score import random_effects_engine
from historical_controls.mixed_model.visits.engine import visits_engine
from historical_controls.mixed_model.visits.parameters import VisitParameters


def machinery(problem: Problem, spec: MixedModelSpec) -> tuple[Engine, Parameters]:
    """The engine and the parametrisation of a reduced problem."""
    # With one group the three forms are the same model.
    form: GroupForm = spec.group_form if problem.n_groups > 1 else "free"
    if spec.over_visits:
        return visits_engine(problem), VisitParameters(spec.residual, problem.n_visits, problem.n_groups, form)
    return random_effects_engine(problem), random_effects_parameters(problem, spec.random_correlated, form)
