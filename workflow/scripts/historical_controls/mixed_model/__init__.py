"""Small-sample linear mixed models: a table and a formula in, estimates with honest degrees of freedom out.

Read top-down: specification, design, covariance, likelihood, optimiser, inference. Equations and their
tags (MM-1 ...) stand in docs/methods.md, chapter "Mixed models".
"""

from .censored_fit import CensoredFit, fit_censored
from .contrast import Contrast, JointTest, single
from .design import Design, build_design, fixed_rows
from .errors import (
    DataError,
    IllConditioned,
    ModelError,
    NotConverged,
    NotEstimable,
    RankDeficient,
    SpecificationError,
)
from .estimating_equations import WeightedFit, solve_independent, solve_weighted
from .fit import MixedModelFit, fit_design, fit_mixed_model
from .influence import Influence
from .laws import t_quantile
from .margins import Margins
from .optimiser import Attempt, Control
from .scores import SubjectScores, subject_scores
from .specification import MixedModelSpec

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
