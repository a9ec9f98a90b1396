"""What each step left, counted from the patients themselves, so that the flow cannot disagree with them
(EL-6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd

from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.cohort.eligibility.time_zero import filters_of
from historical_controls.config.cohort.cohort import Cohort

KEY = ["source", "arm", "excluded_by", "undecided", "included"]
COUNTS = (
    Statistic.POSITION,
    Statistic.N_BEFORE,
    Statistic.N_EXCLUDED,
    Statistic.N_UNKNOWN,
    Statistic.N_AFTER,
)


def steps_of(cohort: Cohort, arm: str) -> list[str]:
    """The attrition steps of an arm, in order."""
    zero = cohort.time_zero
    filters = filters_of(cohort, arm)
    if arm == "treated":
        return ["all", "time_zero", *(filters if cohort.treated_must_pass else [])]
    # A declared event gives no wait and no candidate hours: the steps differ.
    if zero.historical == "event":
        steps = ["all", "time_zero", *filters]
    else:
        steps = ["all", "standard_care", *filters, *(["wait"] if zero.match_waits else [])]
    if cohort.calendar_window_weeks is not None:
        steps.append("calendar_window")
    if cohort.controls_before is not None or cohort.controls_from is not None:
        steps.append("calendar_era")
    if cohort.leave_out_sources:
        steps.append("source_left_out")
    # Last, because it looks into the future: all steps before it could have been taken at time zero.
    return [*steps, "early_death"] if zero.drop_early_deaths_hours is not None else steps


def tally(decided: pd.DataFrame) -> pd.DataFrame:
    """Patients (column n) by KEY, from one row per patient."""
    return decided.groupby(KEY, sort=True).size().rename("n").reset_index()


def attrition_table(tallied: pd.DataFrame, cohort: Cohort, scenario: str) -> pd.DataFrame:
    """Table `attrition` from tallies, which may be stacked: of several groups of patients."""
    rows = [
        {"scenario": scenario, "source": source, "arm": arm, **step}
        for (source, arm), part in tallied.groupby(["source", "arm"], sort=True)
        for step in _steps(part, steps_of(cohort, str(arm)))
    ]
    return pd.DataFrame(rows, columns=["scenario", "source", "arm", "step", *COUNTS])


def attrition_rows(cell: Cell, table: pd.DataFrame, steps_in: Literal["level", "contrast"]) -> Iterator[Row]:
    """Rows of the results table of an attrition table; `steps_in`: the part of the key that names the step."""
    for row in table.to_dict("records"):
        own = cell.at(population=str(row["source"]), arm=str(row["arm"])).at(**{steps_in: str(row["step"])})
        yield from (own.number(name, row[name]) for name in COUNTS)


def _steps(part: pd.DataFrame, steps: list[str]) -> Iterator[dict[str, object]]:
    # An exclusion without a step in the flow diagram would make its numbers fail to add up without anyone noticing.
    unknown_steps = set(part["excluded_by"]) - {*steps, ""}
    if unknown_steps:
        raise AssertionError(f"patients excluded by steps that the flow lacks: {sorted(unknown_steps)}")
    left = int(part["n"].sum())
    for position, step in enumerate(steps):
        out = part[part["excluded_by"] == step]
        excluded = int(out["n"].sum())
        yield {
            "position": position,
            "step": step,
            "n_before": left,
            "n_excluded": excluded,
            "n_unknown": int(out.loc[out["undecided"], "n"].sum()),
            "n_after": left - excluded,
        }
        left -= excluded
    included = int(part.loc[part["included"], "n"].sum())
    # The last number of the flow and the n of every analysis must be the same patients.
    if left != included:
        raise AssertionError(f"the flow ends with {left} patients, the analysis has {included}")
