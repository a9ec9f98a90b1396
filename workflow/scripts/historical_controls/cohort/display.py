"""What may be shown of single patients: ids without identity, study days, values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .stays import END_EVENTS

ARM_LETTER = {"treated": ("T", 1), "historical": ("C", 3)}


def display_ids(patients: pd.DataFrame, seed: int) -> pd.Series:
    """T1.. and C001.. for included patients in a shuffled order, which says nothing of source, date or id; else ''."""
    out = pd.Series("", patients.index, dtype=object)
    for place, (arm, (letter, width)) in enumerate(ARM_LETTER.items()):
        rows = patients[(patients["arm"] == arm) & patients["included"]].sort_values(["source", "patient_id"])
        order = np.random.default_rng([seed, place]).permutation(len(rows))
        out.loc[rows.index] = np.array([f"{letter}{number + 1:0{width}d}" for number in order], dtype=object)
    return out


def display_table(patients: pd.DataFrame, visits: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """Table `display`: daily values of the reported outcomes, and the event that ended follow-up."""
    ids = patients.loc[patients["included"], ["scenario", "source", "patient_id", "arm", "display_id"]]
    shown = visits[visits["outcome"].isin(outcomes)].merge(ids, on=["scenario", "source", "patient_id", "arm"])
    value, sign = shown_value(shown)
    values = shown.assign(item=shown["outcome"], value=value, censored=sign)
    ended = patients[patients["included"] & patients["end_state"].isin(END_EVENTS)]
    ends = ended.assign(item=ended["end_state"], day=ended["end_day"], value=np.nan, censored="")
    columns = ["scenario", "display_id", "arm", "item", "day", "value", "censored"]
    both = [part[columns].astype({"day": "float64"}) for part in (values, ends) if len(part)]
    return pd.concat(both, ignore_index=True) if both else pd.DataFrame(columns=columns)


def shown_value(visits: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The value, or the limit of a censored one with its sign: '<' its upper bound, else '>' its lower bound."""
    exact, has_upper = visits["value"].notna(), visits["upper"].notna()
    value = visits["value"].where(exact, visits["upper"].where(has_upper, visits["lower"]))
    return value.to_numpy(np.float64), np.select([exact, has_upper], ["", "<"], ">")
