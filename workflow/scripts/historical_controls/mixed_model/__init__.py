"""Small-sample linear mixed models: a table and a formula in, estimates with honest degrees of freedom out.

Read top-down: specification, design, covariance, likelihood, optimiser, inference. Equations and their
tags (MM-1 ...) stand in docs/methods.md, chapter "Mixed models".
"""

from historical_controls.mixed_model.design.design import Design, build_design, fixed_rows
from historical_controls.mixed_model.design.errors import (
    DataError,
    IllConditioned,
    ModelError,
    NotConverged,
    NotEstimable,
    RankDeficient,
    SpecificationError,
)
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.censored import CensoredFit, fit_censored
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_design, fit_mixed_model
from historical_controls.mixed_model.fits.influence import Influence
from historical_controls.mixed_model.fits.scores import SubjectScores, subject_scores
from historical_controls.mixed_model.fits.weighted import WeightedFit, solve_independent, solve_weighted
from historical_controls.mixed_model.inference.contrast import Contrast, JointTest, single
from historical_controls.mixed_model.inference.margins import Margins
from historical_controls.mixed_model.likelihood.laws import t_quantile
from historical_controls.mixed_model.likelihood.optimiser import Attempt, Control

__all__ = [
    "Attempt",
    "CensoredFit",
    "Contrast",
    "Control",
    "DataError",
    "Design",
    "IllConditioned",
    "Influence",
    "JointTest",
    "Margins",
    "MixedModelFit",
    "MixedModelSpec",
    "ModelError",
    "NotConverged",
    "NotEstimable",
    "RankDeficient",
    "SpecificationError",
    "SubjectScores",
    "WeightedFit",
    "build_design",
    "fit_censored",
    "fit_design",
    "fit_mixed_model",
    "fixed_rows",
    "single",
    "solve_independent",
    "solve_weighted",
    "subject_scores",
    "t_quantile",
]
