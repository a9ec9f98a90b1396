"""Spellings that mean the same are folded to the same text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Texts folded last, kept: the blocks of a large file repeat the same few.
MEMORY = 65_536

NEGATIVE_CODE = re.compile(r"\s*-\s*[\d.,]")
HYPHENS = re.compile("[\u2010\u2011\u2012\u2013\u2014\u2015\u2212]")
# A hyphen joins two words ('IL-6'); behind a marker ('CD8-CD4+'), at the end ('HBsAg -') or alone it is a sign.
SIGN = re.compile(r"(?<![^\W\d_])(cd\d{1,3}[a-z]{0,2})-|(?<=\w)\s*-(?=\s*(?:$|[(),;/]))|\(\s*-\s*\)")
# Letters that are no letter and accent to Unicode, as who has no key for them writes them.
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae"})
# Holds the place of a sign while punctuation becomes spaces; no text includes it.
KEPT = "\x01"


def plain_letters(text: str) -> str:
    """Return a text without capitals and accents; blanks and punctuation stay."""
    # NFKD takes letters and accents apart; the combining accents are then left out.
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(LETTERS)


@lru_cache(maxsize=MEMORY)
def fold(text: str) -> str:
    """Names that differ only in accents, case, spacing or punctuation fold to the same text.

    Signs stay: 'CD8-' is not 'CD8', 'positive?' not 'positive', -1 not 1. Codes are compared without folding.
    """
    bare = HYPHENS.sub("-", plain_letters(text))
    sign = "-" if NEGATIVE_CODE.match(bare) else ""
    signed = SIGN.sub(lambda found: (found[1] or "") + KEPT, bare)
    words = re.sub(rf"[^\w%+/#?<>=±~{KEPT}]+", " ", signed.replace("_", " "))
    return sign + " ".join(words.replace(KEPT, "-").split())


def fold_unit(text: str) -> str:
    """Spellings that differ only in case, accents, spaces, brackets, micro and multiplication signs fold to the same.

    So do they with the point of an abbreviation: 'Kg.', 'mg/dL.'.

    The braces of UCUM annotations are brackets: 'ng/mL{FEU}' is 'ng/mL FEU'.
    """
    # NFKD turns the micro sign (U+00B5) into the Greek letter, so that one replacement serves both.
    plain = unicodedata.normalize("NFKD", text).casefold().replace("μ", "u").replace("×", "x")
    return "".join(c for c in plain if not (c.isspace() or c in "*{}()[]" or unicodedata.combining(c))).rstrip(".")
