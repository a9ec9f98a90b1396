"""What the concepts of a table mean: by their ids, by codes of vocabularies, by ancestors, and by source values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from historical_controls.errors import UserError, nearest, raise_all
from historical_controls.intake.omop.lookups import Lookups

# Tables whose concepts are specific (a tablet of 4 mg): an ancestor (the ingredient) may be declared instead.
WITH_ANCESTORS = {"drug_exposure", "condition_occurrence", "device_exposure", "procedure_occurrence"}
SOURCE, COHORT = "source:", "cohort:"


@dataclass(frozen=True)
class Concepts:
    """The concepts that occur. codes: 'LOINC:8867-4' by id; names by id; above: declared ancestors, nearest first."""

    codes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def meaning(self, declared: Mapping[str, str], ids: pd.Series) -> pd.Series:
        """Return our code of each concept id, '' where none is declared for it, its code, or an ancestor."""
        keys = {_folded(key): code for key, code in declared.items()}

        def of(concept: str) -> str:
            own = keys.get(concept) or keys.get(_folded(self.codes.get(concept, "")))
            above = (keys.get(one) or keys.get(_folded(self.codes.get(one, ""))) for one in self.above.get(concept, ()))
            return own or next(filter(None, above), "")

        meanings = {concept: of(concept) for concept in ids.unique()}
        return pd.Series([meanings[concept] for concept in ids], ids.index, dtype="str")

    def shown(self, concept: str) -> str:
        """Return a concept as a reader knows it: 'concept 3006322 LOINC:8331-1 Oral temperature'."""
        said = " ".join(filter(None, [self.codes.get(concept, ""), self.names.get(concept, "")]))
        return f"concept {concept} {said}".strip()


def _folded(key: str) -> str:
    return key.casefold()


def concepts_of(lookups: Lookups, ids: Collection[str]) -> Concepts:
    """Return what the tables concept and concept_ancestor say of these ids. Raises UserError(s) for declared concepts
    that table concept lacks."""
    declared = lookups.omop.declared
    if not lookups.has("concept"):
        return Concepts()
    keys = {_folded(key) for key in [*declared, *lookups.omop.treatments, *lookups.omop.events] if ":" in key}
    columns = ["concept_id", "concept_code", "vocabulary_id", "concept_name"]
    known = lookups.table("concept", columns)
    code = (known["vocabulary_id"] + ":" + known["concept_code"]).astype("str")
    known = known.assign(code=code, key=code.str.casefold())
    numbers = {key for key in declared if key.isdigit()}
    above = _ancestors(lookups, ids, {*numbers, *known.loc[known["key"].isin(keys), "concept_id"]})
    raise_all(_unknown(lookups, known, ids))
    known = known.loc[known["concept_id"].isin({*ids, *(one for own in above.values() for one in own)})]
    codes, names = (dict(zip(known["concept_id"], known[one], strict=True)) for one in ("code", "concept_name"))
    return Concepts(codes, names, above)


def _ancestors(lookups: Lookups, ids: Collection[str], wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the declared ancestors of each id, the nearest first."""
    if lookups.omop.name not in {*WITH_ANCESTORS, "person"} or not wanted:
        return {}
    columns = ["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"]
    pairs = lookups.table("concept_ancestor", columns, ("ancestor_concept_id", wanted))
    pairs = pairs.loc[pairs["descendant_concept_id"].isin(list(ids))]
    distance = pd.to_numeric(pairs["min_levels_of_separation"], errors="coerce").fillna(99)
    pairs = pairs.assign(distance=distance).sort_values(["descendant_concept_id", "distance", "ancestor_concept_id"])
    own = pairs.groupby("descendant_concept_id")["ancestor_concept_id"]
    return {str(concept): tuple(rows) for concept, rows in own}


def _unknown(lookups: Lookups, known: pd.DataFrame, ids: Collection[str]) -> Iterator[UserError]:
    """Declared concepts that table concept does not have: mistyped ids and codes."""
    there = {*known["concept_id"], *known["key"]}
    used = known.loc[known["concept_id"].isin(list(ids))]
    for key in lookups.omop.declared:
        if _folded(key) in there or _folded(key).startswith((SOURCE, COHORT)):
            continue
        near = nearest(key, [*used["concept_id"], *used["code"]])
        names = dict(zip([*used["concept_id"], *used["code"]], [*used["concept_name"]] * 2, strict=True))
        hint = f"Did you mean '{near}' ({names[near]})?" if near else "Look it up in table concept."
        yield UserError(f"'{key}' is not a concept of table concept", f"{lookups.place}, omop", hint)
