"""How the stay ended: cumulative incidence of death and discharge, deaths counted, days free of support compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from historical_controls.analysis.events.event_rows import FollowUp, Occurred, difference_rows, share_rows
from historical_controls.analysis.events.primary_event import EventTimes, observed_until
from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.analysis.without_model.analysis_set import effect_rows
from historical_controls.analysis.without_model.vital_status import n_at_risk
from historical_controls.analysis.without_model.welch import welch
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.inference.counts import bounded_share
from historical_controls.inference.incidence import cumulative_incidence
from historical_controls.inference.labels import draw_labels
from historical_controls.inference.pairwise.relative_effect import relative_effect
from historical_controls.tables.days import told_days
from historical_controls.tables.endings import DEATH, DIED, DISCHARGE, UNKNOWN, vital_status

ENDS = (DEATH, DISCHARGE)


def ending_times(follow_up: FollowUp, end: str) -> EventTimes:
    """When follow-up ended by this end (`death` or `discharge_alive`), for a primary question.

    Other ends preclude it: who died was never discharged alive, and who was discharged alive did not die in hospital.
    """
    people = follow_up.people
    first = people["end_day"].where(people["end_state"] == end).to_numpy(dtype=float)
    return EventTimes(people, *observed_until(people, first), sooner_is_better=end == DISCHARGE)


def ending_rows(follow_up: FollowUp, scenario: str) -> Iterator[Row]:
    """Cumulative incidence at the declared days (14.2.11) and on the days told (15.11), and deaths by the horizon.

    Counts as the records tell; what no file of an arm can record is taken out of the results as a whole.
    """
    yield from follow_up.comparison.rows(Cell(AnalysisKey.DEATHS, scenario, "exact"))
    causes = {name: number for number, name in enumerate(ENDS, start=1)}
    for arm in ARMS:
        own = follow_up.of(arm)
        cause = own["end_state"].map(causes).fillna(0).to_numpy(dtype=int)
        cell = Cell(AnalysisKey.CUMULATIVE_INCIDENCE, scenario, "documented", arm=arm)
        time = own["end_day"].to_numpy(dtype=float)
        yield from _documented_rows(cell, time, cause, follow_up.settings.days, follow_up.settings.level)
        # Over years a curve is told by steps, and on the day of each of its own.
        happened = {int(day) for day in np.ceil(time[cause > 0]) if day <= follow_up.horizon_days}
        days = sorted({*told_days(follow_up.horizon_days), *happened})
        figure = cell.at(output=OutputId.INCIDENCE_FIGURE)
        yield from _documented_rows(figure, time, cause, days, follow_up.settings.level)
    yield from _death_rows(follow_up, scenario)


def _documented_rows(
    cell: Cell, time: np.ndarray, cause: np.ndarray, days: Sequence[int], level: float
) -> Iterator[Row]:
    """Share of all patients with each end documented by each day, its interval (EV-2) and the number still followed.

    The count of every other page, day by day. Where nobody is lost it is Aalen and Johansen's estimate (EV-9), which
    would otherwise take the lost for patients like the others and print another percentage for the same deaths.
    """
    for number, end in enumerate(ENDS, start=1):
        # An empty arm has no share and no rows.
        for day in days if len(time) else ():
            here = cell.at(level=end, day=float(day))
            count = int(((cause == number) & (time <= day)).sum())
            # Strictly before the day: whoever was followed to its end is known to have had no such end by then.
            unknown = int(((cause == 0) & (time < day)).sum())
            share = bounded_share(count, unknown, len(time), level)
            # With patients lost there is no single estimate, only bounds.
            if not np.isnan(share.estimate):
                yield here.number(Statistic.ESTIMATE, share.estimate, format="percent")
            if unknown:
                yield here.number(Statistic.N_UNKNOWN, unknown)
                yield here.number(Statistic.MOST, share.most, format="percent")
            yield here.number(Statistic.LOWER, share.lower, format="percent")
            yield here.number(Statistic.UPPER, share.upper, format="percent")
            yield here.number(Statistic.N_AT_RISK, n_at_risk(time, day))


def incidence_rows(
    cell: Cell, time: np.ndarray, cause: np.ndarray, levels: Sequence[str], days: Sequence[int], follow_up: FollowUp
) -> Iterator[Row]:
    """Incidence of competing causes by each day (EV-9) with its interval (EV-2) and the number still followed.

    time, cause: by patient, cause 0 where follow-up only ended; levels: what causes 1, 2, ... are called.
    """
    if len(time) == 0:
        return
    at = np.asarray(days, dtype=float)
    estimates = cumulative_incidence(time, cause, len(levels), at)
    for number, level in enumerate(levels, start=1):
        here = cell.at(level=level)
        for day, estimate in zip(at, estimates[:, number - 1], strict=True):
            count = int(((cause == number) & (time <= day)).sum())
            unknown = int(((cause == 0) & (time < day)).sum())
            bounds = bounded_share(count, unknown, len(time), follow_up.settings.level)
            values = {Statistic.ESTIMATE: float(estimate), Statistic.LOWER: bounds.lower, Statistic.UPPER: bounds.upper}
            for statistic, value in values.items():
                yield here.at(day=float(day)).number(statistic, value, format="percent")
            yield here.at(day=float(day)).number(Statistic.N_AT_RISK, n_at_risk(time, day))


def _death_rows(follow_up: FollowUp, scenario: str) -> Iterator[Row]:
    """Deaths in hospital by the horizon; who left alive did not die there, who was lost may have (EV-2)."""
    day = float(follow_up.horizon_days)
    cell = Cell(AnalysisKey.DEATHS, scenario, "exact", level="death", day=day)
    status = vital_status(follow_up.people, day)
    for arm in ARMS:
        own = status[follow_up.people["arm"] == arm]
        died, unknown = int((own == DIED).sum()), int((own == UNKNOWN).sum())
        yield from share_rows(cell.at(arm=arm), died, unknown, len(own), follow_up.settings)
        safety = cell.at(output=OutputId.SERIOUS_EVENTS, analysis=AnalysisKey.ADVERSE_EVENTS, arm=arm)
        yield from share_rows(safety, died, unknown, len(own), follow_up.settings)
    yield from difference_rows(cell, follow_up.people, Occurred.of(status, DIED, UNKNOWN), follow_up)


def free_day_rows(
    follow_up: FollowUp, summaries: pd.DataFrame, codes: Sequence[str], dictionary: Dictionary, scenario: str
) -> Iterator[Row]:
    """Days free of support, where death has a declared value (summaries: table patient_summaries).

    Win odds of the ranks (IN-1 to IN-5), and the difference of means with Welch's interval.
    """
    for code in codes:
        # `arm` is in both tables; of two columns pandas would make arm_x and arm_y.
        own = summaries[summaries["outcome"] == code].drop(columns="arm").merge(follow_up.people, on=PERSON)
        cell = Cell(AnalysisKey.FREE_DAYS, scenario, "", code)
        yield from follow_up.comparison.rows(cell)
        known = own.dropna(subset="value").sort_values(PERSON, ignore_index=True)
        for arm in ARMS:
            values = known.loc[known["arm"] == arm, "value"]
            here = cell.at(arm=arm)
            yield here.number(Statistic.N_SUBJECTS, len(values))
            yield here.number(Statistic.N_MISSING, int((own["arm"] == arm).sum()) - len(values))
            if len(values):
                yield here.number(Statistic.MEAN, float(values.mean()), dictionary.outcomes[code].unit, "0.0")
            if len(values) > 1:
                yield here.number(Statistic.SD, float(values.std()), dictionary.outcomes[code].unit, "0.0")
        yield from _free_day_contrast(cell, known, follow_up, dictionary)


def _free_day_contrast(cell: Cell, known: pd.DataFrame, follow_up: FollowUp, dictionary: Dictionary) -> Iterator[Row]:
    treated = (known["arm"] == "treated").to_numpy()
    values = known["value"].to_numpy(dtype=float)
    reason = follow_up.refusal(known, cell.outcome)
    if reason is None and np.ptp(values) == 0:
        reason = "constant_response"
    if reason is not None:
        yield cell.text(Statistic.NOT_ESTIMABLE, reason)
        return
    outcome, cell = dictionary.outcomes[cell.outcome], cell.at(contrast=CONTRAST)
    means = welch(known.assign(y=known["value"]), follow_up.settings.level)
    if isinstance(means, str):
        yield cell.at(method="welch").text(Statistic.NOT_COMPARED, means)
    else:
        for name in INTERVAL:
            yield cell.at(method="welch").number(name, getattr(means, name), outcome.unit, "0.0")
        yield cell.at(method="welch").number(Statistic.DF, means.df, format="0.0")
    plan = follow_up.settings.permutation
    labels = draw_labels(treated, follow_up.seed, plan.exact_up_to, plan.draws, known["set"].to_numpy())
    # Ranks need higher values to be better.
    sign = -1.0 if outcome.benefit == "down" else 1.0
    yield from effect_rows(
        cell.at(method="brunner_munzel"), relative_effect(sign * values, labels, follow_up.settings.level)
    )
