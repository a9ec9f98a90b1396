"""What a check hands on: tables to print, and faults."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from historical_controls.errors import UserError, UserErrors, raise_all


@dataclass(frozen=True)
class Listing:
    """One table of the check: a title, its columns, rows as text. note: what to look for in it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class CheckedStudy:
    """faults: what would end the run; warnings: what it would go on with, and most likely should not.

    unconfirmed: guesses of the draft, which end the run too; the listings show what they would make of the files.
    """

    faults: tuple[UserError, ...]
    warnings: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    unconfirmed: tuple[UserError, ...] = ()

    @property
    def would_run(self) -> bool:
        return not self.faults and not self.unconfirmed


def listing(title: str, frame: pd.DataFrame, note: str = "") -> Listing:
    """A frame as a table of text; missing values are blank."""
    rows = tuple(tuple("" if pd.isna(cell) else str(cell) for cell in row) for row in frame.itertuples(index=False))
    return Listing(title, tuple(map(str, frame.columns)), rows, note)


def faults_in(error: UserError) -> tuple[UserError, ...]:
    return error.faults if isinstance(error, UserErrors) else (error,)


def end_where_at_fault(checked: CheckedStudy) -> None:
    """Raise what would end a run."""
    raise_all([*checked.faults, *checked.unconfirmed])
