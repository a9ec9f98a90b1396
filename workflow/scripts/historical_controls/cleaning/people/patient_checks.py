"""What a patient's own results say of each other: contradictions are held, suspicions stay with the value as flags.

The functions take the measurements of a batch of patients (table measurements with fate, reason and hint), so that a
large source can be checked batch by batch. Values are compared within a patient only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cleaning.records.distinct import factorized
from historical_controls.cleaning.records.records import decide, with_flag
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.coded import plain

SAMPLE = ["patient_id", "time", "specimen"]
# A panel copied forward: at least three analytes, all the same on at least three days running.
LEAST_ANALYTES = 3
LEAST_COPIES = 2
# Beyond two hours a patient may be anywhere; within one, clocks are not that exact.
HOURS = (1.0, 2.0)
MICROSECONDS_AN_HOUR = 3.6e9
# PaO2 in mmHg, SpO2 in %: arterial blood that desaturated is not seen as saturated by the oximeter.
VENOUS_BELOW, SATURATED_ABOVE = 45.0, 92.0
NEAR_IN_TIME = pd.Timedelta(minutes=30)


def check_patients(records: pd.DataFrame, dictionary: Dictionary, timezone: str) -> pd.DataFrame:
    """Hold LYMPH_ABOVE_WBC, and add flags COPY_FWD, JUMP, ABG_VENOUS."""
    if records.empty:
        return records
    records = hold_more_lymphocytes(records)
    marks = {
        "COPY_FWD": copied_forward(records, dictionary, timezone),
        "JUMP": jumps(records, dictionary),
        "ABG_VENOUS": perhaps_venous(records),
    }
    flags = records["flags"]
    for name, rows in marks.items():
        flags = with_flag(flags, name, rows)
    return records.assign(flags=flags)


def _exact(records: pd.DataFrame, *codes: str) -> pd.DataFrame:
    rows = records["outcome"].isin(codes) & (records["fate"] == "clean") & records["value"].notna()
    return records[[*SAMPLE, "outcome", "value"]].loc[rows.to_numpy()]


def hold_more_lymphocytes(records: pd.DataFrame) -> pd.DataFrame:
    """Hold both counts of a sample with more lymphocytes than leukocytes: neither can be trusted."""
    pairs = _same_sample(_exact(records, "LYMPH"), _exact(records, "WBC"))
    wrong = pairs.loc[pairs["value"] > pairs["other"]]
    if wrong.empty:
        return records
    rows = pd.Series(records.index.isin([*wrong["row"], *wrong["other_row"]]), index=records.index)
    return decide(records, rows, "LYMPH_ABOVE_WBC", hint="more lymphocytes than leukocytes in the same sample")


def _same_sample(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Pairs of one sample: columns row, value, other_row, other, specimen and time of both."""
    left = own[[*SAMPLE, "value"]].reset_index(names="row")
    right = other[[*SAMPLE, "value"]].reset_index(names="other_row").rename(columns={"value": "other"})
    return left.merge(right, on=SAMPLE)


def copied_forward(records: pd.DataFrame, dictionary: Dictionary, timezone: str) -> pd.Series:
    """Return where laboratory values repeat the day before, if all analytes of both days do, on three days or more."""
    laboratory = [code for code, known in dictionary.plausibility.items() if known.measured_by == "laboratory"]
    out = pd.Series(False, index=records.index)
    rows = _exact(records, *laboratory)
    if rows.empty:
        return out
    local = rows["time"].dt.tz_convert(timezone).dt.tz_localize(None)
    # Days by the hospital's clock, as whole numbers that can be subtracted.
    day = local.to_numpy().astype("datetime64[D]").astype("int64")
    frame = pd.DataFrame(
        {
            "patient": factorized(rows["patient_id"])[0],
            "outcome": factorized(rows["outcome"])[0],
            "day": day,
            "time": rows["time"].astype("int64").to_numpy(),
            "value": rows["value"].to_numpy(),
            "row": rows.index.to_numpy(),
        }
    ).sort_values(["patient", "outcome", "day", "time"], kind="stable")
    # One value a day: repeats within a day are no copies of the day before.
    first = frame.loc[~frame.duplicated(["patient", "outcome", "day"])]
    before = first.shift(1)
    next_day = (first["patient"] == before["patient"]) & (first["outcome"] == before["outcome"])
    first = first.assign(both=next_day & (first["day"] == before["day"] + 1))
    first["same"] = first["both"] & (first["value"] == before["value"])
    days = first.groupby(["patient", "day"])[["both", "same"]].sum().reset_index()
    # Every analyte measured on both days must be the same; one measured on a single day says nothing.
    copied = days.loc[(days["same"] >= LEAST_ANALYTES) & (days["same"] == days["both"]), ["patient", "day"]]
    kept = first.loc[first["same"]].merge(_in_runs(copied), on=["patient", "day"])
    out.loc[kept["row"]] = True
    return out


def _in_runs(days: pd.DataFrame) -> pd.DataFrame:
    """Days that stand in a run of at least LEAST_COPIES consecutive ones (columns patient, day, sorted)."""
    starts = (days["patient"] != days["patient"].shift()) | (days["day"] != days["day"].shift() + 1)
    run = starts.cumsum()
    return days.loc[run.groupby(run).transform("size") >= LEAST_COPIES]


def jumps(records: pd.DataFrame, dictionary: Dictionary) -> pd.Series:
    """Return where a value changes from the previous one by more than `change_per_hour` (a ratio on log scales)."""
    limits = {c: known.change_per_hour for c, known in dictionary.plausibility.items() if known.change_per_hour}
    out = pd.Series(False, index=records.index)
    rows = _exact(records, *limits)
    if rows.empty:
        return out
    outcome, codes = factorized(rows["outcome"])
    patient = factorized(rows["patient_id"])[0]
    time = rows["time"].astype("int64").to_numpy()
    order = np.lexsort((time, outcome, patient))
    # Of categories also those that no row has.
    limit = np.array([float(limits.get(code, np.nan)) for code in codes])[outcome][order]
    log = np.array([code in limits and dictionary.outcomes[code].scale == "log" for code in codes])[outcome][order]
    value = rows["value"].to_numpy()[order]
    own = (np.diff(patient[order]) == 0) & (np.diff(outcome[order]) == 0)
    hours = np.clip(np.diff(time[order]) / MICROSECONDS_AN_HOUR, *HOURS)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(np.diff(np.log(value))) > np.log(limit[1:]) * hours
    difference = np.abs(np.diff(value)) > limit[1:] * hours
    jumped = own & np.where(log[1:], ratio, difference)
    out.loc[rows.index[order[1:][jumped]]] = True
    return out


def perhaps_venous(records: pd.DataFrame) -> pd.Series:
    """Return low oxygen pressures, not declared venous, with a high pulse oximetry within half an hour."""
    low = plain(_exact(records, "PAO2"))
    low = low.loc[(low["value"] < VENOUS_BELOW) & (low["specimen"] != "venous")]
    saturation = plain(_exact(records, "SPO2"))
    out = pd.Series(False, index=records.index)
    if low.empty or saturation.empty:
        return out
    # merge_asof needs both sides sorted by time, over all patients together.
    left = low[["patient_id", "time"]].reset_index(names="row").sort_values("time")
    right = saturation[["patient_id", "time", "value"]].sort_values("time")
    near = pd.merge_asof(left, right, on="time", by="patient_id", tolerance=NEAR_IN_TIME, direction="nearest")
    out.loc[near.loc[near["value"] > SATURATED_ABOVE, "row"]] = True
    return out
