"""The draft of a whole study: sources by folder or arm, what is measured, and the questions that only people answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.cells.elapsed import BIRTH
from historical_controls.drafting.cells.serials import with_serials
from historical_controls.drafting.contents.arms import arm_in, arm_of
from historical_controls.drafting.contents.event_rows import add_wards
from historical_controls.drafting.contents.follow_up import follow_up, primary_day, visit_window
from historical_controls.drafting.contents.limits import note_limits
from historical_controls.drafting.contents.omop import Contents, declared, omop_contents
from historical_controls.drafting.contents.own import NEW, own_characteristics
from historical_controls.drafting.contents.oxygen import oxygen_ratios
from historical_controls.drafting.contents.sources import by_source, slug
from historical_controls.drafting.contents.start import START, date_birth, date_start, start_of_controls
from historical_controls.drafting.draft import Draft, dated_events, subject_of
from historical_controls.drafting.files.forms import split_oxygen
from historical_controls.drafting.files.omop import databases, omop_folders, omop_source
from historical_controls.drafting.files.pairs import split_pairs
from historical_controls.drafting.files.pooling import YEARS, declared_of, name_of, parts_of, pooled
from historical_controls.drafting.files.sheets import Sheet, read_sheets
from historical_controls.drafting.marks import Guess, config_text, plain
from historical_controls.drafting.own_rows import OwnRows
from historical_controls.drafting.parts import draft_sheet, draft_wide
from historical_controls.drafting.patients import ages_from_births, draft_patients, share_codes
from historical_controls.drafting.redcap.project import (
    described_by_project,
    is_dictionary,
    left_out,
    projects,
    without_label_exports,
)
from historical_controls.drafting.values import day_column, days_of, has_month_first
from historical_controls.drafting.visits.dated import by_dated_visit
from historical_controls.errors import UserError
from historical_controls.intake.private import identifies

RAW = "data/raw"
MOST_NAMED = 12
# Kinds of outcomes that an analysis takes; a flag or a category describes a patient.
ANALYSED = ("number", "result", "event", "ending")
# Words of what is known of a patient only afterwards, which balances nothing at time zero.
LATER = {
    *(
        "survived",
        "survival",
        "stay",
        "los",
        "outcome",
        "died",
        "death",
        "dead",
        "mortality",
        "followup",
        "readmission",
    ),
    *("estancia", "supervivencia", "sobrevida", "desenlace", "egreso", "defuncion", "mortalidad", "seguimiento"),
    *("sejour", "survie", "deces", "liegedauer", "uberleben", "verweildauer", "sobrevivencia", "obito", "degenza"),
}
NO_TREATED = "no file is of treated patients: put theirs in data/raw/treated, or list their ids under treated_subjects"
HEAD = """\
# Drafted from the files in data/raw. What is sure is written; what is guessed carries 'CONFIRM': look at the file,
# correct the line if it is wrong, and delete the mark. A run refuses while one is left; `make check` shows what was
# understood. Keys that are not written have defaults: docs/config_defaults.yaml.

"""


def draft_study(folder: str | Path) -> dict[str, Any]:
    """The draft of a study's config, guesses as `Guess`. Raises UserError where there is nothing to look at."""
    return _draft(folder)[0]


def _draft(folder: str | Path) -> tuple[dict[str, Any], OwnRows]:
    """The draft of the config, and the rows of a dictionary that it needs."""
    place = Path(folder)
    own = place / "dictionary"
    dictionary = load_dictionary(own if own.is_dir() else PROGRAM_DICTIONARY)
    paths = sorted(path for path in (place / RAW).rglob("*") if path.is_file())
    dictionaries = [path for path in paths if is_dictionary(path)]
    redcap = projects(dictionaries, place)
    omop = _omop_sources(paths, place)
    tables = {path for own in omop_folders(paths).values() for path in own} | set(databases(paths))
    read: list[tuple[Path, list[Sheet]]] = []
    own_rows, unread = OwnRows(), []
    units = {spelling for _, spelling in dictionary.conversions}
    for path in paths:
        if path in dictionaries or path in tables or path.name.lower().startswith("readme"):
            continue
        sheets = [described_by_project(sheet, redcap) for sheet in read_sheets(path, place, units)]
        unread += [] if sheets else [path.relative_to(place).as_posix()]
        read.append((path.relative_to(place / RAW), sheets))
    kept, twice = without_label_exports([sheet for _, sheets in read for sheet in sheets])
    read = [(path, [one for one in sheets if one in kept]) for path, sheets in read]
    drafts = {name: _drafted(pooled(own), dictionary, own_rows) for name, own in by_source(read, dictionary).items()}
    share_codes([draft for own in drafts.values() for draft in own])
    contents = {name: omop_contents(source, place, dictionary) for name, source in omop.items()}
    omop = {name: declared(source, contents[name], dictionary) for name, source in omop.items()}
    if not drafts and not omop:
        hint = "Put the exports there as the hospital sent them: csv, txt, tsv, xlsx, parquet, sav, dta, sas7bdat, xpt."
        raise UserError("there is no file that can be read", str(place / RAW), hint)
    sources = {name: _source(name, own_drafts) for name, own_drafts in drafts.items()}
    _note_no_treated(sources | omop)
    exports = Exports([draft for one in drafts.values() for draft in one], list(contents.values()))
    config = _config(place, sources | omop, exports, dictionary)
    if unread:
        # A file left out in silence would be missed only in the results.
        why = f"not read, in no known format: {', '.join(unread)}: does the study need them?"
        config["sources"] = Guess(config["sources"], why)
    config["sources"] = left_out(twice, config["sources"])
    return with_serials(config), own_rows


def _omop_sources(paths: list[Path], folder: Path) -> dict[str, Any]:
    """Sources of tables of the OMOP model, by their names."""
    places = [*omop_folders(paths), *databases(paths)]
    named = {slug(fold(path.stem)): path.relative_to(folder).as_posix() for path in places}
    return {name: omop_source(place, arm_in(name.replace("_", " "))) for name, place in named.items()}


def _drafted(sheets: list[Sheet], dictionary: Dictionary, own: OwnRows) -> list[Draft]:
    """Drafts of the sheets of one source; what no dictionary names goes to `own`."""
    month_first = has_month_first(texts for sheet in sheets for texts in sheet.columns.values())
    split = [split_oxygen(split_pairs(sheet)) for sheet in sheets]
    drafts = [Draft(sheet, dictionary, month_first=month_first, own=own) for sheet in split]
    for draft in drafts:
        draft.subject = subject_of(draft)
    ids = {str(plain(draft.subject)) for draft in drafts if draft.subject is not None}
    for draft in drafts:
        same = next((name for name in draft.free if draft.subject is None and name in ids), None)
        if same:
            # Ids that one file spells in several ways look like none.
            draft.used.add(same)
            draft.subject = Guess(same, "other files have their ids in a column of this name")
    for draft in drafts:
        draft_sheet(draft)
        if draft.subject is not None and not draft.parts:
            draft_patients(draft, [])
            # Dated visits before the others: their headings name no day.
            if not by_dated_visit(draft):
                draft_wide(draft)
    return drafts


def write_draft(folder: str | Path) -> Path:
    """Write config.yaml, and rows of dictionary/ for what no dictionary names; returns the path of the config.

    Raises UserError where there is a config already.
    """
    target = Path(folder) / "config.yaml"
    if target.exists():
        raise UserError("there is a config.yaml already", str(target), "Move it away to have another one drafted.")
    config, own_rows = _draft(folder)
    target.write_text(HEAD + config_text(config), encoding="utf-8")
    own_rows.write(Path(folder) / "dictionary")
    return target


def _source(name: str, drafts: list[Draft]) -> dict[str, Any]:
    arm = arm_in(name.replace("_", " "))
    source: dict[str, Any] = {"arm": arm} if arm else arm_of(drafts)
    source = {
        "arm": source.pop("arm"),
        "timezone": Guess("UTC", "the clock of these files, e.g. America/Mexico_City"),
        **source,
    }
    for draft in drafts:
        own_characteristics(draft)
        note_limits(draft)
    date_start(drafts)
    for draft in drafts:
        add_wards(draft)
    date_birth(drafts)
    for draft in drafts:
        ages_from_births(draft)
    dated = dated_events(drafts)
    if undated := sorted({str(plain(time["relative_to"])) for time in _times(drafts) if "relative_to" in time} - dated):
        source["relative_epoch"] = Guess(date(2000, 1, 1), f"no date of {undated[0]}: any day stands in for it")
    files: dict[str, Any] = {}
    for draft in drafts:
        for member in draft.sheet.members or (draft.sheet,):
            files[slug(fold(name_of(member)))] = _file(draft, member)
    return source | {"files": files}


def _note_no_treated(sources: dict[str, Any]) -> None:
    """Mark the arm where no file is of treated patients: without any there is no study."""
    if all(source["arm"] == "historical" and "treated_subjects" not in source for source in sources.values()):
        for source in sources.values():
            source["arm"] = Guess("historical", NO_TREATED)


def _file(draft: Draft, member: Sheet) -> dict[str, Any]:
    """The declaration of one file: the drafted sheet itself, or a member of it."""
    sheet = draft.sheet
    file = declared_of(sheet, member)
    if sheet.redcap:
        file["redcap"] = sheet.redcap
    if draft.sentinels:
        columns: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name, codes in draft.sentinels.items():
            columns[tuple(codes)].append(name)
        rows = [{"columns": names, "codes": list(codes)} for codes, names in columns.items()]
        file["sentinels"] = Guess(rows, "codes for missing, or values?")
    parts = parts_of(draft.parts, sheet, member)
    named = [name for name in sheet.columns if identifies(name) and name not in draft.used]
    if private := [*named, *(name for name in draft.numbered if name in sheet.columns and name not in named)]:
        asked = f"do {', '.join(draft.numbered)} number people?"
        file["private_columns"] = Guess(private, asked) if draft.numbered else private
    unread = [name for name in draft.free if any(draft.column(name)) and name != YEARS]
    if draft.parts and unread:
        file["parts"] = Guess(parts, f"no part reads {', '.join(unread[:12])}")
        return file
    if not draft.parts:
        why = f"nothing was recognised in {', '.join(name for name in sheet.columns if name != YEARS)}: declare it, "
        why += "or leave this entry out where it is no table of patients"
        file["parts"] = [Guess({"kind": "patients", "subject": draft.subject or next(iter(sheet.columns))}, why)]
        return file
    file["parts"] = parts
    return file


@dataclass(frozen=True)
class Exports:
    """What was found: drafts of files, and what tables of the OMOP model hold."""

    drafts: list[Draft]
    tables: list[Contents]

    @property
    def outcomes(self) -> set[str]:
        return {code for draft in self.drafts for code in draft.outcomes}.union(*(one.outcomes for one in self.tables))

    @property
    def events(self) -> set[str]:
        return dated_events(self.drafts).union(*(one.dated for one in self.tables))

    @property
    def days(self) -> list[date]:
        return [*_days(self.drafts), *(day for one in self.tables for day in one.days)]


def _config(folder: Path, sources: dict[str, Any], exports: Exports, dictionary: Dictionary) -> dict[str, Any]:
    drafts, codes = exports.drafts, exports.outcomes
    own = [code for draft in drafts[:1] for code in draft.own.outcomes if code in codes]
    ratio = oxygen_ratios(codes)
    known = [code for code, one in dictionary.outcomes.items() if code in codes | set(ratio) and one.kind in ANALYSED]
    outcomes = [*known, *own]
    numeric = [code for code in outcomes if code in own or dictionary.outcomes[code].kind == "number"]
    # Where nothing is dated, times are counted from the event that headings name.
    counted = {str(plain(time["relative_to"])) for time in _times(drafts) if "relative_to" in time}
    started = _start(exports.events or counted)
    time_zero = "infusion" if "infusion" in exports.events else Guess(started, "which event starts follow-up?")
    described = [*(["AGE", "SEX"] if exports.tables else []), *_characteristics(drafts)]
    return {
        "study": _study(folder, exports.days),
        "sources": sources,
        "outcomes": Guess(outcomes, f"{_some(own)}: {NEW}; leave out what is not analysed{drafts[0].own.question(own)}")
        if own
        else outcomes or Guess([], "no known outcome was recognised: dictionary/outcomes.csv takes new ones"),
        "primary": Guess(
            {"outcome": (numeric or outcomes or ["?"])[0], "day": primary_day(drafts)},
            "the question of the study: which outcome, on which day?",
        ),
        "cohort": {
            **({"derivations": ratio} if ratio else {}),
            "time_zero": {"treated": time_zero, **start_of_controls(sources, exports.events, time_zero)},
            **follow_up(drafts),
        },
        # Outcomes of the study's own only where there are no others: each is for a person to judge first.
        "balance": {"covariates": [*dict.fromkeys(described), *([code for code in numeric if code in known] or own)]},
        **visit_window(drafts),
    }


def _study(folder: Path, days: list[date]) -> dict[str, Any]:
    study: dict[str, Any] = {
        "id": Guess(folder.resolve().name, "the registry's number"),
        "title": Guess({"en": "Title of the study"}, "one title per language of the reports (en, es)"),
        "treatment": Guess({"en": "the treatment"}, "how sentences name it"),
    }
    if days:
        # Mistyped years are what these limits are for: the earliest date may be one itself.
        study["first_date"] = Guess(date(min(days).year, 1, 1), f"the earliest date is {min(days)}")
        study["data_lock"] = Guess(date(max(days).year, 12, 31), f"the latest date is {max(days)}")
    return study


def _start(events: set[str]) -> str:
    """The first of the events, in the order in which they may start follow-up, that is dated."""
    return next(
        (event for event in ("admission", START, "icu_admission", "consent", BIRTH) if event in events), "admission"
    )


def _some(codes: list[str]) -> str:
    """The first of many codes: a line that names fifty is not read."""
    return ", ".join(codes[:MOST_NAMED]) + (f" and {len(codes) - MOST_NAMED} more" if len(codes) > MOST_NAMED else "")


def _characteristics(drafts: list[Draft]) -> list[str]:
    """For the table of baseline characteristics: what is known of patients, but not how they fared."""
    columns = [one for draft in drafts for part in map(plain, draft.parts) for one in part.get("columns", {}).values()]
    codes = [one["characteristic"] for one in columns if "characteristic" in one]
    return [code for code in dict.fromkeys(codes) if not LATER & set(fold(code.replace("_", " ")).split())]


def _times(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    """When the rows of the parts were recorded."""
    parts = [plain(part) for draft in drafts for part in draft.parts]
    yield from (part["time"] for part in parts if part.get("time"))


def _days(drafts: list[Draft]) -> list[date]:
    dated = [(draft.column(column), formats) for draft in drafts for column, formats in _dated(draft)]
    return [day for texts, formats in dated for day in days_of(texts, formats)]


def _dated(draft: Draft) -> list[tuple[str, list[str]]]:
    """Columns of dates that the parts read, each with its formats."""
    out = []
    for part in map(plain, draft.parts):
        times = [part.get("time"), part.get("result_time"), *(event["time"] for event in part.get("events", []))]
        out += [day_column(time) for time in times if time and time.get("formats")]
    return [(column, formats) for column, formats in out if column in draft.sheet.columns]
