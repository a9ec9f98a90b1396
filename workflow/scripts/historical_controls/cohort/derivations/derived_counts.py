"""How many values each derivation gave, and how many it could not give and why, by arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.cohort.records.flags import IMPUTED, has_any
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import timestamps
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.tables.registry import UNDERIVED

COUNTED = ["arm", "outcome", "level"]


def refused_rows(records: PatientRecords) -> pd.DataFrame:
    """Rows of table `underived` but for the scenario, of everyone considered."""
    lost = records.refused
    people = records.people
    patient = lost["patient"].to_numpy(np.int64)
    names = {column: people[column].to_numpy()[patient] for column in ("source", "patient_id", "arm")}
    rows = lost.assign(**names, time=timestamps(lost["time"].to_numpy(np.int64)))
    return rows[[name for name in UNDERIVED.names if name != "scenario"]]


def counted(records: PatientRecords, cohort: Cohort) -> pd.DataFrame:
    """Values and patients by arm, outcome and what became of the value: 'computed', 'imputed', or a reason."""
    measured = records.measurements
    rows = measured[measured["outcome"].isin(list(cohort.derivations))]
    imputed = has_any(rows["flags"], IMPUTED)
    made = rows[["patient", "outcome"]].assign(level=np.where(imputed, "imputed", "computed"))
    lost = records.refused.assign(level=records.refused["reason"])[["patient", "outcome", "level"]]
    both = pd.concat([part for part in (made, lost) if len(part)] or [made], ignore_index=True)
    arm = records.people["arm"].to_numpy()[both["patient"].to_numpy(np.int64)]
    groups = both.assign(arm=arm).groupby(COUNTED, as_index=False, sort=True)
    return groups.agg(n_values=("patient", "size"), n_subjects=("patient", "nunique"))


def derived_ard(tables: CohortTables) -> Iterator[Row]:
    """Rows of output 14.1.12."""
    total = tables.derived_counts.groupby(COUNTED, as_index=False, sort=True).sum()
    for row in total.to_dict("records"):
        cell = Cell(AnalysisKey.DERIVATIONS, tables.scenario, outcome=row["outcome"], population="all")
        for name in (Statistic.N_VALUES, Statistic.N_SUBJECTS):
            yield cell.at(arm=row["arm"], level=row["level"]).number(name, row[name])
