"""The included patients of a scenario and their visits: what the model tables of all its outcomes share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.intp]
PERSON = ["source", "patient_id"]
# What a model table reads of a visit.
COLUMNS = ["arm", "day", "value", "lower", "upper", "assay"]


@dataclass(frozen=True)
class IncludedVisits:
    """people: rows of table cohort_patients that are included, with `subject`; visits: table visits, of anybody."""

    people: pd.DataFrame
    visits: pd.DataFrame
    # By name, what was asked for already: several outcomes read the same covariates.
    known_visits: dict[str, pd.DataFrame] = field(default_factory=dict)
    known_characteristics: dict[str, NDArray[Any]] = field(default_factory=dict)

    @cached_property
    def subjects(self) -> pd.Index:
        """The names of the included patients (n,), sorted."""
        return pd.Index(self.people["subject"].sort_values(), name="subject")

    def of(self, code: str) -> pd.DataFrame:
        """COLUMNS of the included patients' visits of one outcome, in the order of the table, and `place`, the position
        of the patient in `subjects`; none where nobody was measured."""
        # Only those asked for are given their patients: a registry measures many more outcomes than a job analyses.
        if code not in self.known_visits:
            self.known_visits[code] = self._of(code)
        return self.known_visits[code]

    def at_time_zero(self, code: str) -> pd.DataFrame:
        """Those at day 0."""
        visits = self.of(code)
        return visits.take(np.flatnonzero(visits["day"].to_numpy() == 0))

    def characteristic(self, code: str) -> NDArray[Any]:
        """A column of `people` by subject (n,): numbers with nan, or a category's texts; nan where there is none."""
        if code not in self.known_characteristics:
            self.known_characteristics[code] = self._characteristic(code)
        return self.known_characteristics[code]

    @cached_property
    def _rows(self) -> Mapping[str, Codes]:
        return {str(code): np.asarray(rows) for code, rows in self.visits.groupby("outcome").indices.items()}

    def _of(self, code: str) -> pd.DataFrame:
        visits = self.visits[[*PERSON, *COLUMNS]].take(self._rows.get(code, np.empty(0, dtype=np.intp)))
        place = self.subjects.get_indexer(pd.Index(subject_of(visits)))
        own = np.flatnonzero(place >= 0)
        return visits[COLUMNS].take(own).reset_index(drop=True).assign(place=place[own])

    def _characteristic(self, code: str) -> NDArray[Any]:
        if code not in self.people:
            return np.full(len(self.subjects), np.nan)
        values = self.people.set_index("subject")[code].reindex(self.subjects)
        # Nullable integers and booleans become floats with nan; everything else is a category.
        numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
        return values.astype("float64" if numeric else "object").to_numpy()


def included_visits(patients: pd.DataFrame, visits: pd.DataFrame) -> IncludedVisits:
    """Of tables cohort_patients and visits of one scenario."""
    people = patients.loc[patients["included"].fillna(False).astype(bool)]
    return IncludedVisits(people.assign(subject=subject_of(people)), visits)


def subject_of(people: pd.DataFrame) -> pd.Series:
    """A person's one name in models: source and id."""
    return people["source"] + "/" + people["patient_id"]
