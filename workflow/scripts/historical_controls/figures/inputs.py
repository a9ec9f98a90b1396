"""What every family of figures draws from: the results table, and what may be shown of single patients."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from historical_controls.ard.queries import Results
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.figures.style import END_MARKERS, marker_of
from historical_controls.text.display_order import by_display_id
from historical_controls.text.words import Words

# Follow-up that no event ended: the line just stops.
OPEN_ENDS = ("in_hospital", "last_record")
# More lines than these are a grey surface, and the file grows with every point.
MOST_LINES = 150


@dataclass(frozen=True)
class Individuals:
    """Single patients of table `display`: their values, and how their follow-up ended; ends: what may have ended it."""

    values: pd.DataFrame
    endings: pd.DataFrame
    ends: tuple[str, ...] = tuple(END_MARKERS)

    @classmethod
    def of(cls, display: pd.DataFrame, ends_with: Collection[str] = ()) -> Individuals:
        """ends_with: ends that the study declares beside death, discharge and transfer."""
        ends = (*END_MARKERS, *ends_with)
        ended = display["item"].isin([*ends, *OPEN_ENDS])
        columns = ["display_id", "arm", "item", "day", "value", "censored", "ratio"]
        return cls(
            # A row of an ending has no value, and no outcome has its name, since outcome codes are capitals.
            display.loc[~ended, columns].dropna(subset="value").sort_values(["display_id", "day"], key=by_display_id),
            display.loc[ended, columns],
            ends,
        )

    def of_arm(self, outcome: str, arm: str) -> pd.DataFrame:
        """Values of the treated, or of at most `MOST_LINES` historical patients.

        Display ids are in no order of anything else, so that the first are as good as any.
        """
        rows = self._rows(outcome, arm)
        if arm == "treated":
            return rows
        shown = rows["display_id"].drop_duplicates().head(MOST_LINES)
        return rows[rows["display_id"].isin(shown)]

    def n_with_values(self, outcome: str, arm: str) -> int:
        """Patients who have a value of the outcome, drawn or not."""
        return self._rows(outcome, arm)["display_id"].nunique()

    def _rows(self, outcome: str, arm: str) -> pd.DataFrame:
        return self.values[(self.values["item"] == outcome) & (self.values["arm"] == arm)]

    def ends_of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Where a patient's line ends by an event: its day and symbol, and height and day of the last value shown."""
        events = self.endings[self.endings["item"].isin(self.ends)]
        events = events.assign(marker=[marker_of(event, self.ends) for event in events["item"]])
        # `rows` are sorted by day within a patient, so that the last row is the last value.
        last = rows.groupby("display_id", sort=False)[["value", "day"]].last()
        last = last.rename(columns={"value": "height", "day": "last_day"})
        return events.merge(last, left_on="display_id", right_index=True)


@dataclass(frozen=True)
class FigureInputs:
    """Results, single patients, and the words, config and dictionary that name them."""

    results: Results
    individuals: Individuals
    words: Words
    config: Config
    dictionary: Dictionary

    def ending(self, event: str) -> str:
        """How follow-up ended, in words."""
        name = f"event.{event}"
        return self.words(name) if self.words.has(name) else self.dictionary.event_label(event, self.words.language)
