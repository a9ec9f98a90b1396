"""The tables that narratives are told from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from historical_controls.text.display_order import by_display_id


@dataclass(frozen=True)
class CohortTables:
    """Tables of the scenario 'primary' with the treated patients' rows: cohort_patients, cohort_events, visits."""

    patients: pd.DataFrame
    events: pd.DataFrame
    visits: pd.DataFrame

    @property
    def treated(self) -> pd.DataFrame:
        """Rows of the treated patients who are analysed, in the order of their display ids."""
        rows = self.patients[(self.patients["arm"] == "treated") & self.patients["included"]]
        return rows.sort_values("display_id", key=by_display_id)

    def events_of(self, patient: pd.Series) -> pd.DataFrame:
        """A patient's events, in the order of time."""
        own = self.events[self.events["patient_id"] == patient["patient_id"]]
        return own.sort_values(["hours", "event", "item"])

    def visits_of(self, patient: pd.Series) -> pd.DataFrame:
        """A patient's daily values."""
        return self.visits[self.visits["patient_id"] == patient["patient_id"]]
