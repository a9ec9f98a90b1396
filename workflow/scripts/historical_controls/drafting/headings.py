"""What a heading most likely names: an id, a time, an arm, a characteristic, an event, an outcome and its unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.folding import fold, fold_unit

# Words of folded headings, most telling first.
IDS = (
    *("subject id", "subject", "patient id", "patientid", "usubjid", "subjid", "record id", "participant id"),
    *("participant", "expediente", "no expediente", "num expediente", "id paciente", "paciente", "folio", "nhc", "mrn"),
    *("prontuario", "numero prontuario", "dossier", "numero dossier", "fallnummer", "cartella clinica", "matricula"),
    *("codice paziente", "id paziente", "codice", "code patient", "code du patient", "patienten id", "patientencode"),
    *("nr pacjenta", "numer pacjenta", "pacjent", "nr", "codigo paciente", "codigo do paciente", "codigo"),
    *("pat nr", "patienten nr", "patientennr", "fall nr", "fallnr", "patientnr", "nr patient", "nr pac"),
    *("pat id", "patient", "study id", "pid", "id", "case", "patnr", "patientennummer", "numero patient", "paziente"),
)
TIMES = (
    *("collection time", "collected at", "collected", "collection date", "sample time", "sample date", "drawn"),
    *("fecha toma", "fecha muestra", "fecha hora", "fecha y hora", "datetime", "date time", "timestamp", "visit date"),
    *("data da coleta", "data coleta", "data da visita", "data prelievo", "entnahmedatum", "probenentnahme"),
    *("date de visite", "date de prelevement", "datum", "untersuchungsdatum", "besuchsdatum", "data visita", "data"),
    *("fecha visita", "fecha", "date", "time", "when", "test date", "lab date", "chart time", "charttime"),
)
RESULT_TIMES = ("fecha resultado", "result time", "result date", "reported", "reported at", "fecha validacion")
ANALYTES = (
    *("analyte", "analito", "test name", "test", "prueba", "parameter", "parametro", "lab test", "determinacion"),
    *("component", "variable", "item", "examen", "estudio"),
)
VALUES = ("result value", "numeric result", "result", "resultado", "value", "valor")
UNITS = ("unit", "units", "unidad", "unidades", "uom")
SPECIMENS = ("specimen", "sample type", "specimen type", "tipo de muestra", "tipo muestra", "muestra", "sample")
ASSAYS = ("assay", "instrument", "equipo", "method", "metodo")
STATUSES = ("result status", "status", "estatus")
COMMENTS = ("comment", "comments", "comentario", "observaciones")
ARMS = (
    "arm",
    "study arm",
    "treatment group",
    "group",
    "grupo",
    "brazo",
    "cohort",
    "trt",
    "treated",
    "tratado",
    "treatment",
    "tratamiento",
    *("groupe", "bras", "gruppe", "behandlung", "gruppo", "braccio", "grupa", "ramie"),
)
BIRTHS = (
    *("dob", "date of birth", "birth date", "birthdate", "fecha nacimiento", "fecha de nacimiento", "nacimiento"),
    *("ne e le", "ne le", "date de naissance", "geburtsdatum", "data di nascita", "data de nascimento"),
    *("data urodzenia", "data ur"),
)
# Of any heading with one of them whose cells are dates: 'data_nasc', 'fecha nac', 'DDN'.
BIRTH_WORDS = {
    *("birth", "birthday", "birthdate", "dob", "born", "nacimiento", "nac", "nascimento", "nasc", "nascita", "nato"),
    *("naissance", "naiss", "ddn", "geburt", "geburtsdatum", "geburtstag", "geb", "gebdatum", "gebdat", "urodzenia"),
}
STARTS = ("start", "start date", "start time", "rx start", "inicio", "fecha inicio", "begin")
STOPS = ("stop", "stop date", "stop time", "rx stop", "fin", "fecha fin", "end", "end date", "end time")
DOSES = ("dose", "dosis", "rx dose")
DOSE_UNITS = ("dose unit", "unidad dosis", "rx unit", "dose units")
ENDINGS = (
    *("motivo egreso", "discharge status", "vital status", "end status", "outcome", "desenlace", "hospital outcome"),
    *(
        "status at discharge",
        "disposition",
        "exitus",
        "desfecho",
        "desfecho hospitalar",
        "motivo alta",
        "motivo da alta",
    ),
    *(
        "tipo de alta",
        "condicao de alta",
        "devenir",
        "issue",
        "mode de sortie",
        "statut vital",
        "entlassungsart",
        "esito",
        "tryb wypisu",
        "status wypisu",
        "wynik leczenia",
        "wynik hospitalizacji",
    ),
)
CHARACTERISTICS = {
    **dict.fromkeys(("sex", "sexo", "gender", "genero", "sexe", "geschlecht", "sesso", "plec"), "SEX"),
    **dict.fromkeys(
        (
            "alter",
            "wiek",
            "eta",
            "idade",
            "idade anos",
            "age ans",
            "age",
            "edad",
            "age years",
            "edad anos",
            "age at admission",
            "age yr",
        ),
        "AGE",
    ),
    **dict.fromkeys(
        (
            "poids",
            "gewicht",
            "weight",
            "peso",
            "weight kg",
            "peso kg",
            "body weight",
            "wt",
            "wt kg",
            "pre wt kg",
            "masa ciala",
            "waga",
        ),
        "WEIGHT",
    ),
    **dict.fromkeys(
        (
            "altura",
            "wzrost",
            "altura cm",
            "taille",
            "grosse",
            "koerpergroesse",
            "altezza",
            "height",
            "talla",
            "estatura",
            "height cm",
            "talla cm",
        ),
        "HEIGHT",
    ),
    **dict.fromkeys(("diabetes", "dm", "dm2", "diabetes mellitus", "diabete", "diabetico"), "DIABETES"),
    **dict.fromkeys(
        ("hypertension", "hipertension", "htn", "has", "hta", "hipertensao", "ipertensione"), "HYPERTENSION"
    ),
    **dict.fromkeys(("hypertension arterielle", "hypertonie", "hipertensao arterial"), "HYPERTENSION"),
    **dict.fromkeys(("obesity", "obesidad", "obesidade", "obesite", "adipositas", "obesita"), "OBESITY"),
    **dict.fromkeys(("icu bed", "cama uti", "cama uci"), "ICU_BED"),
    **dict.fromkeys(("survived", "sobrevivio"), "SURVIVED"),
}
# Without the small words and the word for a date: see `event_of`.
EVENTS = {
    "icu_admission": (
        *("icu admission", "icu admit", "ingreso uti", "ingreso uci", "icu dt", "icu date", "admissao uti"),
        *("entree rea", "entree reanimation", "admission rea", "aufnahme intensiv"),
    ),
    "symptom_onset": (
        *("symptom onset", "onset", "inicio sintomas", "debut symptomes", "symptombeginn", "esordio sintomi"),
    ),
    "infusion": ("infusion", "infusion dt", "infusion time", "infusao", "perfusion", "infusione"),
    "consent": ("consent", "consent dt", "consentimiento", "consentimento", "consentement", "einwilligung"),
    "intubation": ("intubation", "intub dt", "intubacion", "intubacao", "intubazione"),
    "limitation_order": ("limitation order", "limit dt", "limitacion esfuerzo", "dnr"),
    "death": (
        "death",
        "defuncion",
        "dod",
        "obito",
        "deces",
        "todesdatum",
        "sterbedatum",
        "tod",
        "decesso",
        "zgon",
        "zgonu",
    ),
    "discharge_alive": (
        *("discharge", "discharge time", "egreso", "alta", "end dt", "end date", "saida", "sortie"),
        *("entlassung", "entlassungsdatum", "dimissione", "wypis", "wypisu"),
    ),
    "admission": (
        *("admission", "admission time", "hospital admission", "admit", "admit dt", "admitted", "ingreso", "aufnahme"),
        *("aufnahmedatum", "entree", "internacao", "admissao", "hospitalisation", "ricovero", "przyjecie", "przyjecia"),
    ),
    "enrolment": (
        *("enrolment", "enrolled", "enrolled at", "enrollment", "inclusion", "einschluss", "einschlussdatum"),
        *("inclusao", "inclusione"),
    ),
}
EVENT_OF = {word: event for event, words in EVENTS.items() for word in words}
SMALL_WORDS = {
    *("of", "the", "de", "da", "do", "del", "du", "des", "d", "la", "el", "l", "di", "dos", "los", "en", "em")
}
DATE_WORDS = {*("date", "fecha", "data", "datum")}
# Words and letters before the number of a moment, and what each counts: 'J7' and 'Tag 7' are days.
MOMENTS = {
    **dict.fromkeys(("d", "day", "dia", "día", "j", "jour", "tag", "giorno", "dzien", "dzień"), "day"),
    **dict.fromkeys(("v", "t", "visit", "visita", "visite", "besuch", "wizyta"), "visit"),
    **dict.fromkeys(("w", "week", "semana", "semaine", "woche", "settimana", "tydzień"), "week"),
    **dict.fromkeys(("h", "hour", "hora", "heure", "stunde", "ora"), "hour"),
    **dict.fromkeys(("m", "month", "mes", "mois", "monat", "mese"), "month"),
}
MOMENT = re.compile(
    rf"(?:^|[\s_.(-])({'|'.join(sorted(MOMENTS, key=len, reverse=True))})\s*[_. -]?\s*(\d+)(?![\d.])", re.I
)
# 'pf_7', 'il6_7', 'pf7': a number alone behind the name.
NUMBERED = re.compile(r"(?P<name>.*[^\W_])[\s_.-]+(?P<number>\d{1,4})|(?P<bare>.*[^\W\d_])(?P<digits>\d{1,4})")
# The unit in brackets, behind the name or before it: 'Albumin (g/L)', '(%)lymphocyte'.
STATED = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$|^\s*[(\[]([^()\[\]]+)[)\]]")
# Prefixes of REDCap fields and of exports that say the instrument, and nothing of the outcome.
PREFIXES = {"lab", "labs", "vs", "vital", "vitals", "bg", "gas", "cyt", "last", "base"}


@dataclass(frozen=True)
class Named:
    """An outcome that a heading names. unit: as the heading states it, '' for none; sure: nothing was passed over."""

    code: str
    unit: str
    sure: bool


def without_brackets(heading: str) -> str:
    """'Alter (Jahre)' as 'Alter'."""
    return re.sub(r"[(\[].*?[)\]]", " ", heading).strip() or heading


def first_of(words: Sequence[str], headings: Iterable[str]) -> str | None:
    """The heading that is the first of these words that any heading is."""
    folded = {fold(heading): heading for heading in reversed(list(headings))}
    return next((folded[word] for word in words if word in folded), None)


def outcome_named(heading: str, numeric: bool, dictionary: Dictionary) -> Named | None:
    """The outcome that a heading names, alone or followed by its unit. numeric: whether its cells are numbers."""
    bare = without_brackets(heading)
    found = STATED.search(heading)
    stated = (found[1] or found[2]) if found else ""
    words = fold(bare).split()
    for skipped in range(min(2, len(words))):
        if skipped and words[0] not in PREFIXES:
            break
        for end in range(len(words), skipped, -1):
            outcome = _meant(" ".join(words[skipped:end]), numeric, dictionary, stated)
            if outcome is None:
                continue
            rest = "".join(words[end:])
            unit = (
                stated if stated and dictionary.conversion(outcome.code, stated) else _unit(rest, outcome, dictionary)
            )
            if rest and not unit:
                break
            return Named(outcome.code, unit, True)
    return None


def _meant(name: str, numeric: bool, dictionary: Dictionary, unit: str = "") -> Outcome | None:
    """The outcome of a name, where it is measured and of the kind that the cells are; of several that of the unit."""
    found = [one for one in dictionary.named(name) if one.result_kind in ("", "number" if numeric else "result")]
    outcomes = [dictionary.outcomes[one.code] for one in found]
    fits = [one for one in outcomes if one.family != "characteristic" and (one.kind == "number") == numeric]
    if unit and len({one.code for one in fits}) > 1:
        fits = [one for one in fits if dictionary.conversion(one.code, unit)]
    return fits[0] if len({one.code for one in fits}) == 1 else None


def _unit(text: str, outcome: Outcome, dictionary: Dictionary) -> str:
    """'mgdl' behind a name is mg/dL; the outcome's own unit comes first."""
    units = dictionary.units_of(outcome.code) if outcome.kind == "number" else {}
    spelled = [outcome.unit, *units]
    return next((unit for unit in spelled if text and _letters(unit) == _letters(text)), "")


def _letters(unit: str) -> str:
    return re.sub(r"[^a-z0-9%]", "", fold_unit(unit))


BASELINE = re.compile(r"(?:^|[\s_.(-])(admission|baseline|basal|base|initial|ingreso|pre|start)(?=[\s_.)-])", re.I)


def event_of(heading: str) -> str | None:
    """The event that a heading names, with or without a word for date: 'Date of admission', 'data de internação'."""
    folded = fold(heading)
    words = [word for word in folded.split() if word not in SMALL_WORDS]
    bare = " ".join(word for word in words if word not in DATE_WORDS)
    return EVENT_OF.get(folded) or EVENT_OF.get(" ".join(words)) or EVENT_OF.get(bare)


def is_ending(heading: str) -> bool:
    """Whether a heading names how the stay ended, small words apart: 'Motivo de egreso'."""
    return " ".join(word for word in fold(heading).split() if word not in SMALL_WORDS) in ENDINGS


def is_dated(heading: str) -> bool:
    """Whether a heading says that its cells are dates: by a word for date, as a time, or as an event."""
    folded = fold(heading)
    by_name = folded in (*TIMES, *RESULT_TIMES, *STARTS, *STOPS) or event_of(heading) is not None
    return by_name or is_birth(heading) or bool(DATE_WORDS & set(folded.split()))


def is_birth(heading: str) -> bool:
    """Whether a heading says that it is a date of birth, in words or by a usual abbreviation."""
    folded = fold(heading)
    return folded in BIRTHS or bool(BIRTH_WORDS & set(folded.split()))


def moment_alone(heading: str) -> tuple[str, int] | None:
    """('day', 7) of 'Día 7', 'D7', 'Day 7'; None of a heading that says more, and of 'T3', which is a hormone."""
    found = MOMENT.fullmatch(heading.strip())
    sure = found and (len(found[1]) > 1 or found[1].lower() in "djv")
    return (MOMENTS[found[1].lower()], int(found[2])) if found and sure else None


def moment_in(heading: str) -> tuple[str, str, int] | None:
    """('CRP', 'day', 7) of 'CRP_day7', 'Day 7 CRP', 'crp d7'; None of a heading without a moment."""
    found = MOMENT.search(heading)
    if not found:
        first = BASELINE.search(heading)
        rest = (heading[: first.start()] + " " + heading[first.end() :]).strip(" _-.") if first else ""
        return (rest, "baseline", 0) if rest else None
    rest = (heading[: found.start()] + " " + heading[found.end() :]).strip(" _-.")
    return (rest, MOMENTS[found[1].lower()], int(found[2])) if rest else None


def numbered_moments(headings: Sequence[str], dictionary: Dictionary) -> dict[str, tuple[str, str, int]]:
    """Moments of 'pf_0', 'pf_7', whose numbers no word explains, as `moment_in` gives them, of kind 'number'.

    Only of a name with several numbers: one that the dictionary has, or one that is numbered from 0. 'il_6' beside
    'il_8' are two interleukins.
    """
    found = {name: part for name in headings if (part := NUMBERED.fullmatch(without_brackets(name)))}
    parts = {
        name: (part["name"] or part["bare"], int(part["number"] or part["digits"])) for name, part in found.items()
    }
    numbers: dict[str, set[int]] = {}
    for name, number in parts.values():
        numbers.setdefault(fold(name), set()).add(number)
    several = {name for name, own in numbers.items() if len(own) > 1 and (0 in own or _meant(name, True, dictionary))}
    return {heading: (name, "number", number) for heading, (name, number) in parts.items() if fold(name) in several}
