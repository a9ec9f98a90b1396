"""Words that say how a stay ended."""

from __future__ import annotations

import re

from historical_controls.dictionary.folding import fold

# How a stay ended, of English, Spanish, Portuguese, French, German, Italian, Catalan, Polish, Dutch, Swedish, Danish
# and Norwegian: any word of a cell counts. 'Alta por traslado' is a transfer, 'traslado a domicilio' none: a discharge
# alone says least.
_DEATH = (
    *("died", "dead", "death", "deceased", "expired", "defuncion", "muerte", "fallecido", "fallecida", "fallecio"),
    *("muerto", "muerta", "murio", "exitus", "finado", "finada", "decede", "decedee", "deces", "mort", "morte"),
    *("verstorben", "verstorbene", "gestorben", "tot", "tod", "todesfall", "obito", "falecido", "falecida", "faleceu"),
    *("morto", "morta", "morreu", "deceduto", "deceduta", "decesso", "defunto", "defunta", "difunt", "difunta"),
    *("obit", "traspassat", "defuncio", "zgon", "zgonu", "zmarl", "zmarla", "zmarly", "umarl", "umarla", "smierc"),
    *("rip", "overleden", "overlijden", "overlijdt", "overleed", "gestorven", "dood", "avliden", "avlidna", "avled"),
    *("dod", "dode", "doden", "dodsfall", "dodsfald", "afdod", "mors", "omkommet"),
)
_ALIVE = (
    *("alive", "survived", "home", "mejoria", "vivo", "viva", "domicilio", "casa", "domicile", "vivant", "vivante"),
    *("lebend", "lebt", "viu", "hause", "zuhause", "heim", "maison", "domu", "dom", "zyje", "zywy", "zywa"),
    *("wyzdrowienie", "wyleczony", "wyleczona"),
    *("huis", "thuis", "levend", "hersteld", "hemmet", "hem", "hemma", "levande", "liv", "bostad", "hjem", "hjemmet"),
    *("hjemme", "levende", "live", "bolig"),
)
_ELSEWHERE = (
    *("transfer", "transferred", "traslado", "trasladado", "trasladada", "transferido", "transferida"),
    *("transferencia", "transfert", "transfere", "transferee", "verlegt", "trasferito", "trasferita", "traslladat"),
    *("przeniesienie", "przeniesiony", "przeniesiona", "przeniesiono", "przekazanie", "przekazany", "przekazana"),
    *("overplaatsing", "overgeplaatst", "overgebracht", "overflyttad", "overflyttning", "overford", "overflyttet"),
    *("overflytning", "overflytting", "overfort"),
)
_DISCHARGED = (
    *("discharged", "alta", "sorti", "retour", "entlassen", "dimesso", "dimessa", "wypis", "wypisany", "wypisana"),
    *("wypisano", "ontslagen", "ontslag", "utskriven", "utskrivning", "utskrivet", "utskrevet", "utskrivelse"),
    *("udskrevet", "udskrivelse", "udskrivning"),
)
ENDING = {
    **dict.fromkeys(_DEATH, "death"),
    **dict.fromkeys(_ALIVE, "discharge_alive"),
    **dict.fromkeys(_ELSEWHERE, "transfer_out"),
    **dict.fromkeys(_DISCHARGED, "discharge_alive"),
}


# Beside a word of transfer, places within the hospital: 'transferência interna', 'traslado a piso', 'Transfer to ICU'.
_WITHIN = {
    *("interna", "interno", "internal", "interne", "intern", "ward", "floor", "unit", "icu", "stepdown", "theatre"),
    *("uti", "uci", "cti", "piso", "planta", "sala", "enfermaria", "enfermeria", "quarto", "quirofano", "oddzial"),
    *("normalstation", "intensivstation", "station", "reparto", "reanimation", "rianimazione", "intensiva", "oiom"),
    *("afdeling", "verpleegafdeling", "zaal", "ic", "avdelning", "vardavdelning", "iva", "avdeling", "sengeafdeling"),
    *("sengepost", "ita", "intensiv", "intensivafdeling", "intensivavdelning"),
}
_OUTSIDE = {
    *("hospital", "outro", "outra", "otro", "otra", "other", "another"),
    *("autre", "anderes", "anderen", "altro", "altra"),
    *("externa", "externo", "external", "externe", "extern", "krankenhaus", "klinik", "hopital", "ospedale"),
    *("facility", "clinica", "clinic", "centro", "center", "centre", "szpital", "szpitala", "inny", "innego"),
    *("ziekenhuis", "ander", "andere", "elders", "sjukhus", "annat", "annan", "sygehus", "sykehus", "andet", "annet"),
}
# Ends in the words of US billing (UB-04, field 17) that share no word with others.
_CARE = r"skilled nursing|nursing (?:facility|home)|care home|usual (?:place of )?residence|assisted living"
_CARE += r"|rehab(?:ilitation)?|against medical advice|left ama"
PHRASES = {
    "transfer_out": re.compile(r"\b(?:short term|acute care|other acute)(?: general)? (?:hospital|trust)\b"),
    "discharge_alive": re.compile(rf"\b(?:{_CARE})\b"),
}
# 'Transfer In', 'Transferred in from ...': a stay begins.
ENTRY = re.compile(r"\bin(?: from\b|$)")
# Within two words before ('no falleció', 'not yet discharged') or right behind ('muerte: no') one that says an end.
_NO = {"no", "non", "nao", "nein", "nie", "nee", "nej", "nei"}
_NOT = _NO | {"not", "nicht", "kein", "keine", "pas", "ne", "sin", "sem", "without", "bez", "brak"}
_NOT |= {"niet", "geen", "zonder", "inte", "ej", "utan", "ikke", "uden", "uten"}


def ending_said(text: str) -> str | None:
    """Return the end of a stay that a text names, None where it names none, or says that there was none.

    A move within the hospital is no end, and nobody knows whether one to a hospice is told as death or discharge.
    """
    folded = fold(text).replace("/", " ")
    words = folded.split()
    said = {
        word
        for i, word in enumerate(words)
        if not _NOT & {*words[max(i - 2, 0) : i]} and not _NO & {*words[i + 1 : i + 2]}
    }
    event = next((event for word, event in ENDING.items() if word in said), None)
    if event == "death" or (event == "discharge_alive" and not PHRASES["transfer_out"].search(folded)):
        return event
    phrase = next((end for end, words_of in PHRASES.items() if words_of.search(folded)), None)
    within = bool(said & _WITHIN) and not said & _OUTSIDE
    return phrase or (None if within or ENTRY.search(folded) or "hospice" in said else event)
