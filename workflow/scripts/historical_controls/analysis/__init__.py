"""What differs between the arms, how sure, and what would overturn it: the analysis stage."""

from .combine import combine_outcomes
from .comparison import Comparison, comparison
from .completeness import completeness
from .draws import analyse_draws
from .outcomes import Analysed, analyse_outcomes

__all__ = [
    "Analysed",
    "Comparison",
    "analyse_draws",
    "analyse_outcomes",
    "combine_outcomes",
    "comparison",
    "completeness",
]
