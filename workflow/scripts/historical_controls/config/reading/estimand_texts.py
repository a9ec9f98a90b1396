"""The estimands of a study that declares none of its own: the questions that the analyses answer, in general words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from historical_controls.config.analysis.estimands import MEASURES, OTHER_END, followed, other_ends
from historical_controls.config.merging import merged, value_at
from historical_controls.config.reading.declared_events import recorded
from historical_controls.dictionary.vocabulary import ANY_EVENT
from historical_controls.installation import shipped_folder
from historical_controls.text.words import Design, RecordedEnds, Words, load_words, recorded_ends

LOCALES = shipped_folder("workflow/locales")
# Intercurrent event: what a file has to record for it to be one; rescue may be seen in any record.
EVENTS = {"death": "death", "discharge": "discharge_alive", "transfer": "transfer_out", "rescue": ""}
# Question: (analysis, what it gives).
QUESTIONS: dict[str, tuple[Any, list[str]]] = {
    "nobody_gone": ("mixed_model", ["difference_at_days", "mean_change"]),
    "slope": ("mixed_model", ["slope"]),
    "while_alive": ("while_alive", list(MEASURES["while_alive"])),
    "death_worst": ("worst_rank", list(MEASURES["worst_rank"])),
    "what_matters_first": ("win_ratio", list(MEASURES["win_ratio"])),
}

Raw = Mapping[str, Any]


def estimands(raw: dict[str, Any]) -> dict[str, Any]:
    """The config with the attributes of its estimands that it does not declare; `estimands: null` declares none."""
    declared = raw.get("estimands", None if is_single_arm(raw) else {})
    treatment, languages = value_at(raw, "study", "treatment"), raw.get("languages")
    if not (isinstance(declared, Mapping) and isinstance(treatment, Mapping) and isinstance(languages, list)):
        return raw
    # Other languages are refused by the type of `languages`.
    known = [language for language in languages if language in ("en", "es")]
    able = recorded(raw)
    design = value_at(raw, "study", "design")
    texts = _Texts(
        tuple(known),
        "both" if ANY_EVENT in able else recorded_ends(able),
        "randomised" if design == "randomised" else "external_controls",
        bool(_ends_with(raw)),
    )
    general: dict[str, Callable[[], Any]] = {
        "population": lambda: texts.of("population"),
        "treatment": lambda: dict(treatment),
        "comparator": lambda: texts.of("comparator"),
        "events": lambda: {
            event: texts.of(f"event.{event}") for event, needed in EVENTS.items() if _may_occur(needed, able)
        },
    }
    # What the study declares takes the place of the general words, which are not read where it declares all: a job is
    # given the config with every default written out.
    words = {name: said() for name, said in general.items() if name not in declared}
    own = declared.get("questions", {})
    whole = {**words, **declared, "questions": _with_general(own, lambda: _questions(raw, texts))}
    whole["events"] = _with_other_ends(whole["events"], _ends_with(raw), texts)
    return {**raw, "estimands": {**whole, "questions": _answered(whole, raw)}}


def is_single_arm(raw: Raw) -> bool:
    """A study of treated patients alone describes them: every general question compares two groups."""
    sources = raw.get("sources")
    arms = [value_at(source, "arm") for source in sources.values()] if isinstance(sources, Mapping) else []
    return bool(arms) and all(arm == "treated" for arm in arms)


def _ends_with(raw: Raw) -> list[str]:
    ends = value_at(raw, "cohort", "ends_with")
    # What is no list is reported by its own place.
    return [str(end) for end in ends] if isinstance(ends, list) else []


def _with_other_ends(events: Any, ends_with: list[str], texts: _Texts) -> Any:
    """The intercurrent events, with one for the declared ends of follow-up that none of them names."""
    if not isinstance(events, Mapping) or OTHER_END in events or not other_ends(ends_with, events):
        return events
    return {**events, OTHER_END: texts.of(f"event.{OTHER_END}")}


def _variable(name: str, raw: Raw) -> str:
    """Nothing is 'given the baseline' where the model does not adjust for it."""
    unadjusted = name == "nobody_gone" and value_at(raw, "analysis", "adjust_for_baseline") is False
    return f"{name}.variable{'_unadjusted' if unadjusted else ''}"


def _may_occur(event: str, able: Collection[str]) -> bool:
    """Whether a file can record an event; a study without any deaths keeps none of the words for them."""
    return not event or event in able or ANY_EVENT in able


@dataclass(frozen=True)
class _Texts:
    """The general words in the study's languages, by the ends of a stay that its files can record.

    others: whether the study declares further ends of follow-up.
    """

    languages: tuple[str, ...]
    ends: RecordedEnds
    design: Design
    others: bool

    def of(self, key: str) -> dict[str, str]:
        return {
            one: _words_of(one, self.design, self.ends, self.others)(f"estimand_default.{key}")
            for one in self.languages
        }


def _questions(raw: Raw, texts: _Texts) -> dict[str, Any]:
    """A slope is asked of straight lines only, pairs of patients of the primary outcome only, of deaths where any can
    be recorded.
    """
    deaths = texts.ends in ("both", "death")
    decided = value_at(raw, "primary", "hierarchy") or ["death"]
    lines = value_at(raw, "analysis", "straight_lines")
    asked = {
        # What is no list is reported by its own place.
        "slope": lines if isinstance(lines, list) else [],
        "what_matters_first": _primary(raw) if deaths or decided != ["death"] else [],
        "death_worst": deaths and ["all"],
    }
    # Strategies follow from the analysis; `inconsistencies` refuses a config that claims others.
    return {
        name: {
            "label": texts.of(f"{name}.label"),
            "analysis": analysis,
            "outcomes": [code for code in asked.get(name) or [] if code != "all"],
            "variable": texts.of(_variable(name, raw)),
            "measures": measures,
        }
        for name, (analysis, measures) in QUESTIONS.items()
        if name not in asked or asked[name]
    }


def _with_general(own: Any, general: Callable[[], Mapping[str, Any]]) -> Any:
    """Questions as declared; where none of them names an analysis, they change words of the general ones."""
    if not isinstance(own, Mapping) or not all(isinstance(one, Mapping) for one in own.values()):
        return own
    # A question with an analysis or a name of its own is one of the study's: then no general ones are added.
    if any("analysis" in one for one in own.values()):
        return own
    questions = general()
    return merged(questions, own) if own.keys() <= questions.keys() else own


def _answered(whole: Raw, raw: Raw) -> Any:
    """The questions, each with what its analysis does about every intercurrent event: there is no choice in it."""
    questions, events = whole["questions"], whole["events"]
    if not isinstance(questions, Mapping) or not isinstance(events, Mapping):
        return questions
    return {name: _with_strategies(one, [str(event) for event in events], raw) for name, one in questions.items()}


def _with_strategies(one: Any, events: list[str], raw: Raw) -> Any:
    """A question with its strategies; one that declares them owes none about the event that was added for it."""
    if not isinstance(one, Mapping) or str(one.get("analysis")) not in MEASURES:
        return one
    declared = one.get("strategies")
    if declared is not None and not isinstance(declared, Mapping):
        return one
    about = events if declared is None else [event for event in events if event == OTHER_END]
    given = {event: followed(one["analysis"], event, _discharged(raw), _ends_with(raw)) for event in about}
    return {**one, "strategies": {**given, **(declared or {})}}


def _primary(raw: Raw) -> list[str]:
    outcome = value_at(raw, "primary", "outcome")
    return [outcome] if isinstance(outcome, str) else []


def _discharged(raw: Raw) -> Any:
    return value_at(raw, "analysis", "discharged") or "last"


@cache
def _words(language: str) -> Words:
    return load_words(LOCALES, language)


@cache
def _words_of(language: str, design: Design, ends: RecordedEnds, others: bool) -> Words:
    return _words(language).of_study(design, ends, others)
