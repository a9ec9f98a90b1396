"""Listings 16.2.x, row by row and traceable to file and line. They show ids as sent and stay in the hospital."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.tables.parquet import read_among, read_pieces
from historical_controls.tables.registry import LEDGER, MEASUREMENTS, OBSERVATIONS
from historical_controls.text.display_order import by_display_id

TRACE = ["source", "file", "line", "item"]
# What a kind of conversion is.
CONVERSION = ["source", "file", "outcome", "raw_unit", "unit"]
Tables = Mapping[str, pd.DataFrame]


def listings(tables: Tables) -> dict[str, pd.DataFrame]:
    """Every listing by its number.

    `tables`: `patients`, `events`, `underived` (cohort), `weights`, `matched_sets` (balance), each as declared in
    tables.py; `observations` (`listed_observations`), `measurements` (`converted_values`) and `ledger`
    (`duplicate_records`).
    """
    return {number: make(tables).reset_index(drop=True) for number, make in MAKERS.items()}


def duplicate_records(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Records of ledgers that were collapsed, read piece by piece: a ledger holds every record that was sent."""
    # Filtered piece by piece: only the rows kept are in memory together.
    pieces = [piece for path in paths for piece in read_among(path, LEDGER, "fate", ["duplicate"])]
    return pd.concat(pieces or [LEDGER.empty()], ignore_index=True)


def listed_observations(path: str | Path) -> pd.DataFrame:
    """The observations that listings show: those of treated patients, and those with a flag. Table observations."""
    pieces = [piece[(piece["arm"] == "treated") | (piece["flags"] != "")] for piece in read_pieces(path, OBSERVATIONS)]
    return pd.concat(pieces or [OBSERVATIONS.empty()], ignore_index=True)


def converted_values(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Clean measurements that came in another unit than the canonical one: the first of each kind, and their number.

    Columns of `CONVERSION`, line, item, value, raw_value and n. Of a registry nearly all values may be converted: of
    each piece read only what the listing shows is kept.
    """
    columns = [*CONVERSION, "line", "item", "value", "raw_value"]
    pieces = [_first_converted(piece) for path in paths for piece in read_pieces(path, MEASUREMENTS, columns)]
    return pd.concat(pieces or [MEASUREMENTS.empty()[columns].assign(n=0)], ignore_index=True)


def _first_converted(measured: pd.DataFrame) -> pd.DataFrame:
    """The first value of each kind, and how many there are (n)."""
    # A unit spelled otherwise counts as another one: the listing shows what was sent.
    other = (measured["raw_unit"].fillna("") != measured["unit"]) & measured["value"].notna()
    rows = measured[other].sort_values([*CONVERSION, "line", "item"], ignore_index=True)
    n = rows.groupby(CONVERSION, dropna=False)["value"].transform("size")
    return rows.assign(n=n).drop_duplicates(CONVERSION)


def _named(frame: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Rows with the display id of their patient before all else."""
    ids = tables["patients"][["source", "patient_id", "display_id"]]
    # Left join: excluded patients have no display id and stay in the listing.
    merged = frame.merge(ids, on=["source", "patient_id"], how="left")
    return merged[["display_id", *frame.columns]]


def _timeline(tables: Tables) -> pd.DataFrame:
    events = tables["events"]
    rows = _named(events[events["arm"] == "treated"], tables)
    return rows[["display_id", "patient_id", "event", "hours", "end_hours", "value", "detail", *TRACE]].sort_values(
        ["display_id", "hours"]
    )


def _excluded(tables: Tables) -> pd.DataFrame:
    patients = tables["patients"]
    columns = ["source", "patient_id", "arm", "excluded_by"]
    return patients.loc[~patients["included"], columns].sort_values(["excluded_by", "source", "patient_id"])


def _values(tables: Tables) -> pd.DataFrame:
    observations = tables["observations"]
    rows = _named(observations[observations["arm"] == "treated"], tables)
    columns = ["outcome", "hours", "value", "lower", "upper", "result", "unit", "assay", "specimen", "status", "flags"]
    return rows[["display_id", "patient_id", *columns, *TRACE]].sort_values(
        ["display_id", "outcome", "hours"], key=by_display_id
    )


def _warnings(tables: Tables) -> pd.DataFrame:
    observations = tables["observations"]
    rows = _named(observations[observations["flags"].fillna("") != ""], tables)
    columns = ["arm", "outcome", "hours", "value", "lower", "upper", "unit", "flags"]
    return rows[["display_id", "patient_id", *columns, *TRACE]].sort_values(
        ["display_id", "outcome", "hours"], key=by_display_id
    )


def _conversions(tables: Tables) -> pd.DataFrame:
    """How many values of each outcome came in another unit than the canonical one, with the first of them."""
    first = tables["measurements"].sort_values([*CONVERSION, "line", "item"]).groupby(CONVERSION, dropna=False)
    counted = first.agg(n=("n", "sum"), raw_value=("raw_value", "first"), value=("value", "first"))
    return counted.reset_index().rename(columns={"raw_value": "example_as_sent", "value": "example_converted"})


def _underived(tables: Tables) -> pd.DataFrame:
    rows = _named(tables["underived"], tables)
    columns = ["arm", "outcome", "reason", "value", "ratio"]
    return rows[["display_id", "patient_id", *columns, *TRACE]].sort_values(["outcome", "reason", "patient_id"])


def _adverse_events(tables: Tables) -> pd.DataFrame:
    events = tables["events"]
    rows = _named(events[events["event"].isin(["adverse_event", "infection"])], tables)
    columns = ["arm", "event", "hours", "end_hours", "value", "detail"]
    return rows[["display_id", "patient_id", *columns, *TRACE]].sort_values(
        ["arm", "display_id", "hours"], key=by_display_id
    )


def _weights(tables: Tables) -> pd.DataFrame:
    keys = ["source", "patient_id"]
    sets = tables["matched_sets"][[*keys, "matched_set", "distance"]].assign(method="matching")
    rows = tables["weights"].merge(sets, on=[*keys, "method"], how="left")
    named = _named(rows, tables)
    return named[
        ["display_id", "patient_id", "source", "arm", "method", "weight", "matched_set", "distance"]
    ].sort_values(["method", "arm", "display_id"], key=by_display_id)


def _duplicates(tables: Tables) -> pd.DataFrame:
    ledger = tables["ledger"]
    columns = ["subject", "analyte", "reason", "raw_value", "hint"]
    return ledger.loc[ledger["fate"] == "duplicate", [*TRACE, *columns]].sort_values(TRACE)


MAKERS: dict[str, Callable[[Tables], pd.DataFrame]] = {
    OutputId.TREATED_TIMELINE: _timeline,
    OutputId.EXCLUDED: _excluded,
    OutputId.TREATED_VALUES: _values,
    OutputId.WARNINGS: _warnings,
    OutputId.CONVERSIONS: _conversions,
    OutputId.UNDERIVED: _underived,
    OutputId.EVENTS: _adverse_events,
    OutputId.PATIENT_WEIGHTS: _weights,
    OutputId.DUPLICATES: _duplicates,
}
