"""What is measured (outcomes.csv), in which units (units.csv), under which names (synonyms.csv), and what of it is
believable in a group of patients (plausibility.csv); with what is given (treatments.csv), happens (events.csv) and is
sampled (specimens.csv).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from historical_controls.dictionary.columns import (
    OUTCOME_COLUMNS,
    OUTCOME_DEFAULTS,
    PLAUSIBILITY_COLUMNS,
    PLAUSIBILITY_DEFAULTS,
    SYNONYM_COLUMNS,
    SYNONYM_DEFAULTS,
    UNIT_COLUMNS,
    UNIT_DEFAULTS,
    kept_columns,
)
from historical_controls.dictionary.declared_csv import declared_rows, number_in
from historical_controls.dictionary.endings import ending_faults
from historical_controls.dictionary.files import PROGRAM_DICTIONARY, dictionary_files
from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.dictionary.prefixes import prefix_factor
from historical_controls.dictionary.registered import read_registered
from historical_controls.dictionary.treatments import Event, Treatment, read_events, read_specimens, read_treatments
from historical_controls.errors import SLIP, UserError, did_you_mean, nearest, raise_all

# Families that have a table of their own or that code asks for; a study may name others, printed in table 14.2.18.
FAMILIES = (
    *("respiratory", "vital", "haematology", "coagulation", "inflammation", "cytokine", "imaging", "cell", "safety"),
    *("virology", "component", "supporting", "characteristic"),
)
OutcomeKind = Literal["number", "flag", "category", "result", "event", "ending"]
Scale = Literal["linear", "log", "logit", "none"]
Benefit = Literal["up", "down", "none"]
Known = Literal["", "end"]
Summary = Literal["median", "worst", "last", "min", "max", "none"]

MeasuredBy = Literal["laboratory", "monitor", "observer", "calculated"]
FAMILY = re.compile(r"[a-z][a-z0-9_]*")
# The last brackets of a heading, which may hold brackets themselves: 'Dímero D (ng/mL (FEU))'.
UNIT_IN_HEADING = re.compile(r"[(\[]((?:[^()\[\]]|\([^()]*\))+)[)\]]\s*$")


@dataclass(frozen=True)
class Outcome:
    """One row of outcomes.csv: anything measured, derived, or characteristic of a patient.

    `registered`, `registry_wording`: number and words in the study's registry (registered.csv), else None and ''.
    `decimals`: that a mean is printed with. Limits are in the canonical `unit`: outside hard limits a value is
    quarantined, outside warn limits flagged. `specimens`: names in specimens.csv that answer it; empty = any.
    `known`: 'end' of what only the end of follow-up tells.
    """

    code: str
    family: str
    kind: OutcomeKind
    label_en: str
    label_es: str
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
    specimens: tuple[str, ...] = ()
    known: Known = ""
    registered: int | None = None
    registry_wording: str = ""

    def label(self, language: str) -> str:
        return self.label_es if language == "es" else self.label_en


@dataclass(frozen=True)
class Conversion:
    """canonical = raw * factor + offset; `unit`: the raw unit as it is written in units.csv."""

    factor: float
    offset: float
    unit: str = field(default="", compare=False)


@dataclass(frozen=True)
class Synonym:
    """A name's meaning; `result_kind` '' or the kind of result ('number', 'result') that it needs to mean this."""

    code: str
    result_kind: str


@dataclass(frozen=True)
class Plausibility:
    """What groups of patients show: suspicions are measured by it, no value is ever changed or held.

    median_low, median_high: where the median of a whole group of hospital patients lies, in the canonical unit;
    change_per_hour: largest believable change within an hour: a difference, or a ratio where the scale is 'log';
    shipped: whether the program's own row says so, whose patients have severe COVID-19, or one of the study.
    """

    measured_by: MeasuredBy
    median_low: float | None
    median_high: float | None
    change_per_hour: float | None
    shipped: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Dictionary:
    outcomes: dict[str, Outcome]
    conversions: dict[tuple[str, str], Conversion]
    synonyms: dict[str, tuple[Synonym, ...]]
    plausibility: dict[str, Plausibility] = field(default_factory=dict)
    treatments: dict[str, Treatment] = field(default_factory=dict)
    specimens: dict[str, str] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)

    def conversion(self, code: str, unit: str) -> Conversion | None:
        """How `unit` (as sent) becomes the canonical unit of `code`; None where that is not known.

        units.csv first; a power of ten and units of time need no row there.
        """
        spelled, canonical = fold_unit(unit), self.outcomes[code].unit
        # The outcome's own factor first: mmol/L means another one for glucose than for sodium.
        declared = self.conversions.get((code, spelled)) or self.conversions.get(("*" + canonical, spelled))
        if declared is not None or not canonical:
            return declared
        factor = prefix_factor(unit, canonical)
        return None if factor is None else Conversion(factor, 0.0, unit)

    def unit_in(self, heading: str, code: str) -> str:
        """The unit that a column's heading states in brackets, as in 'PCR (mg/L)'; '' where it states none."""
        stated = UNIT_IN_HEADING.search(heading)
        # Brackets may hold anything ('PCR (ingreso)'): only a unit of this outcome counts.
        return stated[1].strip() if stated and self.conversion(code, stated[1]) is not None else ""

    def named(self, name: str) -> tuple[Synonym, ...]:
        """Everything that an analyte name as sent may mean; empty where unknown."""
        return self.synonyms.get(fold(name), ())

    def specimen(self, text: str) -> str:
        """The name of a specimen as sent; its folded spelling where specimens.csv does not know it."""
        folded = fold(text)
        return self.specimens.get(folded, folded)

    def units_of(self, code: str) -> dict[str, Conversion]:
        """Every spelling of a unit that the outcome may come in, and its conversion."""
        shared = "*" + self.outcomes[code].unit
        return {spelling: found for (name, spelling), found in self.conversions.items() if name in (code, shared)}

    def event_label(self, code: str, language: str) -> str:
        """The name of an event; its code in words where no events.csv names it."""
        known = self.events.get(code)
        return known.label(language) if known else code.replace("_", " ")

    @property
    def events_once(self) -> tuple[str, ...]:
        """Events of which a patient has one: two dates of it contradict each other."""
        return tuple(code for code, event in self.events.items() if not event.repeats)

    def of_family(self, family: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes.values() if outcome.family == family]


def load_dictionary(folder: str | Path) -> Dictionary:
    """Read and check a dictionary. Raises UserError(s) with file, line and column.

    A study's own folder extends the program's dictionary row by row: its rows come in addition, or in place of the rows
    with the same code, name, or outcome and unit.
    """
    faults: list[UserError] = []
    files = dictionary_files(folder)
    rows: dict[str, dict[str, str]] = {}
    outcomes = {code: one for path in files["outcomes"] for code, one in _outcomes(path, rows, faults)}
    for path in files["registered"]:
        for code, entry in read_registered(path, outcomes, faults).items():
            outcomes[code] = replace(outcomes[code], registered=entry.number, registry_wording=entry.wording)
    conversions = {key: one for path in files["units"] for key, one in _conversions(path, outcomes, faults)}
    synonyms = {name: one for path in files["synonyms"] for name, one in _synonyms(path, outcomes, faults).items()}
    plausibility = {code: one for path in files["plausibility"] for code, one in _plausibility(path, outcomes, faults)}
    treatments = {code: one for path in files["treatments"] for code, one in read_treatments(path, faults).items()}
    specimens = {name: one for path in files["specimens"] for name, one in read_specimens(path, faults).items()}
    events = {code: one for path in files["events"] for code, one in read_events(path, faults).items()}
    for code, outcome in outcomes.items():
        if outcome.kind != "ending":  # told by events, and sent as no value
            synonyms.setdefault(fold(code), (Synonym(code, ""),))
        # A canonical unit is a unit, whether or not units.csv lists it.
        if outcome.unit and ("*" + outcome.unit, fold_unit(outcome.unit)) not in conversions:
            conversions.setdefault((code, fold_unit(outcome.unit)), Conversion(1.0, 0.0))
    faults += [
        UserError(
            f"'{name}' is not a specimen", f"{files['outcomes'][-1]}, {code}", did_you_mean(name, specimens.values())
        )
        for code, outcome in outcomes.items()
        for name in outcome.specimens
        if name not in specimens.values()
    ]
    raise_all(faults)
    return Dictionary(outcomes, conversions, synonyms, plausibility, treatments, specimens, events)


def _outcomes(path: Path, rows: dict[str, dict[str, str]], faults: list[UserError]) -> Iterator[tuple[str, Outcome]]:
    seen: set[str] = set()
    earlier = dict(rows)
    for place, row in declared_rows(path, OUTCOME_COLUMNS, OUTCOME_DEFAULTS, lambda row: kept_columns(row, earlier)):
        rows[row["code"]] = row
        if row["code"] in seen:
            faults.append(UserError(f"the code '{row['code']}' is listed twice", place, "Remove one of the two lines."))
        seen.add(row["code"])
        yield row["code"], _outcome(row, place, faults)


def _outcome(row: dict[str, str], place: str, faults: list[UserError]) -> Outcome:
    if row["family"] not in FAMILIES:
        near = nearest(row["family"], FAMILIES, SLIP)
        # Another family is a study's own; one that is nearly a known one is a slip of the pen.
        if near or not FAMILY.fullmatch(row["family"]):
            hint = f"Did you mean '{near}'?" if near else "Use small letters, digits and _."
            faults.append(UserError(f"'{row['family']}' is not a known family", f"{place}, family", hint))
    for column, kind in (
        ("kind", OutcomeKind),
        ("scale", Scale),
        ("benefit", Benefit),
        ("daily_summary", Summary),
        ("known", Known),
    ):
        if row[column] not in get_args(kind):
            faults.append(
                UserError(
                    f"'{row[column]}' is not a known {column}",
                    f"{place}, {column}",
                    did_you_mean(row[column], get_args(kind)),
                )
            )
    faults += ending_faults(row, place)
    limits: dict[str, Any] = {
        c: number_in(row[c], f"{place}, {c}", faults) for c in ("hard_low", "hard_high", "warn_low", "warn_high", "lod")
    }
    ordered = [limits[c] for c in ("hard_low", "warn_low", "warn_high", "hard_high") if limits[c] is not None]
    if ordered != sorted(v for v in ordered if v is not None):
        faults.append(
            UserError(f"limits are not in order: {ordered}", place, "hard_low <= warn_low <= warn_high <= hard_high")
        )
    rest: dict[str, Any] = {
        c: row[c] for c in OUTCOME_COLUMNS if c not in {*limits, "categories", "decimals", "specimens"}
    }
    rest["label_es"] = rest["label_es"] or rest["label_en"]
    decimals = number_in(row["decimals"], f"{place}, decimals", faults)
    return Outcome(
        decimals=1 if decimals is None else int(decimals),
        categories=tuple(filter(None, row["categories"].split("|"))),
        specimens=tuple(filter(None, row["specimens"].split("|"))),
        **rest,
        **limits,
    )


def _conversions(
    path: Path, outcomes: dict[str, Outcome], faults: list[UserError]
) -> Iterator[tuple[tuple[str, str], Conversion]]:
    """Conversions by (code, folded spelling). An outcome '*unit' serves every outcome with that canonical unit."""
    seen: dict[tuple[str, str], str] = {}
    for place, row in declared_rows(path, UNIT_COLUMNS, UNIT_DEFAULTS):
        code = row["outcome"]
        if not code.startswith("*") and code not in outcomes:
            faults.append(
                UserError(f"'{code}' is not a known outcome", f"{place}, outcome", did_you_mean(code, outcomes))
            )
        factor = number_in(row["factor"], f"{place}, factor", faults)
        offset = number_in(row["offset"], f"{place}, offset", faults)
        if factor is None or factor <= 0:
            faults.append(
                UserError("the factor is not above 0", f"{place}, factor", "canonical = value sent * factor + offset")
            )
            continue
        for spelling in dict.fromkeys(fold_unit(s) for s in [row["unit"], *row["spellings"].split("|")] if s):
            if (code, spelling) in seen:
                faults.append(
                    UserError(
                        f"the unit '{spelling}' of {code} is listed twice",
                        place,
                        f"First at {seen[code, spelling]}.",
                    )
                )
            seen[code, spelling] = place
            yield (code, spelling), Conversion(factor, offset or 0.0, row["unit"])


def _plausibility(
    path: Path, outcomes: dict[str, Outcome], faults: list[UserError]
) -> Iterator[tuple[str, Plausibility]]:
    for place, row in declared_rows(path, PLAUSIBILITY_COLUMNS, PLAUSIBILITY_DEFAULTS):
        code, measured_by = row["outcome"], row["measured_by"]
        if code not in outcomes:
            faults.append(
                UserError(f"'{code}' is not a known outcome", f"{place}, outcome", did_you_mean(code, outcomes))
            )
        if measured_by not in get_args(MeasuredBy):
            hint = did_you_mean(measured_by, get_args(MeasuredBy))
            faults.append(UserError(f"'{measured_by}' is not a known measured_by", f"{place}, measured_by", hint))
        numbers: dict[str, Any] = {
            name: number_in(row[name], f"{place}, {name}", faults)
            for name in ("median_low", "median_high", "change_per_hour")
        }
        shipped = path.parent == PROGRAM_DICTIONARY
        yield code, Plausibility(measured_by=measured_by, **numbers, shipped=shipped)  # type: ignore[arg-type]


def _synonyms(path: Path, outcomes: dict[str, Outcome], faults: list[UserError]) -> dict[str, tuple[Synonym, ...]]:
    """Meanings by folded name; a code means itself unless the file says what its name means."""
    meanings: dict[str, list[Synonym]] = {}
    for place, row in declared_rows(path, SYNONYM_COLUMNS, SYNONYM_DEFAULTS):
        synonym = Synonym(row["code"], row["result_kind"])
        if synonym.code not in outcomes:
            hint = did_you_mean(synonym.code, outcomes)
            faults.append(UserError(f"'{synonym.code}' is not a known outcome", f"{place}, code", hint))
        known = meanings.setdefault(fold(row["name"]), [])
        # 'PCR' is C-reactive protein as a number and a virus test as a result: two meanings are fine if each says which
        # kind of result it needs.
        clash = [s for s in known if s.code != synonym.code and "" in (s.result_kind, synonym.result_kind)]
        if clash:
            hint = "Give both a result_kind, or drop one."
            faults.append(UserError(f"'{row['name']}' already means {clash[0].code}", place, hint))
        known.append(synonym)
    return {name: tuple(dict.fromkeys(found)) for name, found in meanings.items()}
