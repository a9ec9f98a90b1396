"""Each content is cleaned once: what became of it goes to exactly the records that say the same, block after block."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.rows.alike import BECAME, CONTENT, Known, cleaned_once

TEXTS = [name for name in CONTENT if name not in ("coded_missing", "names_specimen")]


def records(*texts: dict[str, object]) -> pd.DataFrame:
    usual: dict[str, object] = {**dict.fromkeys(TEXTS, "a"), "coded_missing": False, "names_specimen": False}
    return pd.DataFrame([{**usual, **own, "subject": "p", "line": line} for line, own in enumerate(texts)])


def cleaned(frame: pd.DataFrame, known: Known) -> list[object]:
    """What became of each record: the number of its content in the order in which `clean` saw them."""

    def clean(distinct: pd.DataFrame) -> pd.DataFrame:
        made = pd.DataFrame("", index=distinct.index, columns=list(BECAME))
        return made.assign(reason=[str(tuple(row)) for row in distinct[list(CONTENT)].itertuples(index=False)])

    alone = pd.Series(False, index=frame.index)
    return cleaned_once(frame, alone, clean, known)["reason"].to_list()


def test_no_two_contents_are_taken_for_one() -> None:
    """Marks of control within a cell, nulls, and the words for them are each their own."""
    different = records(
        {"raw_value": "5\x1fmg", "raw_unit": "g"}, {"raw_value": "5", "raw_unit": "mg\x1fg"}, {"comment": None},
        {"comment": "nan"}, {"comment": "\x1enan"}, {"comment": "None"}, {"coded_missing": True}, {},
    )  # fmt: skip
    known = Known()
    assert len(set(cleaned(different, known))) == len(different)
    # In a later block, and in another order, each is met again.
    again = different.iloc[::-1].reset_index(drop=True)
    assert cleaned(again, known) == cleaned(again, Known())
    assert len(known.places) == len(different)
