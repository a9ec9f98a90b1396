"""Spellings that mean the same are folded to the same text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Texts folded last, kept: the blocks of a large file repeat the same few.
MEMORY = 65_536

NEGATIVE_CODE = re.compile(r"\s*[-\u2212\u2013]\s*[\d.,]")


@lru_cache(maxsize=MEMORY)
def fold(text: str) -> str:
    """Names that differ only in accents, case, spacing or punctuation fold to the same text.

    A question mark and the sign of a number stay: 'positive?' is not 'positive', and the code -1 is not the code 1.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    sign = "-" if NEGATIVE_CODE.match(bare) else ""
    return sign + " ".join(re.sub(r"[^\w%+/#?]+", " ", bare.replace("_", " ")).split())


def fold_unit(text: str) -> str:
    """Spellings that differ only in case, accents, spaces, micro and multiplication signs fold to the same text."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("μ", "u").replace("×", "x")
    return "".join(c for c in plain if not (c.isspace() or c == "*" or unicodedata.combining(c)))
