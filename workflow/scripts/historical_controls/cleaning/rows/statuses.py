"""What the laboratory says of a result as a whole: final, preliminary, corrected, withdrawn."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import decide
from historical_controls.dictionary.folding import fold

UNKNOWN = "unknown"
# Words, the codes of HL7 table 0085 (observation result status), and those of FHIR (ObservationStatus). A result that
# is not verified yet is preliminary.
_FINAL = (
    *("completado", "completada", "firmado", "firmada", "emitido", "emitida", "reportado", "reportada", "reported"),
    *("informado", "informada", "entregado", "entregada", "impreso", "signed", "issued", "resulted", "done", "ok"),
    *("valid", "valido", "valida", "gultig", "final result", "resultado final", "auto verified", "autoverified"),
    *("auto validado", "autovalidado", "appended", "refertato", "befundet", "concluido", "concluida"),
    *("auth verified", "liberado eletronicamente", "assinado", "assinada"),
    *("", "f", "u", "final", "finalizado", "finalizada", "finalise", "finale", "endgultig", "endbefund", "definitivo"),
    *("definitiva", "definitif", "definitive", "definitiu", "validado", "validada", "validated", "valide", "validee"),
    *("validato", "validata", "validat", "validiert", "verificado", "verificada", "verified", "verifie", "verifiee"),
    *("verificato", "verificata", "verificat", "verifiziert", "aprobado", "aprobada", "aprovado"),
    *("aprovada", "approved"),
    *("approuve", "approuvee", "approvato", "approvata", "freigegeben", "liberado", "liberada"),
    *("released", "autorizado"),
    *("autorizada", "authorised", "authorized", "completo", "completa", "complete", "completed", "abgeschlossen"),
    *("zatwierdzony", "zatwierdzone", "zweryfikowany", "zweryfikowane", "autoryzowany", "autoryzowane", "ostateczny"),
    *("gevalideerd", "definitief", "geautoriseerd", "vrijgegeven", "eindrapport", "akkoord", "voltooid", "afgerond"),
    *("slutsvar", "slutgiltigt", "slutgiltig", "definitivt", "validerad", "validerat", "godkand", "godkant", "klar"),
    *("klart", "endeligt", "endelig", "endelig svar", "endeligt svar", "godkendt", "godkjent", "valideret", "validert"),
    *("signerad", "signerat", "vidimerad", "afsluttet", "avsluttet", "faerdig", "ferdig", "besvaret", "frigivet"),
    *("koncowy", "wykonany", "wykonane", "wykonano", "zakonczone"),
)
_CORRECTED = (
    *("c", "corrected", "amended", "revised", "corregido", "corregida", "rectificado", "rectificada", "modificado"),
    *("modificada", "corrigido", "corrigida", "retificado", "retificada", "corrige", "corrigee"),
    *("rectifie", "rectifiee"),
    *("modified", "edited", "edited final", "final edited", "correction"),
    *("modifie", "modifiee", "corretto", "corretta", "rettificato", "rettificata", "modificato", "modificata"),
    *("korrigiert", "berichtigt", "geandert", "corregit", "corregida", "esmenat", "esmenada"),
    *("gecorrigeerd", "gewijzigd", "aangepast", "herzien", "korrigerad", "korrigerat", "rattad", "rattat", "andrad"),
    *("andrat", "korrigeret", "korrigert", "rettet", "aendret", "endret"),
    *("poprawiony", "poprawione", "skorygowany", "skorygowane"),
)
_PRELIMINARY = (
    *("pending", "pendiente", "pendente", "en proceso", "em processo", "in progress", "registered", "en cours"),
    *("p", "r", "s", "preliminar", "preliminary", "preliminaire", "preliminare", "vorlaufig", "parcial", "partial"),
    *("partiel", "partielle", "parziale", "teilbefund", "provisional", "provisorio", "provisoria", "provisoire"),
    *("provvisorio", "provvisoria", "interim", "no validado", "no validada", "sin validar", "no verificado"),
    *("not verified", "unverified", "not validated", "unvalidated", "nao validado", "nao validada", "non valide"),
    *("non validee", "non validato", "non validata", "nicht validiert", "no validat", "no validada"),
    *("voorlopig", "in behandeling", "in bewerking", "niet gevalideerd", "preliminart", "preliminar", "delsvar"),
    *("pagaende", "ej validerad", "ej validerat", "ej vidimerad", "forelobigt", "forelobig", "igangvaerende"),
    *("ikke valideret", "ikke validert", "ikke godkendt", "ikke godkjent", "afventer", "avventer", "venter"),
    *("wstepny", "wstepne", "w toku", "w trakcie", "oczekujacy", "oczekujace", "niezatwierdzony", "niezatwierdzone"),
)
_WITHDRAWN = (
    *("x", "d", "w", "cancelled", "canceled", "rejected", "void"),
    *("voided", "withdrawn", "retracted", "deleted", "invalid"),
    *("in error", "entered in error", "cancelado", "cancelada", "anulado", "anulada", "rechazado", "rechazada"),
    "invalidado",
    *("invalidada", "invalido", "invalida", "eliminado", "eliminada", "borrado", "borrada", "retirado", "retirada"),
    *("rejeitado", "rejeitada", "excluido", "excluida", "estornado", "estornada", "annule"),
    *("annulee", "rejete", "rejetee"),
    *("invalide", "supprime", "supprimee", "retire", "retiree", "annullato", "annullata", "cancellato", "cancellata"),
    *("respinto", "respinta", "rifiutato", "rifiutata", "invalidato", "invalidata", "eliminato", "eliminata"),
    *("ritirato", "ritirata", "storniert", "annulliert", "abgelehnt", "verworfen", "ungultig", "geloscht"),
    *("zuruckgezogen", "anul lat", "anul lada", "cancel lat", "cancel lada", "rebutjat", "rebutjada", "invalidat"),
    *("vervallen", "geannuleerd", "ingetrokken", "afgekeurd", "verwijderd", "ongeldig", "makulerad", "makulerat"),
    *("annullerad", "annullerat", "annulleret", "annullert", "avvisad", "avvisat", "afvist", "avvist", "ogiltig"),
    *("ogiltigt", "ugyldig", "ugyldigt", "slettet", "raderad", "raderat", "borttagen"),
    *("kasseret", "kassert", "forkastet"),
    *("anulowany", "anulowane", "anulowano", "odrzucony", "odrzucone", "uniewazniony", "wycofany", "wycofane"),
)
STATUSES = {
    **dict.fromkeys(_FINAL, "done"),
    **dict.fromkeys(_CORRECTED, "corrected"),
    **dict.fromkeys(_PRELIMINARY, "preliminary"),
    **dict.fromkeys(_WITHDRAWN, "withdrawn"),
}
# Words beside a status that say nothing: 'Preliminary result', 'Edited Result - FINAL'.
_OF_RESULTS = {"result", "results", "resultado", "resultados", "resultat", "resultats", "risultato", "laudo", "exame"}
_OF_RESULTS |= {"uitslag", "resultaat", "svar", "resultat", "provsvar"}


def status_said(text: str) -> str | None:
    """Return 'done', 'corrected', 'preliminary' or 'withdrawn' as a status says, None where nobody knows it."""
    whole = fold(text)
    bare = " ".join(word for word in whole.split() if word not in _OF_RESULTS)
    return STATUSES.get(whole) or (STATUSES.get(bare) if bare else None)


def read_status(texts: pd.Series) -> pd.Series:
    """Return 'done', 'preliminary', 'corrected' or 'withdrawn' for each status; 'unknown' for one that nobody knows."""
    return by_distinct(texts, lambda text: status_said(text) or UNKNOWN, "str")


def check_status(records: pd.DataFrame) -> pd.DataFrame:
    """Hold what the laboratory withdrew, and what it may have withdrawn in words that nobody knows."""
    out = decide(records, records["status"] == "withdrawn", "WITHDRAWN", hint="its status says withdrawn or cancelled")
    odd = records["status"] == UNKNOWN
    if not odd.any():
        return out
    text = records.loc[odd, "status_text"].astype("str")
    hint = ("the status '" + text + "' is not known: declare it under 'statuses'").reindex(records.index)
    # Released, it is kept as a final result.
    return decide(out.assign(status=out["status"].mask(odd, "done")), odd, "STATUS_UNKNOWN", hint=hint)
