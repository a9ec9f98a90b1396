"""Headings of times that are counted from an event: 'day', 'hours since ICU admission', 'jour de vie'."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from historical_controls.dictionary.folding import fold
from historical_controls.dictionary.prefixes import unit_of_time
from historical_controls.drafting.headings import event_of, without_brackets

BIRTH = "birth"
# Whole headings, and the unit of what they count.
ALONE = {
    **dict.fromkeys(("visit day", "dia de estancia", "journee", "ziua"), "days"),
    **dict.fromkeys(("study day", "dia estudio", "dia de estudio", "jour d etude", "studientag"), "study_day"),
    **dict.fromkeys(("hora",), "hours"),
}
# 'DOL', 'jour de vie', 'horas de vida', 'ore di vita', 'Lebenstag'.
OF_LIFE = re.compile(r"\b(?P<unit>[a-z]+) (?:of|de|da|di) (?:life|vie|vida|vita)\b")
LIFE = {
    **dict.fromkeys(("dol", "ddv", "jdv", "pnd", "lebenstag", "lebenstage", "postnatal day", "dia postnatal"), "days"),
    **dict.fromkeys(("hol", "hdv", "lebensstunde", "lebensstunden", "postnatal hour", "hora postnatal"), "hours"),
    **dict.fromkeys(("lebenswoche", "lebenswochen", "postnatal week", "semana postnatal"), "weeks"),
    **dict.fromkeys(("lebensmonat", "lebensmonate"), "months"),
}
POSTNATAL = re.compile(r"\bpost ?natal(?:e|es)?\b")
BRACKETS = re.compile(r"[(\[](.*?)[)\]]")
BORN = {"birth", "nacimiento", "nascimento", "naissance", "geburt", "nascita", "naixement"}
SINCE = re.compile(
    r"\b(?:since|from|after|desde|despues de|tras|depuis|apres|seit|nach|dal|dalla|dall|dopo|desde o|des de)\b"
    r"(?: el| la| l| le| los| der| dem| du| d| o| a)* (.*)"
)
TIME_WORDS = {"time", "tiempo", "temps", "zeit", "tempo", "delay", "elapsed"}
UNITS = ("minutes", "hours", "days", "weeks", "months")


@dataclass(frozen=True)
class Elapsed:
    """What a heading counts from, and in which unit; '' where it does not say the unit."""

    event: str
    unit: str


def elapsed(heading: str) -> Elapsed | None:
    """What a heading says of a time counted from an event; None where it names no such time."""
    whole = fold(heading)
    bare = fold(without_brackets(heading))
    in_brackets = " ".join(BRACKETS.findall(heading))
    if unit := _life(bare) or _life(whole):
        return Elapsed(BIRTH, unit)
    if POSTNATAL.search(whole) and (unit := _unit(whole.split())):
        return Elapsed(BIRTH, unit)
    if found := SINCE.search(whole):
        unit = _unit(whole[: found.start()].split()) or _unit(fold(in_brackets).split())
        # 'Pain after surgery' is no time, 'time from surgery' is one.
        if not unit and found.start() and not TIME_WORDS & set(whole[: found.start()].split()):
            return None
        born = BORN & set(found[1].split())
        return Elapsed(BIRTH if born else event_of(_bare_event(found[1])) or "admission", unit)
    unit = ALONE.get(bare) or (_unit([bare]) if len(bare) > 1 else "")
    return Elapsed("admission", unit) if unit else None


def first_elapsed(headings: Iterable[str]) -> tuple[str, Elapsed] | None:
    """The first heading that says from which event it counts, else the first that names a unit of time alone."""
    found = [(name, one) for name in headings if (one := elapsed(name))]
    said = [(name, one) for name, one in found if one.event == BIRTH or SINCE.search(fold(name))]
    return next(iter([*said, *found]), None)


def _bare_event(said: str) -> str:
    """An event's name without a unit of time behind it: 'admission days' of 'time since admission (days)'."""
    words = said.split()
    return " ".join(words[:-1] if len(words) > 1 and _unit(words[-1:]) else words)


def _life(folded: str) -> str:
    found = OF_LIFE.search(folded)
    return LIFE.get(folded, "") or (_unit([found["unit"]]) if found else "")


def _unit(words: Iterable[str]) -> str:
    """The unit of time that one of the words names; letters alone are articles and names as often."""
    units = (unit_of_time(word) for word in words if len(word) > 1)
    return next((unit for unit in units if unit in UNITS), "")
