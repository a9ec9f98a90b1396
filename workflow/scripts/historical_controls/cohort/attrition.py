"""What each step left, counted from the patients themselves, so that the flow cannot disagree with them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ..config_cohort import Cohort
from .time_zero import filters_of


def steps_of(cohort: Cohort, arm: str) -> list[str]:
    """The attrition steps of an arm, in order."""
    zero = cohort.time_zero
    filters = filters_of(cohort, arm)
    if arm == "treated":
        return ["all", "time_zero", *(filters if cohort.treated_must_pass else [])]
    if zero.historical == "event":
        steps = ["all", "time_zero", *filters]
    else:
        steps = ["all", "standard_care", *filters, *(["wait"] if zero.match_waits else [])]
    if cohort.calendar_window_weeks is not None:
        steps.append("calendar_window")
    return [*steps, "early_death"] if zero.drop_early_deaths_hours is not None else steps


def attrition_table(decided: pd.DataFrame, cohort: Cohort, scenario: str) -> pd.DataFrame:
    """Table `attrition` from one row per patient: source, arm, included, excluded_by, undecided."""
    rows = [
        {"scenario": scenario, "source": source, "arm": arm, **step}
        for (source, arm), part in decided.groupby(["source", "arm"], sort=True)
        for step in _steps(part, steps_of(cohort, str(arm)))
    ]
    columns = ["scenario", "source", "arm", "position", "step", "n_before", "n_excluded", "n_unknown", "n_after"]
    return pd.DataFrame(rows, columns=columns)


def _steps(part: pd.DataFrame, steps: list[str]) -> Iterator[dict[str, object]]:
    unknown_steps = set(part["excluded_by"]) - {*steps, ""}
    if unknown_steps:
        raise AssertionError(f"patients excluded by steps that the flow lacks: {sorted(unknown_steps)}")
    left = len(part)
    for position, step in enumerate(steps):
        out = part["excluded_by"] == step
        yield {
            "position": position,
            "step": step,
            "n_before": left,
            "n_excluded": int(out.sum()),
            "n_unknown": int((out & part["undecided"]).sum()),
            "n_after": left - int(out.sum()),
        }
        left -= int(out.sum())
    if left != int(part["included"].sum()):
        raise AssertionError(f"the flow ends with {left} patients, the analysis has {int(part['included'].sum())}")
