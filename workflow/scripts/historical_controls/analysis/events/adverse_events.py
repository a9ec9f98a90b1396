"""Adverse events by arm: patients with one, reactions soon after the treatment, infections, rates (EV-1 to EV-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from historical_controls.analysis.events.event_rows import FollowUp, Occurred, difference_rows, share_rows
from historical_controls.analysis.events.primary_event import EventTimes, observed_until
from historical_controls.analysis.model.included_visits import PERSON
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.events import EventSettings
from historical_controls.dictionary.vocabulary import ANY_EVENT
from historical_controls.inference.counts import exact_rate

GRADE_LEVELS = {f"grade_{grade}": grade for grade in range(1, 6)}
COMPARED = {"any": OutputId.ADVERSE_EVENTS, "infection": OutputId.INFECTIONS, "serious": OutputId.SERIOUS_EVENTS}
# Events whose detail is a term, as data/dictionary/events.csv says.
DESCRIBED = {"adverse_event", ANY_EVENT}
# Rates are per 100 patient-days.
PER_DAYS = 100


def adverse_event_rows(
    code: str, follow_up: FollowUp, events: pd.DataFrame, recorded: Mapping[str, Sequence[str]], scenario: str
) -> Iterator[Row]:
    """Rows 14.3.1 to 14.3.5 of an outcome of kind 'event' (events: table cohort_events).

    recorded: by source, the events that its files can record (`Source.recordable_events`). Patients of a source that
    can record none of those asked for are 'not recorded', never without an event. Counted from time zero to the end of
    follow-up.
    """
    settings = follow_up.settings.events
    cell = Cell(AnalysisKey.ADVERSE_EVENTS, scenario, "exact", code)
    declared = follow_up.settings.not_concluded.get(code)
    if declared:
        yield cell.text(Statistic.NOT_ESTIMABLE, declared)
        return
    yield from follow_up.comparison.rows(cell)
    occurred = _of_people(events, follow_up.people, settings)
    kinds = {"any": occurred["adverse"]}
    kinds |= {level: occurred["grade"] == grade for level, grade in GRADE_LEVELS.items()}
    # An ungraded event is in no grade and not serious; it has a line of its own, so that it is not lost.
    kinds |= {"grade_unknown": occurred["adverse"] & occurred["grade"].isna()}
    kinds |= {"infection": occurred["infection"], "serious": occurred["grade"] >= settings.serious_grade}
    for level, kind in kinds.items():
        # A source may record infections and nothing else, or everything but infections.
        asked = settings.infections if level == "infection" else settings.adverse
        known = _recording(follow_up.people, asked, recorded)
        if level == "serious" or level in GRADE_LEVELS:
            known &= ~follow_up.people["source"].isin(_without_grades(occurred))
        people = follow_up.people.assign(known=known)
        here = cell.at(output=COMPARED.get(level, OutputId.ADVERSE_EVENTS), level=level)
        yield from _kind_rows(here, follow_up, people, occurred[kind])
    for hours in settings.reaction_hours:
        yield from _reaction_rows(cell.at(output=OutputId.REACTIONS), follow_up, occurred, hours, recorded)


def adverse_event_times(follow_up: FollowUp, events: pd.DataFrame, recorded: Mapping[str, Sequence[str]]) -> EventTimes:
    """The first adverse event of each patient whose source records any, for a primary question."""
    settings = follow_up.settings.events
    people = follow_up.people[_recording(follow_up.people, settings.adverse, recorded)].reset_index(drop=True)
    first = _of_people(events, people, settings).groupby("subject")["hours"].min() / 24
    left, right = observed_until(people, people["subject"].map(first).to_numpy(dtype=float))
    return EventTimes(people, left, right, sooner_is_better=False)


def _of_people(events: pd.DataFrame, people: pd.DataFrame, settings: EventSettings) -> pd.DataFrame:
    """Adverse events of these people during their follow-up, with grade, infection and reaction."""
    # An infection counts as an adverse event too, also where `adverse` does not list it.
    own = events[events["event"].isin([*settings.adverse, *settings.infections])]
    own = own.drop(columns="arm").merge(people[[*PERSON, "arm", "subject", "end_day"]], on=PERSON)
    # After discharge or transfer nobody records events, and patient-days end as well.
    own = own[(own["hours"] >= 0) & (own["hours"] <= 24 * own["end_day"])]
    terms = own["detail"].fillna("").astype(str)
    reaction = np.zeros(len(own), dtype=bool)
    for pattern in settings.reaction_terms:
        reaction |= terms.str.contains(pattern, case=False, regex=True).to_numpy()
    return own.assign(
        adverse=True,
        infection=own["event"].isin(settings.infections),
        # A grade that is no number (such as 'severe') counts as unknown.
        grade=pd.to_numeric(own["value"], errors="coerce"),
        reaction=reaction,
    )


def _without_grades(occurred: pd.DataFrame) -> list[str]:
    """Sources with events of which none has a grade: how severe they were is not recorded, and not 'none severe'."""
    graded = occurred.groupby("source")["grade"].count()
    return [str(source) for source in graded.index[graded == 0]]


def _without_terms(people: pd.DataFrame, occurred: pd.DataFrame, recorded: Mapping[str, Sequence[str]]) -> list[str]:
    """Sources whose events are not described: none of those that occurred has a term, or, where none occurred, the
    source records events of the study's own alone (a thrombosis), which no reaction is."""
    described = occurred.assign(told=occurred["detail"].fillna("").astype(str) != "").groupby("source")["told"].any()
    silent = [str(source) for source in described.index[~described.to_numpy(dtype=bool)]]
    none = set(people["source"]) - set(described.index)
    return silent + [name for name in none if not DESCRIBED & set(recorded.get(name, ()))]


def _recording(people: pd.DataFrame, asked: Sequence[str], recorded: Mapping[str, Sequence[str]]) -> pd.Series:
    sources = [source for source, names in recorded.items() if {*asked, ANY_EVENT} & set(names)]
    return people["source"].isin(sources)


def _kind_rows(cell: Cell, follow_up: FollowUp, people: pd.DataFrame, occurred: pd.DataFrame) -> Iterator[Row]:
    """One kind of event by arm, its rate, and where both arms record it the difference."""
    for arm in ARMS:
        yield from _arm_rows(cell.at(arm=arm), people[people["arm"] == arm], occurred, follow_up)
    # Single grades are counted; comparing each would only add tests.
    if cell.level not in COMPARED:
        return
    silent = [arm for arm in ARMS if not people.loc[people["arm"] == arm, "known"].any()]
    if silent:
        yield cell.text(Statistic.NOT_ESTIMABLE, f"not_recorded_{silent[-1]}")
        return
    known = people[people["known"]]
    event = known["subject"].isin(occurred["subject"]).to_numpy()
    yield from difference_rows(cell, known, Occurred.known(event), follow_up, cell.outcome)


def _arm_rows(cell: Cell, people: pd.DataFrame, occurred: pd.DataFrame, follow_up: FollowUp) -> Iterator[Row]:
    known = people[people["known"]]
    if len(known) < len(people):
        yield cell.number(Statistic.N_NOT_RECORDED, len(people) - len(known))
    if known.empty:
        yield cell.text(Statistic.NOT_RECORDED, "not_recorded" if len(people) else "no_data")
        return
    own = occurred[occurred["subject"].isin(known["subject"])]
    # A patient counts once, however many events; the events are counted beside it (EV-1).
    yield from share_rows(cell, own["subject"].nunique(), 0, len(known), follow_up.settings)
    yield cell.number(Statistic.N_EVENTS, len(own))
    days = float(known["end_day"].sum())
    if cell.level in COMPARED and days > 0:
        yield from _rate_rows(cell.at(output=OutputId.EVENT_RATES), len(own), days, follow_up.settings.level)


def _rate_rows(cell: Cell, count: int, days: float, level: float) -> Iterator[Row]:
    """Events per 100 patient-days with the exact interval of a Poisson rate (EV-3)."""
    yield cell.number(Statistic.N_EVENTS, count)
    yield cell.number(Statistic.PATIENT_DAYS, days, "d", "0.0")
    lower, upper = exact_rate(count, days, level)
    for name, value in ((Statistic.RATE, count / days), (Statistic.LOWER, lower), (Statistic.UPPER, upper)):
        yield cell.number(name, PER_DAYS * value, "/(100 d)", "0.00")


def _reaction_rows(
    cell: Cell, follow_up: FollowUp, occurred: pd.DataFrame, hours: float, recorded: Mapping[str, Sequence[str]]
) -> Iterator[Row]:
    """Any event, and reactions by their term, begun within so many hours of the treatment: the treated alone."""
    people = follow_up.people.assign(known=_recording(follow_up.people, follow_up.settings.events.adverse, recorded))
    early = occurred[occurred["hours"] <= hours]
    kinds = {f"any_{hours:g}h": early, f"reaction_{hours:g}h": early[early["reaction"]]}
    # A reaction is told by its term: where no event has one, nobody can say that there was none.
    told = people["known"] & ~people["source"].isin(_without_terms(people, occurred, recorded))
    for level, own in kinds.items():
        here = cell.at(level=level)
        asked = people.assign(known=told) if level.startswith("reaction") else people
        yield from _arm_rows(here.at(arm="treated"), asked[asked["arm"] == "treated"], own, follow_up)
        # Controls were given no infusion that a reaction could follow.
        yield here.at(arm="historical").text(Statistic.NOT_RECORDED, "treated_only")
