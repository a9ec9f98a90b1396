"""The records of a study as intake and cleaning understand them, and what in them a person should look at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from historical_controls.checking.findings import Listing, listing
from historical_controls.cleaning.findings.declared_times import declared_times
from historical_controls.cleaning.findings.inspect import Inspected, inspect_source
from historical_controls.cleaning.findings.severity import described
from historical_controls.cleaning.ledger.resolutions import read_resolutions
from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.crosswalk import read_crosswalk
from historical_controls.cleaning.people.identity import identity_facts, link_people
from historical_controls.cleaning.records.outputs import SOURCE_TABLES, CleanedFile, CleanSource
from historical_controls.cleaning.records.records import meets
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.parts import Condition, LongMeasurements, PatientRows
from historical_controls.config.sources.redcap import as_exported, load_redcap_dictionary
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.intake.reading import read_file
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import INTAKE

FIRST_ROWS = 3
MOST_OUTCOMES = 5
# Enough to compare a converted value with the file.
DIGITS = ".5g"


@dataclass(frozen=True)
class Records:
    """intake: by (source, file); clean: by source; findings: table findings of all sources."""

    intake: Mapping[tuple[str, str], pd.DataFrame]
    clean: Mapping[str, CleanSource]
    findings: pd.DataFrame


def read_records(config: Config, dictionary: Dictionary, folder: Path) -> Records:
    """All files through intake and cleaning, in memory. Raises UserError(s) where a declaration does not fit."""
    intake, parts, sources = {}, {}, {}
    decisions = read_resolutions(folder / config.resolutions) if config.resolutions else None
    for name, source in config.sources.items():
        declared, cleaned = {}, []
        for key, file in source.files.items():
            redcap = folder / file.redcap.dictionary if file.redcap else None
            frame = read_file(file.place(folder), file, load_redcap_dictionary(redcap) if redcap else None)
            intake[name, key] = frame
            declared[key] = as_exported(file, redcap)
            own = source.model_copy(update={"files": declared})
            cleaned.append(clean_file(frame, FileInputs(name, key, own, config.study, dictionary, decisions)))
        sources[name], parts[name] = source.model_copy(update={"files": declared}), cleaned
    clean = _assembled(config, sources, parts, dictionary, folder)
    return Records(intake, clean, _findings(sources, clean, intake, dictionary))


def _assembled(
    config: Config,
    sources: Mapping[str, Source],
    parts: Mapping[str, list[CleanedFile]],
    dictionary: Dictionary,
    folder: Path,
) -> dict[str, CleanSource]:
    everything = [part for own in parts.values() for part in own]
    facts = identity_facts(pd.concat([p.patients for p in everything]), pd.concat([p.events for p in everything]))
    ledgers = {name: pd.concat([part.ledger for part in own]) for name, own in parts.items()}
    crosswalk = read_crosswalk(folder / config.crosswalk, sources) if config.crosswalk else None
    people = link_people(ledgers, dict(sources), crosswalk, facts)
    return {
        name: assemble_source(parts[name], people, SourceInputs(name, source, dictionary))
        for name, source in sources.items()
    }


def _findings(
    sources: Mapping[str, Source],
    clean: Mapping[str, CleanSource],
    intake: Mapping[tuple[str, str], pd.DataFrame],
    dictionary: Dictionary,
) -> pd.DataFrame:
    """Table findings of all sources; inspection reads tables from disk, so that it can take large ones."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for (name, file), frame in intake.items():
            write_table(frame, place / f"{name}.{file}.intake.parquet", INTAKE)
        for name, tables in clean.items():
            for key, table in SOURCE_TABLES.items():
                write_table(getattr(tables, key), place / f"{name}.{key}.parquet", table)
        measured = {name: place / f"{name}.measurements.parquet" for name in sources}
        found = []
        for name, source in sources.items():
            inspected = Inspected(
                name,
                measured[name],
                place / f"{name}.events.parquet",
                place / f"{name}.ledger.parquet",
                {other: path for other, path in measured.items() if other != name},
                {file: place / f"{name}.{file}.intake.parquet" for file in source.files},
                place / f"{name}.patients.parquet",
            )
            found.append(inspect_source(inspected, source, dictionary))
    return pd.concat(found, ignore_index=True)


def empty_conditions(config: Config, records: Records) -> list[str]:
    """Conditions (`where`, `only_if`, arms) that no row meets: most often a code that is written otherwise."""
    return [
        f"sources.{name}.files.{key}.{place}: no row of the file has '{condition.column}' in "
        f"{condition.is_in}; it has {_most_frequent(records.intake[name, key], condition.column)}"
        for name, source in config.sources.items()
        for key, file in source.files.items()
        # The conditions of tables of OMOP are the program's own.
        for place, condition in (_conditions(file) if file.omop is None else ())
        if not _matches(records.intake[name, key], condition, file)
    ]


def results_without_time(config: Config, records: Records) -> list[str]:
    """Parts with a column of result times that is blank in some rows: who knew these results when is not known."""
    # What was known at a moment decides rules, and with them who is eligible from when.
    asked = config.sources.items() if config.cohort.rules else ()
    return [
        said
        for name, source in asked
        for key, file in source.files.items()
        for number, part in enumerate(file.parts)
        if isinstance(part, LongMeasurements) and part.result_time is not None and part.result_time.columns
        for said in _untimed(
            f"sources.{name}.files.{key}.parts.{number}", part, _results(records, (name, key), part, file)
        )
    ]


def _results(records: Records, place: tuple[str, str], part: LongMeasurements, file: SourceFile) -> pd.DataFrame:
    """The clean results of a part, by the lines of the file that it reads."""
    rows, measured = records.intake[place], records.clean[place[0]].measurements
    for condition in part.where:
        rows = rows[meets(rows, condition, file)]
    return measured[(measured["file"] == place[1]) & measured["line"].isin(rows["line"])]


def _untimed(place: str, part: LongMeasurements, results: pd.DataFrame) -> Iterator[str]:
    blank = results[results["result_time"].isna()]
    if part.result_time is None or blank.empty:
        return
    columns = " and ".join(f"'{name}'" for name in part.result_time.columns)
    outcomes = ", ".join(f"{code} {n}" for code, n in blank["outcome"].value_counts().head(MOST_OUTCOMES).items())
    yield (
        f"{place}.result_time: {len(blank)} of {len(results)} results have none in {columns} ({outcomes}). They count "
        "as known when they were collected, so that a rule may hold before anybody had seen them. Fill in the times "
        "that are known"
    )


def uncounted_events(config: Config, dictionary: Dictionary, records: Records) -> list[str]:
    """Events of a study's own that files date and that no analysis counts: a relapse, a loss of ambulation."""
    own = set(dictionary.events) - set(load_dictionary(PROGRAM_DICTIONARY).events)
    zero, counted = config.cohort.time_zero, config.analysis.events
    used = {zero.treated, *zero.treatments, zero.historical_event, zero.standard_care_from, *config.cohort.ends_with}
    used |= {*counted.adverse, *counted.infections, *_named(config)}
    dated = pd.concat([one.events["event"] for one in records.clean.values()], ignore_index=True).value_counts()
    return [
        f"event '{code}' has {n} {'date' if n == 1 else 'dates'} and is counted nowhere: list it under "
        "analysis.events.adverse (counted with outcome AE), or under cohort.ends_with if follow-up ends with it"
        for code, n in sorted(dated.items())
        if code in own - used
    ]


def _named(config: Config) -> Iterator[str]:
    """Events that times count from, and those of the rules of eligibility."""
    for source in config.sources.values():
        for file in source.files.values():
            yield from (time.relative_to for _, time in declared_times(file) if time.relative_to)
    yield from (str(event) for rule in config.cohort.rules.values() if (event := getattr(rule, "event", None)))


def _conditions(file: SourceFile) -> Iterator[tuple[str, Condition]]:
    if file.arm_column is not None:
        arms = {"treated": file.arm_column.treated, "historical": file.arm_column.historical}
        for arm, codes in arms.items():
            yield f"arm_column.{arm}", Condition(column=file.arm_column.column, is_in=codes)
    for number, part in enumerate(file.parts):
        yield from ((f"parts.{number}.where.{place}", one) for place, one in enumerate(part.where))
        for place, event in enumerate(part.events if isinstance(part, PatientRows) else ()):
            if event.only_if:
                yield f"parts.{number}.events.{place}.only_if", event.only_if


def _matches(rows: pd.DataFrame, condition: Condition, file: SourceFile) -> bool:
    # Of a label export the codes are those of its dictionary; cleaning translates them.
    translated = file.redcap is not None and file.redcap.labels
    return translated or bool(meets(rows, condition, file).any())


def _most_frequent(rows: pd.DataFrame, column: str) -> str:
    counts = rows[f"cell:{column}"].dropna().value_counts() if f"cell:{column}" in rows else pd.Series(dtype="int64")
    return ", ".join(f"'{value}' ({n})" for value, n in counts.head(5).items()) or "nothing"


def record_listings(config: Config, records: Records) -> Iterator[Listing]:
    """What the files say as it was understood: rows and their fates, first values, findings."""
    ledger = pd.concat([one.ledger for one in records.clean.values()], ignore_index=True)
    yield listing(
        "Records by fate",
        _fates(ledger),
        "Held records are not used; of_first_line says why the first of them is held, or what would release it.",
    )
    first = [
        _understood(one.measurements.groupby(["outcome"], sort=False).head(FIRST_ROWS), config.sources[name].timezone)
        for name, one in records.clean.items()
        if len(one.measurements)
    ]
    if first:
        note = "Compare with the file: patient, time (by the clock of its source), value, unit."
        yield listing("First values as understood", pd.concat(first), note)
    if len(records.findings):
        rows = records.findings.to_dict("records")
        table = [
            (row["severity"], f"{row['source']}/{row['file']}", described(row), row["config_line"]) for row in rows
        ]
        frame = pd.DataFrame(table, columns=["severity", "file", "finding", "line that would settle it"])
        yield listing("Findings", frame, "'stop' ends the run before the cohort.")


def _understood(rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Cells as sent beside what they mean, each with its own unit, and the time as the source's clock showed it."""
    local = rows["time"].dt.tz_convert(timezone)
    clock = local.dt.strftime("%Y-%m-%d %H:%M").where(rows["latest"].isna(), local.dt.strftime("%Y-%m-%d"))
    said = [
        result if isinstance(result, str) else f"{_number(value, lower, upper)} {unit}".strip()
        for result, value, lower, upper, unit in zip(
            *(rows[name] for name in ("result", "value", "lower", "upper", "unit")), strict=True
        )
    ]
    return rows[["source", "patient_id"]].assign(
        time=clock, outcome=rows["outcome"], raw_value=rows["raw_value"], raw_unit=rows["raw_unit"], understood=said
    )


def _number(value: float, lower: float, upper: float) -> str:
    if not pd.isna(value):
        return f"{value:{DIGITS}}"
    if pd.isna(lower) and pd.isna(upper):
        return ""
    if pd.isna(upper):
        return f"> {lower:{DIGITS}}"
    return f"{lower:{DIGITS}} to {upper:{DIGITS}}"


def _fates(ledger: pd.DataFrame) -> pd.DataFrame:
    keys = ["source", "file", "fate", "reason"]
    counts = ledger.groupby(keys, dropna=False).agg(records=("line", "size"), first_line=("line", "min"))
    counts = counts.reset_index().sort_values(["source", "file", "records"], ascending=[True, True, False])
    held = ledger[ledger["fate"] == "quarantined"].sort_values("line", kind="stable").drop_duplicates(keys)
    return counts.merge(held[[*keys, "hint"]].rename(columns={"hint": "of_first_line"}), on=keys, how="left")
