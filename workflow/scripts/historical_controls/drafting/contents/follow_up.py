"""How long patients are followed, on which day they are compared, and the ratio that two measurements make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.times import HOURS_OF, relative_hours
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.config.reading.derived import LONGEST_HORIZON
from historical_controls.drafting.draft import Draft, subjects_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import middle
from historical_controls.drafting.visits.dated import visit_days

USUAL_DAY = 7
DAY = 24.0
CLOCK = re.compile(r"%[HI]")


def follow_up(drafts: list[Draft]) -> dict[str, Any]:
    """The last day that headings name; of other records the longest that a patient is followed.

    Where that is longer than a stay, or shorter than the usual day of comparison; else the default.
    """
    if days := _days_in_headings(drafts):
        # Records of that day with a clock come after its beginning.
        last = max(days) + any(_has_clock(draft) for draft in drafts)
        why = "the last one that a heading names" + (", and its hours" if last > max(days) else "")
        return {"horizon_days": Guess(last, f"days of follow-up: {why}")}
    longest = max(days_followed(drafts), default=USUAL_DAY)
    if USUAL_DAY <= longest <= LONGEST_HORIZON:
        return {}
    return {"horizon_days": Guess(max(longest, 1), f"days of follow-up: the longest is {longest}")}


def primary_day(drafts: list[Draft]) -> int:
    """The last day of the headings; else the usual day, or the last on which half of the patients are followed."""
    if days := _days_in_headings(drafts):
        return max(days)
    followed = days_followed(drafts)
    if max(followed, default=0) > LONGEST_HORIZON:
        return max(1, int(middle(followed)))
    return max(1, min(USUAL_DAY, int(middle(followed)))) if followed else USUAL_DAY


def visit_window(drafts: list[Draft]) -> dict[str, Any]:
    """Half of the usual days between visits, where these are farther apart than the default window reaches."""
    gaps = [b - a for draft in drafts for days in visit_days(draft) for a, b in pairwise(days)]
    half = round(middle(gaps) / 2) if gaps else 0
    if half <= Analysis.model_fields["visit_window_days"].default:
        return {}
    why = f"visits are usually {middle(gaps):g} days apart; a value counts for the days so near to it"
    return {"analysis": {"visit_window_days": Guess(half, why)}}


def _has_clock(draft: Draft) -> bool:
    """Whether some part reads measurements at hours of the clock."""
    times = [part["time"] for part in map(plain, draft.parts) if part["kind"].startswith("measurements")]
    return any(CLOCK.search(form) for time in times for form in time.get("formats", []))


def _days_in_headings(drafts: list[Draft]) -> list[int]:
    parts = [part for draft in drafts for part in map(plain, draft.parts)]
    out = []
    for part in parts:
        time = part.get("time") or {}
        unit = str(time.get("relative_unit", ""))
        # Hours are left as they are: the longest of them is no day of follow-up.
        days = HOURS_OF.get(unit, DAY) / DAY if unit != "hours" else 1
        moments = [one.get("at") for one in part.get("columns", {}).values()] + [time.get("at")]
        out += [round(at * days) for at in moments if isinstance(at, int) and at > 0]
    return out


def days_followed(drafts: list[Draft]) -> list[int]:
    """Days from the first to the last record of each patient, by dates or by times since an event."""
    spans = [days[-1] - days[0] for draft in drafts for days in visit_days(draft)]
    return spans or [span for draft in drafts for span in _counted(draft)]


def _counted(draft: Draft) -> Iterator[int]:
    """The last whole day of each patient, of parts whose times are counted in one column."""
    for part in map(plain, draft.parts):
        time = part.get("time") or {}
        unit, columns = time.get("relative_unit"), time.get("columns", [])
        if unit is None or len(columns) != 1:
            continue
        hours = relative_hours(pd.Series(draft.column(columns[0]), dtype="str").str.strip(), unit, draft.decimal[0])
        last = hours.groupby(np.array(subjects_of(draft, part), dtype=object)).max().dropna()
        yield from (last.clip(lower=0) // 24).astype(int)
