"""Small-sample linear mixed models: a table and a formula in, estimates with honest degrees of freedom out.

Read top-down: specification, design, covariance, likelihood, optimiser, inference. Equations and their
tags (MM-1 ...) stand in docs/methods.md, chapter "Mixed models".
"""

from .design import Design, build_design
from .errors import (
    DataError,
    IllConditioned,
    ModelError,
    NotConverged,
    NotEstimable,
    RankDeficient,
    SpecificationError,
)
from .specification import MixedModelSpec

__all__ = [
    "DataError",
    "Design",
    "IllConditioned",
    "MixedModelSpec",
    "ModelError",
    "NotConverged",
    "NotEstimable",
    "RankDeficient",
    "SpecificationError",
    "build_design",
]
