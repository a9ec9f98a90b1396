"""The moment that a heading names beside an outcome: a day, a visit, a number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.cells.naming import meant
from historical_controls.drafting.headings import without_brackets

# Words and letters before the number of a moment, and what each counts: 'J7' and 'Tag 7' are days.
MOMENTS = {
    **dict.fromkeys(("d", "day", "dia", "día", "j", "jour", "tag", "giorno", "dzien", "dzień"), "day"),
    **dict.fromkeys(("v", "t", "visit", "visita", "visite", "besuch", "wizyta"), "visit"),
    **dict.fromkeys(("w", "week", "semana", "semaine", "woche", "settimana", "tydzień"), "week"),
    **dict.fromkeys(("h", "hour", "hora", "heure", "stunde", "ora"), "hour"),
    **dict.fromkeys(("m", "month", "mes", "mois", "monat", "mese"), "month"),
}
MOMENT = re.compile(
    rf"(?:^|[\s_.(-])({'|'.join(sorted(MOMENTS, key=len, reverse=True))})\s*[_. -]?\s*(\d+)(?![\d.])", re.I
)
# 'pf_7', 'il6_7', 'pf7': a number alone behind the name.
NUMBERED = re.compile(r"(?P<name>.*[^\W_])[\s_.-]+(?P<number>\d{1,4})|(?P<bare>.*[^\W\d_])(?P<digits>\d{1,4})")
BASELINE = re.compile(r"(?:^|[\s_.(-])(admission|baseline|basal|base|initial|ingreso|pre|start)(?=[\s_.)-])", re.I)


def moment_alone(heading: str) -> tuple[str, int] | None:
    """('day', 7) of 'Día 7', 'D7', 'Day 7'; None of a heading that says more, and of 'T3', which is a hormone."""
    found = MOMENT.fullmatch(heading.strip())
    sure = found and (len(found[1]) > 1 or found[1].lower() in "djv")
    return (MOMENTS[found[1].lower()], int(found[2])) if found and sure else None


def moment_in(heading: str) -> tuple[str, str, int] | None:
    """('CRP', 'day', 7) of 'CRP_day7', 'Day 7 CRP', 'crp d7'; None of a heading without a moment."""
    found = MOMENT.search(heading)
    if not found:
        first = BASELINE.search(heading)
        rest = (heading[: first.start()] + " " + heading[first.end() :]).strip(" _-.") if first else ""
        return (rest, "baseline", 0) if rest else None
    rest = (heading[: found.start()] + " " + heading[found.end() :]).strip(" _-.")
    return (rest, MOMENTS[found[1].lower()], int(found[2])) if rest else None


def numbered_moments(headings: Sequence[str], dictionary: Dictionary) -> dict[str, tuple[str, str, int]]:
    """Moments of 'pf_0', 'pf_7', whose numbers no word explains, as `moment_in` gives them, of kind 'number'.

    Only of a name with several numbers: one that the dictionary has, or one that is numbered from 0. 'il_6' beside
    'il_8' are two interleukins.
    """
    found = {name: part for name in headings if (part := NUMBERED.fullmatch(without_brackets(name)))}
    parts = {
        name: (part["name"] or part["bare"], int(part["number"] or part["digits"])) for name, part in found.items()
    }
    numbers: dict[str, set[int]] = {}
    for name, number in parts.values():
        numbers.setdefault(fold(name), set()).add(number)
    several = {name for name, own in numbers.items() if len(own) > 1 and (0 in own or meant(name, True, dictionary))}
    return {heading: (name, "number", number) for heading, (name, number) in parts.items() if fold(name) in several}
