"""How long patients are followed, on which day they are compared, and the ratio that two measurements make."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

from historical_controls.config.analysis.analysis import Analysis
from historical_controls.config.reading.derived import LONGEST_HORIZON
from historical_controls.drafting.draft import Draft, subjects_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import middle
from historical_controls.drafting.visits import visit_days

USUAL_DAY = 7
HOURS = {"HH:MM": 1.0, "minutes": 1 / 60, "hours": 1.0, "days": 24.0, "study_day": 24.0, "weeks": 168.0}


def follow_up(drafts: list[Draft]) -> dict[str, Any]:
    """The last day that headings name; of other records the longest that a patient is followed.

    Where that is longer than a stay, or shorter than the usual day of comparison; else the default.
    """
    if days := _days_in_headings(drafts):
        return {"horizon_days": Guess(max(days), "days of follow-up: the last one that a heading names")}
    longest = max(_followed(drafts), default=USUAL_DAY)
    if USUAL_DAY <= longest <= LONGEST_HORIZON:
        return {}
    return {"horizon_days": Guess(max(longest, 1), f"days of follow-up: the longest is {longest}")}


def primary_day(drafts: list[Draft]) -> int:
    """The last day of the headings; else the usual day, or the last on which half of the patients are followed."""
    if days := _days_in_headings(drafts):
        return max(days)
    followed = _followed(drafts)
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


def pressure_ratio(outcomes: Collection[str]) -> dict[str, Any]:
    """The derivation of P/F, by its code, where both parts are among the outcomes and the ratio itself is not."""
    if "PF" in outcomes or not {"PAO2", "FIO2"} <= set(outcomes):
        return {}
    ratio = {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 60}
    return {"PF": Guess(ratio, "PaO2 over the nearest FiO2: how close in time must the two be?")}


def _days_in_headings(drafts: list[Draft]) -> list[int]:
    parts = [part for draft in drafts for part in map(plain, draft.parts)]
    columns = [one for part in parts for one in part.get("columns", {}).values()]
    return [one["at"] for one in columns if isinstance(one.get("at"), int) and one["at"] > 0]


def _followed(drafts: list[Draft]) -> list[int]:
    """Days from the first to the last record of each patient, by dates or by times since an event."""
    spans = [days[-1] - days[0] for draft in drafts for days in visit_days(draft)]
    return spans or [span for draft in drafts for span in _counted(draft)]


def _counted(draft: Draft) -> Iterator[int]:
    """The last whole day of each patient, of parts whose times are counted in one column."""
    for part in map(plain, draft.parts):
        time = part.get("time") or {}
        factor = HOURS.get(time.get("relative_unit", ""))
        columns = time.get("columns", [])
        if factor is None or len(columns) != 1:
            continue
        last: dict[str, float] = {}
        for who, text in zip(subjects_of(draft, part), draft.column(columns[0]), strict=True):
            if (hours := _number(text)) is not None:
                last[who] = max(last.get(who, 0.0), hours * factor)
        yield from (int(hours // 24) for hours in last.values())


def _number(text: str) -> float | None:
    """Hours of '26:15', or the number itself; None of what is neither."""
    whole, colon, minutes = text.partition(":")
    with suppress(ValueError):
        return float(whole) + (float(minutes) / 60 if colon else 0.0)
    return None
