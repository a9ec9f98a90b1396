"""Whose is a row, where a column says the arm: one of this arm, of the other, or of an arm that nobody declared."""

from __future__ import annotations

import json

import pandas as pd

from historical_controls.cleaning.records.columns import column
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import selected
from historical_controls.config.base import Arm
from historical_controls.config.sources.arms import ARMS, ArmColumn
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import nearest

OTHER_ARM, UNKNOWN_ARM = "ARM_OTHER", "ARM_UNKNOWN"


def with_arms_told(raw: pd.DataFrame, arm: Arm, file: SourceFile) -> pd.DataFrame:
    """Return lines (table intake) with problem ARM_OTHER or ARM_UNKNOWN for good rows that are not of this arm.

    Of an unknown arm is a row whose code is not declared, and that a part would read; its text becomes the code.
    """
    declared = file.arm_column
    if declared is None:
        return raw
    text = column(raw, declared.column)
    said = _said(text, declared, file)
    good = raw["problem"].isna()
    other = good & ~said.isin([arm, "unknown"])
    doubtful = raw.loc[good & (said == "unknown")]
    read = [selected(doubtful, part.where, file).index for part in file.parts]
    unknown = raw.index.isin(doubtful.index) & raw.index.isin([row for rows in read for row in rows])
    # A row that no part would read tells nothing, whatever its arm; it is listed as such.
    other |= good & (said == "unknown") & ~unknown
    problem = raw["problem"].mask(other, OTHER_ARM).mask(unknown, UNKNOWN_ARM)
    return raw.assign(problem=problem, text=raw["text"].mask(unknown, text))


def _said(text: pd.Series, declared: ArmColumn, file: SourceFile) -> pd.Series:
    """The declared meaning of each text in the column of the arm, 'unknown' where it has none."""
    codes = declared_codes(dict(declared.codes()), file)
    return by_distinct(text, lambda cell: codes.meaning(cell) or "unknown", "str")


def lines_of_other_arm(raw: pd.DataFrame, arm: Arm, file: SourceFile) -> set[int]:
    """Return the lines (table intake) that the source of the other arm reads: not those of an unknown arm, or of none.

    Empty for a file without a column of the arm.
    """
    declared = file.arm_column
    if declared is None:
        return set()
    said = _said(column(raw, declared.column), declared, file)
    others = [one for one in ARMS if one != arm]
    return set(raw.loc[raw["problem"].isna() & said.isin(others), "line"])


def without_arm(hint: pd.Series, text: pd.Series, unknown: pd.Series, file: SourceFile) -> pd.Series:
    """Return the hints of lines with, where the arm is `unknown`, its code (text) and what to declare."""
    if file.arm_column is None or not unknown.any():
        return hint
    return hint.mask(unknown, by_distinct(text.where(unknown), lambda code: _remedy(code, file), "str"))


def _remedy(code: str, file: SourceFile) -> str:
    if file.arm_column is None:
        return ""
    known = [one for one, _ in file.arm_column.codes()]
    match = nearest(code.casefold(), [one.casefold() for one in known])
    near = next((f"; the nearest is '{one}'" for one in known if one.casefold() == match), "")
    quoted = json.dumps(code, ensure_ascii=False)
    return (
        f"'{code}' in column '{file.arm_column.column}' is not a declared arm{near}. Correct the cell, or add {quoted} "
        "to 'treated', 'historical' or 'neither' of the arm"
    )
