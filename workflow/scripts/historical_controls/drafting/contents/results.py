"""Which columns of a file with one result a row hold what: by their headings, else by their cells.

Hospitals name such columns in many ways ('COMPONENT_NAME', 'Exame', 'EVENT_CD_DISPLAY'), but the cells are alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from historical_controls.cleaning.rows.statuses import status_said
from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.drafting import headings as known
from historical_controls.drafting.draft import Draft
from historical_controls.drafting.headings import first_of
from historical_controls.drafting.marks import Guess
from historical_controls.drafting.values import is_number

# Filled cells of a column that are what the column is taken for.
MOST = 0.5
# Distinct analytes, from which a column of names is one, where its heading says nothing.
FEWEST_NAMES = 2
VALUE_WORDS = {
    *("value", "val", "result", "results", "resultado", "resultados", "valor", "wert", "ergebnis", "messwert"),
    *("valeur", "resultat", "resultats", "risultato", "valore", "wynik", "measurement"),
}
# Of headings that name something about a result: 'RESULT_FLAG', 'Valor de referência'.
ABOUT_WORDS = {
    *("flag", "reference", "ref", "referencia", "referenza", "normal", "low", "high", "min", "max", "unit", "units"),
    *(
        "unidad",
        "unidade",
        "status",
        "comment",
        "time",
        "date",
        "data",
        "fecha",
        "id",
        "code",
        "cd",
        "type",
        "riferimento",
    ),
    *("referenz", "norm", "hora", "estado", "tipo", "kind", "class", "situacao"),
}
COMMENT_WORDS = {
    *("comment", "comments", "comentario", "comentarios", "observacao", "observacoes", "observaciones", "remark"),
    *("remarks", "bemerkung", "bemerkungen", "kommentar", "commentaire", "commentaires", "commento", "osservazioni"),
    *(
        "opmerking",
        "opmerkingen",
        "commentaar",
        "toelichting",
        "kommentarer",
        "anmarkning",
        "bemaerkning",
        "bemerkning",
    ),
}


def analyte_column(draft: Draft) -> str | None:
    """The column of names of analytes: by its heading, where the dictionary has one of them, else by its names."""
    headed = first_of(known.ANALYTES, draft.free)
    if headed and _names(draft, headed):
        return headed
    found = {name: _names(draft, name) for name in draft.free}
    best = max(found, key=lambda name: len(found[name]), default=None)
    return best if best and len(found[best]) >= FEWEST_NAMES else None


def _names(draft: Draft, name: str) -> list[str]:
    """Distinct texts of a column that are names of analytes; none of one in which most rows have another text."""
    distinct = [text for text in dict.fromkeys(draft.column(name)) if text]
    # A column with a text of its own in every row names no analytes.
    return (
        [text for text in distinct if draft.dictionary.named(text)] if 2 * len(distinct) <= draft.sheet.n_rows else []
    )


def value_column(draft: Draft) -> Any:
    """The column of results: by its heading, else the one of those that speak of results that has limits or the most.

    A second column of the same results as numbers alone has fewer: it lacks what lies beyond a limit, or has a number
    for it that nobody measured (9999999).
    """
    headed = first_of(known.VALUES, draft.free)
    if headed:
        return headed
    spoken = [
        name for name in draft.free if (words := set(fold(name).split())) & VALUE_WORDS and not words & ABOUT_WORDS
    ]
    numeric = [name for name in spoken if _share(draft, name, is_number) >= MOST and draft.dates(name) is None]
    told = {name: set(draft.column(name)) for name in numeric}
    order = sorted(told, key=lambda name: (-sum(text[:1] in "<>" for text in told[name] if text), -len(told[name])))
    if len(order) < 2:
        return next(iter(order), None)
    return Guess(order[0], f"are the results in '{order[0]}', or in {', '.join(order[1:])}?")


def unit_column(draft: Draft) -> str | None:
    """The column of units: by its heading, else the one whose cells are units."""
    units = {spelling for _, spelling in draft.dictionary.conversions}
    return first_of(known.UNITS, draft.free) or _best(draft, lambda text: fold_unit(text) in units)


def specimen_column(draft: Draft) -> str | None:
    """The column of specimens: by its heading, else the one whose cells are specimens."""
    return first_of(known.SPECIMENS, draft.free) or _best(draft, lambda text: fold(text) in draft.dictionary.specimens)


def status_column(draft: Draft) -> str | None:
    """The column of statuses: by its heading, else of those with statuses the one that tells most apart."""
    headed = first_of(known.STATUSES, draft.free)
    if headed:
        return headed
    # Letters alone are flags of results as often: 'H', 'L', 'A'.
    texts = {name: {text for text in draft.column(name) if len(text) > 1} for name in draft.free}
    meant = {name: {said for text in own if (said := status_said(text))} for name, own in texts.items()}
    told = [name for name in meant if meant[name] and _share(draft, name, lambda text: bool(status_said(text))) >= MOST]
    return max(told, key=lambda name: len(meant[name]), default=None)


def comment_column(draft: Draft) -> str | None:
    """The column of comments: by its heading, or a word of it."""
    spoken = (name for name in draft.free if set(fold(name).split()) & COMMENT_WORDS)
    return first_of(known.COMMENTS, draft.free) or next(spoken, None)


def _best(draft: Draft, fits: Callable[[str], bool]) -> str | None:
    """The column with the largest share of cells that fit, where most of them do."""
    shares = {name: _share(draft, name, fits) for name in draft.free}
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best and shares[best] >= MOST else None


def _share(draft: Draft, name: str, fits: Callable[[str], bool]) -> float:
    """How many of the filled cells of a column fit."""
    counts = Counter(filter(None, draft.column(name)))
    return sum(counts[text] for text in _fitting(counts, fits)) / max(1, counts.total())


def _fitting(texts: Collection[str], fits: Callable[[str], bool]) -> list[str]:
    return [text for text in texts if fits(text)]
