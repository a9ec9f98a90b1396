"""What cleaning says of single records and files, in a reader's language.

The ledger and the findings have it in English, with names and numbers of the file put in. Here the English entry of
group 'hint' is found that a text was written from, and the same entry of another language is filled in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from historical_controls.text.words import Words, load_words

GROUP, PART = "hint.", "hint.part."
# Hints are joined by it: what was found, then what to do.
JOINED = "; "
# Placeholders that begin with 'said' are hints themselves; 'form' is a format of dates as people write them, 'amount' a
# number with its unit. What others stand for is the file's own, and stays as it is.
SAID, FORM, AMOUNT = "said", "form", "amount"
PLACEHOLDER = re.compile(r"\\{(\w+)\\}")


@dataclass(frozen=True)
class Hints:
    """Hints in the language of `words`. A text that no entry describes is given back as it is.

    english: the words that hints were written in; patterns: see `_patterns`.
    """

    words: Words
    english: Words
    patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()
    known: dict[str, str | None] = field(default_factory=dict, compare=False)

    def __call__(self, text: str) -> str:
        """Return a hint, or a suggested line with a comment, in the reader's language."""
        if self.words.language == self.english.language:
            return text
        said = self.translated(text)
        return text if said is None else said

    def translated(self, text: str) -> str | None:
        """Return a hint in the reader's language, None where it has no entry."""
        if text not in self.known:
            self.known[text] = self._pieces(text) or self._whole(text)
        return self.known[text]

    def _whole(self, text: str) -> str | None:
        for key, pattern in self.patterns:
            found = pattern.fullmatch(text)
            values = self._filled(found.groupdict()) if found else None
            if values is not None:
                return self.words.entries[key].format(**values)
        return None

    def _pieces(self, text: str) -> str | None:
        """Two hints joined: a text of the file may have the same mark, so that each place of it is tried."""
        for place in (found.start() for found in re.finditer(JOINED, text)):
            first, second = self._whole(text[:place]), self.translated(text[place + len(JOINED) :])
            if first is not None and second is not None:
                return f"{first}{JOINED}{second}"
        return None

    def _filled(self, values: Mapping[str, str]) -> dict[str, str] | None:
        """The values of an entry's placeholders, None where one of them should be a hint and is none."""
        told: dict[str, str] = {}
        for name, value in values.items():
            said = self._placed(name, value)
            if said is None:
                return None
            told[name] = said
        return told

    def _placed(self, name: str, value: str) -> str | None:
        if name.startswith(SAID):
            return self.translated(value)
        if name == AMOUNT:
            # '31 points': a unit that is a word.
            number, blank, unit = value.partition(" ")
            return f"{number}{blank}{self.words.entries.get(f'unit.{unit}', unit)}"
        return self._form(value) if name == FORM else value

    def _form(self, text: str) -> str:
        """'dd/mm/yyyy' as the reader writes it."""
        parts = {said: key for key, said in self.english.entries.items() if key.startswith(PART)}
        # The longest first: 'yyyy' before 'yy'.
        names = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
        return re.sub(rf"\b(?:{names})\b", lambda part: self.words.entries[parts[part[0]]], text)


def _patterns(english: Words) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Keys of the entries with the expression of the texts written from each, the most literal first."""
    own = {key: said for key, said in english.entries.items() if key.startswith(GROUP) and not key.startswith(PART)}
    order = sorted(own, key=lambda key: (-len(re.sub(r"\{\w+\}", "", own[key])), key))
    return tuple((key, _pattern(own[key])) for key in order)


def _pattern(entry: str) -> re.Pattern[str]:
    return re.compile(PLACEHOLDER.sub(_any_text, re.escape(entry)), re.DOTALL)


def _any_text(name: re.Match[str]) -> str:
    # Formats stand in lists, and one must not reach into the next.
    return f"(?P<{name[1]}>{'[^()]+' if name[1] in (FORM, 'example') else '.*?'})"


def load_hints(words: Words, folder: str | Path) -> Hints:
    """Return the hints of a language (folder: of the locales)."""
    english = words if words.language == "en" else load_words(folder, "en")
    return Hints(words, english, _patterns(english))
