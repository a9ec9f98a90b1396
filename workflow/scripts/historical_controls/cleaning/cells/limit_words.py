"""Signs and words that make the number of a cell a limit: '< 5', 'menor a 5', '5 or less', '2256 mg/L o más'.

Of English, Spanish, Portuguese, French, German, Italian, Catalan, Dutch, Swedish, Danish and Norwegian, without
accents (see `_bare_letters`).

Whether the limit itself is included ('5 or less', 'less than 5') is not kept: for a continuous value it makes no
difference, and laboratories write both for the same thing.
"""

from __future__ import annotations

import re
import unicodedata

# 'máximo 38.5' is none of these words: it may be the highest of several values as well as a limit.
_LESS = (
    # Spanish and Catalan
    r"(?:igual o )?(?:menor|inferior)(?: (?:o|ou) igual| igual)? (?:al?|de|que)|menos (?:del?|do que|que)"
    r"|(?:por )?(?:debajo|abajo) del?"
    r"|hasta|como maximo|a lo (?:mas|sumo)|no mas de|no (?:mayor|superior) (?:al?|de|que)|inf a"
    r"|menys de|(?:per )?sota(?: de)?|fins a|com a (?:maxim|molt)|no mes de"
    # 'Kleiner dan' before the German 'kleiner'.
    # Dutch, Swedish, Danish, Norwegian
    r"|(?:kleiner|minder|lager)(?: of gelijk(?: aan)?)? dan|onder|beneden|hoogstens|tot(?: en met)?"
    r"|niet meer dan|(?:mindre|lagre|lavere)(?: an| end| enn)|hogst|h[øo]jst|h[øo]yst"
    # Portuguese, French, Italian, German
    r"|(?:menor|inferior) do que|abaixo d[eo]|ate|no maximo|nao (?:mais de|superior a)"
    r"|(?:egale? ou )?inferieure?(?: ou egale?)? a|moins (?:de|d')|(?:au|en) dessous d[eu]|jusqu'a|au (?:plus"
    r"|maximum)|pas plus de"
    r"|(?:minore|inferiore)(?: o uguale)? (?:al?|di)|meno di|(?:al di )?sotto(?: d?i)?|fino a|al massimo"
    r"|non (?:piu di|superiore a)"
    r"|(?:kleiner|weniger)(?: oder)?(?: gleich)?(?: als)?|unter(?:halb)?(?: von)?|hochstens|bis(?: zu)?|nicht mehr als"
    # English
    r"|(?:equal to or |equal or )?(?:less|fewer|lower|smaller) (?:than or equal to|than|or equal to)|below|under|up to"
    r"|at most|not? (?:more|greater|higher|larger) than|not (?:above|over)|lt"
)
_MORE = (
    r"(?:igual o )?(?:mayor|major|superior)(?: (?:o|ou) igual| igual)? (?:al?|de|que)|mas de|(?:por )?(?:encima"
    r"|arriba) del?"
    r"|a partir d[ei]|al menos|(?:por|cuando) lo menos|como minimo|no menos de|no (?:menor|inferior) (?:al?|de"
    r"|que)|sup a"
    r"|mes (?:de|que)|per sobre de|almenys|com a minim|no menys de"
    r"|(?:maior|superior)(?: ou igual)? (?:do que|que|al?)|mais (?:d[eo]|do que|que)|acima d[eo]|pelo menos|no minimo"
    r"|nao (?:menos de|inferior a)"
    r"|(?:egale? ou )?superieure?(?: ou egale?)? a|plus (?:de|d')|au (?:moins|minimum)|au dessus d[eu]|pas moins de"
    r"|(?:maggiore|superiore)(?: o uguale)? (?:al?|di)|piu di|(?:al di )?sopra(?: d?i)?|oltre|almeno|a partire da"
    r"|non (?:meno di|inferiore a)"
    r"|(?:grosser|großer|mehr)(?: oder)?(?: gleich)?(?: als)?|uber|oberhalb(?: von)?|mindestens|ab|nicht weniger als"
    r"|(?:groter|meer|hoger)(?: of gelijk(?: aan)?)? dan|boven|minstens|ten minste|vanaf|niet minder dan"
    r"|(?:storre|st[øo]rre|mer|mere|hogre|h[øo]jere|h[øo]yere)(?: an| end| enn)|over|minst|mindst"
    r"|(?:equal to or |equal or )?(?:greater|more|higher|larger) (?:than or equal to|than|or equal to)|above|over"
    r"|at least|not? (?:less|fewer|lower|smaller) than|not (?:below|under)|gt"
)
_LESS_SIGN, _MORE_SIGN = r"[<≤≦⩽﹤\uff1c]\s*=?|=\s*<", r"[>≥≧⩾﹥\uff1e]\s*=?|=\s*>"
# Behind the number, or its unit.
_OR = r"(?:o|u|y|e|i|ou|et|or|and|oder|und|of|en|eller|och|og)"
_LESS_AFTER = (
    rf"{_OR} (?:menos|menor(?:es)?|inferior(?:es)?|(?:por )?debajo|abajo|menys|abaixo|moins|inferieure?|au dessous"
    rf"|meno|minore"
    r"|minder|lager|mindre|lagre|lavere|inferiore|weniger|kleiner|niedriger|darunter|less|lower|fewer|smaller|below|under)"
    r"|como maximo|a lo (?:mas|sumo)|com a (?:maxim|molt)|no maximo|au (?:plus|maximum)|al massimo|at most"
)
_MORE_AFTER = (
    rf"{_OR} (?:mas|mayor(?:es)?|superior(?:es)?|(?:por )?(?:encima|arriba)|mes|major|mais|maior|acima|plus"
    rf"|superieure?|au dessus"
    r"|meer|hoger|groter|mer|mere|hogre|h[øo]jere|h[øo]yere|davantage|piu|maggiore|superiore|oltre|mehr|grosser|großer|hoher|daruber|more|greater|higher|larger|above"
    r"|over|up|upwards?)"
    r"|como minimo|en adelante|com a minim|no minimo|en amunt|in su|au (?:moins|minimum)|at least"
)


def _any_blanks(pattern: str) -> str:
    return pattern.replace(" ", r"[\s.-]+").replace("'", "['’]")


BEFORE = re.compile(
    rf"^(?:(?P<less>{_LESS_SIGN}|(?:{_any_blanks(_LESS)})(?![^\W\d_]))"
    rf"|(?P<more>{_MORE_SIGN}|(?:{_any_blanks(_MORE)})(?![^\W\d_])))\s*",
    re.IGNORECASE,
)
_AFTER = rf"(?P<less>{_any_blanks(_LESS_AFTER)})|(?P<more>{_any_blanks(_MORE_AFTER)})"
# With the unit behind the words: '2256 o más mg/L'.
AFTER = re.compile(
    rf"(?<=[\w%)/.,])\s*(?P<open>\()?\s*\b(?:{_AFTER})(?(open)\s*\))\s*(?P<unit>[^\d\s?¿.,;:()][^\d?¿]*)?\.?$",
    re.IGNORECASE,
)
# Of any of the languages, alone: 'mínimo 5', '5 ou plus?'.
_WORD = (
    r"m[aá]s|menos|mayor(?:es)?|menor(?:es)?|superiore?|inferiore?|m[aá]xim[oa]?|m[ií]nim[oa]?|hasta|arriba|abajo"
    r"|debajo|encima"
    r"|more|less|fewer|greater|higher|lower|larger|smaller|above|below|over|under|least|most|maximum|minimum"
    r"|maximal|minimal"
    r"|m[eé]s|menys|major|mais|maior|acima|abaixo|at[eé]|plus|moins|sup[eé]rieure?|inf[eé]rieure?|dessus|dessous"
    r"|pi[uù]|meno|maggiore|minore|massimo|oltre|sopra|sotto|almeno|mehr|weniger|kleiner|gr(?:ö|oe?)(?:ß|ss)er"
    r"|mindestens"
    r"|h(?:ö|oe?)chstens|[uü]ber|unter|minder|meer|minstens|hoogstens|onder|boven|mindre|mere|minst|mindst|h[øo]jst"
)
WORD_OF_LIMIT = re.compile(rf"\b(?:{_WORD})\b", re.IGNORECASE)
# Where a unit should be: such a cell is in doubt, and its number no value.
DOUBT = re.compile(rf"[?¿]|{WORD_OF_LIMIT.pattern}", re.IGNORECASE)


def limit(text: str) -> tuple[str, str] | None:
    """Return '<', '>' or '' (no limit) and the cell without the signs and words that say so: '2256 mg/L', say.

    None where one side is said before the number and the other behind it: such a cell says nothing.
    """
    # A letter and its accent may be two characters.
    bare = unicodedata.normalize("NFC", text)
    before = BEFORE.match(_bare_letters(bare))
    rest = bare[before.end() :] if before else bare
    after = AFTER.search(_bare_letters(rest))
    if after:
        rest = f"{rest[: after.start()].rstrip()} {rest[after.start('unit') : after.end('unit')]}".rstrip()
    sides = {("<" if found["less"] else ">") for found in (before, after) if found}
    if len(sides) > 1:
        return None
    return (sides.pop() if sides else ""), rest


def _bare_letters(text: str) -> str:
    """The text without the accents of its letters, as long as before. Signs stay: '≮' is no '<'."""
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFD", c)[0] if c.isalpha() else c for c in text)
