"""How a person reads one cell, knowing the declaration: small, slow and independent of the program."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Number = tuple[str, float]
MONTHS = {
    "ene": 1,
    "feb": 2,
    "mar": 3,
    "abr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "ago": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
}
MONTHS |= {"dic": 12, "jan": 1, "apr": 4, "aug": 8, "dec": 12}


@dataclass(frozen=True)
class Meaning:
    """What a changed cell may be taken for; anything else that stays clean is a fault.

    numbers: (operator, number, unit said in the cell or ''); words: findings and categories; moments: UTC;
    names: ids or outcome codes; silent: the cell may count as empty or as not done.
    """

    numbers: frozenset[tuple[str, float, str]] = frozenset()
    words: frozenset[str] = frozenset()
    moments: frozenset[datetime] = frozenset()
    names: frozenset[str] = frozenset()
    silent: bool = False


def strict_number(text: str, decimal: str, thousands: str | None) -> float | None:
    """A plain number under the declared marks, by walking its characters; None where it is not one."""
    body = text.strip()
    sign = -1.0 if body[:1] in ("-", "\u2212") else 1.0
    body = body[1:] if body[:1] in ("-", "\u2212", "+") else body
    whole, _mark, part = body.partition(decimal)
    if not re.fullmatch("[0-9]*", part) or not (whole or part):
        return None
    if thousands and thousands in whole:
        groups = whole.split(thousands)
        if not re.fullmatch("[1-9][0-9]{0,2}", groups[0]) or any(not re.fullmatch("[0-9]{3}", g) for g in groups[1:]):
            return None
        whole = "".join(groups)
    if not re.fullmatch("[0-9]*", whole):
        return None
    return sign * float(f"{whole or '0'}.{part or '0'}")


def first_day_moment(text: str, form: str, zone: str) -> datetime | None:
    """The UTC moment that a text means under one declared format; None where the text is not written so."""
    pattern = re.escape(form)
    for code, piece in {
        "%d": r"(?P<day>\d{1,2})",
        "%m": r"(?P<month>\d{1,2})",
        "%Y": r"(?P<year>\d{4})",
        "%y": r"(?P<short>\d{2})",
        "%H": r"(?P<hour>\d{1,2})",
        "%M": r"(?P<minute>\d{2})",
        "%S": r"(?P<second>\d{2})",
        "%b": r"(?P<name>[a-z]+)\.?",
        "%I": r"(?P<half>\d{1,2})",
        r"\ %p": r"\ *(?P<noon>[ap])\.?\ ?m\.?",
    }.items():
        pattern = pattern.replace(code, piece)
    pattern = pattern.replace(r"\ ", r"\s+").replace(r"\s+*", r"\s*").replace(r"\s+?", r"\s?")
    seen = re.sub("[\u00ad\u200b-\u200f\u2060\ufeff]", "", text).strip()
    plain = re.sub(r"(?<=\d)\s*(?:horas|hora|hrs|hr|h)\.?$", "", seen, flags=re.IGNORECASE)
    found = re.fullmatch(pattern, plain, re.IGNORECASE)
    return _utc(found.groupdict(), zone) if found else None


def _utc(parts: dict[str, str], zone: str) -> datetime | None:
    n = {key: int(value) for key, value in parts.items() if value and value.isdigit()}
    hour, late = n.get("hour", 0), timedelta(0)
    if "half" in n:
        if not 1 <= n["half"] <= 12:
            return None
        hour = n["half"] % 12 + (12 if parts["noon"].lower() == "p" else 0)
    if hour == 24 and n.get("minute", 0) == n.get("second", 0) == 0:
        hour, late = 0, timedelta(days=1)
    month = n.get("month") or MONTHS.get((parts.get("name") or "").lower()[:3], 0)
    year = n["year"] if "year" in n else 2000 + n["short"] - (100 if n["short"] > 68 else 0)
    try:
        return in_utc(datetime(year, month, n["day"], hour, n.get("minute", 0), n.get("second", 0)) + late, zone)
    except (ValueError, OverflowError):
        return None


def in_utc(local: datetime, zone: str) -> datetime:
    """The first of two readings where clocks went back; the end of the gap where they went forward."""
    there = local.replace(tzinfo=ZoneInfo(zone), fold=0)
    back = there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if back != local:
        after = local.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset()
        before = there.utcoffset()
        assert before is not None and after is not None
        # Gap: the clock jumps at the wall time that both offsets agree on.
        base = local.replace(minute=0, second=0, microsecond=0)
        return (base + timedelta(hours=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return there.astimezone(UTC)


def plain(text: str) -> str:
    """Case, accents and outer spaces aside."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)).strip()
