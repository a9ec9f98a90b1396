"""Several results of one day without a clock: kept as one by a declared rule, or held."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct_pair
from historical_controls.cleaning.records.records import decide, with_flag
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary

HINT = "one of several results of its day without a clock; kept is the {}"


def day_rules(records: pd.DataFrame, source: Source) -> pd.Series:
    """Return the rule for each measurement of which only the day is known ('hold', 'median', 'worst', 'last'), else ''.

    The rules are those that the record's file declares (`same_day`), by outcome where `same_day_of` names it.
    """
    by_day = records["latest"].notna()
    if not by_day.any():
        return pd.Series("", index=records.index, dtype="str")

    def rule_of(file: str, outcome: str) -> str:
        declared = source.files[file]
        return declared.same_day_of.get(outcome, declared.same_day)

    return by_distinct_pair(records["file"], records["outcome"], rule_of, "str").where(by_day, "")


def summarise_days(
    records: pd.DataFrame, rows: pd.DataFrame, rules: pd.Series, sample: list[str], dictionary: Dictionary
) -> pd.DataFrame:
    """Return the measurements with one clean record for each sample that a rule settles; the others are DUP_CONFLICT's.

    rows: open records that share their sample, in the order of the files; rules: see `day_rules`. The record kept has
    flag SAME_DAY, and for the median its value. The others become duplicates with reason SAME_DAY.
    """
    rule = rules.reindex(rows.index)
    ruled = rows.loc[rule.isin(["median", "worst", "last"])]
    if ruled.empty:
        return records
    # Of one sample all records must follow one rule, and none may have a clock.
    keys = [rows[name] for name in sample]
    whole = rule.groupby(keys, dropna=False).transform("nunique") == 1
    kept: dict[object, float | None] = {}
    left: list[object] = []
    for _, own in ruled.loc[whole.reindex(ruled.index)].groupby(sample, dropna=False, sort=False):
        chosen = _chosen(own, str(rule[own.index[0]]), dictionary)
        if chosen is not None:
            kept[chosen[0]] = chosen[1]
            left += [index for index in own.index if index != chosen[0]]
    if not kept:
        return records
    is_kept, is_left = (pd.Series(records.index.isin(list(which)), index=records.index) for which in (kept, left))
    hint = "'" + rules + "'"
    out = decide(records, is_left, "SAME_DAY", "duplicate", HINT.format("") + hint)
    values = pd.Series({index: value for index, value in kept.items() if value is not None}, dtype="float64")
    new = values.reindex(records.index)
    return out.assign(
        flags=with_flag(out["flags"], "SAME_DAY", is_kept),
        **{name: out[name].where(new.isna(), new) for name in ("value", "lower", "upper")},
    )


def _chosen(own: pd.DataFrame, rule: str, dictionary: Dictionary) -> tuple[object, float | None] | None:
    """Return the record of a day that is kept and, for the median, its value; None where the rule cannot say."""
    if rule == "last":
        return own.index[-1], None
    # A finding has no order: of 'positive' and 'negative' there is no median and no worst.
    if own["result"].notna().any():
        return None
    if rule == "median":
        return (own.index[0], float(own["value"].median())) if own["value"].notna().all() else None
    return _worst(own, dictionary.outcomes[str(own["outcome"].iloc[0])].benefit)


def _worst(own: pd.DataFrame, benefit: str) -> tuple[object, None] | None:
    """Return the record that is worst whatever the values beyond limits are: '<5' is not worse than 12, '>5' may be."""
    low, high = own["lower"].fillna(-np.inf).to_numpy(), own["upper"].fillna(np.inf).to_numpy()
    if benefit == "none":
        return None
    # Where up is a benefit, the worst is the lowest.
    edge = low if benefit == "down" else -high
    other = high if benefit == "down" else -low
    best = int(np.argmax(edge))
    # Worst for sure only if its near bound is beyond the far bounds of all others.
    beaten = np.delete(other, best) <= edge[best]
    return (own.index[best], None) if beaten.all() else None
