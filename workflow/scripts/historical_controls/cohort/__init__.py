"""Who is comparable, and from which hour is time counted?"""

from .calendar import calendar_ard
from .clean_tables import CleanTables, CohortTables, StoredTables, stored_tables
from .define import define_cohort, groups, write_cohort
from .draws import redraw_waits
from .eligibility_results import eligibility_ard
from .readings import count_readings, readings_ard
from .results import cohort_ard
from .variants import redefine_cohorts

__all__ = [
    "CleanTables",
    "CohortTables",
    "StoredTables",
    "calendar_ard",
    "cohort_ard",
    "count_readings",
    "define_cohort",
    "eligibility_ard",
    "groups",
    "readings_ard",
    "redefine_cohorts",
    "redraw_waits",
    "stored_tables",
    "write_cohort",
]
