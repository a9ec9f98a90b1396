"""The words that a reader sees, by language: workflow/locales/<language>.yaml, read flat ('report.answer.title')."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.errors import UserError, did_you_mean
from historical_controls.text.formatting import format_unit

Design = Literal["external_controls", "randomised", "single_arm"]
# Designs with entries of their own, below their name, in place of those of the same name.
OF_DESIGN = ("single_arm", "randomised")
# 'historical=control; ...': what the other group is called where it was not taken from the past.
TERMS = "randomised.terms"
# '[[gone]]' in an entry stands for the entry of this group and of what the study's files can record.
# Entries of 'ends_and_others' take its place where the study declares further ends of follow-up.
ENDS, ENDS_AND_OTHERS, IN_PLACE = "ends", "ends_and_others", re.compile(r"\[\[(\w+)\]\]")
# Entries of this group are put in where deaths are compared, which needs those of both arms, and are blank elsewhere.
COMPARED = "deaths_compared"
RecordedEnds = Literal["both", "death", "discharge", "none"]


class Count(int):
    """A number that takes its noun with it: `{n:record|records}` is '1 record' or '2 records'."""

    def __format__(self, form: str) -> str:
        one, bar, more = form.partition("|")
        return f"{int(self)} {one if self == 1 else more}" if bar else int(self).__format__(form)


@dataclass(frozen=True)
class Words:
    """One language's words. `words(key, name=value)` fills the placeholders of the entry `key`.

    written: the entries before the words of what a study can record were put in.
    """

    language: str
    entries: Mapping[str, str]
    written: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, **values: object) -> str:
        """The entry with its placeholders filled. Raises KeyError for a key that the locale lacks (a bug)."""
        # Unfilled without values: an entry may show its braces, or be filled later.
        counts = {name: Count(value) for name, value in values.items() if type(value) is int}
        return self.entries[key].format(**{**values, **counts}) if values else self.entries[key]

    def of_study(
        self, design: Design, ends: RecordedEnds, others: bool = False, with_deaths: bool | None = None
    ) -> Words:
        """The words of a study, by its design and by the ends of a stay that its files can record.

        others: whether the study declares further ends of follow-up (`cohort.ends_with`); with_deaths: whether deaths
        are compared, which needs those of both arms; None: where any file records them.

        Entries below 'single_arm' and 'randomised' take the place of those of the same name in such studies.
        """
        group = f"{design}." if design in OF_DESIGN else None
        own = {key.removeprefix(group): said for key, said in self.written.items() if group and key.startswith(group)}
        entries = _with_ends({**self.written, **own}, ends, others, with_deaths)
        return replace(self, entries=_with_controls(entries) if design == "randomised" else entries)

    def has(self, key: str) -> bool:
        return key in self.entries

    def among(self, texts: Mapping[Any, str]) -> str:
        """The text in this language of a study's own label; the first one where it has none."""
        return texts.get(self.language) or next(iter(texts.values()))

    def unit(self, unit: str) -> str:
        """A unit as it is printed: a word ('points', 'years') in this language, else its symbols."""
        # 'mmHg/day' (a slope) is the unit of the outcome and the words for 'per day'.
        base, _, time = unit.rpartition("/")
        per = self.entries.get(f"unit.per_{time}") if base else None
        if per is not None and f"unit.{unit}" not in self.entries:
            return f"{self.unit(base)} {per}"
        return self.entries.get(f"unit.{unit}", format_unit(unit))

    def difference_unit(self, unit: str) -> str:
        """The unit of a difference: '3 % higher' would be read as a ratio of two percentages."""
        base, slash, time = unit.partition("/")
        return self.unit(f"percentage points{slash}{time}" if base == "%" else unit)

    def covariate(self, code: str, dictionary: Dictionary) -> str:
        """The name of a covariate: of the dictionary, or a time before time zero."""
        outcome = dictionary.outcomes.get(code)
        return self.entries[f"covariate.{code}"] if outcome is None else outcome.label(self.language)

    def entry(self, group: str, code: str) -> str:
        """The unfilled entry of a code from the results table; a study's own wording stands for itself."""
        # Braces in a study's own wording would be taken for placeholders.
        return self.entries.get(f"{group}.{code}", code.replace("{", "(").replace("}", ")"))


def load_words(folder: str | Path, language: str) -> Words:
    """Read one locale. Raises UserError where the file is missing or an entry is not text."""
    # Imported here: most jobs need this module for its types alone.
    import yaml

    path = Path(folder) / f"{language}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in Path(folder).glob("*.yaml"))
        raise UserError(f"no words for language '{language}'", str(path), did_you_mean(language, known))
    # Every job reads the words anew: the C parser takes a sixth of the time of the Python one.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    written = dict(_flat(raw, (), path))
    return Words(language, _with_ends(written, "both"), written)


def recorded_ends(able: Collection[str]) -> RecordedEnds:
    """Which ends of a stay are among the events that files can record."""
    known = {name: name in able for name in ("death", "discharge_alive")}
    if all(known.values()):
        return "both"
    return "death" if known["death"] else "discharge" if known["discharge_alive"] else "none"


def _with_ends(
    written: Mapping[str, str], ends: RecordedEnds, others: bool = False, with_deaths: bool | None = None
) -> dict[str, str]:
    told = ends in ("both", "death") if with_deaths is None else with_deaths

    def in_place(name: re.Match[str]) -> str:
        if f"{COMPARED}.{name[1]}" in written:
            return written[f"{COMPARED}.{name[1]}"] if told else ""
        said = written[f"{ENDS}.{name[1]}.{ends}"]
        return written.get(f"{ENDS_AND_OTHERS}.{name[1]}.{ends}", said) if others else said

    return {key: IN_PLACE.sub(in_place, said) for key, said in written.items()}


def _flat(node: Any, keys: tuple[str, ...], path: Path) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _flat(value, (*keys, str(key)), path)
    elif isinstance(node, str):
        # What is put into other entries keeps the blanks that join it to them.
        yield ".".join(keys), node if keys[0] in (ENDS, COMPARED) else node.strip()
    else:
        raise UserError(f"'{node}' is not text", f"{path}: {'.'.join(keys)}", "Put it in quotes.")


def _with_controls(entries: Mapping[str, str]) -> dict[str, str]:
    """Entries in which controls are not called historical; names of placeholders, and of keys in quotes, stay."""
    terms = dict(pair.split("=") for pair in entries[TERMS].split("; "))
    # The longest first: 'pacientes históricos' before 'históricos'.
    names = "|".join(sorted(map(re.escape, terms), key=len, reverse=True))
    pattern = re.compile(rf"(?<![{{'])\b(?:{names})\b(?![}}'])")
    return {key: pattern.sub(lambda name: terms[name[0]], said) for key, said in entries.items()}
