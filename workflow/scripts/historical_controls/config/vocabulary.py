"""What the names of a config may be: what the dictionary, the locales and the config itself declare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from historical_controls.config.cohort.baseline import first_study_day
from historical_controls.config.merging import value_at
from historical_controls.config.name_types import Declares
from historical_controls.config.walk import Context, Leaf
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.dictionary.prefixes import two_parts

Allowed = Collection[str] | Collection[int] | Collection[str | int]


@dataclass(frozen=True)
class Vocabulary:
    """Everything that a name is compared with.

    raw: the config as read; declared: names that it introduces, by kind and by the topics within which they are known;
    reasons, flags: codes that the locales have words for.
    """

    raw: Mapping[str, Any]
    dictionary: Dictionary
    reasons: Allowed = ()
    flags: Allowed = ()
    declared: Mapping[tuple[str, ...], list[Any]] = field(default_factory=dict)

    def outcome(self, context: Context) -> Outcome | None:
        """The outcome that a unit or result belongs to, where it is known."""
        code = context.get("outcome")
        return self.dictionary.outcomes.get(code) if isinstance(code, str) else None


def declared_names(leaves: Iterable[Leaf]) -> dict[tuple[str, ...], list[Any]]:
    """The names that a config introduces, by (kind, names of the topics within which they are known)."""
    declared: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for leaf in leaves:
        for mark in leaf.marks:
            if isinstance(mark, Declares) and isinstance(leaf.value, str | int):
                declared[(mark.kind, *(str(leaf.context.get(topic)) for topic in mark.within))].append(leaf.value)
    return dict(declared)


@dataclass(frozen=True)
class Kind:
    """A kind of name.

    allowed: what it may be, None where that cannot be told; home: where a new one is declared; fold: makes spellings
    that mean the same equal; owner: topic whose name the kind belongs to, such as the outcome of a unit.
    """

    noun: str
    allowed: Callable[[Vocabulary, Context], Allowed | None]
    home: str
    fold: Callable[[str], str] = str
    owner: str = ""


@dataclass(frozen=True)
class Fitting(Collection[str]):
    """The codes of the outcomes that a place can use; none is listed before somebody asks for all of them."""

    outcomes: Mapping[str, Outcome]
    fits: Callable[[Outcome], bool]

    def __contains__(self, code: object) -> bool:
        return code in self.outcomes and self.fits(self.outcomes[str(code)])

    def __iter__(self) -> Iterator[str]:
        return (code for code, outcome in self.outcomes.items() if self.fits(outcome))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class UnitsOf(Collection[str]):
    """The units of an outcome: those of units.csv are listed, powers of ten and two parts ('weeks+days') are known."""

    dictionary: Dictionary
    code: str

    def __contains__(self, unit: object) -> bool:
        parts = two_parts(str(unit)) if characteristic(self.dictionary.outcomes[self.code]) else None
        return all(self.dictionary.conversion(self.code, part) is not None for part in parts or [str(unit)])

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.dictionary.units_of(self.code)))

    def __len__(self) -> int:
        return len(self.dictionary.units_of(self.code))


def _outcomes(fits: Callable[[Outcome], bool]) -> Callable[[Vocabulary, Context], Allowed]:
    return lambda known, _: Fitting(known.dictionary.outcomes, fits)


def _declared(kind: str, *within: str) -> Callable[[Vocabulary, Context], Allowed]:
    # Names are keyed by the topics they are known in: an option of one reading is none of another.
    return lambda known, context: known.declared.get((kind, *(str(context.get(topic)) for topic in within)), [])


def _rules(known: Vocabulary, context: Context) -> Allowed:
    # A rule may be declared by an option of a reading, and is then known within it alone.
    return [*_declared("rule")(known, context), *_declared("rule_of_option", "reading", "option")(known, context)]


def _sofa_scores(known: Vocabulary, _: Context) -> Allowed:
    # From the raw config: the names are checked before its shape is.
    derivations = value_at(known.raw, "cohort", "derivations")
    rules = derivations.items() if isinstance(derivations, Mapping) else ()
    return [code for code, rule in rules if isinstance(rule, Mapping) and rule.get("kind") == "sofa"]


def _units(known: Vocabulary, context: Context) -> Allowed | None:
    outcome = known.outcome(context)
    # None: nothing can be said of a unit whose outcome is itself unknown; that fault is reported at the outcome.
    return None if outcome is None or outcome.kind != "number" else UnitsOf(known.dictionary, outcome.code)


def _results(known: Vocabulary, context: Context) -> Allowed | None:
    outcome = known.outcome(context)
    return None if outcome is None else outcome.categories


def _study_days(known: Vocabulary, _: Context) -> Allowed | None:
    horizon = value_at(known.raw, "cohort", "horizon_days")
    # bool is an int in Python; a horizon of the wrong shape is reported by its own place.
    plain = isinstance(horizon, int) and not isinstance(horizon, bool) and 1 <= horizon <= LONGEST_HORIZON
    first = first_study_day(value_at(known.raw, "cohort", "baseline_hours_after"))
    last = horizon if plain else 21 if horizon is None else 0
    # A horizon that ends before the first day is reported by its own place too.
    return range(first, last + 1) if first <= last else None


def characteristic(outcome: Outcome) -> bool:
    return outcome.family == "characteristic"


def beforehand(outcome: Outcome) -> bool:
    """Whether it is a characteristic that may select, weight or adjust, as what the end tells may not."""
    return characteristic(outcome) and not outcome.known


def measured(outcome: Outcome) -> bool:
    return not characteristic(outcome) and outcome.kind != "ending"


def numeric(outcome: Outcome) -> bool:
    return measured(outcome) and outcome.kind == "number"


def comparable(outcome: Outcome) -> bool:
    """Whether there is an analysis of it: of characteristics and of flags at moments there is none."""
    return numeric(outcome) or (not characteristic(outcome) and outcome.kind in ("event", "result", "ending"))


def _calibrated(known: Vocabulary, context: Context) -> Allowed:
    fitting = Fitting(known.dictionary.outcomes, numeric)
    return [code for code in _declared("analysed_outcome")(known, context) if code in fitting]


# Twenty years: a longer horizon is a typing error.
LONGEST_HORIZON = 7305
OUTCOMES, CHARACTERISTICS = "data/dictionary/outcomes.csv", "data/dictionary/outcomes.csv, family 'characteristic'"
KINDS: dict[str, Kind] = {
    "outcome": Kind("outcome", _outcomes(lambda one: True), OUTCOMES),
    "compared_outcome": Kind("outcome of numbers, results or events", _outcomes(comparable), OUTCOMES),
    "measured_outcome": Kind("measured outcome", _outcomes(measured), OUTCOMES),
    "numeric_outcome": Kind("numeric outcome", _outcomes(numeric), OUTCOMES),
    "result_outcome": Kind(
        "outcome with qualitative results", _outcomes(lambda one: measured(one) and bool(one.categories)), OUTCOMES
    ),
    "characteristic": Kind("characteristic", _outcomes(characteristic), CHARACTERISTICS),
    "earlier_characteristic": Kind("characteristic known at time zero", _outcomes(beforehand), CHARACTERISTICS),
    "matched_characteristic": Kind(
        "flag or category of a patient known at time zero",
        _outcomes(lambda one: beforehand(one) and one.kind != "number"),
        CHARACTERISTICS,
    ),
    "covariate": Kind(
        "characteristic known at time zero or numeric outcome",
        _outcomes(lambda one: beforehand(one) or numeric(one)),
        OUTCOMES,
    ),
    "analysed_outcome": Kind("analysed outcome", _declared("analysed_outcome"), "outcomes"),
    "calibrated_outcome": Kind("numeric outcome analysed", _calibrated, "outcomes"),
    "key_covariate": Kind("key covariate", _declared("key_covariate"), "balance.key_covariates"),
    "sofa_score": Kind("derivation of kind sofa", _sofa_scores, "cohort.derivations"),
    "event": Kind("event", lambda known, _: known.dictionary.events, "data/dictionary/events.csv"),
    "treatment": Kind("treatment", lambda known, _: known.dictionary.treatments, "data/dictionary/treatments.csv"),
    "specimen": Kind("specimen", lambda known, _: known.dictionary.specimens, "data/dictionary/specimens.csv", fold),
    "specimen_name": Kind(
        "specimen", lambda known, _: set(known.dictionary.specimens.values()), "data/dictionary/specimens.csv"
    ),
    "assay": Kind("assay", _declared("assay"), "assays"),
    "unit": Kind("unit", _units, "data/dictionary/units.csv", fold_unit, "outcome"),
    "result": Kind("result", _results, OUTCOMES, owner="outcome"),
    "flag": Kind("flag of cleaning", lambda known, _: known.flags, "workflow/locales, ledger_reason"),
    "reason": Kind("reason", lambda known, _: known.reasons, "workflow/locales, reason"),
    "study_day": Kind("day of follow-up", _study_days, "cohort.horizon_days"),
    "contrast_day": Kind("day of the contrasts", _declared("contrast_day"), "analysis.days"),
    "source": Kind("source", _declared("source"), "sources"),
    "rule": Kind("rule", _rules, "cohort.rules"),
    "reading": Kind("reading", _declared("reading"), "cohort.readings"),
    "option": Kind("option", _declared("option", "reading"), "cohort.readings", owner="reading"),
    "rung": Kind("rung of the ladders", _declared("rung"), "analysis.ladder"),
    "weighting": Kind("weighting", _declared("weighting"), "balance.methods"),
    "intercurrent_event": Kind("intercurrent event", _declared("intercurrent_event"), "estimands.events"),
}
