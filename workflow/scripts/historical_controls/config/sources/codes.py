"""Codes that a file uses: how they are compared, and how what YAML took for something else becomes a text again."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

from pydantic import BeforeValidator

# Exports repeat the same few codes.
MEMORY = 65_536
CaseRule = Literal["ignore", "exact"]
M = TypeVar("M")
# YAML 1.1 reads each of these words as a truth value, and does not keep which one was written.
YAML_WORDS = {True: ("yes", "true", "on"), False: ("no", "false", "off")}
# What exports leave in texts and no reader sees: entities of HTML, the '="..."' of spreadsheets, marks without width.
ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,5}|#x[0-9A-Fa-f]{1,4});")
AS_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)
QUOTED_NUMBER = re.compile(r"^'([-+<>.,\d][^']*)'$")
ZERO_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


def visible_text(text: str) -> str:
    """Return what a reader sees of a cell: without entities of HTML, marks without width and the marks of sheets.

    These are '="..."' and a pair of apostrophes around a text that begins like a number; a single one may be a slip.
    """
    bare = ENTITY.sub(lambda entity: html.unescape(entity[0]), text).translate(ZERO_WIDTH)
    wrapped = AS_TEXT.match(bare) or QUOTED_NUMBER.match(bare)
    return (wrapped[1] if wrapped else bare).strip()


@lru_cache(maxsize=MEMORY)
def same_code(text: str, case: CaseRule = "ignore") -> str:
    """Return a code as it is compared: trimmed, with every sign; capitals and accents count where `case` is exact."""
    # Exports carry soft hyphens, zero-width spaces and byte order marks that nobody sees.
    bare = text.translate(ZERO_WIDTH).strip()
    if case == "exact":
        return unicodedata.normalize("NFC", bare)
    # NFD splits letters from their accents, which are then dropped: 'sí' and 'SI' are one code.
    return "".join(c for c in unicodedata.normalize("NFD", bare.casefold()) if not unicodedata.combining(c))


def _spellings(word: bool) -> list[str]:
    return [spelled for text in YAML_WORDS[word] for spelled in (text, text.capitalize(), text.upper())]


def plain_text(item: Any) -> Any:
    """Return the text of what YAML read as a number, a date or null; anything else as it is.

    `check_text` refuses numbers whose text YAML does not keep, such as 007 and 0.20.
    """
    if item is None:
        return "null"
    if isinstance(item, bool | datetime):
        return item
    return str(item) if isinstance(item, int | float | date) else item


def _texts(value: Any) -> Any:
    """A list of codes; a YAML truth value stands for every word that YAML reads so."""
    if not isinstance(value, list):
        return value
    return [text for item in value for text in (_spellings(item) if isinstance(item, bool) else [plain_text(item)])]


def _meanings(value: Any) -> Any:
    """A mapping of codes; truth values among its keys and values become texts, and written texts win over them."""
    if not isinstance(value, dict):
        return value
    said = {key: YAML_WORDS[item][0] if isinstance(item, bool) else item for key, item in value.items()}
    written = {plain_text(key): item for key, item in said.items() if not isinstance(key, bool)}
    taken = {str(key).casefold() for key in written}
    # `yes: positive` in YAML is the key True; every spelling that YAML reads so is meant.
    words = {text: said[key] for key in said if isinstance(key, bool) for text in _spellings(key)}
    return written | {text: item for text, item in words.items() if text.casefold() not in taken}


Codes = Annotated[list[str], BeforeValidator(_texts)]
MEANINGS = BeforeValidator(_meanings)
# Keys of the config below which cells are quoted (a test holds that these are all of them). Of arms the whole mapping:
# its keys 'treated' and 'historical' are names of sources as well.
TEXT_KEYS = frozenset(
    {"codes", "is_in", "values", "result_codes", "texts", "accepted_ids", "ignore_analytes", "treated_subjects"}
    | {"arm", "arm_column"}
)


@lru_cache(maxsize=MEMORY)
def plain_number(text: str, decimal: str, thousands: str) -> str:
    """Return a number without zeros behind its mark ('9999.0' is '9999'; leading zeros stay), '' for other texts."""
    bare = text.strip().replace("\u2212", "-").removeprefix("+")
    if thousands and re.fullmatch(rf"-?[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+(?:\D.*)?", bare):
        bare = bare.replace(thousands, "")
    parts = re.fullmatch(rf"(-?[0-9]+)(?:{re.escape(decimal)}([0-9]+))?", bare)
    if not parts:
        return ""
    fraction = (parts[2] or "").rstrip("0")
    return f"{parts[1]}.{fraction}" if fraction else parts[1]


class DeclaredCodes(Generic[M]):
    """What declared codes mean, compared with cells as text and as number: 1 may be sent as '1.0' or '1,0'.

    The one rule for codes of missing, arms, conditions, values and words. A code that is a text of its own goes first.
    """

    def __init__(self, meanings: Mapping[str, M], case: CaseRule, decimal: str, thousands: str | None) -> None:
        self.case: CaseRule = case
        self.marks = decimal, thousands or ""
        self.texts = {same_code(code, case): meaning for code, meaning in meanings.items()}
        # A declared 1.0 has a point whatever mark the file has.
        numbers = {code: plain_number(code, *self.marks) or plain_number(code, ".", "") for code in meanings}
        # What is no number is '' to `plain_number`, and would equal every code that is none either.
        self.numbers = {number: meanings[code] for code, number in numbers.items() if number}

    def meaning(self, text: str) -> M | None:
        """Return what a cell's text means; None where it is no declared code."""
        said = same_code(text, self.case)
        return self.texts[said] if said in self.texts else self.numbers.get(plain_number(text, *self.marks))

    def __contains__(self, text: str) -> bool:
        return self.meaning(text) is not None


class Marks(Protocol):
    """How a file writes its codes and numbers."""

    @property
    def code_case(self) -> CaseRule: ...
    @property
    def decimal(self) -> str: ...
    @property
    def thousands(self) -> str | None: ...


def declared_codes(meanings: Mapping[str, M], file: Marks) -> DeclaredCodes[M]:
    """Return the codes that a file declares, as its cells are compared with them."""
    visible = {visible_text(code): meaning for code, meaning in meanings.items()}
    return DeclaredCodes(visible, file.code_case, file.decimal, file.thousands)


def collisions(meanings: Mapping[str, str], case: CaseRule) -> Iterator[str]:
    """Yield what is wrong with codes that are compared as the same and declared to mean different things."""
    known: dict[str, str] = {}
    for code, meaning in meanings.items():
        # The first code that compares as this one; two codes of one meaning are harmless.
        other = known.setdefault(plain_number(code, ".", "") or same_code(code, case), code)
        if meanings[other] != meaning:
            hint = (
                ""
                if same_code(code, "exact") == same_code(other, "exact")
                else "; 'code_case: exact' tells capitals and accents apart"
            )
            yield f"codes '{other}' and '{code}' are the same and mean '{meanings[other]}' and '{meaning}'{hint}"
