"""What is measured (outcomes.csv), in which units (units.csv) and under which names (synonyms.csv)."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from .config import Config
from .config_sources import EventRows, PatientRows, Source, WideMeasurements
from .errors import UserError, did_you_mean, raise_all
from .vocabulary import EVENT_NAMES

Family = Literal[
    "respiratory",
    "vital",
    "haematology",
    "coagulation",
    "inflammation",
    "cytokine",
    "imaging",
    "cell",
    "safety",
    "virology",
    "component",
    "supporting",
    "characteristic",
]
OutcomeKind = Literal["number", "flag", "category", "result", "event"]
Scale = Literal["linear", "log", "logit", "none"]
Benefit = Literal["up", "down", "none"]
Summary = Literal["median", "worst", "last", "min", "max", "none"]

OUTCOME_COLUMNS = (
    "code",
    "registered",
    "family",
    "kind",
    "label_en",
    "label_es",
    "registry_wording",
    "unit",
    "loinc",
    "hard_low",
    "hard_high",
    "warn_low",
    "warn_high",
    "lod",
    "scale",
    "benefit",
    "daily_summary",
    "categories",
    "decimals",
    "source",
)
UNIT_COLUMNS = ("outcome", "unit", "spellings", "factor", "offset", "source")
SYNONYM_COLUMNS = ("name", "code", "language", "result_kind")


@dataclass(frozen=True)
class Outcome:
    """One row of outcomes.csv: anything measured, derived, or characteristic of a patient.

    `registered`: its number among the registered outcomes, None for components and characteristics.
    `decimals`: that a mean is printed with. Limits are in the canonical `unit`: outside hard limits a value is
    quarantined, outside warn limits flagged.
    """

    code: str
    registered: int | None
    family: Family
    kind: OutcomeKind
    label_en: str
    label_es: str
    registry_wording: str
    unit: str
    loinc: str
    hard_low: float | None
    hard_high: float | None
    warn_low: float | None
    warn_high: float | None
    lod: float | None
    scale: Scale
    benefit: Benefit
    daily_summary: Summary
    categories: tuple[str, ...]
    source: str
    decimals: int = 1

    def label(self, language: str) -> str:
        return self.label_es if language == "es" else self.label_en


@dataclass(frozen=True)
class Conversion:
    """canonical = raw * factor + offset."""

    factor: float
    offset: float


@dataclass(frozen=True)
class Synonym:
    """A name's meaning; `result_kind` '' or the kind of result ('number', 'result') that it needs to mean this."""

    code: str
    result_kind: str


@dataclass(frozen=True)
class Dictionary:
    outcomes: dict[str, Outcome]
    conversions: dict[tuple[str, str], Conversion]
    synonyms: dict[str, tuple[Synonym, ...]]

    def conversion(self, code: str, unit: str) -> Conversion | None:
        """How `unit` (as sent) becomes the canonical unit of `code`; None where that is not declared."""
        spelled = fold_unit(unit)
        return self.conversions.get((code, spelled)) or self.conversions.get(("*" + self.outcomes[code].unit, spelled))

    def named(self, name: str) -> tuple[Synonym, ...]:
        """Everything that an analyte name as sent may mean; empty where unknown."""
        return self.synonyms.get(fold(name), ())

    def of_family(self, family: Family) -> list[Outcome]:
        return [outcome for outcome in self.outcomes.values() if outcome.family == family]


def fold(text: str) -> str:
    """Names that differ only in accents, case, spacing or punctuation fold to the same text."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w%+/#]+", " ", bare.replace("_", " ")).split())


def fold_unit(text: str) -> str:
    """Spellings that differ only in case, accents, spaces, micro and multiplication signs fold to the same text."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("μ", "u").replace("×", "x")
    return "".join(c for c in plain if not (c.isspace() or c == "*" or unicodedata.combining(c)))


def load_dictionary(folder: str | Path) -> Dictionary:
    """Read and check the three files of a dictionary folder. Raises UserError(s) with file, line and column."""
    place = Path(folder)
    faults: list[UserError] = []
    outcomes = dict(_outcomes(place / "outcomes.csv", faults))
    conversions = dict(_conversions(place / "units.csv", outcomes, faults))
    synonyms = _synonyms(place / "synonyms.csv", outcomes, faults)
    raise_all(faults)
    return Dictionary(outcomes, conversions, synonyms)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row with its place 'file, line n'."""
    if not path.is_file():
        raise UserError("the dictionary lacks this file", str(path), "Copy it from the program's data/dictionary.")
    try:
        # Spreadsheet programs put a byte-order mark before the first name.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("the file is not utf-8", str(path), "Save it as 'CSV UTF-8'.") from None
    with io.StringIO(text, newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != columns:
            raise UserError(f"columns are {reader.fieldnames}", f"{path}, line 1", f"Needed: {','.join(columns)}")
        for row in reader:
            if None in row or None in row.values():
                raise UserError("more or fewer cells than columns", f"{path}, line {reader.line_num}")
            yield f"{path.name}, line {reader.line_num}", row


def _outcomes(path: Path, faults: list[UserError]) -> Iterator[tuple[str, Outcome]]:
    seen: set[str] = set()
    for place, row in _rows(path, OUTCOME_COLUMNS):
        if row["code"] in seen:
            faults.append(UserError(f"code {row['code']} stands twice", place))
        seen.add(row["code"])
        yield row["code"], _outcome(row, place, faults)


def _outcome(row: dict[str, str], place: str, faults: list[UserError]) -> Outcome:
    for column, kind in (
        ("family", Family),
        ("kind", OutcomeKind),
        ("scale", Scale),
        ("benefit", Benefit),
        ("daily_summary", Summary),
    ):
        if row[column] not in get_args(kind):
            faults.append(
                UserError(f"'{row[column]}'", f"{place}, {column}", did_you_mean(row[column], get_args(kind)))
            )
    limits: dict[str, Any] = {
        c: _number(row[c], f"{place}, {c}", faults) for c in ("hard_low", "hard_high", "warn_low", "warn_high", "lod")
    }
    ordered = [limits[c] for c in ("hard_low", "warn_low", "warn_high", "hard_high") if limits[c] is not None]
    if ordered != sorted(v for v in ordered if v is not None):
        faults.append(
            UserError(f"limits are not in order: {ordered}", place, "hard_low <= warn_low <= warn_high <= hard_high")
        )
    registered = _number(row["registered"], f"{place}, registered", faults)
    rest: dict[str, Any] = {
        c: row[c] for c in OUTCOME_COLUMNS if c not in {*limits, "registered", "categories", "decimals"}
    }
    decimals = _number(row["decimals"], f"{place}, decimals", faults)
    return Outcome(
        decimals=1 if decimals is None else int(decimals),
        registered=None if registered is None else int(registered),
        categories=tuple(filter(None, row["categories"].split("|"))),
        **rest,
        **limits,
    )


def _number(text: str, place: str, faults: list[UserError]) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        faults.append(UserError(f"'{text}' is no number", place))
        return None
    return number


def _conversions(
    path: Path, outcomes: dict[str, Outcome], faults: list[UserError]
) -> Iterator[tuple[tuple[str, str], Conversion]]:
    """Conversions by (code, folded spelling). An outcome '*unit' serves every outcome with that canonical unit."""
    seen: dict[tuple[str, str], str] = {}
    for place, row in _rows(path, UNIT_COLUMNS):
        code = row["outcome"]
        if not code.startswith("*") and code not in outcomes:
            faults.append(UserError(f"'{code}' is no outcome", f"{place}, outcome", did_you_mean(code, outcomes)))
        factor = _number(row["factor"], f"{place}, factor", faults)
        offset = _number(row["offset"], f"{place}, offset", faults)
        if factor is None or factor <= 0:
            faults.append(UserError("a factor above 0 is needed", f"{place}, factor"))
            continue
        for spelling in {fold_unit(s) for s in [row["unit"], *row["spellings"].split("|")] if s}:
            if (code, spelling) in seen:
                faults.append(
                    UserError(
                        f"unit '{spelling}' of {code} stands twice",
                        place,
                        f"First at {seen[code, spelling]}.",
                    )
                )
            seen[code, spelling] = place
            yield (code, spelling), Conversion(factor, offset or 0.0)


def _synonyms(path: Path, outcomes: dict[str, Outcome], faults: list[UserError]) -> dict[str, tuple[Synonym, ...]]:
    """Meanings by folded name; a code means itself unless the file says what its name means."""
    meanings: dict[str, list[Synonym]] = {}
    for place, row in _rows(path, SYNONYM_COLUMNS):
        synonym = Synonym(row["code"], row["result_kind"])
        if synonym.code not in outcomes:
            hint = did_you_mean(synonym.code, outcomes)
            faults.append(UserError(f"'{synonym.code}' is no outcome", f"{place}, code", hint))
        known = meanings.setdefault(fold(row["name"]), [])
        clash = [s for s in known if s.code != synonym.code and "" in (s.result_kind, synonym.result_kind)]
        if clash:
            hint = "Give both a result_kind, or drop one."
            faults.append(UserError(f"'{row['name']}' already means {clash[0].code}", place, hint))
        known.append(synonym)
    for code in outcomes:
        meanings.setdefault(fold(code), [Synonym(code, "")])
    return {name: tuple(dict.fromkeys(found)) for name, found in meanings.items()}


def check_config_names(config: Config, dictionary: Dictionary) -> None:
    """Every outcome code and event name of the config exists. Raises UserError(s) for all that do not."""
    faults = [
        UserError(
            f"'{code}' is no code of outcomes.csv",
            f"config.yaml: {place}",
            did_you_mean(code, dictionary.outcomes),
        )
        for place, code in _codes(config)
        if code not in dictionary.outcomes
    ]
    faults += [
        UserError(f"'{event}' is no event", f"config.yaml: {place}", did_you_mean(event, EVENT_NAMES))
        for place, event in _event_names(config)
        if event not in EVENT_NAMES
    ]
    raise_all(faults)


def _codes(config: Config) -> Iterator[tuple[str, str]]:
    yield from (("outcomes", code) for code in config.outcomes)
    yield from (("balance.covariates", code) for code in config.balance.covariates)
    yield from (("analysis.covariates", code) for code in config.analysis.covariates)
    yield from ((f"cohort.derivations.{code}", code) for code in config.cohort.derivations)
    for name, rule in config.cohort.rules.items():
        for key in ("outcome", "characteristic"):
            if hasattr(rule, key):
                yield f"cohort.rules.{name}.{key}", getattr(rule, key)
    for name, source in config.sources.items():
        yield from _source_codes(f"sources.{name}", source)


def _source_codes(place: str, source: Source) -> Iterator[tuple[str, str]]:
    for name, file in source.files.items():
        here = f"{place}.files.{name}"
        for key in ("default_units", "default_specimens", "assays", "result_codes", "haemolysis_holds"):
            yield from ((f"{here}.{key}", code) for code in getattr(file, key))
        yield from ((f"{here}.stripped_limits", limit.outcome) for limit in file.stripped_limits)
        for number, part in enumerate(file.parts):
            if isinstance(part, WideMeasurements):
                yield from ((f"{here}.parts.{number}.columns.{c}", w.outcome) for c, w in part.columns.items())
            if isinstance(part, PatientRows):
                yield from ((f"{here}.parts.{number}.columns.{c}", w.characteristic) for c, w in part.columns.items())


def _event_names(config: Config) -> Iterator[tuple[str, str]]:
    zero = config.cohort.time_zero
    yield "cohort.time_zero.treated", zero.treated
    yield "cohort.time_zero.standard_care_from", zero.standard_care_from
    if zero.historical_event:
        yield "cohort.time_zero.historical_event", zero.historical_event
    for name, source in config.sources.items():
        for key, file in source.files.items():
            for number, part in enumerate(file.parts):
                place = f"sources.{name}.files.{key}.parts.{number}"
                yield from ((place, event) for event in _part_events(part))


def _part_events(part: object) -> Iterator[str]:
    if isinstance(part, PatientRows):
        yield from (columns.event for columns in part.events)
    if isinstance(part, EventRows):
        yield from [part.event[1:]] if part.event.startswith("=") else part.values.values()
