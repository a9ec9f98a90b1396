"""Whose records are held back: reasons by arm and outcome, and whether one arm loses more than the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd
from scipy.special import ndtri

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.cleaning.ledger.counts import FATES
from historical_controls.cleaning.records.distinct import by_distinct, row_counts
from historical_controls.config.sources.sources import Source
from historical_controls.inference.counts import newcombe
from historical_controls.inference.shares import exact_interval
from historical_controls.tables.parquet import GROUPS, read_pieces
from historical_controls.tables.registry import LEDGER

KEY = ["source", "arm", "outcome", "fate", "reason"]
READ = ["source", "subject", "analyte", "fate", "reason"]
ALL = Cell(AnalysisKey.LEDGER_LOSS_ARMS, "primary", population="all")


def loss_tally(
    ledgers: Iterable[str | Path], people: pd.DataFrame, sources: Mapping[str, Source], outcomes: Collection[str]
) -> pd.DataFrame:
    """Count the records of all final ledgers, read piece by piece: columns of KEY and n.

    people: table people; outcomes: codes known to the dictionary. The outcome is '' where the record's was not read.
    """
    treated = _treated(people, sources)
    counts = [_counted(path, treated) for path in ledgers]
    if not counts:
        return pd.DataFrame(columns=[*KEY, "n"])
    both = pd.concat(counts, ignore_index=True)
    arm = both["source"].map({name: source.arm for name, source in sources.items()}).mask(both["treated"], "treated")
    # Names that no outcome has are joined under '': free text would be printed otherwise.
    known = both.assign(arm=arm, outcome=both["analyte"].where(both["analyte"].isin(list(outcomes)), ""))
    return known.groupby(KEY)["n"].sum().reset_index()


def _treated(people: pd.DataFrame, sources: Mapping[str, Source]) -> set[tuple[str, str]]:
    """Source and id of the treated who stand in a historical source, whatever other ids they have there."""
    chosen: set[tuple[str, str]] = set()
    for name, source in sources.items():
        ids = people.loc[people["source"] == name]
        persons = set(ids.loc[ids["subject"].isin(source.treated_subjects), "patient_id"])
        chosen |= {(name, str(subject)) for subject in ids.loc[ids["patient_id"].isin(persons), "subject"]}
    return chosen


def _counted(path: str | Path, treated: set[tuple[str, str]]) -> pd.DataFrame:
    """Count the records of one ledger, of one source: columns source, treated, analyte, fate, reason, n.

    Texts stay codes: of millions of records a few hundred counts become texts of pandas.
    """
    keys = ["source", "treated", "analyte", "fate", "reason"]
    counts = [pd.DataFrame({name: pd.Series(dtype="str") for name in keys}).assign(treated=False, n=0)]
    for rows in read_pieces(path, LEDGER, READ, READ, GROUPS):
        own = {subject for source, subject in treated if source == rows["source"].iloc[0]}
        chosen = by_distinct(rows["subject"], own.__contains__, bool)
        counts.append(row_counts(rows.assign(treated=chosen)[keys]))
    # An empty frame would change the types of the others.
    both = pd.concat([frame for frame in counts if len(frame)] or counts, ignore_index=True)
    return both.groupby(keys, dropna=False)["n"].sum().reset_index()


def losses_ard(tally: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return ARD rows 14.1.16 of a loss_tally: `ledger_loss` by source, `ledger_loss_arms` over all sources.

    level: of confidence.

    The share held is of records that could have been used (clean and held); those sent twice and those left out by
    declaration are no loss. Its interval (Clopper and Pearson, Biometrika 1934; 26: 404) and that of the difference of
    two arms (Newcombe, Stat Med 1998; 17: 873, method 10) take records as independent, which those of one patient are
    not: they are too narrow, and say whether a difference is worth a look.
    """
    rows: list[Row] = []
    for (source, arm, outcome), counted in tally.groupby(["source", "arm", "outcome"]):
        own = Cell(AnalysisKey.LEDGER_LOSS, "primary", population=str(source), arm=str(arm), outcome=str(outcome))
        rows += _loss_rows(own, counted, level)
    for (arm, outcome), counted in tally.groupby(["arm", "outcome"]):
        rows += _loss_rows(ALL.at(arm=str(arm), outcome=str(outcome)), counted, level)
    for outcome, counted in tally.groupby("outcome"):
        rows += _difference_rows(ALL.at(outcome=str(outcome), contrast=CONTRAST), counted, level)
    return ard_frame(rows)


def _loss_rows(cell: Cell, tally: pd.DataFrame, level: float) -> Iterator[Row]:
    counts = tally.groupby("fate")["n"].sum()
    yield cell.number(Statistic.N_RECORDS, int(counts.sum()))
    yield from (cell.number(statistic, int(counts.get(fate, 0))) for fate, statistic in FATES.items())
    held, usable = _held(tally)
    if usable:
        lower, upper = exact_interval(held, usable, level)
        yield from _shares(cell, {Statistic.SHARE_HELD: held / usable, Statistic.LOWER: lower, Statistic.UPPER: upper})
    reasons = tally.loc[(tally["reason"] != "") & (tally["fate"] != "clean")]
    for reason, fate, count in (
        reasons.groupby(["reason", "fate"])["n"].sum().reset_index().itertuples(index=False, name=None)
    ):
        yield cell.at(level=str(reason), method=str(fate)).number(Statistic.N_RECORDS, int(count))


def _difference_rows(cell: Cell, tally: pd.DataFrame, level: float) -> Iterator[Row]:
    (held, usable), (held_other, usable_other) = (_held(tally.loc[tally["arm"] == arm]) for arm in ARMS)
    if usable and usable_other:
        # scipy.special's quantile of the normal law: importing statsmodels takes a job longer than its work.
        lower, upper = newcombe((held, usable), (held_other, usable_other), float(ndtri(0.5 + level / 2)))
        difference = held / usable - held_other / usable_other
        yield from _shares(cell, {Statistic.DIFFERENCE: difference, Statistic.LOWER: lower, Statistic.UPPER: upper})


def _held(tally: pd.DataFrame) -> tuple[int, int]:
    """Records held, and records that could have been used."""
    counts = tally.groupby("fate")["n"].sum()
    held = int(counts.get("quarantined", 0))
    return held, held + int(counts.get("clean", 0))


def _shares(cell: Cell, shares: Mapping[Statistic, float]) -> Iterator[Row]:
    return (cell.number(name, float(share), format="percent.00") for name, share in shares.items())
