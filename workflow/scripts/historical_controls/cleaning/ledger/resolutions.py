"""Decisions of people on single held rows: which row and reason, what is decided, by whom, when and why.

A released record is used although its reason stands. A corrected row is read with another text in one cell. An
excluded record stays out, and counts as lost, but needs no more looking at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cleaning.ledger.quarantine import row_hashes
from historical_controls.cleaning.records.columns import CELL
from historical_controls.cleaning.records.records import names_reason, note_if_unremarked, with_flag
from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.declared_csv import read_declared
from historical_controls.errors import UserError, did_you_mean, raise_all
from historical_controls.tables.coded import plain
from historical_controls.tables.registry import RESOLUTIONS
from historical_controls.tables.schema import conform
from historical_controls.text.spreadsheet_cells import as_sent

NEEDED = ("source", "file", "row_hash", "reason", "decision", "who", "date", "why")
OPTIONAL = ("item", "column", "text")
# Left blank in quarantine.csv: a line where they still are is none of a decision.
FILLED_IN = ("decision", "column", "text", "who", "date", "why")
RELEASE, EXCLUDE, CORRECT = "release", "exclude", "correct"
DECISIONS = (RELEASE, EXCLUDE, CORRECT)
# Records that were read whole, and held for what they say. Nothing else has a value to release.
OF_JOINING = frozenset({"AFTER_DEATH", "DUP_CONFLICT", "LYMPH_ABOVE_WBC", "ID_CONFLICT"})
RELEASABLE = OF_JOINING | {"OUT_OF_RANGE", "TIME_ORDER", "SPECIMEN_BAD", "WITHDRAWN", "STATUS_UNKNOWN"}
OF_PEOPLE = frozenset({"ID_BOTH_ARMS", "ID_TWO_SOURCES"})
# Of contradicting facts one is right: released, it frees the person, and the others stay out.
OF_FACTS = "ID_CONFLICT"
# Spreadsheets of Spanish systems rewrite the first as the second.
DAYS = ("%Y-%m-%d", "%d/%m/%Y")
HASH = re.compile(r"r[0-9a-f]{12}")


def read_resolutions(path: str | Path, sources: Mapping[str, Source] | None = None) -> pd.DataFrame:
    """Read the decisions of people: columns NEEDED, OPTIONAL and line, one row per decision.

    sources: checks the names of sources and files too. Raises UserError(s): unknown names; decisions that do not fit
    their reason, lack a signature, date or explanation, or contradict each other.
    """
    frame = read_declared(path, NEEDED, OPTIONAL)
    # quarantine.csv has an apostrophe before what a spreadsheet would run; the record's own text has none.
    frame = frame.assign(**{name: frame[name].map(as_sent).astype("str") for name in (*NEEDED, *OPTIONAL)})
    decided = frame.loc[(frame[list(FILLED_IN)] != "").any(axis=1)].reset_index(drop=True)
    raise_all(
        UserError(said, f"{path}, line {row['line']}", hint)
        for row in decided.to_dict("records")
        for said, hint in [*_name_faults(row, sources), *_row_faults(row)]
    )
    raise_all(_contradictions(decided, str(path)))
    return decided.assign(date=decided["date"].map(_iso))


def _name_faults(row: Mapping[Any, Any], sources: Mapping[str, Source] | None) -> Iterator[tuple[str, str]]:
    if sources is None:
        return
    known = {name_of_both_arms(name, source): source for name, source in sources.items()} | dict(sources)
    if row["source"] not in known:
        yield f"there is no source '{row['source']}'", did_you_mean(row["source"], known)
    elif row["file"] not in (files := known[row["source"]].files):
        yield f"source '{row['source']}' has no file '{row['file']}'", did_you_mean(row["file"], files)


def _row_faults(row: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    if not HASH.fullmatch(row["row_hash"]):
        yield f"'{row['row_hash']}' is not the hash of a row", "Copy it from results/clean/quarantine.csv."
    if row["decision"] not in DECISIONS:
        yield f"'{row['decision']}' is not a decision", did_you_mean(row["decision"], DECISIONS)
    for name in ("reason", "who", "why"):
        if not row[name]:
            yield f"'{name}' is blank", "Each decision names its reason in the ledger, who took it, when and why."
    if _iso(row["date"]) is None:
        yield f"'{row['date']}' is not a date", "Write it as 2020-12-31 (or 31/12/2020, day first)."
    if row["reason"] in OF_PEOPLE:
        yield f"{row['reason']} concerns an id, not one row", "Say in the crosswalk who is who."
    elif row["reason"] == OF_FACTS and row["decision"] == EXCLUDE:
        yield f"{OF_FACTS} is not settled by leaving a row out", "Release the row that is right; the others stay out."
    elif row["decision"] == RELEASE and row["reason"] not in RELEASABLE:
        hint = f"Correct a cell of it, or exclude it. Reasons that allow a release: {', '.join(sorted(RELEASABLE))}."
        yield f"a row held for {row['reason']} has no value to release", hint
    if (row["decision"] == CORRECT) != bool(row["column"]) or (row["text"] and not row["column"]):
        yield "a correction names 'column', and only a correction does", "The raw column, and in 'text' what it says."


def _iso(text: str) -> str | None:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return None


def _contradictions(decided: pd.DataFrame, path: str) -> Iterator[UserError]:
    """Two decisions on one record, or two texts of one cell."""
    about = decided["item"].where(decided["decision"] != CORRECT, "column " + decided["column"])
    key = [decided[name] for name in ("source", "file", "row_hash", "reason")] + [about]
    # Lines that say the same of the same record do not contradict each other.
    said = decided["decision"] + "=" + decided["text"]
    for line in decided.loc[said.groupby(key).transform("nunique") > 1, "line"]:
        yield UserError("another line decides otherwise of the same", f"{path}, line {line}", "Keep one of them.")


class FileDecisions:
    """Decisions on one file, located among its lines block by block.

    both_arms: the source as written, where `source` is that of one arm: what is decided of it is decided in the arm
    that reads the row, and in both where its arm is not known.
    """

    def __init__(self, decisions: pd.DataFrame | None, source: str, file: str, both_arms: str) -> None:
        self.decisions = pd.DataFrame(columns=[*NEEDED, *OPTIONAL, "line", "of_both"])
        if decisions is not None:
            own = decisions["source"].isin([source, both_arms]) & (decisions["file"] == file)
            self.decisions = decisions.loc[own].assign(source=source, of_both=decisions["source"] != source)
        self.located: set[str] = set()

    def on_lines(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Return decisions on a block of lines (table intake): columns of table resolutions, and of_both.

        of_both: taken of the source as written, which is both arms. Identical rows are decided alike.
        """
        own = self.decisions
        if own.empty:
            return RESOLUTIONS.empty().assign(of_both=False)
        lines = row_hashes(raw)
        here = own.drop(columns="line").merge(lines.loc[lines["row_hash"].isin(own["row_hash"])], on="row_hash")
        # Collected over all blocks: a row that one block lacks may be in another.
        self.located |= set(here["row_hash"])
        # The same decision may be listed twice: that contradicts nothing.
        return here.sort_values("of_both", kind="stable").drop_duplicates(list(RESOLUTIONS.key))

    def check_all_located(self) -> None:
        """Raise UserError(s) for decisions on rows that the file does not have, or no longer."""
        own = self.decisions
        hint = "The export may have changed: look at quarantine.csv again, and drop or renew the line."
        raise_all(
            UserError(f"no row of the file has the hash {row['row_hash']}", f"resolutions, line {row['line']}", hint)
            for row in own.loc[~own["row_hash"].isin(self.located)].to_dict("records")
        )


def of_this_arm(decided: pd.DataFrame, elsewhere: Collection[int]) -> pd.DataFrame:
    """Return table resolutions of decisions `on_lines` but those of both arms on lines of the other arm."""
    mine = ~(decided["of_both"] & decided["line"].isin(elsewhere)).astype(bool)
    return conform(decided.loc[mine].drop(columns="of_both"), RESOLUTIONS)


def corrected(raw: pd.DataFrame, resolved: pd.DataFrame) -> pd.DataFrame:
    """Return a block of lines (table intake) with corrected cells. Raises UserError(s) for unknown columns."""
    own = resolved.loc[resolved["decision"] == CORRECT]
    there = [name.removeprefix(CELL) for name in raw.columns if name.startswith(CELL)]
    broken = set(raw.loc[raw["problem"].notna(), "line"])
    raise_all(_correction_faults(own, there, broken))
    for column, cells in own.groupby("column"):
        text = raw["line"].map(dict(zip(cells["line"], cells["text"], strict=True)))
        raw = raw.assign(**{f"{CELL}{column}": text.where(text.notna(), raw[f"{CELL}{column}"]).astype("str")})
    return raw


def _correction_faults(own: pd.DataFrame, there: list[str], broken: Collection[int]) -> Iterator[UserError]:
    for row in own.to_dict("records"):
        where = _place(row)
        if row["line"] in broken:
            yield UserError("a broken line has no cells to correct", where, "Correct the export, or exclude the line.")
        elif row["column"] not in there:
            yield UserError(f"there is no column '{row['column']}'", where, did_you_mean(str(row["column"]), there))


def check_needed(ledger: pd.DataFrame, resolved: pd.DataFrame) -> None:
    """Raise UserError(s) for corrections of rows that, read as sent, are not held for the reason given.

    ledger: of the same lines before they were corrected. Reasons that only joining decides are not checked here.
    """
    own = resolved.loc[(resolved["decision"] == CORRECT) & ~resolved["reason"].isin(list(OF_JOINING))]
    raise_all(_unneeded(ledger, own, lambda rows, row: _held_for(rows, str(row["reason"]))))


def marked(records: pd.DataFrame, resolved: pd.DataFrame) -> pd.DataFrame:
    """Mark the records of one block whose rows people corrected or released: a reason and, for measurements, a flag."""
    if resolved.empty:
        return records
    touched = records["line"].isin(resolved.loc[resolved["decision"] == CORRECT, "line"])
    records = note_if_unremarked(records, touched, "CORRECTED")
    if "flags" not in records:
        return records
    released = records["reason"] == "RELEASED"
    flags = with_flag(with_flag(records["flags"], "CORRECTED", touched), "RELEASED", released)
    return records.assign(flags=flags)


def released_reasons(records: pd.DataFrame, resolved: pd.DataFrame) -> pd.Series:
    """Return the reasons, joined by ';', from which each record was released; null where none."""
    own = resolved.loc[resolved["decision"] == RELEASE]
    out = pd.Series(None, index=records.index, dtype="str")
    for line, item, reason in own[["line", "item", "reason"]].itertuples(index=False, name=None):
        here = (records["line"] == line) & _of_item(records["item"], item)
        out = out.mask(here, out.fillna("") + reason + ";")
    return out


def one_of_each_sample(records: pd.DataFrame, sample: list[str]) -> pd.DataFrame:
    """Return the records without releases of two results of one sample: only one can be right, so both stay held."""
    if records["released"].isna().all():
        return records
    chosen = is_released(records, "DUP_CONFLICT")
    many = chosen & (chosen.groupby([records[name] for name in sample], dropna=False).transform("sum") > 1)
    return records.assign(released=records["released"].mask(many, None))


def is_released(records: pd.DataFrame, reason: str) -> pd.Series:
    """Return which records (column released) a person released from a reason."""
    return names_reason(records["released"], reason)


def with_released(records: pd.DataFrame, resolved: pd.DataFrame) -> pd.DataFrame:
    """Return characteristics, events or treatments with column released, and free those held for a reason named there.

    Each of these reasons is the last that such a record can be held for, so that nothing is left unchecked.
    """
    if records.empty:
        return records
    if resolved.empty:
        return records.assign(released=pd.Series(None, index=records.index, dtype="str"))
    out = records.assign(released=released_reasons(records, resolved))
    held = out["fate"] == "quarantined"
    # All False, by the index of the records.
    free = held & False
    # What joining decides is not known yet, and is released there.
    for reason in sorted(RELEASABLE - OF_JOINING):
        free |= held & (out["reason"] == reason) & is_released(out, reason)
    return out.assign(
        fate=out["fate"].mask(free, "clean"), reason=out["reason"].mask(free, "RELEASED"), hint=out["hint"].mask(free)
    )


def with_exclusions(ledger: pd.DataFrame, resolved: pd.DataFrame) -> pd.DataFrame:
    """Return a final ledger, or a piece of it, with reason EXCLUDED for records that people excluded."""
    own = resolved.loc[resolved["decision"] == EXCLUDE]
    if own.empty:
        return ledger
    ledger = plain(ledger)
    rows = ledger.loc[ledger["line"].isin(own["line"]) & (ledger["fate"] == "quarantined")]
    hints: dict[Any, str] = {}
    for row in own.to_dict("records"):
        same = (rows["line"] == row["line"]) & (rows["file"] == row["file"]) & (rows["reason"] == row["reason"])
        hints |= dict.fromkeys(
            rows.index[same & _of_item(rows["item"], str(row["item"]))], f"{row['reason']}: {row['why']}"
        )
    if not hints:
        return ledger
    where = np.isin(ledger.index, list(hints))
    said = pd.Series(hints).reindex(ledger.index)
    return ledger.assign(reason=ledger["reason"].mask(where, "EXCLUDED"), hint=ledger["hint"].mask(where, said))


def check_used(ledger: pd.DataFrame, resolved: pd.DataFrame) -> None:
    """Raise UserError(s) for decisions that no record needed (ledger: final, at least the lines of decisions)."""
    tests = {
        RELEASE: lambda rows, row: (
            (rows["reason"] == "RELEASED") | ((rows["fate"] != "clean") & ~_held_for(rows, str(row["reason"])))
        ),
        EXCLUDE: lambda rows, row: rows["reason"] == "EXCLUDED",
    }
    raise_all(
        fault
        for decision, test in tests.items()
        for fault in _unneeded(ledger, resolved.loc[resolved["decision"] == decision], test)
    )


def _unneeded(
    ledger: pd.DataFrame, decided: pd.DataFrame, test: Callable[[pd.DataFrame, Mapping[Any, Any]], pd.Series]
) -> Iterator[UserError]:
    """Decisions of whose records none passes the test. The same row may stand on several lines: one is enough."""
    for _, same in decided.groupby(["source", "file", "row_hash", "item", "reason", "column"]):
        row = same.iloc[0].to_dict()
        rows = ledger.loc[(ledger["file"] == row["file"]) & ledger["line"].isin(same["line"])]
        rows = rows.loc[_of_item(rows["item"], row["item"])]
        if rows.empty:
            yield UserError(f"the row has no record '{row['item']}'", _place(row), "Copy 'item' from quarantine.csv.")
        elif row["decision"] == RELEASE and _held_for(rows, str(row["reason"])).any():
            yield UserError(f"releasing it does not settle {row['reason']}", _place(row), _instead(str(row["reason"])))
        elif not test(rows, row).any():
            found = ", ".join(
                sorted({reason or fate for reason, fate in zip(rows["reason"], rows["fate"], strict=True)})
            )
            yield UserError(f"it is not held for {row['reason']}, but {found}", _place(row), "Drop or renew the line.")


def _instead(reason: str) -> str:
    if reason == OF_FACTS:
        return "Release one of the rows whose facts contradict each other; if the id itself is in doubt, the crosswalk."
    return "Release one result of the sample only, or correct the row."


def _of_item(items: pd.Series, item: str) -> pd.Series:
    """Records of one column, or of all where none is named."""
    return (items == item) | (item == "")


def _place(row: Mapping[Any, Any]) -> str:
    return f"resolutions, row {row['row_hash']} ({row['source']}/{row['file']}, line {row['line']})"


def _held_for(rows: pd.DataFrame, reason: str) -> pd.Series:
    return (rows["fate"] == "quarantined") & (rows["reason"] == reason)
