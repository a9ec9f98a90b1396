"""Sources in the OMOP model: concepts that are declared and occur nowhere, and those that nothing names."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from historical_controls.checking.records import Records
from historical_controls.config.sources.sources import Source
from historical_controls.config.study_config import Config

# So many concepts are named, and so many of one line.
MOST_NAMED = 5
RESULTS = ("measurement", "observation")


def omop_concepts(config: Config, records: Records) -> list[str]:
    """Return what to look at: declared events without a row, and results of concepts that nobody named.

    A source of both arms is two to the program, and its tables are the same: what is said of one is said once.
    """
    said: dict[str, str] = {}
    for name, source in config.sources.items():
        if any(file.omop is not None for file in source.files.values()):
            for about in (*_absent_events(name, source, records), *_unnamed(name, config, records)):
                said.setdefault(about, f"sources.{name}: {about}")
    return list(said.values())


def _absent_events(name: str, source: Source, records: Records) -> Iterator[str]:
    tables = {key: file.omop for key, file in source.files.items() if file.omop is not None}
    found = {code for key in tables for code in _column(records.intake[name, key], "event").unique()}
    declared = {concept: code for one in tables.values() for concept, code in one.events.items()}
    for code in sorted(set(declared.values()) - found):
        concepts = ", ".join(f"'{concept}'" for concept, own in declared.items() if own == code)
        yield f"omop.events: no row of any table is {concepts} (event {code})"


def _unnamed(name: str, config: Config, records: Records) -> Iterator[str]:
    """Concepts of results that nothing names, where analysed outcomes have no value and no table concept helps."""
    files = config.sources[name].files
    found = {code for key in files for code in _column(records.intake[name, key], "outcome").unique()}
    lacking = [code for code in config.outcomes if code not in found]
    for key, file in files.items():
        if file.omop is None or file.omop.name not in RESULTS or "concept" in file.omop.beside:
            continue
        read = _column(records.intake[name, key], "outcome")
        unnamed = read.loc[read.str.startswith("concept ")].str.removeprefix("concept ")
        if not lacking or unnamed.empty:
            continue
        counts = unnamed.value_counts().head(MOST_NAMED)
        shown = ", ".join(f"{concept} ({n} rows{_sent(records, name, key, concept)})" for concept, n in counts.items())
        what = f"omop: without table concept the codes of {key} are not known, and {len(unnamed)} rows are ignored"
        hint = f"Name the concepts of {', '.join(lacking)}: outcomes: {{{counts.index[0]}: {lacking[0]}}}"
        yield f"{what}: {shown}. {hint}"


def _sent(records: Records, name: str, key: str, concept: object) -> str:
    """The commonest source value of a concept, as its readers know it."""
    rows = records.intake[name, key]
    own = _column(rows, f"{key}_source_value").loc[_column(rows, f"{key}_concept_id") == concept]
    texts = own.loc[own != ""].value_counts()
    return f", sent as '{texts.index[0]}'" if len(texts) else ""


def _column(rows: pd.DataFrame, column: str) -> pd.Series:
    name = f"cell:{column}"
    return rows[name].fillna("").astype("str") if name in rows else pd.Series("", rows.index, dtype="str")
