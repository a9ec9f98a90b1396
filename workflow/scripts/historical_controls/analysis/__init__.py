"""What differs between the arms, how sure, and what would overturn it: the analysis stage."""

from .benchmarks import Benchmark, load_benchmarks
from .combine import combine_outcomes
from .comparison import Comparison, comparison
from .completeness import completeness
from .draws import analyse_draws
from .event_rows import Observed, observed
from .events import EventTables, analyse_events
from .grid import analyse_grid, scenarios_of
from .outcomes import Analysed, analyse_outcomes
from .overturn import overturn_rows
from .robustness import robustness
from .specification import specification

__all__ = [
    "Analysed",
    "Benchmark",
    "Comparison",
    "EventTables",
    "Observed",
    "analyse_draws",
    "analyse_events",
    "analyse_grid",
    "analyse_outcomes",
    "combine_outcomes",
    "comparison",
    "completeness",
    "load_benchmarks",
    "observed",
    "overturn_rows",
    "robustness",
    "scenarios_of",
    "specification",
]
