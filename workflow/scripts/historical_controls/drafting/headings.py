"""What a heading most likely names: an id, a time, an arm, a characteristic, an event, an outcome and its unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from historical_controls.dictionary.folding import fold

# Words of folded headings, most telling first.
IDS = (
    *("subject id", "subject", "patient id", "patientid", "usubjid", "subjid", "record id", "participant id"),
    *("participant", "expediente", "no expediente", "num expediente", "id paciente", "paciente", "folio", "nhc", "mrn"),
    *("prontuario", "numero prontuario", "dossier", "numero dossier", "fallnummer", "cartella clinica", "matricula"),
    *("codice paziente", "id paziente", "codice", "code patient", "code du patient", "patienten id", "patientencode"),
    *("nr pacjenta", "numer pacjenta", "pacjent", "nr", "codigo paciente", "codigo do paciente", "codigo"),
    *("pat nr", "patienten nr", "patientennr", "fall nr", "fallnr", "patientnr", "nr patient", "nr pac"),
    *(
        "pat mrn id",
        "pat mrn",
        "registro",
        "numero registro",
        "no registro",
        "registro hospitalar",
        "registro paciente",
    ),
    *("patientnummer", "hospital no", "hospital number", "hosp no", "unit number", "kliniek nr", "patient no", "pas"),
    *("pat id", "patient", "study id", "pid", "id", "case", "patnr", "patientennummer", "numero patient", "paziente"),
)
TIMES = (
    *("collection time", "collected at", "collected", "collection date", "sample time", "sample date", "drawn"),
    *("fecha toma", "fecha muestra", "fecha hora", "fecha y hora", "datetime", "date time", "timestamp", "visit date"),
    *("data da coleta", "data coleta", "data da visita", "data prelievo", "entnahmedatum", "probenentnahme"),
    *("date de visite", "date de prelevement", "datum", "untersuchungsdatum", "besuchsdatum", "data visita", "data"),
    *("tijdstip", "datumtijd", "datum tijd", "meettijd", "afnamedatum", "meetdatum", "tidpunkt", "tidspunkt", "dato"),
    *("provtagningsdatum", "provtagningstid", "provdatum", "provetagningsdato", "provetagningstid", "provedato"),
    *("obs time", "obs date", "observation time", "observation date", "obs datetime"),
    *("fecha visita", "fecha", "date", "time", "when", "test date", "lab date", "chart time", "charttime"),
)
RESULT_TIMES = ("fecha resultado", "result time", "result date", "reported", "reported at", "fecha validacion")
# Of any heading of dates with one of them, which says when a result was known: 'Data/hora do resultado'.
RESULT_WORDS = {
    *("result", "results", "resulted", "resultado", "resultados", "reported", "report", "verified", "validated"),
    *("validacion", "validacao", "validado", "liberacion", "liberacao", "liberado", "released", "issued", "authorised"),
    *("authorized", "resultat", "resultats", "validation", "befund", "ergebnis", "freigabe", "risultato", "referto"),
    *("uitslag", "resultaat", "rapportage", "svar", "svars", "resultat", "vrijgave", "validatie"),
}
# The same of the time at which the sample was taken.
COLLECTION_WORDS = {
    *("collection", "collected", "coll", "taken", "drawn", "sampled", "sampling", "coleta", "colheita", "toma"),
    *("extraccion", "muestra", "prelievo", "prelevement", "entnahme", "abnahme", "recorded", "performed"),
    *("afname", "afgenomen", "provtagning", "provtagnings", "provetagning", "provetagnings", "tagen", "taget"),
}
ANALYTES = (
    *("analyte", "analito", "test name", "test", "prueba", "parameter", "parametro", "lab test", "determinacion"),
    *("component", "variable", "item", "examen", "estudio", "exame", "esame", "component name"),
    *("bepaling", "onderzoek", "meting", "analys", "analyse", "undersokning", "undersogelse", "provnamn", "komponent"),
)
VALUES = (
    *("result value", "numeric result", "result", "resultado", "value", "valor", "waarde", "uitslag", "resultaat"),
    *("varde", "provsvar", "vaerdi", "verdi", "svar"),
)
UNITS = ("unit", "units", "unidad", "unidades", "uom", "eenheid", "eenheden", "enhet", "enheter", "enhed", "enheder")
SPECIMENS = (
    *("specimen", "sample type", "specimen type", "tipo de muestra", "tipo muestra", "muestra", "sample"),
    *("materiaal", "monster", "monstertype", "provmaterial", "provtyp", "provetype", "materiale"),
)
ASSAYS = ("assay", "instrument", "equipo", "method", "metodo")
STATUSES = ("result status", "status", "estatus", "uitslagstatus", "svarstatus", "provstatus")
COMMENTS = (
    "comment",
    "comments",
    "comentario",
    "observaciones",
    "opmerking",
    "opmerkingen",
    "kommentar",
    "bemaerkning",
)
ARMS = (
    *("arm", "study arm", "treatment group", "group", "grupo", "brazo", "cohort", "trt", "treated", "tratado"),
    *("treatment", "tratamiento"),
    *("groupe", "bras", "gruppe", "behandlung", "gruppo", "braccio", "grupa", "ramie"),
    *("groep", "behandelgroep", "grupp", "behandlingsgrupp", "behandlingsgruppe"),
)
BIRTHS = (
    *("dob", "date of birth", "birth date", "birthdate", "fecha nacimiento", "fecha de nacimiento", "nacimiento"),
    *("ne e le", "ne le", "date de naissance", "geburtsdatum", "data di nascita", "data de nascimento"),
    *("data urodzenia", "data ur", "geboortedatum", "geboren", "fodelsedatum", "fodd", "fodselsdato", "fodt"),
)
# Of any heading with one of them whose cells are dates: 'data_nasc', 'fecha nac', 'DDN'.
BIRTH_WORDS = {
    *("birth", "birthday", "birthdate", "dob", "born", "nacimiento", "nac", "nascimento", "nasc", "nascita", "nato"),
    *("naissance", "naiss", "ddn", "geburt", "geburtsdatum", "geburtstag", "geb", "gebdatum", "gebdat", "urodzenia"),
    *("geboortedatum", "geboorte", "fodelsedatum", "fodelse", "fodselsdato", "fodsel"),
}
STARTS = (
    *("start", "start date", "start time", "rx start", "inicio", "fecha inicio", "begin"),
    *("started", "startdatum", "starttijd", "begindatum", "gestart", "insatt", "startdato", "starttid", "begonnen"),
)
STOPS = (
    *("stop", "stop date", "stop time", "rx stop", "fin", "fecha fin", "end", "end date", "end time"),
    *("stopped", "ended", "stopdatum", "stoptijd", "einddatum", "einde", "gestopt", "utsatt", "slut", "slutdatum"),
    *("slutdato", "stoppdato", "sluttid", "seponeret", "stopdato"),
)
DOSES = ("dose", "dosis", "rx dose", "dosering", "dos", "dosering mg")
DOSE_UNITS = ("dose unit", "unidad dosis", "rx unit", "dose units")
ENDINGS = (
    *("motivo egreso", "discharge status", "vital status", "end status", "outcome", "desenlace", "hospital outcome"),
    *("status at discharge", "disposition", "exitus", "desfecho", "desfecho hospitalar", "motivo alta"),
    *("motivo da alta", "tipo de alta", "condicao de alta", "devenir", "issue", "mode de sortie", "statut vital"),
    *("entlassungsart", "esito"),
    *("discharge destination", "destination", "ontslagbestemming", "ontslagreden", "ontslagstatus", "bestemming"),
    *("utskriven till", "utskrivningssatt", "utskrivningsorsak", "udskrevet til", "udskrivelsesmade", "utskrevet til"),
    *("tryb wypisu", "status wypisu", "wynik leczenia", "wynik hospitalizacji"),
)
CHARACTERISTICS = {
    name: code
    for code, names in {
        "SEX": "sex, sexo, gender, genero, sexe, geschlecht, sesso, plec, geslacht, kon, kjonn",
        "AGE": (
            "alter, wiek, eta, idade, idade anos, age ans, age, edad, age years, edad anos, age at admission, age yr"
            ", leeftijd, alder"
        ),
        "WEIGHT": (
            "poids, gewicht, weight, peso, weight kg, peso kg, body weight, wt, wt kg, pre wt kg, masa ciala, waga"
            ", vikt, vaegt, vekt"
        ),
        "HEIGHT": (
            "altura, wzrost, altura cm, taille, grosse, koerpergroesse, altezza, height, talla, estatura, height cm"
            ", talla cm, lengte, langd, hojde, hoyde"
        ),
        "DIABETES": "diabetes, dm, dm2, diabetes mellitus, diabete, diabetico, suikerziekte",
        "HYPERTENSION": (
            "hypertension, hipertension, htn, has, hta, hipertensao, ipertensione, hypertension arterielle, hypertonie"
            ", hipertensao arterial, hypertensie, hypertoni, hypertensjon"
        ),
        "OBESITY": "obesity, obesidad, obesidade, obesite, adipositas, obesita, obesitas, fetma, fedme",
        "ICU_BED": "icu bed, cama uti, cama uci",
        "SURVIVED": "survived, sobrevivio",
    }.items()
    for name in names.split(", ")
}
# Without the small words and the word for a date: see `event_of`.
EVENTS = {
    "icu_admission": (
        *("icu admission", "icu admit", "ingreso uti", "ingreso uci", "icu dt", "icu date", "admissao uti"),
        *("icu adm", "icu admsn", "icu start", "icu entry", "uti entrada", "entrada uti", "internacao uti"),
        *("entree rea", "entree reanimation", "admission rea", "aufnahme intensiv"),
        *("ic opname", "opname ic", "iva inlaggning", "inlaggning iva", "indlagt ita", "indlaeggelse ita", "ita"),
    ),
    "symptom_onset": (
        *("symptom onset", "onset", "inicio sintomas", "debut symptomes", "symptombeginn", "esordio sintomi"),
    ),
    "infusion": ("infusion", "infusion dt", "infusion time", "infusao", "perfusion", "infusione"),
    "consent": ("consent", "consent dt", "consentimiento", "consentimento", "consentement", "einwilligung"),
    "intubation": ("intubation", "intub dt", "intubacion", "intubacao", "intubazione"),
    "limitation_order": ("limitation order", "limit dt", "limitacion esfuerzo", "dnr"),
    "death": (
        *("death", "death dt", "deceased", "dod", "defuncion", "fallecimiento", "muerte", "obito", "falecimento"),
        *(
            "morte",
            "deces",
            "todesdatum",
            "sterbedatum",
            "tod",
            "decesso",
            "zgon",
            "zgonu",
            "overlijden",
            "overleden",
            "dod",
            "dodsfall",
            "dodsfald",
            "avliden",
        ),
    ),
    "discharge_alive": (
        *("discharge", "discharge time", "discharged", "disch", "dsch", "dischg", "end dt", "end date"),
        *("egreso", "alta", "salida", "saida", "sortie", "entlassung", "entlassungsdatum", "dimissione"),
        *("wypis", "wypisu", "ontslag", "utskrivning", "utskriven", "udskrivelse", "udskrivning", "utskrivelse"),
    ),
    "admission": (
        *("admission", "admission time", "hospital admission", "admit", "admit dt", "admitted", "admsn", "adm"),
        *("ingreso", "internacao", "admissao", "admissao hospitalar", "aufnahme", "aufnahmedatum", "entree"),
        *("hospitalisation", "ricovero", "przyjecie", "przyjecia", "opname"),
        *("ziekenhuisopname", "inskrivning", "inlaggning", "indlaeggelse", "innleggelse"),
    ),
    "enrolment": (
        *("enrolment", "enrolled", "enrolled at", "enrollment", "inclusion", "einschluss", "einschlussdatum"),
        *("inclusao", "inclusione", "inclusie", "inklusion", "inklusjon"),
    ),
}
EVENT_OF = {word: event for event, words in EVENTS.items() for word in words}
SMALL_WORDS = {
    *(
        "of",
        "the",
        "de",
        "da",
        "do",
        "del",
        "du",
        "des",
        "d",
        "la",
        "el",
        "l",
        "di",
        "dos",
        "los",
        "en",
        "em",
        "van",
        "het",
        "av",
        "af",
    )
}
DATE_WORDS = {*("date", "fecha", "data", "datum", "dato")}
# What else says no more than that an event is dated: 'HOSP_ADMSN_TIME', 'Admit Dt/Tm', 'Data/hora da alta'.
TIME_WORDS = {
    *DATE_WORDS,
    *("time", "dt", "tm", "dttm", "dtm", "datetime", "dts", "hosp", "hospital", "hora", "hour", "heure", "uhrzeit"),
    *("tijd", "tijdstip", "tid", "tidpunkt", "tidspunkt", "klokkeslett"),
}
# Of a heading that names what began then.
START_WORDS = {*STARTS, "starts", "begun", "initiated", "iniciado", "debut", "beginn", "starttijdstip"}
# Dutch, German and the Nordic languages write them as one: 'Opnamedatum', 'Indlæggelsesdato'.
COMPOUND = re.compile(r"(\w{3,}?)s?(datum|dato|tidpunkt|tidspunkt|tijdstip|tijd)")
# Of a heading that says how stays ended, one of each: 'Condição na alta', 'DISCH_DISPOSITION', 'Motivo da saída'.
END_WORDS = {
    *("alta", "egreso", "saida", "salida", "discharge", "disch", "sortie", "dimissione", "entlassung", "exit"),
    *("ontslag", "utskrivning", "udskrivelse", "utskrivelse"),
}
HOW_WORDS = {
    *("motivo", "condicao", "condicion", "tipo", "destino", "disp", "disposition", "status", "reason", "mode"),
    *("estado", "situacao", "causa", "grund", "art", "modalita", "resultado", "type"),
    *("destination", "bestemming", "reden", "wijze", "satt", "orsak", "arsag", "arsak"),
}


def without_brackets(heading: str) -> str:
    """'Alter (Jahre)' as 'Alter'."""
    return re.sub(r"[(\[].*?[)\]]", " ", heading).strip() or heading


def first_of(words: Sequence[str], headings: Iterable[str]) -> str | None:
    """The heading that is the first of these words that any heading is."""
    folded = {fold(heading): heading for heading in reversed(list(headings))}
    return next((folded[word] for word in words if word in folded), None)


def words_of(heading: str) -> list[str]:
    """The words of a heading; of compounds with a date, as 'Opnamedatum', what is dated and the word for a date."""
    words: list[str] = []
    for word in fold(heading).split():
        found = COMPOUND.fullmatch(word)
        words += [found[1], found[2]] if found else [word]
    return words


def event_of(heading: str) -> str | None:
    """The event that a heading names, with or without a word for date: 'Date of admission', 'data de internação'."""
    folded = fold(heading)
    words = [word for word in folded.replace("/", " ").split() if word not in SMALL_WORDS]
    spelled = [folded, " ".join(words)]
    words = [word for word in words_of(heading.replace("/", " ")) if word not in SMALL_WORDS]
    spelled += [" ".join(word for word in words if word not in without) for without in (DATE_WORDS, TIME_WORDS)]
    return next((EVENT_OF[text] for text in spelled if text in EVENT_OF), None)


def names_infusion(heading: str) -> bool:
    """Whether a heading says that something named before was infused: 'CART_INFUSION_DATE', not its stop."""
    words = [word for word in fold(heading).split() if word not in TIME_WORDS]
    return bool({"infusion", "infusao", "infusione"} & set(words[-2:])) and not {"stop", *STOPS} & set(words)


def names_start(heading: str) -> bool:
    """Whether a heading says that something named in it began: 'Haemoadsorption started', 'Start hemoadsorptie'."""
    words = [word for word in fold(heading).split() if word not in TIME_WORDS]
    return len(words) > 1 and bool(set(words) & START_WORDS)


def is_ending(heading: str) -> bool:
    """Whether a heading names how the stay ended, small words apart: 'Motivo de egreso'."""
    words = [word for word in fold(heading).split() if word not in SMALL_WORDS]
    return " ".join(words) in ENDINGS or bool(END_WORDS & set(words) and HOW_WORDS & set(words))


def is_dated(heading: str) -> bool:
    """Whether a heading says that its cells are dates: by a word for date, as a time, or as an event."""
    folded = fold(heading)
    by_name = folded in (*TIMES, *RESULT_TIMES, *STARTS, *STOPS) or event_of(heading) is not None
    return by_name or is_birth(heading) or bool(DATE_WORDS & set(words_of(heading)))


def result_times(headings: Iterable[str]) -> list[str]:
    """The headings that say when results were known, those by their whole name first."""
    named = list(headings)
    spoken = [one for one in named if RESULT_WORDS & set(words_of(one)) and not is_collection(one)]
    whole = first_of(RESULT_TIMES, named)
    return [*dict.fromkeys([*([whole] if whole else []), *spoken])]


def is_collection(heading: str) -> bool:
    """Whether a heading of dates says that samples were taken then: 'SPECIMN_TAKEN_TIME'."""
    return bool(COLLECTION_WORDS & set(words_of(heading)))


def is_birth(heading: str) -> bool:
    """Whether a heading says that it is a date of birth, in words or by a usual abbreviation."""
    folded = fold(heading)
    return folded in BIRTHS or bool(BIRTH_WORDS & set(folded.split()))
