"""Records that say the same thing twice, correct each other, or contradict each other."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.cells.times import is_midnight
from historical_controls.cleaning.ledger.resolutions import is_released, one_of_each_sample
from historical_controls.cleaning.people.same_day import day_rules, summarise_days
from historical_controls.cleaning.people.scales import same_reading
from historical_controls.cleaning.records.distinct import factorized, repeats
from historical_controls.cleaning.records.records import decide
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.coded import plain

SAMPLE = ["patient_id", "outcome", "time", "assay", "specimen"]
SAID = ["value", "lower", "upper", "result"]
# A correction replaces what was final, and a final result a preliminary one.
RANK = {"corrected": 3, "done": 2, "preliminary": 1, "not_done": 0}
ORDER = ["file", "line", "item"]
# What is compared of measurements.
COMPARED = [*SAMPLE, *SAID, "status", "raw_value", "raw_unit", *ORDER]
# Facts that cannot change: two of them under one id are two people. Weight or a diagnosis may be written twice.
IDENTITY = ("SEX", "AGE")
DATED_TWICE = (
    "dated differently elsewhere: release the right one; of an event that happens several times, such as doses, write "
    "'yes' into column 'repeats' of its row in dictionary/events.csv"
)
SECONDS_A_YEAR = 365.25 * 86_400


def decide_measurements(
    records: pd.DataFrame, deaths: pd.Series, dictionary: Dictionary, source: Source
) -> pd.DataFrame:
    """Decide AFTER_DEATH, DUP_IDENTICAL, DUP_SUPERSEDED and DUP_CONFLICT for the measurements of one source.

    Same sample, same result: the first is kept, and of one reading in two units the most precise (`same_reading`).
    Different results: the best status is kept (corrected, final, preliminary, not done); if two of equal status differ,
    all are held, but where only their day is known and the file declares what counts of a day (see `same_day`).
    deaths: last possible moment of death by patient.
    """
    rules = day_rules(records, source)
    codes, people = factorized(records["patient_id"])
    died = deaths.reindex(people).take(codes).set_axis(records.index)
    # The first moment of a day against the last one of the death's day: only what is surely later is held.
    records = decide(records, records["time"] > died, "AFTER_DEATH", hint="dated after the recorded death")
    open_rows = _repeated(records, SAMPLE, COMPARED)

    def still_open() -> pd.DataFrame:
        # Nothing that was alone in its sample can have met another since.
        return _repeated(records.loc[open_rows.index, [*COMPARED, "fate"]], SAMPLE, COMPARED)

    best = open_rows["status"].map(RANK)
    superseded = best < best.groupby([open_rows[name] for name in SAMPLE], dropna=False).transform("max")
    records = _decide_at(records, superseded, "DUP_SUPERSEDED", "duplicate")
    open_rows = still_open()
    records = _decide_at(records, _said_again(open_rows, rules), "DUP_IDENTICAL", "duplicate")
    open_rows = still_open()
    records = summarise_days(records, open_rows, rules, SAMPLE, dictionary)
    open_rows = still_open()
    records = _decide_at(records, same_reading(open_rows, SAMPLE, dictionary), "DUP_IDENTICAL", "duplicate")
    conflict = still_open().duplicated(SAMPLE, keep=False)
    records = one_of_each_sample(records, SAMPLE)
    return _decide_at(records, conflict, "DUP_CONFLICT", "quarantined", "same sample, different results")


def _said_again(open_rows: pd.DataFrame, rules: pd.Series) -> pd.Series:
    """Return where a record of a sample says what an earlier one says.

    Where a day's results are summarised, equal results of one file are several results, of two files the same sent
    twice: the first of one file is the first of the other.
    """
    summarised = rules.reindex(open_rows.index).isin(["median", "worst", "last"])
    number = open_rows.groupby(["file", *SAMPLE, *SAID], dropna=False).cumcount().where(summarised, 0)
    return open_rows.assign(number=number).duplicated([*SAMPLE, *SAID, "number"])


def _repeated(records: pd.DataFrame, key: list[str], columns: list[str] | None = None) -> pd.DataFrame:
    """Records without a fate that share their key, in the order of the files; of all columns unless some are named."""
    live = records.loc[records["fate"] == "clean", key]
    # Few rows share their key: only theirs are copied whole.
    rows = live.index[repeats(live)]
    return plain(records.loc[rows, columns or list(records.columns)]).sort_values(ORDER, kind="stable")


def _decide_at(records: pd.DataFrame, rows: pd.Series, reason: str, fate: str, hint: str = "") -> pd.DataFrame:
    at = rows.index[rows.astype(bool)]
    # A look at every record for nothing, most often: few are said twice.
    return decide(records, pd.Series(records.index.isin(at), records.index), reason, fate, hint) if len(at) else records


def _hold_facts(records: pd.DataFrame, rows: pd.Series, reason: str, hint: str) -> pd.DataFrame:
    """Hold facts that contradict each other. What decisions could settle was settled before (`_facts_decided`)."""
    where = rows.astype(bool).reindex(records.index, fill_value=False)
    return decide(records, where, reason, hint=hint, may_release=False)


def decide_characteristics(records: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Keep one of identical characteristics of a patient; hold different ones (DUP_CONFLICT).

    Different sexes, and ages more than one year apart, hold the whole id (ID_CONFLICT). Ages written with admissions of
    different years (events: table events with columns file and line) are no contradiction where the years between
    explain them: the age at the first of them is kept.
    """
    key = ["patient_id", "characteristic"]
    records = _facts_decided(records, key)
    records = _decide_at(records, _later_age(records, events), "DUP_SUPERSEDED", "duplicate")
    repeated = _repeated(records, key)
    same = repeated.duplicated([*key, "value", "result"])
    records = _decide_at(records, same, "DUP_IDENTICAL", "duplicate")
    open_rows = _repeated(records, key)
    spread = open_rows.groupby(key)["value"].transform(lambda values: values.max() - values.min())
    # Not `spread > 1`: the spread of sexes is nan, and two different ones are a contradiction. Ages may differ by one
    # year between an admission and a form filled in later.
    identity = open_rows["characteristic"].isin(IDENTITY) & ~(spread <= 1)
    records = _hold_facts(records, identity, "ID_CONFLICT", "said differently elsewhere: release the right one")
    differs = pd.Series(True, index=open_rows.index)
    return _hold_facts(records, differs, "DUP_CONFLICT", "said differently elsewhere: release the right one")


def _facts_decided(records: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Where a person released one of contradicting facts (ID_CONFLICT, DUP_CONFLICT), keep it and leave the others out.

    Two released records that differ settle nothing.
    """
    if records["released"].isna().all():
        return records
    chosen = (is_released(records, "ID_CONFLICT") | is_released(records, "DUP_CONFLICT")) & (records["fate"] == "clean")
    of_fact = chosen.groupby([records[name] for name in key], dropna=False).transform("sum")
    several = records["fate"].eq("clean").groupby([records[name] for name in key], dropna=False).transform("sum") > 1
    settled = (of_fact == 1) & several & (records["fate"] == "clean")
    out = decide(records, settled & ~chosen, "DUP_SUPERSEDED", "duplicate", "a person decided for another record of it")
    return out.assign(reason=out["reason"].mask(settled & chosen, "RELEASED"))


def _later_age(records: pd.DataFrame, events: pd.DataFrame) -> pd.Series:
    """Ages at later admissions that agree with the age at the patient's first one, by the index of `records`."""
    out = pd.Series(False, index=records.index)
    ages = records.loc[(records["characteristic"] == "AGE") & (records["fate"] == "clean") & records["value"].notna()]
    ages = ages.loc[ages["patient_id"].duplicated(keep=False)]
    admitted = events.loc[(events["event"] == "admission") & (events["fate"] == "clean") & events["time"].notna()]
    if ages.empty or admitted.empty:
        return out
    by_row = admitted.groupby(["file", "line"])["time"].min()
    # Ids of a row are those of its age and its admission, so that file and line say which admission it was.
    when = by_row.reindex(pd.MultiIndex.from_frame(ages[["file", "line"]])).set_axis(ages.index)
    ages = ages.assign(when=when).dropna(subset=["when"]).sort_values("when", kind="stable")
    first = ages.groupby("patient_id")[["value", "when"]].transform("first")
    years = (ages["when"] - first["when"]).dt.total_seconds() / SECONDS_A_YEAR
    later = (years > 0) & ((ages["value"] - first["value"] - years).abs() <= 1)
    out.loc[ages.index[later]] = True
    return out


def decide_treatments(records: pd.DataFrame) -> pd.DataFrame:
    """Keep one of identical courses; courses that differ in any column are different courses."""
    course = ["patient_id", "treatment", "start", "stop", "dose", "dose_unit"]
    return _decide_at(records, _repeated(records, course).duplicated(course), "DUP_IDENTICAL", "duplicate")


def decide_events(records: pd.DataFrame, once: tuple[str, ...], timezone: str) -> pd.DataFrame:
    """Keep one of identical events; two times of an event that can happen only `once` are a conflict.

    Of such events on one day, the one with a clock time supersedes those dated by day only (local midnight).
    """
    key = ["patient_id", "event", "time"]
    records = _facts_decided(records, key[:2])
    same = _repeated(records, key).duplicated([*key, "value", "detail"])
    records = _decide_at(records, same, "DUP_IDENTICAL", "duplicate")
    open_rows = _repeated(records, key[:2])
    open_rows = open_rows.loc[open_rows["event"].isin(once) & open_rows["time"].notna()]
    local = open_rows["time"].dt.tz_convert(timezone)
    day = [open_rows["patient_id"], open_rows["event"], local.dt.normalize()]
    # Where all are at midnight none has a clock, and none is better known than another.
    vague = is_midnight(local) & ~is_midnight(local).groupby(day).transform("all")
    records = _decide_at(records, vague, "DUP_SUPERSEDED", "duplicate")
    open_rows = _repeated(records, key[:2])
    differs = open_rows["event"].isin(once)
    return _hold_facts(records, differs, "ID_CONFLICT", DATED_TWICE)
