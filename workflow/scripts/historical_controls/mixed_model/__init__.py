"""Small-sample linear mixed models: a table and a formula in, estimates with honest degrees of freedom out.

Read top-down: design/, likelihood/, random_effects/ and visits/ (two engines), censored/, inference/, fits/. Equations
and their tags (MM-1 ...) are in docs/methods.md, chapter "Mixed models"; what the library says to a reader are codes
with values, listed in design/messages.py.
"""

from historical_controls.mixed_model.design.arrays import Design
from historical_controls.mixed_model.design.design import build_design, fixed_rows
from historical_controls.mixed_model.design.errors import (
    DataError,
    IllConditioned,
    ModelError,
    NotConverged,
    NotEstimable,
    NumericalFailure,
    RankDeficient,
    SpecificationError,
)
from historical_controls.mixed_model.design.messages import ENGLISH, Code, Message, read_message
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.censored import CensoredFit, fit_censored
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_design, fit_mixed_model
from historical_controls.mixed_model.fits.imputed import ImputedFit, copies_under, fit_imputed
from historical_controls.mixed_model.fits.influence import Influence, leave_one_out, refits
from historical_controls.mixed_model.fits.residuals import random_effects, residuals
from historical_controls.mixed_model.fits.scores import SubjectScores, subject_scores
from historical_controls.mixed_model.fits.weighted import WeightedFit, solve_independent, solve_weighted
from historical_controls.mixed_model.inference.contrast import Contrast, JointTest, t_contrast
from historical_controls.mixed_model.inference.margins import Margins
from historical_controls.mixed_model.likelihood.laws import t_quantile
from historical_controls.mixed_model.likelihood.optimiser import Attempt, Control

__all__ = [
    "ENGLISH",
    "Attempt",
    "CensoredFit",
    "Code",
    "Contrast",
    "Control",
    "DataError",
    "Design",
    "IllConditioned",
    "ImputedFit",
    "Influence",
    "JointTest",
    "Margins",
    "Message",
    "MixedModelFit",
    "MixedModelSpec",
    "ModelError",
    "NotConverged",
    "NotEstimable",
    "NumericalFailure",
    "RankDeficient",
    "SpecificationError",
    "SubjectScores",
    "WeightedFit",
    "build_design",
    "copies_under",
    "fit_censored",
    "fit_design",
    "fit_imputed",
    "fit_mixed_model",
    "fixed_rows",
    "leave_one_out",
    "random_effects",
    "read_message",
    "refits",
    "residuals",
    "solve_independent",
    "solve_weighted",
    "subject_scores",
    "t_contrast",
    "t_quantile",
]
