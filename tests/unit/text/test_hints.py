"""What cleaning says, in Spanish: the entry that a text was written from is found, and the file's own texts stay."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from historical_controls.text.hints import GROUP, PART, Hints, load_hints
from historical_controls.text.words import load_words

LOCALES = Path(__file__).parents[3] / "workflow" / "locales"
# Placeholders that are not hints, and what may stand there.
VALUE = "x: y; 'z' (1)"


@pytest.fixture(scope="module")
def spanish() -> Hints:
    return load_hints(load_words(LOCALES, "es"), LOCALES)


def fields(entry: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(entry) if name}


def entries(hints: Hints) -> dict[str, tuple[str, str]]:
    own = {key for key in hints.english.entries if key.startswith(GROUP) and not key.startswith(PART)}
    return {key: (hints.english.entries[key], hints.words.entries[key]) for key in own}


def test_both_languages_fill_the_same_places(spanish: Hints) -> None:
    for key, (english, other) in entries(spanish).items():
        assert fields(english) == fields(other), key


def test_every_entry_is_found_with_texts_that_look_like_hints(spanish: Hints) -> None:
    for key, (english, other) in entries(spanish).items():
        of_hints = {name for name in fields(english) if name.startswith("said")}
        values = {name: "the row names no patient" if name in of_hints else VALUE for name in fields(english)}
        values |= dict.fromkeys(fields(english) & {"form", "example"}, "dd/mm/yyyy")
        told = {**values, **dict.fromkeys(of_hints, "el renglón no nombra a ningún paciente")}
        told |= {"form": "dd/mm/aaaa"} if "form" in values else {}
        assert spanish(english.format(**values)) == other.format(**told), key


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        (
            "time as sent: '04.05.2020; x'; expected yyyy-mm-dd hh:mm (e.g. 2021-11-23 14:05) or dd-month's name-yy "
            "(e.g. 23-Nov-21) or a sheet's number of a day (e.g. 44523); correct it, or add its own format to "
            "'formats'; if it says that there is none, list it under 'sentinels'",
            "hora como se envió: '04.05.2020; x'; se espera aaaa-mm-dd hh:mm (p. ej., 2021-11-23 14:05) o dd-nombre "
            "del mes-aa (p. ej., 23-Nov-21) o el número de un día en la hoja (p. ej., 44523); corríjala, o agregue su "
            "formato a 'formats'; si significa que no la hay, agréguelo a 'sentinels'",
        ),
        (
            "date of birth as sent: '5/4'; expected one reading, but dd/mm (e.g. 23/11) and mm/dd (e.g. 11/23) both "
            "fit: keep the file's under 'formats', or correct the cell",
            "fecha de nacimiento como se envió: '5/4'; se espera una sola lectura, pero corresponde tanto a dd/mm "
            "(p. ej., 23/11) como a mm/dd (p. ej., 11/23): deje en 'formats' el del archivo, o corrija la celda",
        ),
        (
            "the file has both orders: 48 dates are day first, 16 month first, and no format tells the order of the 44 "
            "that fit both",
            "el archivo tiene los dos órdenes: 48 fechas tienen primero el día, 16 primero el mes, y ningún formato "
            "distingue el orden de las 44 que admiten ambos",
        ),
        (
            "parts.0.time.formats: []   # holds the dates that fit both. If a column tells the order: a part for "
            "each; else ask for yyyy-mm-dd",
            "parts.0.time.formats: []   # retiene las fechas que admiten ambos órdenes. Si una columna indica el "
            "orden: una parte para cada uno; si no, pida aaaa-mm-dd",
        ),
        (
            "20 of 30 records are held (DATE_INVALID 20), 0 more are suspected; expected hours (e.g. 1,5)",
            "20 de 30 registros están retenidos (DATE_INVALID 20) y 0 más son sospechosos; se espera horas "
            "(p. ej., 1,5)",
        ),
        (
            "480 mg/L (sent in 'mg/dL', specimen 'suero'): outside the hard limits 0 to 700",
            "480 mg/L (enviado en 'mg/dL', espécimen 'suero'): fuera de los límites posibles, de 0 a 700",
        ),
        (
            "31 points (sent in 'points'): outside the hard limits 0 to 25",
            "31 puntos (enviado en 'points'): fuera de los límites posibles, de 0 a 25",
        ),
        (
            "no conversion in units.csv from 'x'; DDU is another quantity than FEU: 'ddu_to_feu' converts it, flagged",
            "sin conversión en units.csv desde 'x'; DDU no es la misma magnitud que FEU: 'ddu_to_feu' la convierte, "
            "con una marca",
        ),
        ('decimal: ","', 'decimal: ","'),
        (
            'default_units: {CRP: "..."}   # the unit that the laboratory used',
            'default_units: {CRP: "..."}   # la unidad que usó el laboratorio',
        ),
        # What people wrote, and what has no entry, stays as it is.
        ("RANGE: seen in the chart or not", "RANGE: seen in the chart or not"),
        ("time and tide", "time and tide"),
        ("", ""),
    ],
)
def test_a_hint_in_spanish(english: str, expected: str, spanish: Hints) -> None:
    assert spanish(english) == expected


def test_a_hint_in_english_is_the_text_itself() -> None:
    english = load_hints(load_words(LOCALES, "en"), LOCALES)
    assert english("the row names no patient") == "the row names no patient"
