"""Records of measurements: parsed, named, dated, converted, and compared with limits. One function per step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.declared_words import (
    air_beside,
    apply_words,
    list_notes,
    set_air_aside,
    word_hints,
)
from historical_controls.cleaning.cells.limits import check_oxygen, fill_limits, outside_hint
from historical_controls.cleaning.cells.names import resolve_names
from historical_controls.cleaning.cells.negation import says
from historical_controls.cleaning.cells.numbers import NumberStyle, read_cells, release
from historical_controls.cleaning.cells.times import REPEATED, SKIPPED, Calendar, Moments, precedes
from historical_controls.cleaning.cells.units import (
    conversions,
    converted,
    default_units,
    has_conversion,
    is_ddu,
    same_unit,
    with_confirmed,
    with_ddu,
    with_powers,
)
from historical_controls.cleaning.records.distinct import by_distinct, by_distinct_pair
from historical_controls.cleaning.records.records import check_subject, check_times, decide, undecided
from historical_controls.cleaning.rows.alike import Known, cleaned_once
from historical_controls.cleaning.rows.cut_offs import by_cut_offs
from historical_controls.cleaning.rows.specimens import check_answers
from historical_controls.cleaning.rows.statuses import check_status, read_status
from historical_controls.cleaning.words.specimens import BAD_SPECIMEN, CLOTTED, ESTIMATED, HAEMOLYSED, INVALID
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Dictionary, Outcome

# Two neighbours in single precision are 1.2e-7 of their value apart.
SINGLE_PRECISION = 1e-6


def clean_measurements(
    records: pd.DataFrame, file: SourceFile, calendar: Calendar, dictionary: Dictionary, known: Known
) -> pd.DataFrame:
    """Return the records (one row per measured cell) with value, bounds, unit, flags, fate, reason and hint.

    known: what became of the same file's earlier records, which these extend.
    """
    alone = (records["subject"] == "") | (records["time_reason"] != "") | (records["shifted"] != "")
    alone |= (records["result_time_reason"] != "") | _is_early(records, calendar)
    if "released" in records:
        alone |= records["released"].notna()
    return cleaned_once(
        records, alone, lambda distinct: _cleaned(undecided(distinct), file, calendar, dictionary), known
    )


def _cleaned(records: pd.DataFrame, file: SourceFile, calendar: Calendar, dictionary: Dictionary) -> pd.DataFrame:
    """The records after every step. The order of the steps matters: the first reason is kept.

    Besides the content of a record (`alike.CONTENT`) they read only what sets a record apart in `clean_measurements`.
    """
    steps: list[Callable[[pd.DataFrame], pd.DataFrame]] = [
        # Blanks and declared codes first: they are no faults and need no other reason.
        lambda r: decide(r, r["raw_value"] == "", "NO_VALUE", "ignored"),
        lambda r: decide(r, r["coded_missing"], "SENTINEL", "ignored"),
        lambda r: decide(r, r["names_specimen"], "DECLARED", "ignored", "it names the specimen of its sample"),
        lambda r: _read(r, NumberStyle(file.decimal, file.thousands, file.bajo_means)),
        # After reading: a name such as 'PCR' is resolved by the kind of result.
        lambda r: resolve_names(r, file, dictionary),
        lambda r: _decode(r, file),
        lambda r: _powers(r, file, dictionary),
        set_air_aside,
        lambda r: by_cut_offs(r, file),
        lambda r: apply_words(r, file, dictionary),
        check_subject,
        check_times,
        lambda r: _check_order(r, calendar),
        check_status,
        # What was known when rests on it: unread, it is not the same as none.
        lambda r: check_times(r, "result_time"),
        lambda r: _check_values(r, file, dictionary),
        # Before units are filled in: what was taken for a flag may be the unit of the cell.
        lambda r: _units_like_flags(r, dictionary),
        lambda r: _default_texts(r, file, dictionary),
        lambda r: check_answers(r, dictionary),
        # Needs the assay, and gives limits in the canonical unit, so between defaults and conversion.
        lambda r: fill_limits(r, file, dictionary),
        lambda r: _convert(r, file, dictionary),
        check_oxygen,
        lambda r: _bounds(r, file),
        # After bounds, which give back signs that an export lost: '<0.5' is not an impossible 0.5.
        lambda r: _check_limits(r, dictionary),
        lambda r: _check_specimen(r, file),
        _flags,
        list_notes,
    ]
    for step in steps:
        records = step(records)
    return records


def _read(records: pd.DataFrame, style: NumberStyle) -> pd.DataFrame:
    """What each cell says; a declared meaning wins over the words that everybody knows."""
    columns = read_cells(records["raw_value"], style)
    meaning = records["meaning"]
    columns["finding"] = meaning.where(meaning.notna(), columns["finding"])
    return records.assign(**columns, status=read_status(records["status_text"]))


def _decode(records: pd.DataFrame, file: SourceFile) -> pd.DataFrame:
    """Findings of rows whose analyte came as a name, by the codes declared for its outcome."""
    if not file.result_codes:
        return records
    known_codes = {code: declared_codes(meanings, file) for code, meanings in file.result_codes.items()}

    def meaning_of(code: str, raw: str) -> str | None:
        return known_codes[code].meaning(raw) if code in known_codes else None

    declared = by_distinct_pair(records["code"], records["raw_value"], meaning_of)
    known = declared.notna() & records["meaning"].isna()
    return records.assign(finding=records["finding"].mask(known, declared))


def _powers(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    unit = records["raw_unit"].where(records["raw_unit"] != "", default_units(records, file, dictionary))
    return with_powers(records, unit, has_conversion(records["code"], records["cell_unit"], dictionary))


def _is_early(records: pd.DataFrame, calendar: Calendar) -> pd.Series:
    reported = Moments(records["result_time"], records["result_latest"])
    return precedes(reported, records["time"], calendar.timezone)


def _check_order(records: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    early = _is_early(records, calendar)
    return decide(records, early, "TIME_ORDER", hint="the result is dated before the collection")


def _check_values(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Numbers where numbers are due, findings where findings are due.

    What lies below an unstated limit waits until its assay is known.
    """
    outcomes = dictionary.outcomes
    numeric = by_distinct(records["code"], lambda code: code in outcomes and outcomes[code].kind == "number", bool)
    fits = by_distinct_pair(
        records["code"],
        records["finding"].astype("str"),
        lambda code, finding: code in outcomes and finding in outcomes[code].categories,
        bool,
    )
    unknown = ~numeric & ~fits & ~records["not_done"]
    out = decide(
        records.assign(numeric=numeric), unknown, "RESULT_UNKNOWN", hint="declare its meaning: 'values', 'result_codes'"
    )
    kept = ["", "LOD_NO_LIMIT", *(["RANGE"] if file.ranges == "interval" else [])]
    due = numeric & ~out["problem"].isin(kept)
    hint = release(out["problem"], out["raw_value"])
    words = due & (out["problem"] == "NUM_UNREADABLE") & (out["fate"] == "clean")
    if words.any():
        hint = hint.mask(words, word_hints(out.loc[words]).reindex(out.index))
    return decide(out, due, out["problem"], hint=hint)


def _units_like_flags(records: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """'2 L' is a low result but of outcomes that come in litres: there the letter is the unit."""
    flagged = (records["remark"] != "") & (records["cell_unit"] == "")
    if not flagged.any():
        return records
    rows = records.loc[flagged]
    is_unit = by_distinct_pair(
        rows["code"],
        rows["remark"],
        lambda code, flag: code in dictionary.outcomes and dictionary.conversion(code, flag) is not None,
        bool,
    ).reindex(records.index, fill_value=False)
    return records.assign(
        cell_unit=records["cell_unit"].mask(is_unit, records["remark"]), remark=records["remark"].mask(is_unit, "")
    )


def _default_texts(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Unit, specimen and assay: from the row, else from the cell, else as declared for the file."""
    unit = _first_filled(records["raw_unit"], records["cell_unit"], default_units(records, file, dictionary))
    specimen = _first_filled(records["specimen"], _declared(records, file.default_specimens))
    assay = _first_filled(records["assay"], _declared(records, file.assays))
    return records.assign(
        row_unit=records["raw_unit"],
        raw_unit=unit,
        specimen=by_distinct(specimen, dictionary.specimen, "str"),
        assay=assay,
    )


def _declared(records: pd.DataFrame, defaults: dict[str, str]) -> pd.Series:
    return by_distinct(records["code"], lambda code: defaults.get(code, ""), "str")


def _first_filled(*texts: pd.Series) -> pd.Series:
    out = texts[0]
    for other in texts[1:]:
        out = out.where(out != "", other)
    return out


def _convert(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Numbers in the outcome's canonical unit. A unit is never guessed."""
    factors = conversions(records["code"], records["raw_unit"], dictionary)
    # The file's own corrections last: they start from what the dictionary and the declared DDU factor say.
    factors, of_ddu = with_ddu(factors, records, file.ddu_to_feu, dictionary)
    factors, mended = with_confirmed(factors, records, file.unit_factors, dictionary)
    unit = by_distinct(records["code"], lambda code: _canonical(dictionary.outcomes.get(code)), "str")
    out = _check_cell_unit(records, dictionary)
    sent, known = out["number"], out["limit_known"]
    number = converted(sent, factors).mask(known, sent)
    out = out.assign(
        number=number, high=converted(out["high"], factors), unit=unit, sent=sent, ddu=of_ddu, mended=mended
    )
    due = out["numeric"] & ~out["not_done"] & ~known & factors["factor"].isna()
    hint = by_distinct(out["code"], lambda code: _no_unit(file.default_units.get(code)), "str")
    out = decide(out, due & (out["raw_unit"] == ""), "UNIT_MISSING", hint=hint)
    return decide(out, due, "UNIT_UNKNOWN", hint=_unknown_unit(out.loc[due]).reindex(out.index))


def _no_unit(declared: str | list[str] | None) -> str:
    if isinstance(declared, list):
        return "the number may be in more than one of the units under 'default_units'"
    return "declare it under 'default_units'"


def _unknown_unit(records: pd.DataFrame) -> pd.Series:
    unit = records["raw_unit"]
    other = "; DDU is another quantity than FEU: 'ddu_to_feu' converts it, flagged"
    open_question = "; it does not say FEU or DDU: declare what the laboratory says as 'true_unit' under 'unit_factors'"
    neither = (records["code"] == "DDIM") & ~is_ddu(unit)
    said = pd.Series("", index=records.index, dtype="str").mask(is_ddu(unit), other).mask(neither, open_question)
    return "no conversion in units.csv from '" + unit + "'" + said


def _canonical(outcome: Outcome | None) -> str:
    return outcome.unit if outcome else ""


def _check_cell_unit(records: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """A unit inside the cell must be the unit of its row."""
    both = (records["cell_unit"] != "") & (records["row_unit"] != "") & records["numeric"]
    if not both.any():
        return records
    here = records.loc[both]
    same = same_unit(here["code"], here["cell_unit"], here["row_unit"], dictionary)
    conflict = (~same).reindex(records.index, fill_value=False)
    told = "the cell says '" + here["cell_unit"] + "', the unit of its row is '" + here["row_unit"] + "'"
    told = told + by_distinct(here["cell_unit"], air_beside, "str")
    return decide(records, conflict, "UNIT_CONFLICT", hint=told.reindex(records.index))


def _bounds(records: pd.DataFrame, file: SourceFile) -> pd.DataFrame:
    """Lower and upper bound of the true value: equal where exact, 0 or nothing beyond a limit."""
    operator, number = records["operator"], records["number"]
    restored = pd.Series(False, index=records.index)
    for limit in file.stripped_limits:
        # Relative: limits go from 0.02 to 100,000, and conversion leaves rounding in the last digits.
        same = pd.Series(np.isclose(number, limit.value, rtol=1e-9, atol=0), index=records.index)
        hit = (records["code"] == limit.outcome) & (operator == "") & same
        operator = operator.mask(hit, limit.means)
        restored |= hit
    measured = records["numeric"] & ~records["not_done"]
    exact, below, above, within = (measured & (operator == sign) for sign in ("", "<", ">", "-"))
    return records.assign(
        operator=operator,
        restored=restored,
        value=number.where(exact),
        # Below a limit the true value may be anything down to 0; above one nothing bounds it.
        lower=number.where(exact | above | within).mask(below, 0.0),
        upper=number.where(exact | below).mask(within, records["high"]),
        result=records["finding"].where(~records["numeric"] & ~records["not_done"]),
        status=records["status"].mask(records["not_done"], "not_done"),
    )


def _check_limits(records: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """Hard limits hold a record, warn limits flag it; a limit of detection is held against them as a value is."""
    hard_low, hard_high, warn_low, warn_high = (
        _limits(records["code"], name, dictionary) for name in ("hard_low", "hard_high", "warn_low", "warn_high")
    )
    number = records["number"].where(records["numeric"] & ~records["not_done"])
    top = records["high"].fillna(number)
    below = records["operator"] == "<"
    # Nothing lies below zero, so '<0' says nothing; a small limit of detection says that the value is small.
    # 0.20999999 is what single precision makes of 0.21.
    noise = SINGLE_PRECISION * number.abs()
    outside = (number + noise < hard_low.mask(below, 0.0)) | (top - noise > hard_high) | (below & (number <= 0))
    hint = outside_hint(records.loc[outside], hard_low, hard_high).reindex(records.index)
    out = decide(records, outside, "OUT_OF_RANGE", hint=hint)
    return out.assign(warn=(number < warn_low) | (top > warn_high))


def _limits(codes: pd.Series, name: str, dictionary: Dictionary) -> pd.Series:
    return by_distinct(codes, lambda code: getattr(dictionary.outcomes.get(code), name, None), "float64")


def _check_specimen(records: pd.DataFrame, file: SourceFile) -> pd.DataFrame:
    comment = by_distinct_pair(records["comment"], records["remark"], lambda a, b: f"{a} | {b}", "str")
    out = records
    for word, pattern, outcomes in (
        ("haemolysed", HAEMOLYSED, file.haemolysis_holds),
        ("clotted", CLOTTED, file.clot_holds),
        ("that the specimen is not valid", INVALID, None),
    ):
        said = by_distinct(comment, partial(says, pattern=pattern), bool)
        held = said & ~out["not_done"] & (True if outcomes is None else out["code"].isin(outcomes))
        out = decide(out, held, "SPECIMEN_BAD", hint=f"the comment says {word}")
    estimated = out["code"].isin(["FIO2", "PF"]) & by_distinct(comment, lambda text: says(text, ESTIMATED), bool)
    return out.assign(
        bad_specimen=by_distinct(comment, lambda text: says(text, BAD_SPECIMEN), bool), estimated=estimated
    )


def _flags(records: pd.DataFrame) -> pd.DataFrame:
    """Warnings that stay with a clean value."""
    ratio = records["code"] == "PF"
    marks = {
        "OUT_OF_USUAL": records["warn"],
        **{code: records["shifted"] == code for code in (SKIPPED, REPEATED)},
        "SPECIMEN_BAD": records["bad_specimen"],
        "LIMIT_RESTORED": records["restored"],
        "LIMIT_OF_ASSAY": records["limit_known"],
        "RANGE": records["operator"] == "-",
        "UNIT_CORRECTED": records["mended"],
        "DDU_CONVERTED": records["ddu"],
        "PF_ESTIMATED": records["estimated"] & ratio,
        "FIO2_ESTIMATED": records["estimated"] & ~ratio,
        "LAB_FLAG": records["remark"] != "",
        "WORD_DECLARED": records["worded"],
    }
    flags = pd.Series("", index=records.index, dtype="str")
    for name, holds in marks.items():
        if holds.any():
            flags = flags.mask(holds, flags + ";" + name)
    return records.assign(flags=flags.str.lstrip(";"))
