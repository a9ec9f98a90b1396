"""Signs and words that make the number of a cell a limit: '< 5', 'menor a 5', '5 or less', '2256 mg/L o más'.

Whether the limit itself is included ('5 or less', 'less than 5') is not kept: for a continuous value it makes no
difference, and laboratories write both for the same thing.
"""

from __future__ import annotations

import re
import unicodedata

# 'máximo 38.5' is none of these words: it may be the highest of several values as well as a limit.
_LESS_ES = (
    r"(?:igual o )?(?:menor|inferior)(?: o igual| igual)? (?:a|de|que)|menos de|(?:por )?(?:debajo|abajo) de|hasta"
    r"|como m[aá]ximo|a lo (?:m[aá]s|sumo)|no m[aá]s de|no (?:mayor|superior) (?:a|de|que)"
)
_LESS_EN = (
    r"(?:equal to or |equal or )?(?:less|fewer|lower|smaller) (?:than or equal to|than|or equal to)|below|under|up to"
    r"|at most|not? (?:more|greater|higher|larger) than|not (?:above|over)"
)
_MORE_ES = (
    r"(?:igual o )?(?:mayor|superior)(?: o igual| igual)? (?:a|de|que)|m[aá]s de|(?:por )?(?:encima|arriba) de"
    r"|a partir de|al menos|(?:por|cuando) lo menos|como m[ií]nimo|no menos de|no (?:menor|inferior) (?:a|de|que)"
)
_MORE_EN = (
    r"(?:equal to or |equal or )?(?:greater|more|higher|larger) (?:than or equal to|than|or equal to)|above|over"
    r"|at least|not? (?:less|fewer|lower|smaller) than|not (?:below|under)"
)
_LESS_SIGN, _MORE_SIGN = r"[<≤≦⩽﹤\uff1c]\s*=?|=\s*<", r"[>≥≧⩾﹥\uff1e]\s*=?|=\s*>"
# Behind the number, or its unit.
_LESS_AFTER = (
    r"(?:o|ó|u|y) (?:menos|menor(?:es)?|inferior(?:es)?|(?:por )?debajo|abajo)|como m[aá]ximo|a lo (?:m[aá]s|sumo)"
    r"|(?:or|and) (?:less|lower|fewer|smaller|below|under)|at most"
)
_MORE_AFTER = (
    r"(?:o|ó|u|y) (?:m[aá]s|mayor(?:es)?|superior(?:es)?|(?:por )?(?:encima|arriba))|como m[ií]nimo|en adelante"
    r"|(?:or|and) (?:more|greater|higher|larger|above|over|up|upwards?)|at least"
)


def _any_blanks(pattern: str) -> str:
    return pattern.replace(" ", r"\s+")


BEFORE = re.compile(
    rf"^(?:(?P<less>{_LESS_SIGN}|(?:{_any_blanks(f'{_LESS_EN}|{_LESS_ES}')})(?![^\W\d_]))"
    rf"|(?P<more>{_MORE_SIGN}|(?:{_any_blanks(f'{_MORE_EN}|{_MORE_ES}')})(?![^\W\d_])))\s*",
    re.IGNORECASE,
)
_AFTER = rf"(?P<less>{_any_blanks(_LESS_AFTER)})|(?P<more>{_any_blanks(_MORE_AFTER)})"
# With the unit behind the words: '2256 o más mg/L'.
AFTER = re.compile(
    rf"(?<=[\w%)/.,])\s*(?P<open>\()?\s*\b(?:{_AFTER})(?(open)\s*\))\s*(?P<unit>[^\d\s?¿.,;:()][^\d?¿]*)?\.?$",
    re.IGNORECASE,
)
WORD_OF_LIMIT = re.compile(
    r"\b(?:m[aá]s|menos|mayor(?:es)?|menor(?:es)?|superior|inferior|m[aá]ximo|m[ií]nimo|hasta|arriba|abajo|debajo"
    r"|encima|more|less|fewer|greater|higher|lower|larger|smaller|above|below|over|under|least|most|maximum|minimum)\b",
    re.IGNORECASE,
)
# Where a unit should be: such a cell is in doubt, and its number no value.
DOUBT = re.compile(rf"[?¿]|{WORD_OF_LIMIT.pattern}", re.IGNORECASE)


def limit(text: str) -> tuple[str, str] | None:
    """Return '<', '>' or '' (no limit) and the cell without the signs and words that say so: '2256 mg/L', say.

    None where one side is said before the number and the other behind it: such a cell says nothing.
    """
    # A letter and its accent may be two characters.
    bare = unicodedata.normalize("NFC", text)
    before = BEFORE.match(bare)
    rest = bare[before.end() :] if before else bare
    after = AFTER.search(rest)
    if after:
        rest = f"{rest[: after.start()].rstrip()} {after['unit'] or ''}".rstrip()
    sides = {("<" if found["less"] else ">") for found in (before, after) if found}
    if len(sides) > 1:
        return None
    return (sides.pop() if sides else ""), rest
