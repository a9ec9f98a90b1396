"""Which ids of all sources are the same person, and which contradict each other."""

from __future__ import annotations

import pandas as pd

from ..config_sources import Source
from ..table_io import conform
from ..tables import PEOPLE

# Shorter numbers ('7' and '0007') meet by chance, such as study numbers and the first folios of a hospital.
TELLING_DIGITS = 4


def link_people(ledgers: dict[str, pd.DataFrame], sources: dict[str, Source]) -> pd.DataFrame:
    """Table people: every id of every source, the person it belongs to, and why it is held if it is.

    An id that lost its leading zeros belongs to the one id of its source that it is the end of. An id that occurs
    both in a treated and in a historical source, its leading zeros aside, is held in both (ID_BOTH_ARMS): it may be
    one person or two.
    """
    frames = [_source_people(name, ledger) for name, ledger in ledgers.items()]
    people = pd.concat(frames, ignore_index=True) if frames else PEOPLE.empty()
    arms = people["source"].map({name: source.arm for name, source in sources.items()})
    both = _in_both_arms(people["subject"], arms)
    # One of a person's ids may be written as in the other arm, and another not.
    whole_person = both.groupby(people["patient_id"]).transform("any").astype(bool)
    hold = people["hold"].mask(whole_person & (people["hold"] == ""), "ID_BOTH_ARMS")
    return conform(people.assign(hold=hold), PEOPLE)


def _in_both_arms(subjects: pd.Series, arms: pd.Series) -> pd.Series:
    bare = subjects.str.lstrip("0")
    core = bare.where(bare.str.len() >= TELLING_DIGITS, subjects)
    return arms.groupby(core).transform("nunique") > 1


def _source_people(name: str, ledger: pd.DataFrame) -> pd.DataFrame:
    ids = sorted(set(ledger["subject"].unique()) - {""})
    frame = pd.DataFrame({"subject": pd.Series(ids, dtype="str")})
    bare = frame["subject"].str.lstrip("0")
    longest = frame["subject"].str.len().groupby(bare).transform("max")
    is_whole = frame["subject"].str.len() == longest
    whole = frame["subject"].where(is_whole).groupby(bare).transform("max")
    # Two different ids with zeros, '00123' and '0123', cannot be told apart: neither is guessed.
    versions = frame["subject"].groupby(bare).transform("nunique")
    unclear = (versions > 2) | ((versions == 2) & (frame["subject"] != whole) & frame["subject"].str.startswith("0"))
    any_unclear = unclear.groupby(bare).transform("any").astype(bool)
    person = whole.where(~any_unclear, frame["subject"])
    return frame.assign(
        source=name,
        patient_id=f"{name}/" + person,
        hold=pd.Series("", index=frame.index, dtype="str").mask(any_unclear, "ID_CONFLICT"),
    )
