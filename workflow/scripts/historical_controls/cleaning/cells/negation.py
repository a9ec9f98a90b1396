"""Words of comments read with their negation: 'muestra no hemolizada' says that nothing is wrong."""

from __future__ import annotations

import re
from functools import lru_cache

from historical_controls.dictionary.folding import plain_letters

MEMORY = 65_536
# Words that may come between a negation and what it denies; any other ends its reach ('no procesada por hemolisis').
BETWEEN = (
    r"(?:hay|se|observ\w*|presen[czt]\w*|muestra|muestras|suero|plasma|esta|estaba|fue|es|signos?|evidencias?|datos?|de|del|la"
    r"|un|una|visibl(?:es?|y)|macroscopic\w*|evidentes?|aparentes?|was|is|were|gross(?:ly)?|signs?|evidence|of|any"
    r"|the|sample|specimen|lipemic\w*|icteric\w*|coagulad\w*|ha?emol\w*|clotted|ni|nor|or|o|y|and"
    r"|d|di|da|do|ist|sind|est|sont|e|sinais|signes?|segni|anzeichen|zeichen|von|einer?|amostra|soro|mostra|echantillon"
    r"|serum|campione|siero|probe|sichtbare\w*|ou|oder|und|et|i|hamoly\w*|emoli\w*|lipamisch\w*|ikteri\w*"
    r"|geen|het|een|van|tekenen|sporen|zichtbare?|monster|ar|er|av|af|tegn|tecken|prov|provet|prove|proven|synlig\w*"
    r"|nachweisbare\w*|coagulo\w*|caillots?"
    r"|stwierdz\w*|zaobserwowano|widac|widoczn\w*|sie|cech|oznak|sladow|obecnosci|jest|byla?|probk\w*|material\w*|surowica"
    r"|osocze|krew|lub|ani|lipemiczn\w*|zhemolizowan\w*|skrzepu|wykrzepion\w*)"
)
# 'No se descarta' rules nothing out.
_RULED_OUT = r"(?<!no )(?<!no se )(?:descart\w*|exclu[iy]\w*|escl\w*|ausgeschloss\w*|wyklucz\w*)"
BEFORE = re.compile(
    rf"(?:^|[^\w])(?:no|sin|not|non|without|never|nunca|niega|ausencia|libre|free|ni|nor|nil|nao|sem|sense|sans|pas|senza|ohne"
    rf"|nicht|keine?[rn]?|nie|jamais|absence|assenza|absencia|nega|brak|bez|niet|geen|zonder|inte|ej|ingen|inget|utan|ikke|intet|uden|uten|{_RULED_OUT})(?:['’\s-]+{BETWEEN})*['’\s-]+$"
    # Joined to what it denies: 'niezhemolizowana', 'unclotted'.
    r"|(?:^|[^\w])(?:niez?|un|non|niet|icke|ikke)[- ]?$"
)
# A zero denies ('hemolisis: 0'), a decimal that starts with one does not (0.5).
AFTER = re.compile(
    r"^\w*(?:frei\b|(?!\w)(?:\s+(?:index|indice|indexe?))?\s*(?:\(\s*-\s*\)|[:=]\s*-\s*(?:$|[.,;])"
    r"|[:=(-]?\s*(?:(?:no|non|nao|nein|nie|brak|nee|nej|nei|geen|ingen)\b(?!\s+\w)"
    r"|[ae]usentes?\b|absent\b|absente?s?\b|assenti?e?\b|negati\w+|keine\b(?!\s+\w)"
    r"|ningun[oa]?\b|nenhum[a]?\b|nessun[oa]?\b|aucune?\b|cap\b(?!\s+\w)|none\b|nieobecn\w*|ujemn\w*"
    r"|descartad\w*|exclu(?:id|ed|e)\w*|ausgeschlossen|0\b(?![.,]\d))))"
)


@lru_cache(maxsize=MEMORY)
def says(text: str, pattern: str) -> bool:
    """Return whether a text states a word of the pattern (a regular expression of lower-case letters) undenied."""
    plain = plain_letters(text)
    return any(not is_denied(plain, found) for found in re.finditer(pattern, plain))


def is_denied(text: str, match: re.Match[str]) -> bool:
    """Return whether what was matched in a text of plain lower-case letters is denied there."""
    return BEFORE.search(text[: match.start()]) is not None or AFTER.search(text[match.end() :]) is not None
