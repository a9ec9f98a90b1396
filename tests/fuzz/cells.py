"""Single cells rewritten with a meaning known by construction."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from historical_controls.config.sources.sources import SourceFile

from .human import Meaning, first_day_moment, strict_number
from .spoiling import INJECTED

NOTHING = Meaning()
NOT_DONE = (
    "pendiente",
    "Muestra insuficiente",
    "no se realizó",
    "CANCELADO",
    "***",
    "s/d",
    "ver nota",
    "not done",
    "muestra coagulada",
)
# Beside a value these change nothing, are no reason to drop it, and must not turn it into 'not done'.
NOTES = (" (pendiente)", ", repetir en 48 h", " (muestra no hemolizada)", "; verificado", " pending", " (preliminar)")
DENIALS = (" cancelado", " (rechazada)", " error de equipo", " (muestra insuficiente)")
NOBODY = ("Total", "Media", "#N/A", "NULL", "-", "0", "Total: 25", "Promedio", "nan")
UNCLEAR = (
    "ND",
    "no detectable",
    "< LOD",
    "?",
    "-",
    "--",
    "+",
    "x",
    "12..5",
    "1,2,3",
    "1.2.3",
    "5/6",
    "1_000",
    "0x1F",
    "O,5",
    "l2",
    "12'",
    "1 2 3",
)
UNCLEAR += (
    "~12",
    "12±3",
    "12 (previo 30)",
    "=12",
    "'12",
    "1²",
    "½",
    "Infinity",
    "NaN",
    "1e999",
    "e5",
    ".",
    ",",
    "<",
    ">",
    "<>",
    "12<",
    "#N/A",
    "#REF!",
)
OPERATORS = (
    ("<", "<"),
    ("< ", "<"),
    ("≤", "<"),
    ("<=", "<"),
    ("menor a ", "<"),
    (">", ">"),
    ("> ", ">"),
    ("≥", ">"),
    ("mayor a ", ">"),
)
UNITS = {
    "CRP": {"mg/L": 1.0, "MG/L": 1.0, "ug/mL": 1.0, "µg/mL": 1.0, "mg/dL": 10.0, " mg / dL": 10.0},
    "FERR": {"ng/mL": 1.0, "ug/L": 1.0, "µg/L": 1.0, "mg/L": 1000.0},
    "PLT": {"/uL": 0.001, "10^3/uL": 1.0, "K/uL": 1.0, "cells/uL": 0.001, "10^9/L": 1.0},
    "WBC": {"10^3/uL": 1.0, "x10^9/L": 1.0, "cells/uL": 0.001},
    "DDIM": {"ng/mL FEU": 1.0, "ug/L FEU": 1.0, "mg/L FEU": 1000.0},
    "CREAT": {"mg/dL": 1.0, "MG/DL": 1.0},
    "PCT": {"ng/mL": 1.0, "ug/L": 1.0},
    "IL6": {"pg/mL": 1.0, "ng/L": 1.0},
    "TEMP": {"C": 1.0, "°C": 1.0, "grados C": 1.0},
}
FOREIGN_UNITS = ("UI/mL", "mg/L DDU", "mol", "mg/L;", "kg", "??", "g/dl/h", "10^", "%%", "=mg", "mg/L extra", "0")
NAMES = {
    "CRP": ("Proteína C Reactiva", "PROTEINA C REACTIVA", "hs-CRP", "proteina  c   reactiva"),
    "FERR": ("Ferritina", "FERRITINA", "Serum ferritin"),
    "PLT": ("Plaquetas", "plaquetas.", "Platelet count"),
    "DDIM": ("DIMERO D", "Dímero-D", "D-dimer"),
    "WBC": ("leucocitos", "Glóbulos blancos"),
    "CREAT": ("CREATININA", "Creatinina sérica"),
}
STRANGE_NAMES = (
    "Linfo",
    "CRP2",
    "Proteina",
    "",
    "С-reactive protein",
    "Total",
    "Glucosa",
    "123",
    "Ferritina / transferrina",
)


def number_cell(rng: random.Random, before: str, file: SourceFile) -> tuple[str, Meaning]:
    """A number in this or another style, with limits, units and noise; or something that is no number."""
    kind = rng.random()
    if kind < 0.15:
        return rng.choice(NOT_DONE), Meaning(silent=True)
    if kind < 0.35:
        return rng.choice([*UNCLEAR, *INJECTED]), Meaning(silent=True)
    if kind < 0.45:
        text = rng.choice(
            [
                before + rng.choice(INJECTED),
                before[:-1],
                before * 2,
                before.replace("1", "l"),
                before + "!",
                "0" + before,
            ]
        )
        return text, Meaning(numbers=_as_declared(text, file), silent=True)
    value = round(rng.choice([1, 10, 1000, 100_000]) * rng.random(), rng.randint(0, 4))
    decimal, thousands = rng.choice(
        [(".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), ("·", "")]
    )
    text = f"{value:,.{rng.randint(0, 4)}f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
    said = _as_declared(text, file)
    if kind < 0.6:
        sign, operator = rng.choice(OPERATORS)
        return sign + text, Meaning(numbers=frozenset((operator, number, "") for _, number, _ in said))
    if kind < 0.63:
        return text + rng.choice(NOTES), Meaning(numbers=said)
    if kind < 0.64:
        return text + rng.choice(DENIALS), NOTHING
    if kind < 0.66:
        return rng.choice([f"{text}\u200b", f'="{text}"', f"\ufeff{text}"]), Meaning(numbers=said)
    if kind < 0.67:
        return f"&lt;{text}", Meaning(numbers=frozenset(("<", number, "") for _, number, _ in said))
    if kind < 0.74:
        unit = rng.choice(["mg/L", "mg/dL", "ng/mL", "%", "C", "/min", "H", "mmHg", "*", "(H)"])
        mark = unit in ("H", "*", "(H)")
        return f"{text} {unit}", Meaning(
            numbers=frozenset((op, number, "" if mark else unit) for op, number, _ in said)
        )
    return rng.choice([text, f" {text} ", f"{text}\u00a0", f"+{text}", text]), Meaning(numbers=said)


def _as_declared(text: str, file: SourceFile) -> frozenset[tuple[str, float, str]]:
    """What the text says in the declared style: a number or a limit; marks of width zero and a laboratory's aside."""
    seen = re.sub("[\u00ad\u200b-\u200f\u2060\ufeff]", "", text).strip()
    bare = re.sub(r"[\s!*]+$|(?<=\d)\s*(?:HH?|LL?|\(H\))$", "", seen)
    operator = {"<": "<", "≤": "<", ">": ">", "≥": ">"}.get(bare[:1], "")
    declared = strict_number(bare[1:] if operator else bare, file.decimal, file.thousands)
    return frozenset() if declared is None else frozenset({(operator, declared, "")})


def moment_cell(rng: random.Random, before: str, forms: list[str], zone: str) -> tuple[str, Meaning]:
    """A moment in the declared or another order and style, impossible ones, clock changes, and noise."""
    day = datetime(2020, 1, 1) + timedelta(minutes=rng.randrange(60 * 24 * 270))
    day = rng.choice(
        [
            day,
            datetime(2020, 4, 5, 2, rng.randrange(60)),
            datetime(2020, 10, 25, 1, rng.randrange(60)),
            day.replace(hour=0, minute=0),
        ]
    )
    other = [
        "%d/%m/%Y %H:%M",
        "%m/%d/%Y %H:%M",
        "%Y-%m-%d %H:%M",
        "%Y/%d/%m %H:%M",
        "%d-%m-%y %H:%M",
        "%d.%m.%Y",
        "%Y%m%d%H%M",
    ]
    form = rng.choice([*forms, *forms, *other])
    text = day.strftime(form)
    odd = [
        text,
        text,
        text,
        text + " h",
        text.replace(":", "."),
        text[:-1],
        text + "0",
        text.replace("0", "O", 1),
        text.split(" ")[0] + " 24:00",
    ]
    odd += [
        "31/02/2020 10:00",
        "2020-02-30 10:00",
        "00/00/0000 00:00",
        "1900-01-01 00:00",
        "43987",
        "43987,5",
        "hoy",
        "12/05/2002 06:10",
        "9999-12-31 23:59",
    ]
    odd += [before[::-1], before + rng.choice(INJECTED), rng.choice(INJECTED)]
    text = rng.choice([text, rng.choice(odd)])
    read = {moment for moment in (first_day_moment(text, form, zone) for form in forms) if moment is not None}
    return text, Meaning(moments=frozenset(read) if len(read) == 1 else frozenset())


def id_cell(rng: random.Random, before: str, others: list[str], may_be_blank: bool) -> tuple[str, Meaning]:
    """Zeros lost or added, another person's id, none, noise."""
    bare = before.strip()
    text = rng.choice(
        [
            bare.lstrip("0"),
            "0" + bare,
            f" {bare} ",
            f"{bare}\xa0",
            rng.choice(others),
            "" if may_be_blank else "x",
            "9" * 40,
            bare[:-1],
            bare + "-1",
            f"{bare}.0",
            bare + "\u200e",
            f'="{bare}"',
            f"'{bare}",
            rng.choice(NOBODY),
            rng.choice(INJECTED),
        ]
    )
    if text in NOBODY:
        return text, NOTHING
    if text in (f'="{bare}"', f"'{bare}"):
        return text, Meaning(names=frozenset({bare}))
    # What is invisible is no part of an id that a person reads.
    seen = "".join(c for c in text if c.isprintable() or (c.isspace() and c not in "\u2028\u2029\x85\x0b\x0c")).strip()
    return text, Meaning(names=frozenset({seen, seen.replace("\ufeff", "")}))


def unit_cell(rng: random.Random, code: str) -> tuple[str, Meaning]:
    known = UNITS.get(code, {})
    if known and rng.random() < 0.5:
        unit = rng.choice(list(known))
        return unit, Meaning(names=frozenset({unit}))
    return rng.choice([*FOREIGN_UNITS, "", rng.choice(INJECTED)]), NOTHING


def name_cell(rng: random.Random, code: str) -> tuple[str, Meaning]:
    if code in NAMES and rng.random() < 0.5:
        return rng.choice(NAMES[code]), Meaning(names=frozenset({code}))
    other = rng.choice(list(NAMES))
    if rng.random() < 0.4:
        return rng.choice(NAMES[other]), Meaning(names=frozenset({other}))
    return rng.choice([*STRANGE_NAMES, rng.choice(INJECTED)]), NOTHING


def word_cell(rng: random.Random, before: str) -> tuple[str, Meaning]:
    """Text that stands beside a value: status, comment, specimen, instrument, a note."""
    words = [
        "",
        "final",
        "preliminar",
        "CORREGIDO",
        "cancelado",
        "muestra hemolizada",
        "Muestra no hemolizada",
        "no lipémica, hemolizada",
        "líquido pleural",
        "suero",
        "x" * 5000,
        before.upper(),
        "12,5",
    ]
    return rng.choice([*words, rng.choice(INJECTED)]), NOTHING


def condition_cell(rng: random.Random, before: str, others: list[str]) -> tuple[str, Meaning]:
    """A code in another spelling, which is the same; with another sign, which is none; or another declared one."""
    same = [f" {before} ", before.upper(), f"{before}\u200b", f"{before}\xa0"]
    none = [f"{before}.", f"-{before}", f"{before}*", f"={before}", f"{before}-", f"{before} {before}", f"{before}?"]
    none += [rng.choice(INJECTED), "x"]
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(same), Meaning(words=frozenset({before}))
    if kind < 0.8 or not others:
        return rng.choice(none), NOTHING
    other = rng.choice(others)
    return other, Meaning(names=frozenset({other}))


def finding_cell(rng: random.Random, words: dict[str, str]) -> tuple[str, Meaning]:
    """A qualitative result: one that is known, or something else."""
    if words and rng.random() < 0.5:
        text = rng.choice(list(words))
        return text, Meaning(words=frozenset({words[text]}))
    text = rng.choice(
        [
            "tal vez",
            "3",
            "POS/NEG",
            "positivo?",
            "-1",
            "1?",
            "- 1",
            "01",
            "1 o 0",
            rng.choice(NOT_DONE),
            rng.choice(INJECTED),
        ]
    )
    return text, Meaning(silent=True)


Change = Callable[[random.Random], tuple[str, Meaning]]
