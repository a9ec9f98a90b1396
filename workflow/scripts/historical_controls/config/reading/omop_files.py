"""A source in the OMOP model: each of its tables becomes a declared file with parts, as other exports are declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from historical_controls.config.merging import merged, value_at
from historical_controls.config.sources.omop import EVIDENCE, USUAL_TABLES, OmopSource, OmopTableName
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.errors import UserError, did_you_mean, raise_all

TABLES: tuple[str, ...] = get_args(OmopTableName)
FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S%z"]
SUFFIXES = {".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".parquet": "parquet"}
DATABASES = {".duckdb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}
START, END = ({"columns": [name], "formats": FORMATS} for name in ("start", "end"))
COURSES = ("drug_exposure", "device_exposure", "procedure_occurrence")
STAYS = ("visit_occurrence", "visit_detail")
VOCABULARY = ("concept", "concept_ancestor")
# What tells of the rows of each table.
BESIDE = {
    "person": ("visit_occurrence", "cohort", "concept", "concept_ancestor", *EVIDENCE),
    "visit_occurrence": ("death", "cohort", "concept"),
    "visit_detail": ("death", "cohort", "concept"),
    "death": ("cohort",),
    "cohort": ("cohort",),
}
SEX = {"characteristic": "SEX", "values": {"8507": "male", "8532": "female"}}
NO_SEX = [{"columns": ["gender_concept_id"], "codes": ["0", "8551", "8570"]}]


def with_omop(raw: Mapping[str, Any], folder: Path, name: str = "config.yaml") -> dict[str, Any]:
    """Return the config with `files` for each source that has `omop`; what else is written of a file is added to it.

    Raises UserError(s) where the tables are not there, or where `omop` has another shape than its model.
    """
    sources = raw.get("sources")
    if not isinstance(sources, Mapping) or not any(value_at(one, "omop") is not None for one in sources.values()):
        return dict(raw)
    dictionary = load_dictionary(_dictionary(raw, folder))
    out, faults = dict(sources), []
    for source, declared in sources.items():
        if value_at(declared, "omop") is not None:
            try:
                out[source] = _with_files(declared, folder, dictionary, f"{name}: sources.{source}.omop")
            except UserError as error:
                faults.append(error)
    raise_all(faults)
    return {**raw, "sources": out}


def _dictionary(raw: Mapping[str, Any], folder: Path) -> Path:
    own = raw.get("dictionary")
    if isinstance(own, str) and own:
        return folder / own
    return folder / "dictionary" if (folder / "dictionary").is_dir() else PROGRAM_DICTIONARY


def _with_files(declared: Mapping[str, Any], folder: Path, dictionary: Dictionary, where: str) -> dict[str, Any]:
    try:
        omop = OmopSource.model_validate(declared["omop"])
    except ValidationError as error:
        raise_all(_shape_fault(one, where) for one in error.errors())
        raise
    there = _places(omop, folder, where)
    arm = declared.get("arm")
    cohorts = [str(code) for key in ("treated", "historical") for code in (value_at(arm, key) or ())]
    files = {table: _file(table, omop, there, dictionary, cohorts) for table in TABLES if table in there}
    own = declared.get("files")
    return {**declared, "files": merged({name: file for name, file in files.items() if file["parts"]}, own or {})}


def _shape_fault(one: Mapping[str, Any], where: str) -> UserError:
    place = ".".join((where, *map(str, one["loc"])))
    if one["type"] == "extra_forbidden":
        return UserError("unknown key", place, did_you_mean(str(one["loc"][-1]), OmopSource.model_fields))
    return UserError(one["msg"].removeprefix("Value error, "), place, "docs/input_keys.md lists the keys of omop.")


def _places(omop: OmopSource, folder: Path, where: str) -> dict[str, dict[str, Any]]:
    """How each table is reached (path, format, delimiter, table), by its name. Raises UserError(s)."""
    if omop.database is not None:
        form = "database" if "://" in omop.database else DATABASES.get(Path(omop.database).suffix)
        if form is None:
            hint = f"Type a file that ends in {', '.join(DATABASES)}, or a URL such as postgresql+psycopg://host/cdm."
            raise UserError(f"'{omop.database}' is no database", f"{where}.database", hint)
        place = {"path": omop.database, "format": form}
        return {table: {**place, "table": table} for table in omop.tables or USUAL_TABLES}
    path = Path(str(omop.folder))
    if path.is_absolute() or ".." in path.parts:
        raise UserError(f"'{path}' is not below the study folder", f"{where}.folder", "Type data/raw/omop.")
    if not (folder / path).is_dir():
        folders = sorted(one.relative_to(folder).as_posix() for one in folder.glob("*/*/") if one.is_dir())
        hint = did_you_mean(path.as_posix(), folders) if folders else "Copy the tables there."
        raise UserError(f"there is no folder '{path}'", f"{where}.folder", hint)
    files = list(_table_files(folder / path, path))
    found = dict(files)
    # Which of two files of a table is the right one, only a person knows.
    raise_all(
        UserError(f"table '{table}' is there twice, as {one['path']} too", f"{where}.folder", "Move one of them away.")
        for number, (table, one) in enumerate(files)
        if table in dict(files[number + 1 :])
    )
    wanted: list[str] = [*omop.tables] or [table for table in TABLES if table in found]
    # Without persons nobody has a sex or an age, and a folder without any table is another folder than was meant.
    lacking = [table for table in dict.fromkeys(["person", *wanted]) if table not in found]
    names = sorted(one.name for one in (folder / path).iterdir())
    raise_all(
        UserError(
            f"there is no file of table '{table}' in '{path}'",
            f"{where}.tables" if table in omop.tables else f"{where}.folder",
            did_you_mean(f"{table}.csv", names) if names else "The folder is empty.",
        )
        for table in lacking
    )
    return {table: found[table] for table in wanted}


def _table_files(place: Path, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    # Vocabularies come as CONCEPT.csv, tables in any case.
    for one in sorted(place.iterdir()):
        stem, dot, suffix = one.name.partition(".")
        form = SUFFIXES.get(f"{dot}{suffix}".lower())
        if form is not None and stem.lower() in TABLES and one.is_file():
            written: dict[str, Any] = {"path": (path / one.name).as_posix(), "format": form}
            yield stem.lower(), written | ({"delimiter": _delimiter(one)} if form == "csv" else {})


def _delimiter(place: Path) -> str:
    """The mark between the headings of a table, which hold none of these marks themselves."""
    if place.suffix == ".gz":
        return ","
    with place.open(encoding="utf-8-sig", errors="replace") as stream:
        head = stream.readline(10_000)
    return max((",", "\t", ";", "|"), key=head.count)


def _file(
    table: str, omop: OmopSource, there: Mapping[str, Mapping[str, Any]], dictionary: Dictionary, cohorts: list[str]
) -> dict[str, Any]:
    """One table as a file: how it is written, what its concepts mean, and the parts that read it."""
    codes = _codes(omop, dictionary)
    beside = BESIDE.get(table, ("concept", "concept_ancestor", "cohort"))
    declared = {
        "name": table,
        # Tables of a database are all in one place.
        "beside": {one: there[one]["path"] for one in beside if one in there and one != table},
        "database_schema": omop.database_schema,
        "cohorts": cohorts,
        "events": omop.events,
        "units": omop.units,
        "declared": [key for own in (omop.outcomes, omop.characteristics, omop.treatments, omop.events) for key in own],
    }
    if table in ("person", *STAYS):
        declared |= {"stays": omop.stays, "intensive_care": omop.intensive_care}
    if table == "person":
        declared |= {"characteristics": codes["characteristics"], "flags": codes["flags"]}
    elif table in ("measurement", "observation"):
        # Weight and height are of the person, whose file reads them.
        declared |= {"outcomes": codes["outcomes"], "characteristics": codes["characteristics"]}
    elif table in COURSES:
        declared |= {"treatments": codes["treatments"]}
    file: dict[str, Any] = {**there[table], "omop": declared, "parts": list(_parts(table, omop, codes, dictionary))}
    if table == "person":
        file["sentinels"] = NO_SEX
    if table not in ("person", "measurement"):
        # A source of everything has tables of which a study reads no row: drugs that none of its patients had.
        file["confirmed"] = [{"finding": "NOTHING_READ"}]
    if table in ("measurement", "observation"):
        file["ignore_analytes"] = ["concept *"]
    return file


def _codes(omop: OmopSource, dictionary: Dictionary) -> dict[str, Any]:
    """Our code by concept: what the dictionary knows, and what the study declares on top of it."""
    known = {
        f"LOINC:{code}": one for one in dictionary.outcomes.values() for code in filter(None, one.loinc.split("|"))
    }
    named = {one.code for one in dictionary.of_family("characteristic")}
    own = {key: dictionary.outcomes.get(code) for key, code in omop.characteristics.items()}
    return {
        "outcomes": {key: one.code for key, one in known.items() if one.code not in named} | omop.outcomes,
        "characteristics": {key: one.code for key, one in known.items() if one.code in named} | omop.characteristics,
        "flags": sorted({one.code for one in own.values() if one is not None and one.kind != "number"}),
        "treatments": {key: one.code for one in dictionary.treatments.values() for key in one.codes} | omop.treatments,
    }


def _parts(table: str, omop: OmopSource, codes: Mapping[str, Any], dictionary: Dictionary) -> Iterator[dict[str, Any]]:
    subject = "subject_id" if table == "cohort" else "person_id"
    if table == "person":
        yield {"kind": "patients", "subject": subject, "columns": _characteristics(codes, dictionary)}
    if table in ("measurement", "observation"):
        yield {
            "kind": "measurements_long",
            "where": _where("read", "outcome"),
            "subject": subject,
            "time": START,
            "analyte": "outcome",
            "value": "value",
            "unit": "unit",
        }
    if table in COURSES and (table == "drug_exposure" or omop.treatments):
        named = sorted(set(codes["treatments"].values()))
        yield {
            "kind": "treatments",
            "where": _where("treatment", *named),
            "subject": subject,
            "treatment": "treatment",
            "start": START,
            "stop": END,
            "dose": "dose",
            "dose_unit": "dose_unit",
        }
    if table == "visit_occurrence":
        for column, event, time in (("stay", "admission", START), ("ended", "discharge_alive", END)):
            yield _event(event, _where(column, "yes" if column == "stay" else "alive"), time)
        yield _event("transfer_out", _where("ended", "transferred"), END)
        yield _event("death", _where("ended", "died"), END)
    if table in STAYS:
        yield _event("icu_admission", _where("intensive_care", "yes"), START)
    if table == "death":
        yield _event("death", [], START)
    # An event that the dictionary lacks is reported once, where it is declared.
    events = sorted({code for code in omop.events.values() if code in dictionary.events})
    # Of a cohort's rows the arm is told beside; only where its start is declared as an event are they read.
    dated = table != "cohort" or any(key.casefold().startswith("cohort:") for key in omop.events)
    if events and dated and table not in ("person", *VOCABULARY):
        yield {
            "kind": "events",
            "where": _where("event", *events),
            "subject": subject,
            "time": START,
            "end_time": END,
            "event": "event",
            "values": {code: code for code in events},
            "value": "value",
            "detail": "detail",
        }


def _where(column: str, *codes: str) -> list[dict[str, Any]]:
    return [{"column": column, "is_in": list(codes)}]


def _event(event: str, where: list[dict[str, Any]], time: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "events", "where": where, "subject": "person_id", "time": time, "event": f"={event}"}


def _characteristics(codes: Mapping[str, Any], dictionary: Dictionary) -> dict[str, Any]:
    """Sex and age as the table of persons has them; the others by what the source records of each person."""
    declared = sorted({code for code in codes["characteristics"].values() if code in dictionary.outcomes})
    out: dict[str, Any] = {"gender_concept_id": SEX}
    if "AGE" not in declared:
        born, then = ({"columns": [name], "formats": FORMATS} for name in ("born", "first_day"))
        out["born"] = {"characteristic": "AGE", "born": born, "as_of": then}
    return out | {code: {"characteristic": code} for code in declared}
