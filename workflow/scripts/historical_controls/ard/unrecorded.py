"""What is left of the results where no file can record how a stay ended: no count of what could not be seen."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.dictionary.vocabulary import ENDINGS

# Analyses of deaths, and those of every end of a stay, whose rows name it as their level.
OF_DEATHS = (AnalysisKey.WORST_RANK, AnalysisKey.DEATHS)
OF_ENDS = (AnalysisKey.DISPOSITION, AnalysisKey.CUMULATIVE_INCIDENCE)


def without_unrecorded(ard: pd.DataFrame, recorded: Collection[str]) -> pd.DataFrame:
    """Rows of table `ard` but those that count ends of a stay that are not among `recorded`.

    Nobody known to have died is not nobody who died; ranks with death as the worst are ranks of values alone.
    """
    unknown = [end for end in ENDINGS if end not in recorded]
    silent = ard["analysis"].isin(OF_ENDS) & ard["level"].isin(unknown)
    if "death" in unknown:
        # Combinations of choices and calibrations name the analysis at the end of their level.
        silent |= ard["analysis"].isin(OF_DEATHS) | ard["level"].str.fullmatch(rf"(.*\|)?{AnalysisKey.WORST_RANK}")
    return ard.loc[~silent].reset_index(drop=True)
