"""A study folder of many generated admissions: 5 treated patients, and two hospitals' historical ones in ten files.

    python benchmarks/registry/make_study.py FOLDER --admissions 1000

A stay of 14 days has about 500 rows. One hospital sends vital signs one a row, in English; the other one time a row, in
Spanish, latin-1, with decimal commas. Some 1% of the laboratory rows are limits, repeats, or are not to be read.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import yaml
from declaration import DAILY, ENGLISH, GASES, HOSPITALS, LABS, VITALS, Hospital, config

BLOCK = 2000
FIRST_DAY, DAYS = np.datetime64("2011-01-01"), 3650
# The treated: five in the last of these years, two months apart.
TREATED, TREATED_FROM = 5, 3300
# Mean of those who are not ill and of those who are, SD between and within patients, change a day, decimals.
SIGNALS = {
    "HR": (84, 104, 8, 6, -0.8, 0),
    "RR": (19, 27, 2, 2, -0.3, 0),
    "TEMP": (36.9, 38.1, 0.2, 0.3, -0.05, 1),
    "SPO2": (95, 90, 1, 1, 0.2, 0),
    "PF": (310, 112, 12, 14, 6.0, 0),
    "CRP": (40, 160, 12, 15, -6.0, 1),
    "PLT": (240, 220, 35, 15, 2.0, 0),
    "CREAT": (0.9, 1.2, 0.15, 0.08, 0.0, 2),
    "BILI": (0.7, 0.9, 0.15, 0.08, 0.0, 2),
    "LYMPH": (1.6, 0.7, 0.2, 0.1, 0.03, 2),
    "WBC": (8.0, 11.0, 1.2, 0.8, -0.1, 1),
    "DDIM": (600, 2200, 120, 150, -40.0, 0),
    "FERR": (420, 1500, 90, 80, -30.0, 0),
    "LDH": (240, 420, 30, 20, -6.0, 0),
    "PCT": (0.2, 0.9, 0.04, 0.05, -0.03, 2),
    "HGB": (13.0, 11.5, 1.0, 0.3, -0.05, 1),
    "ALB": (3.8, 3.0, 0.25, 0.1, 0.0, 1),
    "LACT": (1.2, 2.1, 0.2, 0.2, -0.04, 1),
    "GLU": (130, 150, 15, 20, 0.0, 0),
}
LOWEST = {"CRP": 0.4, "PCT": 0.05, "LYMPH": 0.05, "DDIM": 160, "FERR": 10, "LDH": 60, "LACT": 0.4}


@dataclass(frozen=True)
class Stays:
    """Some patients of one hospital: ids and admissions (minutes since 1970), hours of stay, who is ill, who died."""

    ids: pa.Array
    admitted: np.ndarray
    hours: np.ndarray
    ill: np.ndarray
    died: np.ndarray
    age: np.ndarray
    female: np.ndarray


def stays(hospital: Hospital, first: int, count: int, day: np.ndarray, share: float, rng: np.random.Generator) -> Stays:
    """`count` patients from number `first` on, admitted on these days, `share` of them ill enough to be eligible."""
    ill = rng.random(count) < share
    start = (FIRST_DAY + day.astype("timedelta64[D]")).astype("datetime64[m]").astype("int64")
    # The treated stay long enough to be measured on the last day asked for.
    shortest = 31 if hospital.arm == "treated" else 4
    lengths = np.clip(np.exp(rng.normal(np.log(13), 0.35, count)), shortest, max(28, shortest))
    return Stays(
        pa.array([hospital.id.format(number) for number in range(first, first + count)]),
        start + rng.integers(0, 1440, count),
        lengths * 24 // 1,
        ill,
        rng.random(count) < np.where(ill, 0.25, 0.04),
        np.clip(rng.normal(60, 14, count), 18, 95).astype("int64"),
        rng.random(count) < 0.45,
    )


def moments(of: Stays, every: int, first: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Patient (position) and hour from admission of every measurement `every` so many hours, patient by patient."""
    counts = np.maximum((of.hours - first) // every + 1, 0).astype("int64")
    person = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    return person, first + every * number


def values(of: Stays, code: str, person: np.ndarray, hour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rounded values of one signal; those who are not ill do not change."""
    well, ill, between, within, change, decimals = SIGNALS[code]
    level = np.where(of.ill, ill, well) + between * rng.standard_normal(len(of.ill))
    drift = np.where(of.ill, change, 0.0)[person] * hour / 24
    found = level[person] + drift + within * rng.standard_normal(len(person))
    # Reflected, not cut: values that pile up at one number would look like a limit that lost its sign.
    return np.round(np.abs(found) + LOWEST.get(code, 0), decimals)


def text(numbers: np.ndarray, decimals: int, mark: str) -> pa.Array:
    """Numbers as the hospital prints them."""
    if not decimals:
        return pc.cast(pa.array(numbers.astype("int64")), pa.string())
    printed = pc.cast(pa.array(numbers), pa.string())
    return printed if mark == "." else pc.replace_substring(printed, ".", mark)


def clock(minutes: np.ndarray, hospital: Hospital) -> pa.Array:
    return pc.strftime(pa.array(minutes.astype("datetime64[m]").astype("datetime64[s]")), format=hospital.clock)


def in_order(minutes: np.ndarray, columns: dict[str, pa.Array]) -> pa.Table:
    """The rows as a system exports them: by time, patients mixed."""
    return pa.table(columns).take(pa.array(np.argsort(minutes, kind="stable")))


def laboratory(of: Stays, hospital: Hospital, rng: np.random.Generator) -> pa.Table:
    """One result a row: a panel every so many hours, and what is wrong with about 1% of the rows."""
    person, hour = moments(of, 24 // hospital.panels)
    codes = DAILY[: hospital.analytes]
    parts = [text(values(of, code, person, hour, rng), SIGNALS[code][5], hospital.mark) for code in codes]
    rows, kinds = len(person), len(codes)
    minutes = np.tile(of.admitted[person] + hour * 60, kinds)
    which = pa.array(np.repeat(np.arange(kinds), rows))
    chance = rng.random(rows * kinds)
    value, unit = pa.chunked_array(parts).combine_chunks(), pa.array([LABS[c].unit for c in codes]).take(which)
    value = pc.if_else(pa.array(chance < 0.002), hospital.not_done, value)
    value = pc.if_else(
        pa.array((chance > 0.002) & (chance < 0.004)), pc.binary_join_element_wise("<", value, ""), value
    )
    unit = pc.if_else(pa.array((chance > 0.004) & (chance < 0.006)), "", unit)
    table = in_order(
        minutes,
        {
            "subject": of.ids.take(pa.array(np.tile(person, kinds))),
            "time": clock(minutes, hospital),
            "analyte": pa.array([getattr(LABS[c], hospital.language) for c in codes]).take(which),
            "value": value,
            "unit": unit,
            "specimen": pa.array([getattr(LABS[c], f"specimen_{hospital.language}") for c in codes]).take(which),
        },
    )
    # Sent twice, as at the seams of two extracts.
    return pa.concat_tables([table, table.filter(pa.array(rng.random(table.num_rows) < 0.002))])


def vital_signs(of: Stays, hospital: Hospital, rng: np.random.Generator) -> pa.Table:
    """Every four hours: one sign a row, or all signs of a time in a row."""
    person, hour = moments(of, 4)
    found = {code: text(values(of, code, person, hour, rng), SIGNALS[code][5], hospital.mark) for code in VITALS}
    minutes = of.admitted[person] + hour * 60
    if hospital.wide:
        whose = {"subject": of.ids.take(pa.array(person)), "time": clock(minutes, hospital)}
        return in_order(minutes, whose | {hospital.column(code): column for code, column in found.items()})
    kinds = len(found)
    which = pa.array(np.repeat(np.arange(kinds), len(person)))
    minutes = np.tile(minutes, kinds)
    columns = {"subject": of.ids.take(pa.array(np.tile(person, kinds))), "time": clock(minutes, hospital)}
    columns |= {"sign": pa.array([ENGLISH[code] for code in found]).take(which)}
    columns |= {"value": pa.chunked_array(list(found.values())).combine_chunks()}
    return in_order(minutes, columns | {"unit": pa.array([VITALS[code] for code in found]).take(which)})


def blood_gases(of: Stays, hospital: Hospital, rng: np.random.Generator) -> pa.Table:
    person, hour = moments(of, 12)
    minutes = of.admitted[person] + hour * 60
    fraction = np.where(of.ill, 0.6, 0.3)[person]
    return in_order(
        minutes,
        {
            "subject": of.ids.take(pa.array(person)),
            "time": clock(minutes, hospital),
            hospital.column(GASES[0]): text(values(of, "PF", person, hour, rng) * fraction // 1, 0, hospital.mark),
            hospital.column(GASES[1]): text(fraction, 2, hospital.mark),
        },
    )


def admissions(of: Stays, hospital: Hospital, rng: np.random.Generator) -> pa.Table:
    """One patient a row: characteristics, admission, end of the stay, and the infusion of those treated."""
    end = of.admitted + (of.hours * 60).astype("int64")
    columns = {
        "subject": of.ids,
        "sex": pc.if_else(pa.array(of.female), "F", "M"),
        "age": text(of.age, 0, hospital.mark),
        "admitted": clock(of.admitted, hospital),
        "left": clock(end, hospital),
        "how": pc.if_else(pa.array(of.died), *hospital.ends),
    }
    if hospital.arm == "treated":
        columns["infused"] = clock(of.admitted + 60 * (52 + 4 * np.arange(len(of.ids))), hospital)
    return in_order(of.admitted, columns)


def treatments(of: Stays, hospital: Hospital, rng: np.random.Generator) -> pa.Table:
    """A course of each of three treatments, for some patients."""
    chances = ((hospital.drugs[0], 0.5, 0.9), (hospital.drugs[1], 0.1, 0.5), (hospital.drugs[2], 0.8, 1.0))
    parts = []
    for drug, well, ill in chances:
        given = np.flatnonzero(rng.random(len(of.ill)) < np.where(of.ill, ill, well))
        start = of.admitted[given] + 60 * rng.integers(2, 40, len(given))
        stop = np.minimum(start + 1440 * rng.integers(3, 10, len(given)), of.admitted[given] + 60 * of.hours[given])
        columns = {"subject": of.ids.take(pa.array(given)), "drug": pa.array([drug] * len(given))}
        parts.append(pa.table(columns | {"start": clock(start, hospital), "stop": clock(stop, hospital)}))
    return pa.concat_tables(parts)


FILES = {
    "admissions": admissions,
    "laboratory": laboratory,
    "vitals": vital_signs,
    "gases": blood_gases,
    "treatments": treatments,
}


def blocks(hospital: Hospital, count: int, share: float, rng: np.random.Generator) -> Iterator[Stays]:
    """The hospital's patients, some at a time, in the order of their admissions."""
    if hospital.arm == "treated":
        yield stays(hospital, 1, TREATED, TREATED_FROM + 60 * np.arange(TREATED), 1.0, rng)
        return
    days = np.sort(rng.integers(0, DAYS, count))
    for first in range(0, count, BLOCK):
        own = days[first : first + BLOCK]
        yield stays(hospital, first + 1, len(own), own, share, rng)


def write_study(folder: Path, count: int, share: float, seed: int = 1) -> int:
    """Write config and files of `count` historical admissions, and return how many rows they have."""
    rng, rows = np.random.default_rng(seed), 0
    raw = folder / "data/raw"
    raw.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config(count, share), sort_keys=False, allow_unicode=True))
    sizes = {"treated": TREATED, "north": count - count // 2, "south": count // 2}
    for hospital in HOSPITALS:
        paths = {name: raw / f"{hospital.name}_{name}.csv" for name in FILES}
        for number, some in enumerate(blocks(hospital, sizes[hospital.name], share, rng)):
            for name, path in paths.items():
                table = FILES[name](some, hospital, rng)
                rows += table.num_rows
                append(table, path, hospital, first=not number)
    return rows


def append(table: pa.Table, path: Path, hospital: Hospital, first: bool) -> None:
    """Add rows to a file as the hospital writes it; the first ones with the header."""
    text = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=first, delimiter=hospital.delimiter, quoting_style="none")
    pa_csv.write_csv(table, text, options)
    with path.open("wb" if first else "ab") as file:
        file.write(text.getvalue().decode().encode(hospital.encoding))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--admissions", type=int, default=1000)
    parser.add_argument("--eligible", type=float, default=0.25, help="share who are ill enough to be eligible")
    chosen = parser.parse_args()
    written = write_study(chosen.folder, chosen.admissions, chosen.eligible)
    print(f"{chosen.admissions:,} admissions, {written:,} rows in {chosen.folder}")
