"""What differs between the arms, how sure, and what would overturn it: the analysis stage."""

from .benchmarks import Benchmark, load_benchmarks
from .combine import combine_outcomes
from .comparison import Comparison, balance_tables, comparison, stored_comparison
from .completeness import completeness
from .draws import analyse_draws
from .event_rows import Observed, observed
from .events import EventTables, analyse_events
from .grid import analyse_grid, scenario_tables, scenarios_of
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
    "balance_tables",
    "combine_outcomes",
    "comparison",
    "completeness",
    "load_benchmarks",
    "observed",
    "overturn_rows",
    "robustness",
    "scenario_tables",
    "scenarios_of",
    "specification",
    "stored_comparison",
]
