"""Who is comparable, and from which hour is time counted?"""

from .clean_tables import CleanTables, CohortTables
from .define import define_cohort, write_cohort
from .results import cohort_ard

__all__ = ["CleanTables", "CohortTables", "cohort_ard", "define_cohort", "write_cohort"]
