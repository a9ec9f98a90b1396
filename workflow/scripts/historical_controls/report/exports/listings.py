"""Listings 16.2.x, row by row and traceable to file and line. They show ids as sent and stay in the hospital."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.tables.parquet import read_pieces
from historical_controls.tables.registry import LEDGER, MEASUREMENTS
from historical_controls.text.display_order import by_display_id

TRACE = ["source", "file", "line", "item"]
Tables = Mapping[str, pd.DataFrame]


def listings(tables: Tables) -> dict[str, pd.DataFrame]:
    """Every listing by its number.

    `tables`: `patients`, `observations`, `events`, `underived` (cohort), `weights`, `matched_sets` (balance),
    `measurements` (`converted_values`) and `ledger` (`duplicate_records`), each as declared in tables.py.
    """
    return {number: make(tables).reset_index(drop=True) for number, make in MAKERS.items()}


def duplicate_records(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Records of ledgers that were collapsed, read piece by piece: a ledger holds every record that was sent."""
    # Filtered piece by piece: only the rows kept are in memory together.
    pieces = [piece[piece["fate"] == "duplicate"] for path in paths for piece in read_pieces(path, LEDGER)]
    return pd.concat(pieces, ignore_index=True)


def converted_values(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Clean measurements that came in another unit than the canonical one."""
    pieces = [piece[_converted(piece)] for path in paths for piece in read_pieces(path, MEASUREMENTS)]
    return pd.concat(pieces, ignore_index=True)


def _converted(measured: pd.DataFrame) -> pd.Series[bool]:
    # A unit spelled otherwise counts as another one: the listing shows what was sent.
    return (measured["raw_unit"].fillna("") != measured["unit"]) & measured["value"].notna()


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
    keys = ["source", "file", "outcome", "raw_unit", "unit"]
    first = tables["measurements"].sort_values([*keys, "line", "item"]).groupby(keys, dropna=False)
    counted = first.agg(n=("value", "size"), raw_value=("raw_value", "first"), value=("value", "first"))
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
