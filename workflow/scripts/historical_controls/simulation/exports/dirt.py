"""Spoils clean exports the way hospitals do, and records for each spoilt record its fate and reason in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.simulation.exports.export import Export, copy_rows, expected_frame, local_text, pick, rewrite
from historical_controls.simulation.exports.hospital import MOMENT
from historical_controls.simulation.patients import Patient

Spoil = Callable[[Export, np.random.Generator], Export]
# 02:00 in Mexico City, when clocks went to 03:00; a time within the skipped hour is moved to its end.
DST_GAP = pd.Timestamp("2020-04-05 08:00")
NOTHING = MappingProxyType({"value": np.nan, "lower": np.nan, "upper": np.nan})


@dataclass(frozen=True)
class Amount:
    """How many of each kind are planted, as a share of the shipped study's numbers."""

    share: float = 1.0

    def of(self, count: int) -> int:
        return max(1, round(count * self.share))


def spoil_all(export: Export, spoils: list[Spoil], rng: np.random.Generator) -> Export:
    """Every kind of dirt after the other; none touches a record that another has spoilt."""
    for spoil in spoils:
        export = spoil(export, rng)
    return export


def laboratory_dirt(patients: tuple[Patient, ...], amount: Amount) -> list[Spoil]:
    n = amount.of
    return [
        # First, while all rows are clean: it copies last rows without asking whether another spoil took them.
        _after_death(patients, n(3), "fecha_toma", "fecha_resultado"),
        _broken_lines(n(2)),
        _exact_duplicates(n(40)),
        _preliminary(n(15)),
        _conflicts(n(3)),
        _not_done(n(12), {"resultado": "pendiente", "unidad": ""}),
        _not_done(n(4), {"resultado": "muestra insuficiente"}),
        _not_done(n(3), {"resultado": "cancelado"}),
        _not_done(n(2), {"resultado": "ver nota"}),
        # "PCR" is C-reactive protein and the virus test; only the result could tell which, and "pendiente" does not.
        _held(n(2), {"analito": "PCR", "resultado": "pendiente"}, "two_meanings", "NAME_AMBIGUOUS", ("CRP",)),
        _held(n(6), {"comentario": "muestra hemolizada"}, "haemolysed", "SPECIMEN_BAD", ("FERR", "PCT")),
        _replaced(n(6), {"comentario": "muestra hemolizada"}, "haemolysed_kept", ("CREAT", "CRP")),
        _copied(n(6), {"analito": "Troponina I ultrasensible", "unidad": "pg/mL"}, "unknown_name", "NAME_UNKNOWN"),
        _copied(n(4), {"analito": "Mioglobina", "unidad": "ng/mL"}, "unknown_name", "NAME_UNKNOWN"),
        _copied(n(20), {"analito": "Glucosa", "unidad": "mg/dL"}, "ignored_name", "DECLARED", fate="ignored"),
        _held(n(3), {"resultado": "45,00", "unidad": "10^3/uL"}, "impossible", "OUT_OF_RANGE", ("LYMPH",)),
        _held(n(2), {"resultado": "5200,0", "unidad": "mg/L"}, "impossible", "OUT_OF_RANGE", ("CRP",)),
        _held(n(5), {"unidad": ""}, "no_unit", "UNIT_MISSING", ("FERR", "FIB", "DDIM")),
        _held(n(3), {"unidad": "UI/mL"}, "foreign_unit", "UNIT_UNKNOWN", ("IL6",)),
        _held(n(3), {"resultado": "ND"}, "no_limit", "LOD_NO_LIMIT", ("PCT", "IL6")),
        # With a decimal comma declared, a point may group thousands or be a decimal point of another keyboard.
        _held(n(3), {"resultado": "7.5"}, "point_for_comma", "NUM_AMBIGUOUS", ("WBC",)),
        _held(n(2), {"fecha_toma": "31/04/2020 06:10"}, "no_such_date", "DATE_INVALID", ("PLT",)),
        _held(n(2), {"fecha_toma": "12/05/2002 06:10"}, "date_out_of_study", "DATE_RANGE", ("PLT",)),
        _result_first(n(3)),
    ]


def vitals_dirt(patients: tuple[Patient, ...], amount: Amount) -> list[Spoil]:
    n = amount.of
    return [
        _after_death(patients, n(3), "fecha_hora"),
        _dst_gap(n(3)),
        _exact_duplicates(n(8)),
        _held_item(n(4), "temp_c", "374", "impossible", "OUT_OF_RANGE"),
        _held_item(n(2), "fc", "999", "impossible", "OUT_OF_RANGE"),
        _held_item(n(2), "sato2", "s/d", "not_done", "", "clean", **NOTHING),
    ]


def gas_dirt(amount: Amount) -> list[Spoil]:
    n = amount.of
    return [
        _exact_duplicates(n(8)),
        _litres(n(3)),
        _held_item(n(2), "po2_mmhg", "1.150,0", "impossible", "OUT_OF_RANGE"),
    ]


def image_dirt(amount: Amount) -> list[Spoil]:
    return [_lost_zeros, _held_item(amount.of(1), "puntaje_severidad", "31", "impossible", "OUT_OF_RANGE")]


def redcap_dirt(amount: Amount) -> list[Spoil]:
    n = amount.of
    return [
        _held_item(n(4), "lab_pct", "-99", "coded_missing", "SENTINEL", fate="ignored"),
        _held_item(n(2), "lab_fib", "9999", "coded_missing", "SENTINEL", fate="ignored"),
        _held_item(n(1), "vs_temp", "98.6", "impossible", "OUT_OF_RANGE"),
    ]


def _measured(export: Export, among: tuple[str, ...] | None = None) -> pd.Series:
    """By place: whether the row is one exact number, of one of these outcomes."""
    # A place has several items in wide files; every one of them must be a number.
    good = export.expected["value"].notna()
    if among:
        good &= export.expected["outcome"].isin(among)
    return pd.Series(good.to_numpy(), index=export.expected["place"]).groupby(level=0).all()


def _replaced(
    count: int,
    cells: dict[str, str],
    dirt: str,
    among: tuple[str, ...] | None = None,
    fate: str = "clean",
    reason: str = "",
) -> Spoil:
    """Cells of rows with one exact number overwritten."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        places = pick(export, rng, count, _measured(export, among))
        return rewrite(export, places, cells, dirt, fate=fate, reason=reason)

    return spoil


def _not_done(count: int, cells: dict[str, str]) -> Spoil:
    """Words where a number belongs: a request without a result, which stays as a record."""
    among = ("WBC", "PLT", "CREAT", "FIB", "FERR", "DDIM")

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        places = pick(export, rng, count, _measured(export, among))
        return rewrite(export, places, cells, "not_done", **NOTHING)

    return spoil


def _held(count: int, cells: dict[str, str], dirt: str, reason: str, among: tuple[str, ...]) -> Spoil:
    return _replaced(count, cells, dirt, among, "quarantined", reason)


def _held_item(
    count: int, column: str, text: str, dirt: str, reason: str, fate: str = "quarantined", **expect: Any
) -> Spoil:
    """One cell of a wide row spoilt; the rest of the row stays."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        places = pick(export, rng, count, export.rows[column] != "")
        return rewrite(export, places, {column: text}, dirt, item=column, fate=fate, reason=reason, **expect)

    return spoil


def _copied(count: int, cells: dict[str, str], dirt: str, reason: str, fate: str = "quarantined") -> Spoil:
    """Further rows made from clean ones, so that nothing true is lost."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        # The copies are spoilt, never the originals: the clean truth that tests compare with stays complete.
        more, places = copy_rows(export, pick(export, rng, count, _measured(export)))
        return rewrite(more, places, cells, dirt, fate=fate, reason=reason, outcome=cells["analito"])

    return spoil


def _exact_duplicates(count: int) -> Spoil:
    def spoil(export: Export, rng: np.random.Generator) -> Export:
        more, places = copy_rows(export, pick(export, rng, count))
        return rewrite(more, places, {}, "exact_duplicate", fate="duplicate", reason="DUP_IDENTICAL")

    return spoil


def _preliminary(count: int) -> Spoil:
    """A preliminary result ahead of each corrected one; the corrected one counts."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        # Creatinine, bilirubin and leukocytes have one unit each, so that 9,99 is a valid result in it.
        finals = pick(export, rng, count, _measured(export, ("CREAT", "BILI", "WBC")))
        more, places = copy_rows(export, finals, shift=-0.25)
        wrong = {"resultado": "9,99", "estatus": "preliminar"}
        more = rewrite(more, places, wrong, "preliminary", fate="duplicate", reason="DUP_SUPERSEDED")
        return rewrite(more, finals, {"estatus": "corregido"}, "corrected")

    return spoil


def _conflicts(count: int) -> Spoil:
    """Two final results of one sample that disagree: neither is believed."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        first = pick(export, rng, count, _measured(export, ("CREAT", "BILI")))
        more, second = copy_rows(export, first)
        more = rewrite(more, second, {"resultado": "4,44"}, "conflict")
        # Which of the two is right cannot be known, so that both must be held.
        return rewrite(more, [*first, *second], {}, "conflict", fate="quarantined", reason="DUP_CONFLICT")

    return spoil


def _broken_lines(count: int) -> Spoil:
    """A delimiter typed into a comment."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        more, places = copy_rows(export, pick(export, rng, count, _measured(export)))
        cells = {"comentario": "repetir; muestra escasa"}
        return rewrite(
            more, places, cells, "broken_line", fate="quarantined", reason="FILE_LAYOUT", outcome="", subject=""
        )

    return spoil


def _result_first(count: int) -> Spoil:
    """Results dated before their sample."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        places = pick(export, rng, count, _measured(export, ("CRP",)))
        # In the order of `places`, since `rewrite` assigns by position.
        times = export.expected.set_index("place").loc[places, "time"]
        early = local_text(times - pd.Timedelta(hours=30), MOMENT).to_numpy()
        return rewrite(
            export, places, {"fecha_resultado": early}, "result_first", fate="quarantined", reason="TIME_ORDER"
        )

    return spoil


def _after_death(patients: tuple[Patient, ...], count: int, *columns: str) -> Spoil:
    """A last row dated two days after the patient's death."""
    died = {p.subject: p.at(p.end_hour) for p in patients if p.end == "death"}

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        numbers = export.expected["value"].notna() & export.expected["subject"].isin(died)
        last = export.expected[numbers].groupby("subject")["place"].max().sort_values().to_numpy()
        chosen = sorted(rng.choice(last, size=min(count, len(last)), replace=False).tolist())
        more, places = copy_rows(export, chosen)
        # Copied rows have several expectations in wide files, one per item, all of one patient.
        subjects = more.expected.drop_duplicates("place").set_index("place").loc[places, "subject"]
        times = subjects.map(died) + pd.Timedelta(days=2)
        cells = dict.fromkeys(columns, local_text(times, MOMENT).to_numpy())
        more = rewrite(more, places, cells, "after_death", fate="quarantined", reason="AFTER_DEATH")
        # Only the copies are in `times`; all other rows keep theirs.
        when = more.expected["place"].map(times)
        return replace(more, expected=more.expected.assign(time=when.fillna(more.expected["time"])))

    return spoil


def _dst_gap(count: int) -> Spoil:
    """Rows of the hour that summer time skipped, written by a clock that nobody had put forward."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        seen = export.expected.drop_duplicates("place").sort_values("place")
        # Rows near the gap, one per patient: two rows moved to one minute would be duplicates.
        near = seen[(seen["time"] - DST_GAP).abs() < pd.Timedelta(hours=6)].drop_duplicates("subject")
        places = pick(export, rng, count, pd.Series(True, index=near["place"]))
        written = [f"05/04/2020 02:{minute:02d}" for minute in rng.integers(1, 59, len(places))]
        return rewrite(export, places, {"fecha_hora": written}, "dst_gap", time=DST_GAP)

    return spoil


def _litres(count: int) -> Spoil:
    """Oxygen flow written where the fraction belongs."""

    def spoil(export: Export, rng: np.random.Generator) -> Export:
        places = pick(export, rng, count)
        cells = {"fio2": "6", "unidad_fio2": "L/min"}
        return rewrite(export, places, cells, "litres", item="fio2", fate="quarantined", reason="UNIT_UNKNOWN")

    return spoil


def _lost_zeros(export: Export, rng: np.random.Generator) -> Export:
    """One patient's id opened in a spreadsheet: the leading zeros are gone from every row of the file."""
    subjects = sorted(export.rows["expediente"].unique())
    chosen = subjects[int(rng.integers(len(subjects)))]
    places = export.rows.index[export.rows["expediente"] == chosen].tolist()
    bare = chosen.lstrip("0")
    return rewrite(export, places, {"expediente": bare}, "lost_zeros", fate="clean", subject=bare)


def planted(exports: list[Export]) -> pd.DataFrame:
    """Every spoilt record: where it stands, what is wrong, what must become of it."""
    expected = pd.concat([e.expectations() for e in exports] or [expected_frame(pd.DataFrame())])
    columns = ["source", "file", "line", "item", "subject", "outcome", "dirt", "fate", "reason"]
    return expected.loc[expected["dirt"] != "", columns].reset_index(drop=True)
