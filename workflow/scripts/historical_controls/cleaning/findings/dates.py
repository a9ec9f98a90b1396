"""Dates whose day may be their month, and clocks that disagree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from historical_controls.cleaning.findings.declared_times import declared_times, texts_sent
from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.ledger.tallies import held_times
from historical_controls.cleaning.records.distinct import row_counts
from historical_controls.config.sources.parts import TimeColumns
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.tables.parquet import GROUPS, read_pieces, read_table
from historical_controls.tables.registry import EVENTS, MEASUREMENTS

DAY_MONTH = re.compile(r"(?P<day_first>%d([/.\- ])%m\2)|%m([/.\- ])%d\3")
LEAST_DATES = 3
LEAST_ROWS = 5
LEAST_SHARE = 0.05
DATED = ["patient_id", "file", "time"]
CODED = ["patient_id", "file"]
UNREAD = "{} dates that the declared format cannot read fit the other order"
BOTH_ORDERS = (
    "the file has both orders: {} dates are day first, {} month first, and no format tells the order of the {} that fit"
    " both"
)
# With both formats what fits both is held, not guessed; parts with conditions may have a format each.
HELD_IF_BOTH = "holds the dates that fit both. If a column tells the order: a part for each; else ask for yyyy-mm-dd"
IF_TOLD = 'where: [{column: "...", is_in: ["..."]}]'
PART_EACH = "a part for each order, if a column tells it; else ask for yyyy-mm-dd, or correct the cells"
BOTH_FIT = "every date also fits the other order of day and month: confirm the format"
# Times that give an age, and are kept nowhere else; and what `held_times` calls them.
OF_AGES = ("born", "as_of")
WHAT_OF_AGES = ("date of birth", "date of the age")


def date_suspects(
    measurements: Path, events: Path, held: pd.DataFrame, source: Source, intake: Mapping[str, Path]
) -> Iterator[Finding]:
    """Yield files whose other order of day and month would fit every row, or fits better than the declared one.

    intake: paths of table intake by file; of a file without one, every time is suggested in the other order.
    """
    files = [name for name, file in source.files.items() if swapped_formats(file)]
    if not files:
        return
    happened = read_table(events, EVENTS, [*DATED, "event"])
    days = _days(measurements, happened, source, files)
    stays = _stays(happened, source)
    for name in files:
        file, own = source.files[name], days.loc[days["file"] == name]
        exchanged = _with_texts(swapped_formats(file), file, intake.get(name))
        mixed = _both_orders(exchanged, file, intake.get(name))
        for place, orders in mixed.items():
            yield _mixed_finding(name, place, orders, exchanged.pop(place))
        dated = {place: forms for place, forms in exchanged.items() if _key(place) not in OF_AGES}
        forms = list(dict.fromkeys(form for own_forms in dated.values() for form in own_forms))
        texts = held_times(held, "DATE_INVALID")
        invalid = texts.loc[(texts["file"] == name) & ~texts["what"].isin([*WHAT_OF_AGES])]
        # Dates held in a time of both orders say nothing about another time of the file.
        order = _doubted_order(own, stays, invalid, forms) if dated and not mixed else None
        if order is not None:
            reason = {"reason": "DATE_INVALID"} if order.table == "ledger" else {}
            doubted = _in_doubt(dated, file, intake.get(name))
            yield _order_finding(name, order, doubted, Evidence(order.table, {"file": name, **reason}, "time"))
        if name in intake:
            # Of births, and of starts and ends, the tables keep no days to compare: their texts alone are asked.
            others = {p for p in exchanged if order is None and (mixed or _key(p) != "time")}
            left = {p: f for p, f in exchanged.items() if p not in dated or p in others}
            yield from _texts_in_doubt(name, left, file, intake[name])


def _with_texts(exchanged: dict[str, list[str]], file: SourceFile, intake: Path | None) -> dict[str, list[str]]:
    """Those of the exchanged formats that any text needs: ISO dates, as of a sheet's cells, say what is the month."""
    if intake is None:
        return exchanged
    declared = dict(declared_times(file))
    needed = {}
    for place, forms in exchanged.items():
        texts, _ = texts_sent(declared[place], intake)
        clear = [form for form in declared[place].formats if not DAY_MONTH.search(form)]
        if bool(((texts != "") & ~_readable(texts, clear)).any()):
            needed[place] = forms
    return needed


def _key(place: str) -> str:
    return place.rpartition(".")[2]


def _order_finding(name: str, order: DoubtedOrder, doubted: Mapping[str, list[str]], where: Evidence) -> Finding:
    return Finding(
        file=name,
        finding="DATE_ORDER_SUSPECT",
        outcome="",
        unit=next(iter(doubted.values()))[0],
        value=NOT_KNOWN,
        n=order.n,
        share=order.share,
        factor=NOT_KNOWN,
        hint=order.hint,
        config_line="; ".join(f"{place}.formats: {json.dumps(forms)}" for place, forms in doubted.items()),
        evidence=(where,),
    )


@dataclass(frozen=True)
class BothOrders:
    """How many dates of one time can only be day first, only be month first, and be either of two days.

    declared: whether its formats have both orders, so that what fits both is held; unread: dates that are held, of n.
    """

    day_first: int
    month_first: int
    either: int
    unread: int
    n: int
    declared: bool
    formats: list[str]

    @property
    def is_mixed(self) -> bool:
        fewer, proven = min(self.day_first, self.month_first), self.day_first + self.month_first
        return fewer >= min(LEAST_ROWS, max(LEAST_SHARE * proven, 1)) and self.unread >= LEAST_ROWS

    @property
    def share(self) -> float:
        """Share of the dates that are held; where one order is declared, of the other order, known from the proven."""
        return self.unread / (self.n if self.declared else self.day_first + self.month_first)


def _both_orders(exchanged: Mapping[str, list[str]], file: SourceFile, intake: Path | None) -> dict[str, BothOrders]:
    """Times whose texts prove both orders, by place."""
    declared = dict(declared_times(file))
    counted = {} if intake is None else {place: _orders_of(declared[place], intake) for place in exchanged}
    return {place: orders for place, orders in counted.items() if orders.is_mixed}


def _orders_of(spec: TimeColumns, intake: Path) -> BothOrders:
    texts, counts = texts_sent(spec, intake)
    forms = [form for form in spec.formats if DAY_MONTH.search(form)]
    clear = _readable(texts, [form for form in spec.formats if form not in forms])
    pairs = {tuple(sorted((form, _exchanged(form)), key=_is_day_first)) for form in forms}
    readings = [[pd.to_datetime(texts, format=form, errors="coerce") for form in pair] for pair in sorted(pairs)]
    month = _any(month.notna() for month, _ in readings) & ~clear
    day = _any(day.notna() for _, day in readings) & ~clear
    either = _any(month.notna() & day.notna() & (month != day) for month, day in readings) & ~clear
    n_day, n_month, n_either = (int(counts[rows].sum()) for rows in (day & ~month, month & ~day, either))
    orders = {_is_day_first(form) for form in forms}
    unread = n_either if len(orders) > 1 else n_month if orders == {True} else n_day
    formats = list(dict.fromkeys([*spec.formats, *map(_exchanged, forms)]))
    return BothOrders(n_day, n_month, n_either, unread, int(counts[texts != ""].sum()), len(orders) > 1, formats)


def _is_day_first(form: str) -> bool:
    order = DAY_MONTH.search(form)
    return order is not None and order["day_first"] is not None


def _any(several: Iterable[pd.Series]) -> pd.Series:
    return pd.concat(list(several), axis=1).any(axis=1)


def _mixed_finding(name: str, place: str, orders: BothOrders, exchanged: list[str]) -> Finding:
    hint = BOTH_ORDERS.format(orders.day_first, orders.month_first, orders.either)
    line = f"{place}.formats: {json.dumps(orders.formats)}   # {HELD_IF_BOTH}"
    if orders.declared:
        line = f"{IF_TOLD}   # {PART_EACH}"
    found = DoubtedOrder(hint, orders.unread, orders.share, "ledger")
    reason = "DATE_AMBIGUOUS" if orders.declared else "DATE_INVALID"
    where = Evidence("ledger", {"file": name, "reason": reason, **_about(place)}, "time")
    return replace(_order_finding(name, found, {place: exchanged}, where), config_line=line)


def _about(place: str) -> dict[str, str]:
    return {"item": place.split(".")[3].strip('"')} if _key(place) in OF_AGES else {}


def _texts_in_doubt(name: str, exchanged: dict[str, list[str]], file: SourceFile, intake: Path) -> Iterator[Finding]:
    """Yield times of which the other order reads texts that the declared one cannot, or every text as well."""
    declared = dict(declared_times(file))
    for place, forms in exchanged.items():
        texts, counts = texts_sent(declared[place], intake)
        filled = texts != ""
        as_is, other = (_readable(texts, own) for own in (declared[place].formats, forms))
        n, unread = int(counts[filled].sum()), int(counts[filled & ~as_is & other].sum())
        if unread >= LEAST_ROWS:
            order = DoubtedOrder(UNREAD.format(unread), unread, unread / n, "ledger")
        elif set(forms) == set(declared[place].formats):
            continue
        elif n >= LEAST_ROWS and texts[filled].nunique() >= LEAST_DATES and bool((as_is & other)[filled].all()):
            order = DoubtedOrder(BOTH_FIT, n, NOT_KNOWN, "ledger")
        else:
            continue
        yield _order_finding(name, order, {place: forms}, Evidence("ledger", {"file": name, **_about(place)}, "time"))


@dataclass(frozen=True)
class DoubtedOrder:
    """What speaks for the other order of day and month, in how many records, and in which table these are."""

    hint: str
    n: int
    share: float
    table: Literal["measurements", "ledger"]


def _doubted_order(
    own: pd.DataFrame, stays: pd.DataFrame, invalid: pd.DataFrame, forms: list[str]
) -> DoubtedOrder | None:
    """own: records by patient and day; invalid: texts of dates that could not be read, of one file."""
    n_read = int(own["n"].sum())
    readable = int(invalid.loc[_readable(invalid["text"], forms), "n"].sum())
    # The strongest sign first: what no declared format reads and the other order does.
    if readable >= LEAST_ROWS:
        return DoubtedOrder(UNREAD.format(readable), readable, readable / (n_read + int(invalid["n"].sum())), "ledger")
    now, swapped = _outside_stay(own, stays)
    # Every hospital has some records outside the stay: the other order must explain most of them.
    if now >= LEAST_ROWS and swapped <= now / 4:
        hint = f"{now} rows lie outside the patient's stay, {swapped} in the other order"
        return DoubtedOrder(hint, now, now / n_read, "measurements")
    both = own["day"].dt.day <= 12
    if len(own) and bool(both.all()) and own["day"].nunique() >= LEAST_DATES:
        # Nothing tells the two orders apart, so that there is no share of wrong dates to be known.
        return DoubtedOrder(BOTH_FIT, n_read, NOT_KNOWN, "measurements")
    return None


def swapped_formats(file: SourceFile) -> dict[str, list[str]]:
    """Formats with day and month exchanged, by the key of the times that they would be declared for.

    Only times with a format that writes day and month as numbers side by side; its other formats stay as they are.
    """
    return {
        place: [_exchanged(form) for form in spec.formats]
        for place, spec in declared_times(file)
        if any(DAY_MONTH.search(form) for form in spec.formats)
    }


def _in_doubt(exchanged: dict[str, list[str]], file: SourceFile, intake: Path | None) -> dict[str, list[str]]:
    """Those of the exchanged formats that read as many dates as sent as the declared ones do, or more.

    A file may keep one of its times in another order, and a time that is read as it is needs no other format.
    """
    if intake is None:
        return exchanged
    declared = dict(declared_times(file))
    doubted = {}
    for place, forms in exchanged.items():
        texts, counts = texts_sent(declared[place], intake)
        as_is, other = (int(counts[_readable(texts, own)].sum()) for own in (declared[place].formats, forms))
        if other >= as_is:
            doubted[place] = forms
    return doubted or exchanged


def _exchanged(form: str) -> str:
    return re.sub("%[dm]", lambda code: "%m" if code[0] == "%d" else "%d", form) if DAY_MONTH.search(form) else form


def _days(measurements: Path, happened: pd.DataFrame, source: Source, files: list[str]) -> pd.DataFrame:
    """Local days by patient and file with the number of records: columns patient_id, file, day, n."""
    pieces = [_counted(happened, source, files)]
    dated = read_pieces(measurements, MEASUREMENTS, DATED, CODED, GROUPS)
    pieces += [_counted(piece, source, files) for piece in dated]
    return pd.concat(pieces).groupby(["patient_id", "file", "day"])["n"].sum().reset_index()


def _counted(records: pd.DataFrame, source: Source, files: list[str]) -> pd.DataFrame:
    own = records.loc[records["file"].isin(files)]
    day = own["time"].dt.tz_convert(source.timezone).dt.tz_localize(None).dt.normalize()
    return row_counts(own[["patient_id", "file"]].assign(day=day).dropna(subset="day"))


def _stays(happened: pd.DataFrame, source: Source) -> pd.DataFrame:
    """First and last day of each patient's stay, by patient: columns first, last (null where not recorded)."""
    local = happened.assign(day=happened["time"].dt.tz_convert(source.timezone).dt.tz_localize(None).dt.normalize())
    # The widest stay of several: what is inside any of them is not suspect.
    start = local.loc[local["event"] == "admission"].groupby("patient_id")["day"].min()
    ends = ("discharge_alive", "death", "transfer_out")
    stop = local.loc[local["event"].isin(ends)].groupby("patient_id")["day"].max()
    return pd.DataFrame({"first": start, "last": stop})


def _outside_stay(own: pd.DataFrame, stays: pd.DataFrame) -> tuple[int, int]:
    """Records more than a day outside the stay as declared, and with day and month changed over where both fit."""
    rows = own.merge(stays, left_on="patient_id", right_index=True)
    day = rows["day"]
    parts = pd.DataFrame({"year": day.dt.year, "month": day.dt.day, "day": day.dt.month})
    # Only days up to 12 can be months.
    other = day.mask(day.dt.day <= 12, pd.to_datetime(parts.where(day.dt.day <= 12), errors="coerce"))
    out = [
        int(rows.loc[(d < rows["first"] - pd.Timedelta(days=1)) | (d > rows["last"] + pd.Timedelta(days=1)), "n"].sum())
        for d in (day, other)
    ]
    return out[0], out[1]


def _readable(texts: pd.Series, forms: list[str]) -> pd.Series:
    """Texts that one of the formats reads."""
    known = np.zeros(len(texts), dtype=bool)
    for form in forms:
        known |= pd.to_datetime(texts, format=form, errors="coerce", exact=True).notna().to_numpy()
    return pd.Series(known, index=texts.index)


def clock_suspects(tally: pd.DataFrame) -> Iterator[Finding]:
    """Yield files with many results dated before their specimen: two clocks, most likely. tally: see ledger_tally."""
    measured = tally.loc[tally["table"] == "measurements"]
    for name, own in measured.groupby("file", sort=True):
        n, total = int(own.loc[own["reason"] == "TIME_ORDER", "n"].sum()), int(own["n"].sum())
        if n >= LEAST_ROWS and n >= LEAST_SHARE * total:
            hint = (
                "results are dated before their specimens: do both columns keep the same clock? 'timezone' of the file"
            )
            where = Evidence("ledger", {"file": str(name), "reason": "TIME_ORDER"}, "time")
            line = 'timezone: "UTC"   # the clock that this file keeps'
            yield Finding(str(name), "CLOCK_SUSPECT", "", "", NOT_KNOWN, n, n / total, NOT_KNOWN, hint, line, (where,))
