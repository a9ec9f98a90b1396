"""Records that say the same thing twice, correct each other, or contradict each other."""

from __future__ import annotations

import pandas as pd

from .records import decide

SAMPLE = ["patient_id", "outcome", "time", "assay", "specimen"]
SAID = ["value", "lower", "upper", "result"]
RANK = {"corrected": 3, "done": 2, "preliminary": 1, "not_done": 0}


def settle_measurements(records: pd.DataFrame, deaths: pd.Series) -> pd.DataFrame:
    """Measurements of one source with AFTER_DEATH, DUP_IDENTICAL, DUP_SUPERSEDED and DUP_CONFLICT decided.

    Same sample, same finding: the first stands. Different findings: the best status stands (corrected, final,
    preliminary, not done); where two of equal status differ, all of them are held. deaths: time per patient.
    """
    died = deaths.reindex(records["patient_id"]).set_axis(records.index)
    records = decide(records, records["time"] > died, "AFTER_DEATH", hint="dated after the recorded death")
    ordered = records.sort_values(["file", "line", "item"], kind="stable")
    live = ordered.loc[ordered["fate"] == "clean"]
    best = live["status"].map(RANK)
    superseded = best < best.groupby([live[name] for name in SAMPLE], dropna=False).transform("max")
    ordered = _decide_at(ordered, superseded, "DUP_SUPERSEDED", "duplicate")
    live = ordered.loc[ordered["fate"] == "clean"]
    ordered = _decide_at(ordered, live.duplicated([*SAMPLE, *SAID]), "DUP_IDENTICAL", "duplicate")
    live = ordered.loc[ordered["fate"] == "clean"]
    conflict = live.duplicated(SAMPLE, keep=False)
    return _decide_at(ordered, conflict, "DUP_CONFLICT", "quarantined", "same sample, different results").sort_index()


def _decide_at(records: pd.DataFrame, rows: pd.Series, reason: str, fate: str, hint: str = "") -> pd.DataFrame:
    where = rows.reindex(records.index, fill_value=False)
    return decide(records, where, reason, fate, hint)


def settle_characteristics(records: pd.DataFrame) -> pd.DataFrame:
    """A characteristic said twice stands once; one said differently puts the id on hold (ID_CONFLICT)."""
    ordered = records.sort_values(["file", "line", "item"], kind="stable")
    live = ordered.loc[ordered["fate"] == "clean"]
    repeated = live.duplicated(["patient_id", "characteristic", "value", "result"])
    ordered = decide(ordered, repeated.reindex(ordered.index, fill_value=False), "DUP_IDENTICAL", "duplicate")
    live = ordered.loc[ordered["fate"] == "clean"]
    differs = live.duplicated(["patient_id", "characteristic"], keep=False)
    hint = "said differently elsewhere"
    return decide(ordered, differs.reindex(ordered.index, fill_value=False), "ID_CONFLICT", hint=hint).sort_index()


def settle_events(records: pd.DataFrame, once: tuple[str, ...] = ("death",)) -> pd.DataFrame:
    """An event said twice at the same time stands once; one that can happen only once, at two times, is a conflict."""
    ordered = records.sort_values(["file", "line", "item"], kind="stable")
    live = ordered.loc[ordered["fate"] == "clean"]
    repeated = live.duplicated(["patient_id", "event", "time", "value", "detail"])
    ordered = decide(ordered, repeated.reindex(ordered.index, fill_value=False), "DUP_IDENTICAL", "duplicate")
    live = ordered.loc[(ordered["fate"] == "clean") & ordered["event"].isin(once)]
    differs = live.duplicated(["patient_id", "event"], keep=False)
    hint = "dated differently elsewhere"
    return decide(ordered, differs.reindex(ordered.index, fill_value=False), "ID_CONFLICT", hint=hint).sort_index()
