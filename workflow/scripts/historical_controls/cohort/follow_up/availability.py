"""How many patients were measured, how often and by which assays: counts that add up over groups of patients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from historical_controls.cohort.follow_up.visits import study_days
from historical_controls.config.cohort.baseline import BaselineWindow

ALL_DAYS = -1
KEY = ["outcome", "arm", "day"]
COUNTS = ["n_subjects", "n_values", "n_numbers", "n_censored"]


def value_counts(observations: pd.DataFrame, outcomes: Sequence[str], baseline: BaselineWindow) -> pd.DataFrame:
    """Columns outcome, arm, day, the COUNTS and assays (a set); day ALL_DAYS: from the baseline hours on."""
    rows = observations[observations["outcome"].isin(outcomes)]
    rows = rows.assign(day=study_days(rows["hours"].to_numpy(np.float64), baseline))
    rows = rows[rows["day"] >= 0]
    both = pd.concat([rows, rows.assign(day=ALL_DAYS)], ignore_index=True)
    number = both["lower"].notna() | both["upper"].notna()
    # A censored value has a bound and no value; a finding (such as a positive test) has neither.
    both = both.assign(n_values=1, n_numbers=number, n_censored=number & both["value"].isna())
    counts = both.groupby(KEY)[["n_values", "n_numbers", "n_censored"]].sum()
    people = both[[*KEY, "source", "patient_id"]].drop_duplicates().groupby(KEY).size()
    # Sets, not counts: groups of patients can be united without counting an assay twice.
    assays = both.drop_duplicates([*KEY, "assay"]).groupby(KEY)["assay"].agg(frozenset)
    return counts.assign(n_subjects=people, assays=assays).reset_index()[[*KEY, *COUNTS, "assays"]]


def added(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The counts of several groups together, columns as in `value_counts`."""
    groups = pd.concat(list(parts), ignore_index=True).groupby(KEY)
    counts = groups[COUNTS].sum().astype("int64")
    return counts.assign(assays=groups["assays"].agg(lambda sets: frozenset().union(*sets))).reset_index()
