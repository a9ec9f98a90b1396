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
    records = hold_more_lymphocytes(records, _exact(records))
    exact = _exact(records)
    marks = {
        "COPY_FWD": copied_forward(exact, dictionary, timezone),
        "JUMP": jumps(exact, dictionary),
        "ABG_VENOUS": perhaps_venous(exact),
    }
    flags = records["flags"]
    for name, rows in marks.items():
        flags = with_flag(flags, name, pd.Series(records.index.isin(rows), records.index))
    return records.assign(flags=flags)


def _exact(records: pd.DataFrame) -> pd.DataFrame:
    rows = (records["fate"] == "clean") & records["value"].notna()
    return records[[*SAMPLE, "outcome", "value"]].loc[rows.to_numpy()]


def _of(exact: pd.DataFrame, *codes: str) -> pd.DataFrame:
    return exact.loc[exact["outcome"].isin(codes).to_numpy()]


def hold_more_lymphocytes(records: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """Hold both counts of a sample with more lymphocytes than leukocytes: neither can be trusted.

    exact: the clean numbers among the records.
    """
    pairs = _same_sample(_of(exact, "LYMPH"), _of(exact, "WBC"))
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


def copied_forward(exact: pd.DataFrame, dictionary: Dictionary, timezone: str) -> pd.Index:
    """Return the laboratory values that repeat the day before, if all analytes of both days do, on three days or more.

    exact: the clean numbers among the records; they are given by their index, here and in the other checks.
    """
    rows = _of(exact, *(code for code, known in dictionary.plausibility.items() if known.measured_by == "laboratory"))
    local = rows["time"].dt.tz_convert(timezone).dt.tz_localize(None)
    # Days by the hospital's clock, as whole numbers that can be subtracted.
    day = local.to_numpy().astype("datetime64[D]").astype("int64")
    patient, outcome = (factorized(rows[name])[0] for name in ("patient_id", "outcome"))
    order = np.lexsort((rows["time"].astype("int64").to_numpy(), day, outcome, patient))
    # One value a day: repeats within a day are no copies of the day before.
    sample = np.stack([patient, outcome, day])[:, order]
    order = order[np.append(True, (np.diff(sample) != 0).any(axis=0))[: len(order)]]
    patient, outcome, day, value = patient[order], outcome[order], day[order], rows["value"].to_numpy()[order]
    both = (np.diff(patient) == 0) & (np.diff(outcome) == 0) & (np.diff(day) == 1)
    compared = pd.DataFrame(
        {"patient": patient[1:], "day": day[1:], "same": value[1:] == value[:-1], "row": order[1:]}
    )[both]
    repeated = compared.loc[compared["same"]].groupby(["patient", "day"]).size()
    # Most often none, and then nothing is left to compare.
    days = repeated.index[repeated >= LEAST_ANALYTES].to_frame(index=False)
    compared = compared.merge(days, on=["patient", "day"]) if len(days) else compared[:0]
    # Every analyte measured on both days must be the same; one measured on a single day says nothing.
    whole = compared.groupby(["patient", "day"])["same"].all()
    kept = compared.merge(_in_runs(whole.index[whole].to_frame(index=False)), on=["patient", "day"])
    return rows.index[kept["row"]]


def _in_runs(days: pd.DataFrame) -> pd.DataFrame:
    """Days that stand in a run of at least LEAST_COPIES consecutive ones (columns patient, day, sorted)."""
    starts = (days["patient"] != days["patient"].shift()) | (days["day"] != days["day"].shift() + 1)
    run = starts.cumsum()
    return days.loc[run.groupby(run).transform("size") >= LEAST_COPIES]


def jumps(exact: pd.DataFrame, dictionary: Dictionary) -> pd.Index:
    """Return the values that change from the previous one by more than `change_per_hour` (a ratio on log scales)."""
    limits = {c: known.change_per_hour for c, known in dictionary.plausibility.items() if known.change_per_hour}
    rows = _of(exact, *limits)
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
    return rows.index[order[1:][jumped]]


def perhaps_venous(exact: pd.DataFrame) -> pd.Index:
    """Return low oxygen pressures, not declared venous, with a high pulse oximetry within half an hour."""
    low = plain(_of(exact, "PAO2"))
    low = low.loc[(low["value"] < VENOUS_BELOW) & (low["specimen"] != "venous")]
    saturation = plain(_of(exact, "SPO2"))
    if low.empty or saturation.empty:
        return low.index[:0]
    # merge_asof needs both sides sorted by time, over all patients together.
    left = low[["patient_id", "time"]].reset_index(names="row").sort_values("time")
    right = saturation[["patient_id", "time", "value"]].sort_values("time")
    near = pd.merge_asof(left, right, on="time", by="patient_id", tolerance=NEAR_IN_TIME, direction="nearest")
    return pd.Index(near.loc[near["value"] > SATURATED_ABOVE, "row"])
