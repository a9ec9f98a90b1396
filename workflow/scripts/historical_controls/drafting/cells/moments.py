"""The moment that a heading names beside an outcome: a day, a visit, a number."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold
from historical_controls.dictionary.prefixes import unit_of_time
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


# Behind a name, where other columns of it have moments: 'mgadl_basal' beside 'mgadl_m3'.
BASELINE_BEHIND = re.compile(r"(.*[^\W_])[\s_.-]+(?:baseline|basal|basale|initial|inicial|iniziale|bl)", re.I)
# Of the names of visits that are the first, beside others that count from it.
FIRST_VISIT = {"basal", "baseline", "basale", "inicial", "initial", "iniziale", "base", "inclusion", "inclusao", "bl"}
OF_ARM = re.compile(r"_arm_\d+\w*$| \(Arm [^()]*\)$")
COUNTED = ("day", "week", "month")


def moment_of_visit(text: str) -> tuple[str, int] | None:
    """('month', 3) of a visit called 'Mes 3', 'mes_3_arm_2' or 'Visita 3 meses'; ('', 0) of 'Visita basal'."""
    words = fold(OF_ARM.sub("", text)).split()
    if FIRST_VISIT & set(words) and not any(map(str.isdigit, words)):
        return "", 0
    numbers = [word for word in words if word.isdigit()]
    units = {unit for word in words if (unit := _unit_of_visit(word))}
    glued = [found for word in words if (found := MOMENT.fullmatch(word))]
    if not numbers and len(glued) == 1 and MOMENTS[glued[0][1].lower()] in COUNTED:
        return MOMENTS[glued[0][1].lower()], int(glued[0][2])
    return (units.pop(), int(numbers[0])) if len(units) == 1 and len(numbers) == 1 else None


def _unit_of_visit(word: str) -> str:
    kind = MOMENTS.get(word, "")
    if kind in COUNTED:
        return kind
    return (
        {"days": "day", "weeks": "week", "months": "month"}.get(unit_of_time(word) or "", "") if len(word) > 1 else ""
    )


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


def baselines_behind(headings: Sequence[str], rests: Collection[str]) -> dict[str, tuple[str, str, int]]:
    """The baselines of names that other headings have with a moment. rests: these names, folded."""
    found = {name: part[1] for name in headings if (part := BASELINE_BEHIND.fullmatch(name))}
    return {name: (rest, "baseline", 0) for name, rest in found.items() if fold(rest) in rests}


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
