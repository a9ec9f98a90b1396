"""Patients whom two historical sources have, and controls whose follow-up starts at an event that they lack."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from historical_controls.checking.comparison import Compared
from historical_controls.checking.records import Records
from historical_controls.cleaning.people.identity import TELLING_DIGITS, core_of
from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.study_config import Config
from historical_controls.dictionary.vocabulary import ARRIVALS

# Of the ids of a source, those of another from which they are the same patients; few of them meet by chance.
SHARED, FEWEST = 0.5, 3


def shared_ids(config: Config, records: Records) -> list[str]:
    """Sources with the same ids, whose patients count twice and lack what the other source has of them.

    Of ids in both arms each is held (ID_BOTH_ARMS). A crosswalk is a decision that somebody made.
    """
    ids = {
        name: {core: id_ for id_, core in core_of(records.clean[name].ledger["subject"]) if len(core) >= TELLING_DIGITS}
        for name, source in config.sources.items()
        if source.arm == "historical" and not config.crosswalk
    }
    said = []
    for one, other in combinations(ids, 2):
        both = sorted(ids[one].keys() & ids[other].keys())
        fewest = min(len(ids[one]), len(ids[other]))
        if len(both) < max(FEWEST, SHARED * fewest):
            continue
        names = [name_of_both_arms(name, config.sources[name]) for name in (one, other)]
        first = " and ".join(dict.fromkeys(own[both[0]] for own in (ids[one], ids[other])))
        said.append(
            f"sources {names[0]} and {names[1]} share {len(both)} of {fewest} ids ({first}, ...): records of a patient "
            "are joined within a source alone. If they are the same patients, put their files under one source (with "
            "'treated_subjects' where only one file says the arm); if one hospital counts them twice, name them in the "
            "crosswalk"
        )
    return said


def controls_without_start(comparison: Compared, records: Records) -> list[str]:
    """Say where no control has the event at which their follow-up starts, such as the infusion of the treated."""
    zero, patients = comparison.config.cohort.time_zero, comparison.tables.patients
    event = zero.historical_event or zero.standard_care_from
    controls = patients[patients["arm"] == "historical"]
    if zero.historical != "event" or controls.empty or controls["time_zero"].notna().any():
        return []
    dated = pd.concat([one.events[["patient_id", "event"]] for one in records.clean.values()], ignore_index=True)
    counts = dated[dated["patient_id"].isin(controls["patient_id"])].groupby("event")["patient_id"].nunique()
    known = [one for one in ARRIVALS if counts.get(one)] if not counts.get(event) else []
    if not known:
        return []
    named = ", ".join(f"'{one}' ({counts[one]} of {len(controls)})" for one in known)
    return [
        f"no historical patient has the event '{event}', at which their follow-up starts; they have {named}. Type "
        f"'cohort: {{time_zero: {{treated: {zero.treated}, historical: event, historical_event: {known[0]}}}}}'"
    ]
