"""What may be shown of single patients: ids without identity, study days, values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

# Letter and digits of the id: T1, C001.
ARM_LETTER = {"treated": ("T", 1), "historical": ("C", 3)}


def display_ids(patients: pd.DataFrame, seed: int) -> pd.Series:
    """T1.. and C001.. for included patients in a shuffled order, which says nothing of source, date or id; else ''."""
    out = pd.Series("", patients.index, dtype=object)
    for place, (arm, (letter, width)) in enumerate(ARM_LETTER.items()):
        # Sorted before shuffling, so that the ids depend on the seed and not on the order of a file.
        rows = patients[(patients["arm"] == arm) & patients["included"]].sort_values(["source", "patient_id"])
        order = np.random.default_rng([seed, place]).permutation(len(rows))
        out.loc[rows.index] = np.array([f"{letter}{number + 1:0{width}d}" for number in order], dtype=object)
    return out


def display_table(patients: pd.DataFrame, visits: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """Table `display`: daily values of the reported outcomes, their ratio to baseline, and how follow-up ended."""
    ids = patients.loc[patients["included"], ["scenario", "source", "patient_id", "arm", "display_id"]]
    shown = visits[visits["outcome"].isin(outcomes)].merge(ids, on=["scenario", "source", "patient_id", "arm"])
    value, sign = shown_value(shown)
    values = shown.assign(item=shown["outcome"], value=value, censored=sign, ratio=ratio_to_baseline(shown))
    ended = patients[patients["included"] & (patients["end_state"] != "")]
    states = ended["end_state"].replace("horizon", "in_hospital")
    ends = ended.assign(item=states, day=ended["end_day"], value=np.nan, censored="", ratio=np.nan)
    columns = ["scenario", "display_id", "arm", "item", "day", "value", "censored", "ratio"]
    both = [part[columns].astype({"day": "float64"}) for part in (values, ends) if len(part)]
    return pd.concat(both, ignore_index=True) if both else pd.DataFrame(columns=columns)


def ratio_to_baseline(visits: pd.DataFrame) -> pd.Series:
    """Exact values over the patient's exact baseline of the same assay (day 0); else null."""
    same = ["source", "patient_id", "outcome", "assay"]
    baseline = visits.loc[visits["day"] == 0, [*same, "value"]].rename(columns={"value": "baseline"})
    # Two assays of one outcome differ by calibration; only the same one may be divided.
    below = visits[same].merge(baseline, on=same, how="left")["baseline"].to_numpy(np.float64)
    value = visits["value"].to_numpy(np.float64)
    return pd.Series(np.where(below > 0, value / np.where(below > 0, below, np.nan), np.nan), visits.index)


def shown_value(visits: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The value, or the limit of a censored one with its sign: '<' its upper bound, else '>' its lower bound."""
    exact, has_upper = visits["value"].notna(), visits["upper"].notna()
    value = visits["value"].where(exact, visits["upper"].where(has_upper, visits["lower"]))
    return value.to_numpy(np.float64), np.select([exact, has_upper], ["", "<"], ">")
