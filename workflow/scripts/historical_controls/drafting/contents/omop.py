"""What the tables of an OMOP source hold: outcomes by their concepts, events, cohorts, and what nothing names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.config.reading.omop_files import with_omop
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.marks import Guess, plain
from historical_controls.errors import UserError
from historical_controls.intake.layout import CELL
from historical_controls.intake.omop.lookups import Lookups
from historical_controls.intake.reading import read_blocks

RESULTS = ("measurement", "observation")
# So many rows of a table tell what it holds; a registry may have a thousand times as many.
MOST_ROWS = 1_000_000
MOST_NAMED = 6
CONDITIONS = {"73211009": "DIABETES", "38341003": "HYPERTENSION", "414916001": "OBESITY"}
NOTHING_NAMED = "no concept of a result is known: name them as {folder: ..., outcomes: {3020460: CRP}}"


@dataclass
class Contents:
    """Rows by outcome, rows by what nothing names, events by 'source:' text, persons by cohort, and days recorded.

    fault: why the tables could not be read.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    events: dict[str, str] = field(default_factory=dict)
    characteristics: dict[str, str] = field(default_factory=dict)
    cohorts: dict[str, int] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    stays: bool = False
    fault: str = ""

    @property
    def dated(self) -> set[str]:
        """Events that some row dates."""
        return {*self.events.values(), *(["admission"] if self.stays else [])}


def omop_contents(source: Mapping[str, Any], folder: Path, dictionary: Dictionary) -> Contents:
    """Return what the tables of a drafted source hold, as the program will read them."""
    contents = Contents()
    try:
        made = with_omop({"sources": {"source": plain(dict(source))}}, folder)["sources"]["source"]["files"]
        files = {name: SourceFile.model_validate(file) for name, file in made.items()}
        for name in RESULTS:
            if name in files:
                _results(contents, folder, files[name], dictionary)
        if "visit_occurrence" in files:
            contents.stays = any((block["stay"] == "yes").any() for block in _blocks(folder, files["visit_occurrence"]))
        _beside(contents, folder, files["person"])
    except UserError as error:
        contents.fault = str(error).splitlines()[0]
    return contents


def declared(source: dict[str, Any], contents: Contents, dictionary: Dictionary) -> dict[str, Any]:
    """Return the drafted source with its cohorts, events, flags and specimens, and the question of what is left."""
    omop = dict(plain(source["omop"]))
    if contents.fault:
        return source | {"omop": Guess(omop, f"the tables could not be read: {contents.fault}")}
    arm = source["arm"]
    if isinstance(arm, Guess) and len(contents.cohorts) > 1:
        arm = _arms(contents.cohorts)
    for key, named in (("characteristics", contents.characteristics), ("events", contents.events)):
        omop |= {key: named} if named else {}
    others = ", ".join(f"'{name}' ({n} rows)" for name, n in contents.unnamed.most_common(MOST_NAMED))
    why = f"nothing names {others}" if others else "are further concepts characteristics, events or support?"
    why = f"{NOTHING_NAMED}; {why}" if not contents.outcomes else why
    arterial = [code for code in contents.outcomes if dictionary.outcomes[code].specimens[:1] == ("arterial",)]
    specimens = Guess({"default_specimens": dict.fromkeys(arterial, "arterial")}, "no table names the specimen")
    files = {"files": {"measurement": specimens}} if arterial else {}
    return source | {"arm": arm, "omop": Guess(omop, f"{why}: docs/input.md, 'Tables of the OMOP model'")} | files


def _arms(cohorts: Mapping[str, int]) -> Guess:
    """Few are treated and many are compared; persons in no cohort are in neither arm."""
    fewest, *_, most = sorted(cohorts, key=lambda one: (cohorts[one], one))
    rest = sorted(set(cohorts) - {fewest, most})
    said = ", ".join(f"cohort {one} has {n}" for one, n in cohorts.items())
    arm = {"column": "cohort", "treated": [fewest], "historical": [most], "neither": [*rest, ""]}
    return Guess(arm, f"{said} persons: which are treated?")


def _results(contents: Contents, folder: Path, file: SourceFile, dictionary: Dictionary) -> None:
    events = {
        fold(text): code for code, one in dictionary.events.items() for text in (code, one.label_en, one.label_es)
    }
    for block in _blocks(folder, file):
        read = block.loc[block["read"] == "outcome", "outcome"]
        for name, n in read.value_counts().items():
            codes = [str(name)] if name in dictionary.outcomes else [one.code for one in dictionary.named(str(name))]
            if len(codes) == 1 and dictionary.outcomes[codes[0]].family != "characteristic":
                contents.outcomes[codes[0]] += int(n)
            elif event := events.get(fold(str(name))):
                contents.events[f"source:{name}"] = event
            elif str(name).strip():
                contents.unnamed[str(name)] += int(n)
        days = pd.to_datetime(block["start"].str[:10], format="%Y-%m-%d", errors="coerce").dropna()
        contents.days = [*contents.days, *([days.min().date(), days.max().date()] if len(days) else [])]


def _beside(contents: Contents, folder: Path, file: SourceFile) -> None:
    """Cohorts and known conditions, of the tables beside that of persons."""
    if file.omop is None:
        return
    lookups = Lookups(_place(folder, file), file, file.omop)
    if lookups.has("cohort"):
        rows = lookups.table("cohort", ["cohort_definition_id", "subject_id"]).drop_duplicates()
        sizes = rows["cohort_definition_id"].value_counts().sort_index()
        contents.cohorts = {str(number): int(n) for number, n in sizes.items()}
    if lookups.has("concept") and lookups.has("condition_occurrence"):
        known = lookups.table("concept", ["concept_code", "vocabulary_id"])
        codes = set(known.loc[known["vocabulary_id"] == "SNOMED", "concept_code"])
        contents.characteristics = {f"SNOMED:{code}": named for code, named in CONDITIONS.items() if code in codes}
    if contents.cohorts and not contents.dated:
        contents.events |= {f"cohort:{number}": "enrolment" for number in contents.cohorts}


def _place(folder: Path, file: SourceFile) -> str:
    return file.path if "://" in file.path else str(folder / file.path)


def _blocks(folder: Path, file: SourceFile) -> Iterator[pd.DataFrame]:
    """The first rows of a table, with the columns that its declaration reads."""
    seen = 0
    for block in read_blocks(_place(folder, file), file):
        named = {name: name.removeprefix(CELL) for name in block.columns if name.startswith(CELL)}
        yield block[list(named)].rename(columns=named).fillna("").astype("str")
        seen += len(block)
        if seen >= MOST_ROWS:
            return
