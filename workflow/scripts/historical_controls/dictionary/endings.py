"""Outcomes of kind 'ending': how follow-up ended, told by events and sent as no value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from historical_controls.errors import UserError

# By code, the end of follow-up (column end_state of table cohort_patients) that it is.
ENDINGS = {"DEATH": "death", "DISCHARGE": "discharge_alive"}


def ending_faults(row: Mapping[str, str], place: str) -> Iterator[UserError]:
    """A row of outcomes.csv whose code and kind do not agree on whether it is an end of follow-up."""
    if (row["kind"] == "ending") != (row["code"] in ENDINGS):
        hint = "Another event that is counted has the kind 'event', with a code of its own."
        yield UserError(f"the kind 'ending' is that of {' and '.join(ENDINGS)} alone", f"{place}, kind", hint)
