"""Codes of answers: sex, yes and no, endings, results; what a word says is sure, what a number says is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from historical_controls.cleaning.cells.cell_words import FINDINGS, NO, YES
from historical_controls.cleaning.words.endings import ENDING, ending_said
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.marks import Guess

SEX = {
    **dict.fromkeys(("m", "male", "masculino", "hombre", "h", "man", "boy"), "male"),
    **dict.fromkeys(("masculin", "homme", "garcon", "g", "mannlich", "maschio"), "male"),
    **dict.fromkeys(("masc", "mas", "homem", "uomo", "varon", "mann", "macho"), "male"),
    **dict.fromkeys(("mezczyzna", "meska", "meski", "chlopiec"), "male"),
    **dict.fromkeys(("jongen", "pojke", "mand", "dreng", "gutt", "hane"), "male"),
    **dict.fromkeys(("fem", "feminino", "mulher", "donna", "frau", "hembra"), "female"),
    **dict.fromkeys(("f", "female", "femenino", "mujer", "woman", "girl"), "female"),
    **dict.fromkeys(("feminin", "femme", "fille", "w", "weiblich", "femmina"), "female"),
    **dict.fromkeys(("k", "kobieta", "zenska", "zenski", "dziewczynka"), "female"),
    **dict.fromkeys(
        ("vrouw", "vrouwelijk", "meisje", "kvinna", "flicka", "kvinde", "pige", "kvinne", "jente"), "female"
    ),
    "mannelijk": "male",
}
FLAG = {**dict.fromkeys(YES, "yes"), **dict.fromkeys(NO, "no"), "y": "yes", "s": "yes", "j": "yes", "n": "no"}
ENDS = frozenset(ENDING.values())
# Distinct words of a column some of which say how a stay ended.
MOST_ENDS = 12
RESULT = {word: meaning for word, meaning in FINDINGS.items() if word not in YES | NO} | {
    "+": "positive",
    "-": "negative",
}
TREATED: tuple[str, ...] = (
    *("treated", "treatment", "tratado", "tratados", "intervention", "experimental", "active", "msc", "infused"),
    *("celulas", "cellules", "cells", "zellen", "tratada", "tratadas", "traitee", "intervencion", "intervencao"),
    *("traite", "traites", "traitement", "behandelt", "behandlung", "verum", "trattati"),
    *("leczony", "leczona", "leczeni", "badana", "interwencja", "eksperymentalna"),
    *("behandeld", "behandeling", "interventie", "behandlad", "behandlade", "behandlet", "behandlede", "intervensjon"),
)
CONTROL: tuple[str, ...] = (
    *("control", "controls", "historical", "historico", "historicos", "untreated", "placebo", "soc", "standard"),
    *("controle", "controles", "controlo", "controlos", "kontrollen", "kontroll", "controlli", "storico"),
    *("temoin", "temoins", "historique", "kontrolle", "kontrollgruppe", "historisch", "controllo"),
    *("kontrola", "kontrole", "kontrolna", "kontrolny", "kontrolni", "historyczna", "historyczny", "historyczni"),
    *("nieleczony", "nieleczona", "nieleczeni"),
    *(
        "controlegroep",
        "historische",
        "onbehandeld",
        "historiska",
        "kontroller",
        "historiske",
        "obehandlad",
        "ubehandlet",
    ),
)
# Of patients who are in no arm: 'screen failure', 'no incluido'.
NEITHER: tuple[str, ...] = (
    "screen",
    "screening",
    "failure",
    "excluded",
    "excluido",
    "excluida",
    "withdrawn",
    "retirado",
    "ineligible",
)
NEITHER += ("incluido", "none", "ninguno", "pending", "pendiente", "otro", "other", "na", "unknown", "desconocido")
NEITHER += (
    "wykluczony",
    "wykluczona",
    "wycofany",
    "wycofana",
    "uitgesloten",
    "exkluderad",
    "ekskluderet",
    "geen",
    "ingen",
)


def _distinct(texts: Sequence[str]) -> list[str]:
    return sorted(set(filter(None, texts)))


def sex_codes(texts: Sequence[str]) -> Any:
    found = _distinct(texts)
    # 'M' beside 'H' is mujer, beside 'F' it is male.
    spanish = {fold(text) for text in found} == {"h", "m"}
    meant = {text: "female" if spanish and fold(text) == "m" else SEX.get(fold(text)) for text in found}
    if all(meant.values()):
        return meant
    return Guess(dict(zip(found, ("male", "female"), strict=False)), f"which of {', '.join(found)} is male?")


def flag_codes(texts: Sequence[str]) -> Any:
    found = _distinct(texts)
    meant = {text: FLAG.get(fold(text)) for text in found}
    if found and all(meant.values()):
        return meant
    if set(found) <= {"0", "1"}:
        return Guess({"1": "yes", "0": "no"}, "is 1 yes and 0 no?")
    return Guess({text: FLAG.get(fold(text), "no") for text in found}, "which of these codes is yes?")


def result_codes(texts: Sequence[str], categories: Sequence[str]) -> Any:
    found = _distinct(texts)
    words = RESULT if "positive" in categories else FLAG
    meant = {text: words.get(fold(text)) for text in found}
    if found and all(meant.values()):
        return meant
    return Guess({text: meaning or categories[0] for text, meaning in meant.items()}, "what do these codes mean?")


def ending_codes(texts: Sequence[str]) -> dict[str, Any]:
    """Codes by the event that they mean; marked where numbers stand for them."""
    found = _distinct(texts)
    meant: dict[str, Any] = {}
    for text in found:
        event = ending_said(text)
        if event:
            meant.setdefault(event, []).append(text)
    if meant or len(found) != 2:
        return meant
    first, second = found
    why = f"which of {first} and {second} is death?"
    return {"discharge_alive": Guess([first], why), "death": Guess([second], why)}


def are_endings(texts: Sequence[str], every: bool = True) -> bool:
    """Whether a column's own words, every one of them or else few words, tell how stays ended, deaths among them."""
    found = _distinct(texts)
    codes = ending_codes(texts)
    told = [text for own in codes.values() if isinstance(own, list) for text in own]
    if len(codes) < 2 or "death" not in codes:
        return False
    return sorted(told) == sorted(found) or (not every and bool(told) and len(found) <= MOST_ENDS)


def other_arms(texts: Sequence[str], treated: Sequence[str]) -> tuple[list[str], list[str]]:
    """Codes that mean historical, and those that mean neither: a third arm beside one whose words say control.

    Where no word says control, all other codes do but those whose words say that nobody is compared.
    """
    others = [text for text in _distinct(texts) if text not in treated]
    words = {text: set(fold(text).split()) for text in others}
    apart = [text for text in others if words[text] & set(NEITHER)]
    control = [text for text in others if words[text] & set(CONTROL) and text not in apart]
    historical = control or [text for text in others if text not in apart]
    return historical, [text for text in others if text not in historical]


def arm_codes(texts: Sequence[str]) -> tuple[list[str], bool]:
    """Codes that mean treated, and whether their words say so."""
    found = _distinct(texts)
    words = {text: set(fold(text).split()) for text in found}
    treated = [text for text in found if words[text] & set(TREATED) and not words[text] & set(CONTROL)]
    control = [text for text in found if words[text] & set(CONTROL)]
    if treated and len(treated) + len(control) == len(found):
        return treated, True
    if treated:
        return treated, False
    if control and len(control) == len(found) - 1:
        return [text for text in found if text not in control], False
    if set(found) == {"0", "1"}:
        return ["1"], False
    # Two drugs, or words of the study's own: one of them is the treatment, and a person knows which.
    return (found[:1], False) if 2 <= len({fold(text) for text in found}) <= 4 else ([], False)


# How a file in this language would say that a patient died, by words of its headings.
DIED = {
    **dict.fromkeys(("egreso", "desenlace", "evolucion"), "Defunción"),
    **dict.fromkeys(("desfecho", "saida"), "Óbito"),
    **dict.fromkeys(("wypisu", "hospitalizacji"), "Zgon"),
    **dict.fromkeys(("ontslag", "ontslagbestemming", "ontslagreden"), "Overleden"),
    **dict.fromkeys(("utskrivning", "utskriven"), "Avliden"),
    **dict.fromkeys(("udskrivelse", "udskrevet", "utskrevet"), "Død"),
}


def unsaid_death(heading: str) -> Guess:
    """The code of death of a column in which nobody died: without it, deaths would count as not recorded."""
    word = next((DIED[one] for one in fold(heading).split() if one in DIED), "Died")
    return Guess([word], f"no code of '{heading}' says that a patient died: how would it?")
