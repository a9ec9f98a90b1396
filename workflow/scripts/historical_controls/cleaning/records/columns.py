"""Raw columns as they are read: trimmed texts, declared codes for missing, times, and ids of patients."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.config.sources.codes import AS_TEXT, DeclaredCodes, visible_text
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.folding import fold
from historical_controls.tables.coded import coded, constant, distinct_texts, mapped

CELL = "cell:"
# Lines that the declaration itself sets aside; any other line that is no row of columns may have named a patient.
DECLARED_ASIDE = {"FOOTER", "BLANK_LINE", "ABOVE_HEADER", "UNITS_LINE"}
# The apostrophe of a spreadsheet's text ('00123), or a pair around it; in "' OR '1'='1" it is part of the text.
MARKED = re.compile(r"^'(?!\s)([^']*)(?<!\s)'?$")
UNTIDY = "[&\u00ad\u200b-\u200f\u2060\ufeff]|^=\"|^'[-+<>.,\\d]"
# What stands in the column of ids and is none: words for missing, errors of spreadsheets, lines of totals.
NO_ID = frozenset(
    {"nan", "null", "none", "na", "n/a", "nd", "s/d", "missing", "no id", "sin id", "sin dato", "sin datos"}
    | {"no aplica", "not applicable", "sin expediente", "desconocido", "desconocida", "unknown", "sin registro"}
    | {"<na>", "nat", "vacio", "en blanco", "blank", "empty", "ninguno", "ninguna", "no tiene", "no disponible"}
    | {"not available", "not known", "no se sabe", "iqr", "ric", "eof"}
    | {"sin nombre", "unnamed", "no name", "no identificado", "no identificada", "unidentified", "anonimo", "anonymous"}
    | {"pendiente", "por asignar", "pending", "to be assigned", "tbd", "dummy", "demo", "ejemplo", "example"}
    | {"true", "false", "verdadero", "falso", "\u03c3"}
    | {"inconnu", "inconnue", "unbekannt", "sconosciuto", "sconosciuta", "desconhecido", "desconhecida", "desconegut"}
    | {"desconeguda", "ignorado", "non renseigne", "keine angabe", "k a", "sem dados", "sem registro", "nao informado"}
    | {
        "nicht bekannt",
        "nicht verfugbar",
        "non disponible",
        "non disponibile",
        "nao disponivel",
        "no consta",
        "nessuno",
    }
    | {"nessuna", "aucun", "aucune", "neant", "leer", "vide", "vuoto", "vazio", "buit", "nao se aplica", "entfallt"}
    | {"non applicable", "non applicabile", "sense dades", "<null>", "anonyme", "anonym"}
    | {"pendente", "ausstehend", "en attente", "in attesa", "pendent", "a definir", "por definir", "da definire"}
    | {"musterpatient", "mustermann", "john doe", "jane doe", "fulano"}
    # Headings of other files, printed again.
    | {"paciente", "patient", "patient id", "id paciente", "expediente", "no expediente", "registro", "subject"}
    | {"subject id", "subjid", "usubjid", "mrn", "nhc", "record id", "study id", "folio", "identificador"}
    | {
        "patienten id",
        "patientid",
        "patientennummer",
        "fallnummer",
        "fall nr",
        "paziente",
        "id paziente",
        "codice paziente",
    }
    | {"codigo", "codigo paciente", "prontuario", "ipp", "pid", "historia clinica", "num historia", "no paciente"}
)
# A mark drawn in place of an id, and nines to the end of the column: all who have them would be one patient.
NO_ID_DRAWN = re.compile(r"(?i:x{3,})|9{6,}|(.)\1{7,}")
ABBREVIATED = frozenset({"na", "nd", "sd", "sn", "se", "ns", "nc", "nsnc"})
# Errors of spreadsheets in any language (#N/D, #¡REF!), formulas, negative numbers (codes for missing).
NO_TEXT_OF_ID = re.compile(
    r"#(?:\D*|\W*div/0\W*)|\\N|=.*|[-\u2212]\d+(?:[.,]\d+)?|shown as '.*', stored as .*", re.IGNORECASE | re.DOTALL
)
ERROR_OF_SHEET = re.compile(r"#(?:\W?[A-Z]+\W?|(?:N|DIV)/[A0D]\W?)")
# 'n = 25', '25 pacientes', 'Página 1 de 3', 'Fin del reporte', 'Paciente de prueba 1'.
_MANY = (
    r"(?:pacient[es]*|pacientes?|patient(?:s|en|es)?|pazienti?|registros?|records?|casos?|cases|fall|falle|filas?"
    r"|filhas?|rows?"
    r"|linhas?|lignes?|righe|zeilen|sujets?|subjects?|personas?|pessoas|participant[es]*)"
)
NOTES = re.compile(
    rf"^(?:n ?= ?\d+|\d+ {_MANY}(?: .*)?|(?:pagina|page|seite) \d+.*"
    r"|(?:fin|end|ende|fine|fim|fi)(?: (?:del?|of|do|des) .*)?"
    r"|(?:paciente |patient |paziente |pacient )?(?:d[ei] )?(?:prueba|test|teste|essai|prova|proves)\b.*"
    r"|(?:prueba|test|teste|dummy|demo)[ -]?\d*|testpatient\b.*|patiententest"
    r"|(?:generado|generated|printed|created|impreso|exportado|exported|erstellt|gedruckt|stampato|imprime) .*)$"
)
# 'Fuente: SIH' is a note, 'Fuente, Ana' may be a patient.
HEADED_NOTE = re.compile(
    r"\W*(?:stand|datum|date|fecha|data|quelle|fuente|source|fonte|font|notas?|notes?|legende|leyenda|records"
    r"|n)\b[^:]{0,30}:.*",
    re.IGNORECASE | re.DOTALL,
)
TOTALS = re.compile(
    r"^(?:(?:gran |grand |sub ?)?total(?:es|s|e)?|sous total|zwischensumme|teilsumme|gesamtsumme|subtotale|suma"
    r"|sum|somma|soma"
    r"|media|medias|mean|means|average|avg|promedios?|prom|mediana|median|mittel|mitjana"
    r"|desv(?:iacion)? (?:est(?:andar)?|tip(?:ica)?)|std(?: dev)?|standard deviation|standardabweichung|std abw"
    r"|desvio padrao"
    r"|desvio|deviazione(?: standard)?|desviacio(?: estandard)?|min|max|minimo|maximo"
    r"|minimum|maximum|conteo|cuenta|count|conteggio|contagem|recompte|gesamt|summe|mittelwert|anzahl|somme"
    r"|moyennes?|mediane"
    r"|ecart type|varianza|rango|percentil|perzentil|coeficiente)(?:$|\s)"
)


def column(rows: pd.DataFrame, name: str | None) -> pd.Series:
    """Return a raw column as a reader sees it, trimmed; blank texts if none is declared."""
    if name is None:
        return pd.Series("", index=rows.index, dtype="str")
    cells = rows[CELL + name]
    if isinstance(cells.dtype, pd.CategoricalDtype):
        # What is done to a text is done once to each distinct one; a null, which has the code -1, stays null.
        codes, known = distinct_texts(cells)
        return _tidied(known).take(codes).set_axis(cells.index)
    return _tidied(cells)


def _tidied(cells: pd.Series) -> pd.Series:
    texts = cells.str.strip()
    return by_distinct(texts, visible_text, "str") if texts.str.contains(UNTIDY).any() else texts


def sheet_fault(text: str) -> str:
    """Return what to do about a cell whose sheet has no value for it, or shows another than it stores; '' elsewhere."""
    if text.startswith("shown as '"):
        return "the sheet shows one thing and stores another: correct the cell, its font or its number format"
    if text.startswith("not split: "):
        return (
            "'split_columns' expects its mark between so many values, or one of its forms: correct the cell, or "
            "declare its form"
        )
    if text.startswith("="):
        return "the sheet was saved without the results of its formulas: open it, save it, and send it again"
    if ERROR_OF_SHEET.fullmatch(text):
        return (
            "the sheet has an error there: correct its formula, or declare the text under 'sentinels' if it is missing"
        )
    return ""


def filled_column(rows: pd.DataFrame, name: str | None, file: SourceFile) -> pd.Series:
    """Return a raw column with blanks in place of the file's declared codes for missing."""
    texts = column(rows, name)
    return texts if name is None else texts.mask(is_sentinel(texts, name, file), "")


def coded_column(rows: pd.DataFrame, name: str | None) -> pd.Series:
    """Return `column` as categories, which every function of distinct texts takes as well."""
    if name is None:
        return constant("", rows.index)
    return mapped(coded(rows[CELL + name]), _tidied)


def coded_filled_column(rows: pd.DataFrame, name: str | None, file: SourceFile) -> pd.Series:
    """Return `filled_column` as categories."""
    texts = coded_column(rows, name)
    return texts if name is None else mapped(texts, lambda known: known.mask(is_sentinel(known, name, file), ""))


def filled_or_null(texts: pd.Series) -> pd.Series:
    """Return the texts with null in place of blanks."""
    return texts.where(texts != "", None)


def is_sentinel(texts: pd.Series, name: str, file: SourceFile) -> pd.Series:
    """Return which cells of the raw column `name` are a declared code for missing: its text, or the same number."""
    codes = {code for s in file.sentinels if not s.columns or name in s.columns for code in s.codes}
    if not codes:
        return pd.Series(False, index=texts.index)
    # Codes for missing are compared without case whatever `code_case` says; a blank is no code.
    missing = DeclaredCodes(dict.fromkeys(codes - {""}, True), "ignore", file.decimal, file.thousands)
    return by_distinct(texts, missing.__contains__, bool)


def joined_times(rows: pd.DataFrame, columns: list[str], file: SourceFile) -> pd.Series:
    """Return date and time columns joined by a space; blank where the date is declared as missing.

    Beside a blank date an hour other than 0 is kept: something happened then, on a day that is not said.
    """
    first = filled_column(rows, columns[0], file)
    if len(columns) == 1:
        return first
    text = first
    for name in columns[1:]:
        text = text + " " + filled_column(rows, name, file)
    text = text.str.strip()
    dated = first != ""
    if not dated.all():
        dated |= (column(rows, columns[0]) == "") & text.str.contains("[1-9]")
    return text.where(dated, "")


def coded_times(rows: pd.DataFrame, columns: list[str], file: SourceFile) -> pd.Series:
    """Return `joined_times` as categories."""
    return (
        coded_filled_column(rows, columns[0], file) if len(columns) == 1 else coded(joined_times(rows, columns, file))
    )


def coded_subject_columns(rows: pd.DataFrame, name: str, file: SourceFile) -> pd.DataFrame:
    """Return `subject_columns` with texts as categories."""
    cells = coded(rows[CELL + name])

    def of_distinct(wanted: str) -> pd.Series:
        return mapped(
            cells, lambda known: subject_columns(pd.DataFrame({CELL + name: known, "line": 0}), name, file)[wanted]
        )

    return pd.DataFrame({"line": rows["line"], "subject": of_distinct("subject"), "id_text": of_distinct("id_text")})


def subject_columns(rows: pd.DataFrame, name: str, file: SourceFile) -> pd.DataFrame:
    """Return columns line, subject (patient id, blank where the text is none) and id_text (what the cell says)."""
    accepted = set(file.accepted_ids)
    text = by_distinct(rows[CELL + name], visible_id, "str")
    none = by_distinct(text, lambda said: said not in accepted and names_nobody(said, name), bool)
    none |= is_sentinel(text, name, file) & ~text.isin(list(accepted))
    return pd.DataFrame({"line": rows["line"], "subject": text.mask(none, ""), "id_text": text}, index=rows.index)


def filled_down(raw: pd.DataFrame, name: str, above: str = "") -> pd.Series:
    """Return the text of the patient id of every line (table intake), with blanks filled from the line before.

    above: the id before the first line. A broken line may have named the next patient, and a repeated header may start
    another table: after them the id is unknown until the next one.
    """
    ids = by_distinct(raw[CELL + name], visible_id, "str")
    broken = raw["problem"].notna() & ~raw["problem"].isin(DECLARED_ASIDE)
    breaks = broken.cumsum()
    return ids.where(ids != "").groupby(breaks).ffill().fillna(pd.Series("", raw.index).mask(breaks == 0, above))


def visible_id(text: str) -> str:
    """Return what a reader sees of an id: a pasted mark of direction or of text would make a second person."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    bare = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf")).strip()
    wrapped = AS_TEXT.match(bare)
    marked = MARKED.match(bare)
    return (wrapped[1] if wrapped else marked[1] if marked else bare).strip()


def names_nobody(text: str, heading: str) -> bool:
    """Return whether a text in the column of ids is no id: a word for missing, a zero, a total, the heading again."""
    folded = fold(text)
    return (
        not any(c.isalnum() for c in text)
        or re.fullmatch(r"0+(?:[.,]0*)?", text) is not None
        or folded in NO_ID
        or NO_ID_DRAWN.fullmatch(text) is not None
        # 'N.A.', 's. d.', 'N/D': abbreviations with their points or strokes; the letters alone may be initials.
        or (re.search("[./]", text) is not None and re.sub(r"[./\s]", "", folded) in ABBREVIATED)
        or NO_TEXT_OF_ID.fullmatch(text) is not None
        or NOTES.match(folded) is not None
        or HEADED_NOTE.fullmatch(text) is not None
        or folded == fold(heading)
        or TOTALS.match(folded) is not None
    )
