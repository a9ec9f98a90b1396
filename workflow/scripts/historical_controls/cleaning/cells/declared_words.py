"""Words that a file declares to mean something, and the line that would declare those that it does not."""

from __future__ import annotations

import re

import pandas as pd

from historical_controls.cleaning.cells.cell_words import NOTE_WORD
from historical_controls.cleaning.cells.limit_words import WORD_OF_LIMIT
from historical_controls.cleaning.records.columns import sheet_fault
from historical_controls.cleaning.records.distinct import by_distinct, by_distinct_pair
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.sources.words import CellWord
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold

OPERATORS = {"below": "<", "above": ">", "value": ""}
RESULTS = ("positive", "negative", "indeterminate")
# What a word most likely means. It is proposed, never applied.
ABOVE = re.compile(
    r"^(?:\+?inf|\+?infinity|infinito|(?:very |muy )?(?:high|hi|alt[oa]|elevad[oa])|over(?: ?flow| ?range)?"
    r"|(?:muito |tres |sehr |molto |molt )?(?:hoch|erhoht|elevee?|elevat[oa]?|haute?|alt|zu hoch)"
    r"|a?uloq|saturad[oa]|saturated|>.*|.*(?:upper|uloq|superior|superieur|supero|arriba|encima|acima|dessus|sopra|oberhalb|uber).*)$"
)
CODE_LIKE = re.compile(r"(?=.*\d)(?!.*[<>~≈±:])[\W\d_]*")
DATE_LIKE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[ T]\d{1,2}:\d\d.*)?|\d{1,3}:\d\d(?::\d\d)?"
)
BELOW = re.compile(
    r"^(?:(?:very |muy )?(?:low|lo|baj[oa])|under(?: ?flow| ?range)?|<.*|.*(?:lower|inferior|debajo|detec).*"
    r"|(?:muito |tres |sehr |molto |molt )?(?:niedrig|basse?|bass[oa]|baix[oa]?|zu niedrig)"
    r"|.*(?:inferieur|dessous|sotto|abaixo|unterhalb|nachweis|rilevab|detet).*)$"
)
# 'CN 3 L', 'VMK 50%', '93 aa': a device or room air with a number.
OF_OXYGEN = ("FIO2", "O2_FLOW", "SPO2")
WITH_NUMBER = re.compile(r"[^\W\d_][^\d]*\d+(?:[.,]\d+)?\s*(?:%|[^\W\d_]).*")
FORMS = '{forms: ["{device} {flow} L", "{device} {fraction} %", "{device}"]}'
FORMS_OF_AIR = '{forms: ["{value}", "{value} %", "{value} {air}", "{value} % {air}"]}'
# What is measured while somebody breathes room air or oxygen; elsewhere AA is a laboratory's flag.
BREATHING = ("SPO2", "PAO2")
# What `list_notes` says of it.
AIR_LEFT_OUT = re.compile(r"left out beside the value: '(?P<words>.*)'")
# Folding drops the sign, which turns the meaning round.
MINUS_INFINITY = re.compile(r"[-\u2212] ?inf(?:inity|inito)?", re.IGNORECASE)
ROOM_AIR = re.compile(
    r"^(?:(?:al?|con|en|em|con el) )?(?:aire?(?: ambiente?)?|medio ambiente|room air|ambient air|ar ambiente"
    r"|air ambiant|aria ambiente|raumluft|umgebungsluft|zimmerluft|ra|a[ /]?a)$"
)


def apply_words(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Give the declared meaning to records whose whole cell is a declared word; column worded says which they are."""
    if not file.words:
        return records.assign(worded=False)
    words: dict[str, dict[str, CellWord]] = {}
    for one in file.words:
        words.setdefault(one.outcome or "", {}).update(dict.fromkeys(one.texts, one))
    codes = {outcome: declared_codes(texts, file) for outcome, texts in words.items()}

    def word_of(code: str, text: str) -> CellWord | None:
        # A word declared for one outcome goes before the same word declared for all.
        told = (codes[outcome].meaning(text) for outcome in (code, "") if outcome in codes)
        return next((own for own in told if own is not None), None)

    word = by_distinct_pair(records["code"], records["raw_value"], word_of)
    rows = word.notna()
    means = word[rows].map(lambda own: own.means)
    number = word[rows].map(lambda own: own.value).astype("float64")
    unit = word[rows].map(lambda own: _unit(own, dictionary)).astype("str")
    problem = pd.Series("", index=means.index, dtype="str").mask((means == "below") & number.isna(), "LOD_NO_LIMIT")
    problem = problem.mask(means.isin(RESULTS), "NUM_UNREADABLE")
    told: dict[str, pd.Series] = {
        "operator": means.map(lambda said: OPERATORS.get(said, "")).astype("str"),
        "number": number,
        # No upper end: a declared word is a single number or a limit.
        "high": number.where(number.isna()),
        "problem": problem,
        "not_done": means == "not_done",
        "finding": means.where(means.isin(RESULTS), None),
    }
    out = records.assign(
        worded=rows, remark=records["remark"].mask(rows, ""), cell_unit=records["cell_unit"].mask(rows, "")
    )
    out = out.assign(raw_unit=out["raw_unit"].mask(rows & (unit.reindex(rows.index, fill_value="") != ""), unit))
    for name, values in told.items():
        out[name] = out[name].where(~rows, values.reindex(rows.index))
    return out.assign(not_done=out["not_done"].astype(bool))


def _unit(word: CellWord, dictionary: Dictionary) -> str:
    if word.value is None or word.outcome is None:
        return ""
    return word.unit or dictionary.outcomes[word.outcome].unit


def word_hints(records: pd.DataFrame) -> pd.Series:
    """Return for each cell that is no number the line under 'words' that would say what it means."""
    return by_distinct_pair(records["code"], records["raw_value"], _hint, "str")


def limit_hints(records: pd.DataFrame) -> pd.Series:
    """Return for each cell that is a limit, where a value is due, the line that would say which value it stands for."""
    return by_distinct_pair(records["code"], records["raw_value"], _limit_hint, "str")


def _limit_hint(code: str, text: str) -> str:
    said = "a limit is not a value of a characteristic: declare under 'words' which it stands for"
    return f"{said}: {_line(code, text)}value, value: <number>}}"


def _line(code: str, text: str) -> str:
    quoted = text[:60].replace('"', "'")
    return f'{{texts: ["{quoted}"], outcome: {code}, means: '


def _hint(code: str, text: str) -> str:
    fault = sheet_fault(text)
    if fault:
        return f"not a number; {fault}"
    folded, own = fold(text), _line(code, text)
    if DATE_LIKE.fullmatch(text.strip()):
        return "a day or an hour in place of a number: correct the cell, or the number format of its sheet"
    # Digits and signs alone are more likely a code or a damaged number than a word; 'aprox. 12' says something.
    if CODE_LIKE.fullmatch(folded):
        return "not a number; correct the cell, or if it is a code for missing, declare it under 'sentinels'"
    if WORD_OF_LIMIT.search(text) and any(c.isdigit() for c in text):
        return (
            f"words of a limit that do not say on which side: correct the cell, or declare under 'words' {own}above"
            ", value: <limit>}, or below"
        )
    if code == "FIO2" and ROOM_AIR.match(folded):
        return f"not a number; if it says room air, declare under 'words': {own}value, value: 21, unit: \"%\"}}"
    if code in OF_OXYGEN and WITH_NUMBER.fullmatch(text.strip()):
        return f"not a number; if it is a device with its flow or fraction, declare under 'split_columns': {FORMS}"
    # Above first: an upper limit of detection speaks of detection as well.
    minus = MINUS_INFINITY.fullmatch(text.strip()) is not None
    if ABOVE.match(folded) and not minus:
        return f"not a number; if it is above a limit, declare under 'words': {own}above, value: <limit>}}"
    if minus or BELOW.match(folded):
        return f"not a number; if it is below a limit, declare under 'words': {own}below, value: <limit>}}"
    # Neither not done nor missing: that would erase the number that the cell has.
    if any(c.isdigit() for c in text):
        return f"not a number; correct the cell, or declare under 'words' what it means: {own}value, value: <number>}}"
    return (
        f"not a number; declare under 'words' what it means: {own}not_done}} (or means: value, value: <number>), "
        "or under 'sentinels' if it is missing"
    )


def set_air_aside(records: pd.DataFrame) -> pd.DataFrame:
    """Take a word for room air behind a saturation or oxygen pressure for a note: '93 aa', '93% aire ambiente'.

    Capitals alone would be a laboratory's flag, and other words a unit; the value is right whatever was breathed.
    """
    rows = records["code"].isin(BREATHING) & (records["cell_unit"] != "")
    if not rows.any():
        return records
    unit = records.loc[rows, "cell_unit"]
    air = unit[by_distinct(unit, is_air, bool)]
    rest = by_distinct(air, lambda text: "%" if text.lstrip().startswith("%") else "", "str")
    concerned = records.index.isin(air.index)
    return records.assign(
        cell_unit=records["cell_unit"].mask(concerned, rest),
        remark=records["remark"].mask(concerned, air.str.lstrip("% ")),
    )


def is_air(text: str) -> bool:
    """Return whether a text, perhaps behind a sign of percent, says room air."""
    return ROOM_AIR.match(fold(text.strip("% "))) is not None


def air_beside(unit: str) -> str:
    """Return what to do about a word for room air behind a number: '93 aa', '93% aa'; '' for other units."""
    return f"; if it says room air, declare under 'split_columns': {FORMS_OF_AIR}" if is_air(unit) else ""


def list_notes(records: pd.DataFrame) -> pd.DataFrame:
    """Say in the ledger which words beside a clean value were left out (NOTE_BESIDE); marks as 'H' are flags only."""
    wordy = by_distinct(records["remark"], lambda text: NOTE_WORD.search(text) is not None, bool)
    wordy |= records["code"].isin(BREATHING) & by_distinct(records["remark"], is_air, bool)
    rows = wordy & (records["fate"] == "clean") & (records["reason"] == "")
    if not rows.any():
        return records
    hint = "left out beside the value: '" + records["remark"] + "'"
    return records.assign(reason=records["reason"].mask(rows, "NOTE_BESIDE"), hint=records["hint"].mask(rows, hint))
