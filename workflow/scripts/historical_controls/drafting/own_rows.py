"""What no dictionary names, as rows of the study's own: outcomes, and the names under which they are sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from historical_controls.dictionary.folding import fold

FAMILY = "measured"
LONGEST_CODE = 24
# Of labels: shorter words tell little, and words with the same beginning are one.
SHORT, STEM, MOST_PAIRS = 4, 7, 6
# Of the others, those that no row has are left out.
RARE = ("hard_low", "hard_high", "specimens")
OUTCOME_COLUMNS = ("code", "family", "kind", "label_en", "unit", "benefit", "categories", "decimals", *RARE)
SYNONYM_COLUMNS = ("name", "code")
EVENT_COLUMNS = ("code", "label_en")


@dataclass
class OwnRows:
    """Rows for dictionary/outcomes.csv by code, for synonyms.csv (code by name), and for events.csv (label by code)."""

    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    synonyms: dict[str, str] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, label: str, row: Mapping[str, str], taken: Collection[str]) -> str:
        """The code of an outcome with this label, a new row unless there is one; made of its name in the file.

        Labels that differ in case, accents or marks are one: 'MG-ADL', 'mgadl'. taken: codes that mean others.
        """
        alike = (code for code, one in self.outcomes.items() if _letters(one["label_en"]) == _letters(label))
        if there := next(alike, None):
            self.outcomes[there] |= {
                key: said for key, said in row.items() if said and not self.outcomes[there].get(key)
            }
            return there
        plain = re.sub(r"[^A-Z0-9]+", "_", fold(name).upper()).strip("_")[:LONGEST_CODE].strip("_") or "OUTCOME"
        stem = plain if plain[0].isalpha() else f"N{plain}"
        place, code = 1, stem
        while code in taken or code in self.outcomes:
            place, code = place + 1, f"{stem}_{place + 1}"
        self.outcomes.setdefault(code, {"code": code, "label_en": label, **row})
        return code

    def question(self, codes: Collection[str]) -> str:
        """What to ask of outcomes whose labels share most of their words, as two files name one; '' where none do."""
        words = {
            code: {word[:STEM] for word in fold(self.outcomes[code]["label_en"]).split() if len(word) > SHORT}
            for code in codes
        }
        pairs = [
            f"{one} and {other}"
            for one, other in combinations(words, 2)
            if 2 * len(words[one] & words[other]) >= max(1, min(map(len, (words[one], words[other]))))
        ]
        asked = "are these one outcome under two names? Then give both columns, or names in synonyms.csv, one code"
        return f"; {', '.join(pairs[:MOST_PAIRS])}: {asked}" if pairs else ""

    def add_event(self, label: str) -> str:
        """The code of an event with this label; spellings that differ in case or accents are one."""
        code = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:LONGEST_CODE].strip("_") or "event"
        code = code if code[0].isalpha() else f"e_{code}"
        self.events.setdefault(code, label[:1].lower() + label[1:])
        return code

    def write(self, folder: Path) -> list[Path]:
        """Write the rows into a study's dictionary, behind those that are there; returns the files."""
        columns = tuple(
            one for one in OUTCOME_COLUMNS if one not in RARE or any(one in row for row in self.outcomes.values())
        )
        files = {
            "outcomes": (columns, list(self.outcomes.values())),
            "events": (EVENT_COLUMNS, [{"code": code, "label_en": label} for code, label in self.events.items()]),
            "synonyms": (SYNONYM_COLUMNS, [{"name": name, "code": code} for name, code in self.synonyms.items()]),
        }
        written = []
        for name, (columns, rows) in files.items():
            if rows:
                folder.mkdir(parents=True, exist_ok=True)
                _append(folder / f"{name}.csv", columns, rows)
                written.append(folder / f"{name}.csv")
        return written


def _letters(label: str) -> str:
    # Signs stay ('CD8+'), and so do blanks beside digits.
    return re.sub(r"(?<=[a-z]) (?=[a-z])", "", fold(label))


def _append(path: Path, columns: Collection[str], rows: list[dict[str, str]]) -> None:
    there = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    # Columns that an own file lacks have defaults.
    header = next(csv.reader([there.splitlines()[0]])) if there.strip() else list(columns)
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, extrasaction="ignore", restval="", lineterminator="\n")
        if not there.strip():
            writer.writeheader()
        elif not there.endswith("\n"):
            stream.write("\n")
        writer.writerows(rows)
