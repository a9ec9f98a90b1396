"""What holds where a config says nothing and the right answer depends on what it says elsewhere.

Constant defaults are those of the models; here are the few that follow from other keys. docs/config_defaults.yaml lists
both, results/config.resolved.yaml prints what a study ends up with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from historical_controls.config.cohort.baseline import first_study_day
from historical_controls.config.merging import value_at
from historical_controls.config.reading.declared_events import counted_from, parts_of, recorded
from historical_controls.config.reading.estimand_texts import estimands, is_single_arm
from historical_controls.dictionary.vocabulary import ANY_EVENT

Raw = Mapping[str, Any]
# The default of cohort.horizon_days, used before the model is there to say it.
LONGEST_HORIZON = 21
VENTILATION = "invasive_ventilation"
VASOPRESSORS = ("norepinephrine", "epinephrine", "dopamine", "vasopressin")
TIMINGS = ("days_from_onset", "hours_from_admission", "calendar_week")


@dataclass(frozen=True)
class Derived:
    """One derived default. rule: the sentence that documents it; value: None where nothing can be said."""

    path: tuple[str, ...]
    rule: str
    value: Callable[[Raw], Any]


def with_derived(raw: Raw) -> dict[str, Any]:
    """A raw config with what follows from it filled in; what has another shape than its type is left alone."""
    out = dict(raw)
    for one in DERIVED:
        parent = value_at(out, *one.path[:-1]) if one.path[:-1] else out
        # A section of another shape is left to pydantic to refuse; what is written is never overruled.
        if parent is not None and (not isinstance(parent, Mapping) or one.path[-1] in parent):
            continue
        # From `out`, not `raw`: later entries see what earlier ones filled in (wait_draws follows match_waits).
        value = one.value(out)
        if value is not None:
            out = _put(out, one.path, value)
    return estimands(_labelled(out))


def _put(raw: Raw, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy with the value at a path; mappings on the way that are missing are made."""
    key, *rest = path
    below = raw.get(key)
    if not rest:
        return {**raw, key: value}
    return {**raw, key: _put(below if isinstance(below, Mapping) else {}, tuple(rest), value)}


def _labelled(raw: dict[str, Any]) -> dict[str, Any]:
    """Sources without a label are called by their name."""
    sources, languages = raw.get("sources"), raw.get("languages")
    if not isinstance(sources, Mapping) or not isinstance(languages, list):
        return raw
    named = {
        name: {**source, "label": dict.fromkeys(map(str, languages), str(name).replace("_", " ").capitalize())}
        if isinstance(source, Mapping) and "label" not in source
        else source
        for name, source in sources.items()
    }
    return {**raw, "sources": named}


def _languages(raw: Raw) -> list[str] | None:
    title = value_at(raw, "study", "title")
    return list(title) if isinstance(title, Mapping) and title else None


def _reference(raw: Raw) -> Any:
    """Weeks have to be counted from some day; which one matters only where eras are compared."""
    return value_at(raw, "study", "first_date") or next(_epochs(raw), None)


def _epochs(raw: Raw) -> Iterator[Any]:
    sources = raw.get("sources")
    for source in sources.values() if isinstance(sources, Mapping) else ():
        if value_at(source, "relative_epoch"):
            yield value_at(source, "relative_epoch")


def _horizon(raw: Raw) -> int:
    horizon = value_at(raw, "cohort", "horizon_days")
    # A horizon of another shape is reported by its own place.
    return horizon if isinstance(horizon, int) and horizon > 0 else LONGEST_HORIZON


def _days(raw: Raw) -> list[int]:
    day = value_at(raw, "primary", "day")
    return [day if isinstance(day, int) and not isinstance(day, bool) else _horizon(raw)]


def _within(*days: int) -> Callable[[Raw], list[int]]:
    return lambda raw: [day for day in days if _first_day(raw) <= day <= _horizon(raw)]


def _first_day(raw: Raw) -> int:
    return first_study_day(value_at(raw, "cohort", "baseline_hours_after"))


def _methods(raw: Raw) -> list[str]:
    return ["entropy", "matching", "overlap"] if value_at(raw, "balance", "key_covariates") else []


def _covariates(raw: Raw) -> list[Any] | None:
    lists = value_at(raw, "balance", "key_covariates"), value_at(raw, "analysis", "covariates")
    names = [name for one in lists if isinstance(one, list) for name in one if isinstance(name, str)]
    # Timings are in Table 1 of every study without being named.
    return [name for name in dict.fromkeys(names) if name not in TIMINGS]


def _historical(raw: Raw) -> str:
    # Nobody waits for a treatment that all received.
    by_filters = value_at(raw, "cohort", "filters") and not is_single_arm(raw)
    return "first_eligible_hour" if by_filters else "event"


def _standard_care(raw: Raw) -> str | None:
    """Where no file dates an admission, both arms are followed from the event that starts follow-up of the treated.

    An event from which times are counted is as good as dated.
    """
    treated, anchors = value_at(raw, "cohort", "time_zero", "treated"), counted_from(raw)
    dated = anchors or _names_events(raw)
    known = {"admission", ANY_EVENT} & (recorded(raw) | anchors)
    return treated if isinstance(treated, str) and dated and not known else None


def _names_events(raw: Raw) -> bool:
    return any(isinstance(part.get("events"), list) and part["events"] for part in parts_of(raw))


def _historical_event(raw: Raw) -> str | None:
    time_zero = value_at(raw, "cohort", "time_zero")
    by_event = value_at(time_zero, "historical") == "event"
    return (value_at(time_zero, "standard_care_from") or "admission") if by_event else None


def _match_waits(raw: Raw) -> bool:
    time_zero = value_at(raw, "cohort", "time_zero")
    return value_at(time_zero, "historical") != "event" and value_at(time_zero, "treated_start") != "eligibility"


def _wait_draws(raw: Raw) -> int:
    return 20 if value_at(raw, "cohort", "time_zero", "match_waits") is True else 0


def _summaries(raw: Raw) -> dict[str, Any]:
    """Of what no source records, days free of it would be a number about nothing."""
    days, out = _horizon(raw), {}
    given = recorded(raw)
    free = {"kind": "free_days", "days": days, "death": 0, "count": "after_last", "gap_hours": 48}
    if {VENTILATION, "intubation"} & given:
        out["VENT_FREE_DAYS"] = {**free, "support": [VENTILATION]}
        if set(VASOPRESSORS) & given:
            out["SUPPORT_FREE_DAYS"] = {**free, "support": [VENTILATION, *VASOPRESSORS]}
    outcomes = raw.get("outcomes")
    if isinstance(outcomes, list) and "TEMP" in outcomes:
        out["FEVER_DAYS"] = {"kind": "days_reaching", "of": "TEMP", "cut": 38.0, "min_count": 1, "days": days}
    return out


# The order matters: a value may follow from one derived above it.
DERIVED = (
    Derived(("languages",), "those that study.title is written in", _languages),
    Derived(
        ("study", "calendar_reference"),
        "study.first_date where written, else the relative_epoch of a source, else none",
        _reference,
    ),
    Derived(("analysis", "days"), "the primary day alone", _days),
    Derived(("analysis", "mean_over"), "days 7 and 21, as far as they lie within the horizon", _within(7, 21)),
    Derived(
        ("analysis", "visits"),
        "days 1, 3, 5, 7, 10, 14 and 21, as far as they lie within the horizon and after the baseline",
        _within(1, 3, 5, 7, 10, 14, 21),
    ),
    Derived(
        ("balance", "methods"), "entropy, matching and overlap where key_covariates are named, else none", _methods
    ),
    Derived(("balance", "covariates"), "balance.key_covariates and analysis.covariates, without times", _covariates),
    Derived(
        ("cohort", "time_zero", "historical"),
        "first_eligible_hour where there are filters and historical patients, else event",
        _historical,
    ),
    Derived(
        ("cohort", "time_zero", "standard_care_from"),
        "admission where a file dates one or counts times from it, else time_zero.treated",
        _standard_care,
    ),
    Derived(
        ("cohort", "time_zero", "historical_event"),
        "where historical is event, the event that starts standard care; else none",
        _historical_event,
    ),
    Derived(
        ("cohort", "time_zero", "match_waits"),
        "true where historical is first_eligible_hour and treated_start is event",
        _match_waits,
    ),
    Derived(("cohort", "time_zero", "wait_draws"), "20 where waits are matched, else 0", _wait_draws),
    Derived(
        ("cohort", "summaries"),
        "days free of ventilation (and of vasopressors) where a source records them, days of fever where TEMP is an "
        "outcome; up to the horizon",
        _summaries,
    ),
)
