"""Every name of every config, misspelt, is refused at its own key; nasty values at every key end in a message."""

from __future__ import annotations

import copy
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from config_study import STUDIES, Steps, at, put, refusals, rename, study

from historical_controls.config.base import Section
from historical_controls.config.names import dotted, leaves_of
from historical_controls.config.study_config import Config
from historical_controls.config.walk import Leaf, Place, fields_of, place_of

UNKNOWN_DAY = 977


def misspelt(leaf: Leaf) -> Any:
    return UNKNOWN_DAY if isinstance(leaf.value, int) else f"{str(leaf.value)[:-1]}QZ"


def by_kind(raw: dict[str, Any]) -> dict[tuple[str, bool], list[Leaf]]:
    """Names by kind, keys of mappings apart: a renamed key would move what is below it."""
    kinds: dict[tuple[str, bool], list[Leaf]] = defaultdict(list)
    for leaf in leaves_of(Config, raw):
        if leaf.named is not None:
            kinds[leaf.named.kind, leaf.is_key].append(leaf)
    return kinds


@pytest.mark.parametrize("name", STUDIES)
def test_every_misspelt_name_is_refused_at_its_key(name: str) -> None:
    """All names of one kind are misspelt at once: each has to be named by its own key and value."""
    count, accepted = 0, []
    for leaves in by_kind(study(name)).values():
        raw = study(name)
        for leaf in sorted(leaves, key=lambda one: -len(one.path)):
            (rename if leaf.is_key else put)(raw, leaf.path, misspelt(leaf))
        said = refusals(raw)
        for leaf in leaves:
            count += 1
            path = dotted((*leaf.path[:-1], misspelt(leaf)) if leaf.is_key else leaf.path)
            named = misspelt(leaf) if leaf.named is None or not leaf.named.after else str(misspelt(leaf))[1:]
            if str(named) not in said.get(path, ""):
                accepted.append((path, misspelt(leaf), said.get(path)))
    print(f"{name}: {count} names misspelt, {len(accepted)} accepted")
    assert not accepted
    assert refusals(study(name)) == {}


NASTY: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "eighteen",
    True,
    -1.5,
    float("nan"),
    float("inf"),
    10**400,
    {"a": {"b": [1]}},
    ["x", ["y"]],
)


def every_value(value: Any, path: Steps = ()) -> Iterator[Steps]:
    """Paths of all values below a raw config, mappings and lists included."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from every_value(item, (*path, key))


def position(raw: dict[str, Any], path: Steps) -> str:
    """Where a value is in the models: numbers, and keys that the user chooses, are left out."""
    steps: list[str] = []
    place, here = place_of(Config), raw
    for step in path:
        here = here[step]
        place, fixed = _below(place, step, here)
        steps.append(str(step) if fixed else "*")
    return ".".join(steps)


def _below(place: Place, step: str | int, value: Any) -> tuple[Place, bool]:
    for one in place.members if place.members and place.origin not in (dict, list, tuple) else (place,):
        if one.is_section and step in fields_of(one.bare):
            return fields_of(one.bare)[str(step)], True
        if one.origin is dict and isinstance(step, str):
            return one.members[1], False
        if one.origin in (list, tuple) and isinstance(step, int):
            return one.members[0], False
    return place_of(Any), True


@pytest.mark.parametrize("share", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_nasty_values_end_in_a_message(share: int) -> None:
    """Values at one place of every kind are accepted or refused in words; nothing ends in a traceback.

    share: one value in so many is tried at each place, in turn, so that each is tried at many places.
    """
    started, tried, refused, tracebacks = time.monotonic(), 0, 0, []
    places: dict[str, tuple[dict[str, Any], Steps]] = {}
    for name in ("physionet2012", "wuhan2020", "example"):
        raw = study(name)
        for path in every_value(raw):
            if (place := position(raw, path)) not in places:
                places[place] = slim(raw, path)
    for number, (raw, path) in enumerate(places.values()):
        before = at(raw, path)
        for value in NASTY[number % share :: share]:
            put(raw, path, value)
            tried += 1
            try:
                refused += bool(refusals(raw))
            except Exception as error:  # the fault that this test looks for
                tracebacks.append((dotted(path), str(value)[:40], repr(error)[:120]))
        put(raw, path, before)
        assert refusals(raw) == {}, path
    took = f"{time.monotonic() - started:.0f} s"
    print(f"{len(places)} places, {tried} values: {refused} refused, {len(tracebacks)} tracebacks, {took}")
    assert not tracebacks
    assert len(places) > 250
    assert refused > tried / 2


WHOLE = (("cohort", "readings"), ("cohort", "read_as"), ("cohort", "reading_products"))


def slim(raw: dict[str, Any], path: Steps) -> tuple[dict[str, Any], Steps]:
    """The config with little besides the path, so that its check is quick; and the path in it."""
    raw = copy.deepcopy(raw)
    cohort, readings = raw["cohort"], raw["cohort"].get("readings", {})
    if path[0] != "sensitivity" and path[:2] not in WHOLE:
        cohort["readings"], cohort["reading_products"] = {}, []
        raw.get("sensitivity", {}).update(readings=[], specification={})
    elif path[:2] == WHOLE[0] and len(path) > 2:
        cohort["readings"], cohort["reading_products"] = {path[2]: readings[path[2]]}, []
        raw.get("sensitivity", {}).update(readings=[], specification={})
    if path[0] != "estimands":
        raw.pop("estimands", None)
    sources = raw["sources"]
    name = str(path[1]) if path[0] == "sources" and len(path) > 1 else next(iter(sources))
    files = sources[name]["files"]
    file = str(path[3]) if path[0] == "sources" and path[2:3] == ("files",) and len(path) > 3 else next(iter(files))
    number = int(path[5]) if path[0] == "sources" and path[4:5] == ("parts",) and len(path) > 5 else 0
    parts = [files[file]["parts"][number]]
    raw["sources"] = {name: {**sources[name], "files": {file: {**files[file], "parts": parts}}}}
    return raw, (*path[:5], 0, *path[6:]) if path[0] == "sources" and len(path) > 5 and path[4] == "parts" else path


# Fields of free text: columns and codes of the hospital's files, and words. A new field of text is a name, or is named
# here with a reader's eye on whether a typo in it would go unnoticed.
FREE = {
    *("Study.id", "SourceFile.path", "SourceFile.encoding", "SourceFile.delimiter", "SourceFile.sheet"),
    *("SourceFile.footer", "SourceFile.ignore_analytes", "SourceFile.private_columns", "SourceFile.timezone"),
    *("Source.timezone", "Source.treated_subjects", "RedcapExport.dictionary", "UnitFactor.unit"),
    *("Config.include", "Config.dictionary", "Config.crosswalk", "Config.resolutions", "CovarianceRung.random"),
    *(
        "EventSettings.reaction_terms",
        "Sentinels.columns",
        "Sentinels.codes",
        "ArmColumn.column",
        "ArmColumn.treated",
        "ArmColumn.historical",
        "ArmColumn.neither",
        "Condition.column",
        "Condition.is_in",
    ),
    # Added with the layouts of files: columns, codes and words of the hospital.
    *(
        "SourceFile.accepted_ids",
        "TimeColumns.at",
        "WideColumn.at",
        "CellWord.texts",
        "SplitColumn.by",
        "SplitColumn.forms",
        "SplitColumn.into",
        "SplitColumn.others",
        "SpecimenRows.analytes",
        "SpecimenRows.same",
        "Study.timezone",
    ),
    *("TimeColumns.columns", "TimeColumns.formats", "WideColumn.unit_column"),
    *("BirthColumns.columns", "BirthColumns.at", "BirthColumns.formats"),
    # Concepts are compared with the source's own vocabulary as its tables are read.
    *(f"OmopSource.{key}" for key in ("folder", "database", "database_schema", "stays", "intensive_care", "units")),
    *("OmopTable.database_schema", "OmopTable.beside", "OmopTable.cohorts", "OmopTable.stays"),
    *("OmopTable.intensive_care", "OmopTable.outcomes", "OmopTable.characteristics", "OmopTable.flags"),
    *("OmopTable.treatments", "OmopTable.events", "OmopTable.units", "OmopTable.declared", "SourceFile.table"),
}


def test_no_text_of_the_models_is_unchecked_by_oversight() -> None:
    """Every field of text is a name, one of its declarations, a column of a file, or free text listed above."""
    loose = []
    for model in models(Config):
        for key, place in fields_of(model).items():
            column = any(base.__name__ == "FilePart" for base in model.__mro__) or key in ("value",)
            if _is_free(place) and f"{model.__name__}.{key}" not in FREE and not column:
                loose.append(f"{model.__name__}.{key}")
    assert loose == []


def models(model: type[Section]) -> Iterator[type[Section]]:
    waiting, seen = [model], set()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            yield one
            for place in fields_of(one).values():
                waiting += _sections(place)


def _sections(place: Place) -> list[type[Section]]:
    own = [place.bare] if place.is_section else []
    return own + [one for member in place.members for one in _sections(member)]


def _is_free(place: Place) -> bool:
    if place.origin is dict:
        return not place.marks and _is_free(place.members[1])
    inner = [member for member in place.members if member.bare is not type(None)]
    return not place.marks and (place.bare is str or any(_is_free(member) for member in inner))
