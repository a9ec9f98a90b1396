"""Cells, comments and dates in the languages of hospitals: pt, fr, de, it, ca, pl, nl, sv, da, no, en, es."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from cleaning_study import LAB, fates, lab, value_of

from historical_controls.cleaning.cells.negation import says
from historical_controls.cleaning.cells.numbers import finding_and_note
from historical_controls.cleaning.cells.times import Calendar, parse_times
from historical_controls.cleaning.rows.statuses import status_said
from historical_controls.cleaning.words.specimens import BAD_SPECIMEN, HAEMOLYSED
from historical_controls.config.sources.parts import TimeColumns

FERRITIN = {"test": "Ferritina", "unit": "ng/mL", "specimen": "suero"}
BELOW = [
    "inférieur à 5",
    "inferiore a 5",
    "kleiner als 5",
    "unter 5",
    "moins de 5",
    "meno di 5",
    "menys de 5",
    "höchstens 5",
]
BELOW += [
    "jusqu'à 5",
    "fino a 5",
    "até 5",
    "bis 5",
    "fins a 5",
    "abaixo de 5",
    "sotto 5",
    "menor ou igual a 5",
    "no máximo 5",
]
BELOW += ["5 ou moins", "5 oder weniger", "5 o meno", "5 ou menos", "5 mg/L o menys", "inf. a 5", "LT 5"]
BELOW += [
    "minder dan 5",
    "kleiner dan 5",
    "5 of minder",
    "mindre än 5",
    "mindre end 5",
    "högst 5",
    "højst 5",
    "under 5",
]
ABOVE = [
    "supérieur à 5",
    "superiore a 5",
    "maior que 5",
    "mehr als 5",
    "über 5",
    "plus de 5",
    "più di 5",
    "mais de 5",
    "més de 5",
]
ABOVE += [
    "au moins 5",
    "almeno 5",
    "pelo menos 5",
    "mindestens 5",
    "au-dessus de 5",
    "acima de 5",
    "sopra 5",
    "major de 5",
    "GT5",
]
ABOVE += ["5 ou plus", "5 o più", "5 ou mais", "5 oder mehr", "5 o més", "5 et plus", "5 mg/L und mehr", "größer als 5"]


@pytest.mark.parametrize("text", BELOW)
def test_words_below_a_limit(text: str) -> None:
    cleaned = lab({"result": text})
    assert fates(cleaned) == ["clean"], cleaned.ledger["hint"].iloc[0]
    assert (value_of(cleaned, "lower"), value_of(cleaned, "upper")) == (0.0, 5.0)


@pytest.mark.parametrize("text", ABOVE)
def test_words_above_a_limit(text: str) -> None:
    cleaned = lab({"result": text})
    assert fates(cleaned) == ["clean"], cleaned.ledger["hint"].iloc[0]
    assert value_of(cleaned, "lower") == 5.0 and pd.isna(value_of(cleaned, "upper"))


@pytest.mark.parametrize(
    "text", ["≮5", "plus 5 oder weniger", "5 ou plus?", "maximal 5", "bas 5", "baixo 5", "basso 5"]
)
def test_what_says_no_one_side_is_held(text: str) -> None:
    assert fates(lab({"result": text})) in (["NUM_UNREADABLE"], ["UNIT_CONFLICT"])


@pytest.mark.parametrize(
    "text", ["12 bis 15", "12 à 15", "de 12 à 15", "da 12 a 15", "zwischen 12 und 15", "entre 12 et 15"]
)
def test_ranges_are_two_numbers(text: str) -> None:
    assert fates(lab({"result": text})) == ["RANGE"]


@pytest.mark.parametrize(
    "note",
    [
        "(pendente)",
        "(en attente)",
        "ausstehend",
        "(in attesa)",
        "(pendent)",
        "vorläufig",
        "(provisoire)",
        "(não hemolisada)",
        "(próbka niezhemolizowana)",
        "potwierdzono",
    ],
)
def test_words_beside_a_value_leave_it_and_are_listed(note: str) -> None:
    cleaned = lab({"result": f"12.5 {note}"})
    assert value_of(cleaned) == 12.5
    assert cleaned.ledger["reason"].tolist() == ["NOTE_BESIDE"]
    assert note.strip("()") in cleaned.ledger["hint"].iloc[0]


@pytest.mark.parametrize("flag", ["hoch", "(élevé)", "erhöht", "elevato", "niedrig", "(baixo)"])
def test_flags_leave_the_value(flag: str) -> None:
    cleaned = lab({"result": f"12 {flag}"})
    assert (value_of(cleaned), value_of(cleaned, "flags")) == (12, "LAB_FLAG")


@pytest.mark.parametrize(
    "text",
    [
        "non fait",
        "nicht durchgeführt",
        "não realizado",
        "non eseguito",
        "no realitzat",
        "échantillon insuffisant",
        "hémolysé",
        "hämolytisch",
        "emolizzato",
        "mostra hemolitzada",
        "Probe geronnen",
        "en attente",
        "ausstehend",
        "annulé",
        "quantidade não suficiente",
        "amostra rejeitada",
        "recolher nova amostra",
        "prélèvement non conforme",
        "à refaire",
        "Material nicht ausreichend",
        "zu wenig Serum",
        "Probe fehlt",
        "campione non idoneo",
        "quantità non sufficiente",
        "mostra no rebuda",
        "quantity not sufficient",
        "za mało materiału",
        "materiał niewystarczający",
        "nie wykonano",
        "brak próbki",
        "próbka odrzucona",
        "w toku",
        "skrzep",
        "zhemolizowana",
        "presenza di coaguli",
        "sample contaminated",
    ],
)
def test_nothing_was_measured(text: str) -> None:
    assert value_of(lab({"result": text}), "status") == "not_done"


@pytest.mark.parametrize(
    "text",
    [
        "nicht nachweisbar",
        "nicht nachgewiesen",
        "non détecté",
        "non rilevato",
        "não detectado",
        "não detetado",
        "no detectat",
        "unter der Nachweisgrenze",
        "sous la limite de détection",
        "sotto il limite di rilevabilità",
        "abaixo do limite de deteção",
    ],
)
def test_below_a_limit_that_is_not_told(text: str) -> None:
    assert fates(lab({"result": text})) == ["LOD_NO_LIMIT"]
    assert value_of(lab({"result": text}, assay_limits={"A": {"CRP": {"lod": 3}}}), "upper") == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("négatif", "negative"),
        ("negativ", "negative"),
        ("nicht nachgewiesen", "negative"),
        ("não detetado", "negative"),
        ("positif", "positive"),
        ("Positiv", "positive"),
        ("positiu", "positive"),
        ("nachgewiesen", "positive"),
        ("oui", "yes"),
        ("Sim", "yes"),
        ("VERDADERO", "yes"),
        ("wahr", "yes"),
        ("não", "no"),
        ("nein", "no"),
        ("FALSO", "no"),
        ("grenzwertig", "indeterminate"),
        ("dodatni", "positive"),
        ("nie wykryto", "negative"),
        ("tak", "yes"),
        ("nie", "no"),
        ("négatif, à répéter", None),
        ("nicht positiv", None),
        ("non positif", None),
    ],
)
def test_findings(text: str, said: str | None) -> None:
    assert finding_and_note(text).finding == said


HAEMOLYTIC = [
    "échantillon hémolysé",
    "hämolytisch",
    "leicht hämolytisch",
    "campione emolizzato",
    "emolisi",
    "amostra hemolisada",
]
HAEMOLYTIC += [
    "mostra hemolitzada",
    "hemòlisi",
    "hemol.",
    "HEMOL. +++",
    "hem+",
    "no se descarta hemólisis",
    "hemólisis?",
]
HAEMOLYTIC += ["próbka zhemolizowana", "hemoliza ++", "ślad hemolizy", "Serum haemolytisch", "suero hemolítico"]
HAEMOLYTIC += ["campione emolitico", "nie wykonano: hemoliza"]
CLEAR = ["non hémolysé", "pas d'hémolyse", "sans hémolyse", "absence d'hémolyse", "nicht hämolytisch", "keine Hämolyse"]
CLEAR += [
    "Probe nicht hämolysiert",
    "hämolysefrei",
    "ohne Hämolyse",
    "non emolizzato",
    "assenza di emolisi",
    "sem hemólise",
]
CLEAR += [
    "amostra não hemolisada",
    "sense hemòlisi",
    "no hemolitzada",
    "se descarta hemólisis",
    "hemolisis (-)",
    "Hämolyse: nein",
]
CLEAR += ["bez hemolizy", "brak cech hemolizy", "próbka niezhemolizowana", "hemoliza: brak", "nie stwierdzono hemolizy"]
CLEAR += ["suero no hemolítico", "anemia hemolityczna", "haemolytische Anaemie", "beta-hemolytic streptococcus"]
CLEAR += ["paciente con anemia hemolítica", "hämolytische Anämie", "hemolytic uremic syndrome", "anemia emolitica"]


@pytest.mark.parametrize(("text", "bad"), [*((t, True) for t in HAEMOLYTIC), *((t, False) for t in CLEAR)])
def test_haemolysis_and_its_negation(text: str, bad: bool) -> None:
    assert says(text, HAEMOLYSED) is bad
    assert fates(lab({**FERRITIN, "comment": text})) == (["SPECIMEN_BAD"] if bad else ["clean"])


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("coágulo", True),
        ("presencia de coágulos", True),
        ("no coágulos", False),
        ("Gerinnsel", True),
        ("coagulé", True),
        ("lipämisch", True),
        ("lipémique", True),
        ("kontaminiert", True),
        ("nicht lipämisch", False),
        ("sans caillot", False),
        ("presenza di coaguli", True),
        ("mostra amb coàguls", True),
        ("Blut koaguliert", True),
        ("microclots", True),
        ("presença de coágulo", True),
        ("sem presença de coágulos", False),
        ("próbka wykrzepiona", True),
        ("obecność skrzepu", True),
        ("bez skrzepu", False),
        ("unclotted", False),
        ("contaminação", True),
        ("prélèvement souillé", True),
        ("Probe verunreinigt", True),
        ("Serum trüb", True),
        ("nicht trüb", False),
        ("turbid", True),
        ("suero turbio", True),
        ("siero inquinato", True),
        ("emolitico", True),
        ("anemia emolitica", False),
        ("reference range not valid for children", False),
        ("contaminazione", True),
        ("contaminació", True),
        ("materiał zanieczyszczony", True),
        ("zanieczyszczenie", True),
        ("siero itterico", True),
        ("icteric", True),
        ("surowica żółtaczkowa", True),
        ("sérum lactescent", True),
        ("lipemia", True),
        # Of the patient, and not of the sample.
        ("tiempo de coagulación", False),
        ("rozsiane wykrzepianie wewnątrznaczyniowe", False),
        ("skrzeplina w lewej komorze", False),
        ("dyslipidemia", False),
    ],
)
def test_other_faults_of_a_specimen(text: str, bad: bool) -> None:
    assert says(text, BAD_SPECIMEN) is bad


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # A line that made 12.5 'not done' or missing would erase it.
        ("12.5 (foo)", "means: value, value: <number>}"),
        ("12?", "correct the cell, or if it is a code for missing"),
        ("2020-05-04", "a day or an hour in place of a number"),
        ("1900-01-12 12:00:00", "a day or an hour in place of a number"),
        ("12:30", "a day or an hour in place of a number"),
        ("supérieur", "means: above"),
        ("zu hoch", "means: above"),
        ("ULOQ", "means: above"),
        ("niedrig", "means: below"),
    ],
)
def test_hints_keep_what_a_cell_says(text: str, said: str) -> None:
    held = lab({"result": text}).ledger.iloc[0]
    assert held["reason"] == "NUM_UNREADABLE" and said in held["hint"]
    assert "not_done" not in held["hint"]


@pytest.mark.parametrize("text", ["aria ambiente", "air ambiant", "Raumluft", "ar ambiente", "aire ambient"])
def test_room_air_is_proposed(text: str) -> None:
    held = lab({"test": "FiO2", "unit": "", "result": text}).ledger.iloc[0]
    assert 'outcome: FIO2, means: value, value: 21, unit: "%"' in held["hint"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Siero", "serum"),
        ("soro", "serum"),
        ("Blut", "blood"),
        ("Vollblut", "whole blood"),
        ("venös", "venous"),
        ("artériel", "arterial"),
        ("heparin plasma", "plasma"),
        ("sangue", "blood"),
        ("Blood, Venous", "venous"),
        ("Sangue total (EDTA)", "whole blood"),
    ],
)
def test_specimens(name: str, said: str) -> None:
    assert value_of(lab({"specimen": name}), "specimen") == said


@pytest.mark.parametrize(
    "name",
    [
        *("Urin", "orina de 24 horas", "Pleurapunktat", "Liquor", "feci", "líquid pleural"),
        *("Líquido de dreno", "JP drain", "bilis"),
    ],
)
def test_specimens_of_no_blood_are_held_by_name(name: str) -> None:
    held = lab({"test": "Ferritina", "unit": "ng/mL", "specimen": name}).ledger.iloc[0]
    assert held["reason"] == "SPECIMEN_OTHER" and "does not answer" in held["hint"]


@pytest.mark.parametrize(("text", "unit"), [("80 Kg.", "kg"), ("80 kilos", "kg")])
def test_units_and_their_points(text: str, unit: str) -> None:
    from cleaning_study import clean

    part = {"kind": "patients", "subject": "id", "columns": {"w": {"characteristic": "WEIGHT", "unit": unit}}}
    assert clean([{"id": "1", "w": text}], part).patients["value"].tolist() == [80]


CALENDAR = Calendar("UTC", date(2020, 1, 1), date(2020, 12, 31))


def read(text: str, form: str, **keys: Any) -> tuple[str, str]:
    """The moment that a text says, or its reason, and the hint."""
    spec = TimeColumns.model_validate({"columns": ["x"], "formats": [form], **keys})
    found = parse_times(pd.Series([text], dtype="str"), spec, CALENDAR)
    return found.reason.iloc[0] or found.utc.iloc[0].strftime("%Y-%m-%d %H:%M"), found.hint.iloc[0]


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("4 gener 2020", "%d %B %Y", "2020-01-04 00:00"),
        ("4 març 2020", "%d %B %Y", "2020-03-04 00:00"),
        ("4 de maig de 2020", "%d de %B de %Y", "2020-05-04 00:00"),
        ("4 juliol 2020", "%d %B %Y", "2020-07-04 00:00"),
        ("4 desembre 2020", "%d %B %Y", "2020-12-04 00:00"),
        ("4 października 2020", "%d %B %Y", "2020-10-04 00:00"),
        ("poniedziałek 4 maja 2020", "%A %d %B %Y", "2020-05-04 00:00"),
        ("4. Jänner 2020", "%d. %B %Y", "2020-01-04 00:00"),
        ("4 fév. 2020", "%d %b %Y", "2020-02-04 00:00"),
        ("04 DE MAYO DE 2020", "%d de %B de %Y", "2020-05-04 00:00"),
        ("Montag, 04. Mai 2020", "%A, %d. %B %Y", "2020-05-04 00:00"),
        ("lunes 04 mayo 2020", "%A %d %B %Y", "2020-05-04 00:00"),
        ("mar 05 may 2020", "%a %d %b %Y", "2020-05-05 00:00"),
        ("jeu. 05 mar 2020", "%a %d %b %Y", "2020-03-05 00:00"),
        ("segunda-feira 04/05/2020 08:00", "%A %d/%m/%Y %H:%M", "2020-05-04 08:00"),
        ("04.05.2020 8 Uhr", "%d.%m.%Y %H Uhr", "2020-05-04 08:00"),
        ("04.05.2020 08:05 uhr", "%d.%m.%Y %H:%M", "2020-05-04 08:05"),
        ("04/05/2020 08H05", "%d/%m/%Y %Hh%M", "2020-05-04 08:05"),
        ("04/05/2020 08:05 h", "%d/%m/%Y %H:%M h", "2020-05-04 08:05"),
    ],
)
def test_dates(text: str, form: str, said: str) -> None:
    assert read(text, form)[0] == said


def test_a_weekday_that_is_not_that_of_its_day_is_held() -> None:
    """4 May 2020 was a Monday: day or weekday is wrong."""
    assert read("Sonntag, 04. Mai 2020", "%A, %d. %B %Y")[0] == "DATE_INVALID"


def test_an_unknown_month_is_named() -> None:
    reason, hint = read("4 foo 2020", "%d %B %Y")
    assert reason == "DATE_INVALID" and "'foo' is no name of a month or weekday" in hint


def test_the_usual_row_is_clean() -> None:
    assert fates(lab(LAB)) == ["clean"]


@pytest.mark.parametrize(
    "note",
    ["(zhemolizowana)", "lipemia", "skrzep", "traces d'hémolyse", "(presenza di coaguli)", "kontaminacja", "lipämisch"],
)
def test_a_bad_specimen_beside_a_value_is_flagged(note: str) -> None:
    cleaned = lab({"result": f"12 {note}"})
    assert (value_of(cleaned), value_of(cleaned, "flags")) == (12, "SPECIMEN_BAD;LAB_FLAG")


@pytest.mark.parametrize(
    "text",
    [
        *("onvoldoende materiaal", "niet uitgevoerd", "stolsel", "foutief afgenomen", "uitslag volgt"),
        *("otillräckligt material", "ej utförd", "koagel", "makulerat", "provet saknas"),
        *("utilstrækkeligt materiale", "ikke udført", "annulleret", "afventer svar", "utilstrekkelig materiale"),
    ],
)
def test_nothing_was_measured_in_dutch_and_nordic_words(text: str) -> None:
    assert lab({"result": text}).measurements["status"].tolist() == ["not_done"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(
            ("gevalideerd", "done"),
            ("voorlopig", "preliminary"),
            ("gecorrigeerd", "corrected"),
            ("vervallen", "withdrawn"),
        ),
        *(
            ("slutsvar", "done"),
            ("preliminärt svar", "preliminary"),
            ("rättat", "corrected"),
            ("makulerat", "withdrawn"),
        ),
        *(
            ("endeligt svar", "done"),
            ("foreløbigt", "preliminary"),
            ("rettet", "corrected"),
            ("annulleret", "withdrawn"),
        ),
    ],
)
def test_statuses_in_dutch_and_nordic_words(text: str, said: str) -> None:
    assert status_said(text) == said


@pytest.mark.parametrize(
    ("text", "day"), [("24-mrt-2022", 24), ("24 maart 2022", 24), ("1 mei 2022", 1), ("17 augusti 2022", 17)]
)
def test_months_in_dutch_and_swedish(text: str, day: int) -> None:
    times = TimeColumns(columns=["when"], formats=["%d-%b-%Y", "%d %B %Y"])
    read = parse_times(pd.Series([text]), times, Calendar("UTC", date(2022, 1, 1), date(2022, 12, 31)))
    assert read.utc.dt.day.tolist() == [day]
