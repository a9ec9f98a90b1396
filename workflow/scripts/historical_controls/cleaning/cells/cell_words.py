"""Words and marks that stand in result cells: what laboratories write instead of, or beside, a number."""

from __future__ import annotations

import re

from historical_controls.dictionary.folding import fold

# All patterns but those of flags and notes are matched against folded text (no case, accents or punctuation).
NOT_DONE = re.compile(
    r"pendiente|cancelad|no se realiz|no realizad|no se pudo|no efectuad|no procesad|no solicitad|no recibid|no enviad"
    r"|no reportad|no valorable|no interpretable|no disponible|no report|sin resultado|sin reactivo|sin muestra"
    r"|sin dato|muestra no (?!h?a?emol|coag|clot|lip|icter|contam)"
    r"|muestra inadecuad|muestra contaminad|muestra lipemic|rechazad|extraviad|repetir"
    r"|insuficiente|hemoliz|hemolis|ha?emoly[sz]|coagulad|coagulo|clotted|insufficient|not done|not performed"
    r"|\bpend\b|\binsuf\b|\bhemol\b"
    r"|not received|not reported|\bpending\b|cancell?ed|rejected|\bqns\b|equipo fuera de servicio|\berror\b"
    r"|^s/d$|^s/m$|^s/r$|^ver (?:nota|comentario)|^see (?:note|comment)"
    # Portuguese, Catalan, French
    r"|pendente|\bpendent\b|nao (?:realizad|efetuad|colhid|coletad|recebid|disponivel|solicitad|processad)"
    r"|hemoli[sz]|hemolitz"
    r"|no (?:realitzat|efectuat|fet\b|rebut|processat|sol licitat)|insuficient|cancel lad"
    r"|en attente|en cours|non (?:fait|realise|effectue|recu|disponible|demande|rendu|preleve)|insuffisant|annule"
    r"|caillot|coagulee?\b"
    # Italian, German
    r"|in (?:attesa|corso)\b|non (?:eseguit|effettuat|pervenut|disponibile|richiest|dosabil)|annullat|emoli(?:zz"
    r"|si)|coagulat[oa]\b"
    r"|ausstehend|\bfolgt\b|nicht (?:durchgefuhrt|gemacht|bestimmt|bestimmbar|erhalten|eingegangen|auswertbar"
    r"|angefordert|messbar)"
    r"|storniert|zu wenig material|material fehlt|unzureichend|hamoly|geronnen|gerinnsel"
)
STARS = re.compile(r"^\*(?:\s*\*)*$")
SEMIQUANTITATIVE = re.compile(
    r"^(?:\+{1,4}|[1-4] ?\+{1,4}|(?:\+ ){1,3}\+|trazas?|traces?|huellas?|escas[oa]s?|moderad[oa]s?|abundantes?"
    r"|few|many)$"
)
BELOW_WITHOUT_LIMIT = frozenset(
    {"nd", "n d", "no detectable", "no detectado", "no detectada", "indetectable", "undetectable", "not detected"}
    | {"no detectables", "no cuantificable", "blq", "bloq", "bld", "bdl", "below detection limit"}
    | {
        "nao detectavel",
        "nao detectado",
        "nao detectada",
        "nao detetado",
        "nao detetada",
        "indetectavel",
        "no detectat",
    }
    | {"non detecte", "non detectee", "non detectable", "non rilevabile", "non rilevato", "non rilevata"}
    | {"nicht nachweisbar", "nicht nachgewiesen", "nicht detektierbar", "n n"}
)
UNDER_THE_LIMIT = re.compile(
    r"^(?:menor|inferiore?|inferieure?|(?:por )?debajo|bajo|(?:per )?sota|abaixo|(?:al di )?sotto|sous|(?:au"
    r"|en) dessous"
    r"|unter(?:halb)?|below|under|less than)(?: (?:a|al|del?|do|que|el|il|la|du|der|the))*"
    r" (?:limite?(?: inferior)?(?: (?:de|di) (?:detec\w+|[cq]uantific\w+|rilev\w+))?"
    r"|(?:lower )?(?:detection )?limit(?: of detection)?|nachweisgrenze|bestimmungsgrenze"
    r"|lod|loq|lloq|ld)$"
)
POSITIVE = frozenset(
    {
        "positivo",
        "positiva",
        "positive",
        "pos",
        "detectado",
        "detectada",
        "detected",
        "reactivo",
        "positif",
        "positiv",
        "positiu",
    }
    | {"detetado", "detetada", "detecte", "detectee", "detectat", "detectada", "rilevato", "rilevata", "nachgewiesen"}
    | {"reagente", "reactif", "reattivo", "reaktiv", "reactiu"}
)
NEGATIVE = frozenset(
    {"negativo", "negativa", "negative", "neg", "no detectado", "no detectada", "not detected", "no reactivo"}
    | {"negatif", "negativ", "negatiu", "nao detectado", "nao detectada", "nao detetado", "nao detetada", "non detecte"}
    | {"non detectee", "no detectat", "non rilevato", "non rilevata", "nicht nachgewiesen", "nicht nachweisbar"}
    | {"nao reagente", "non reactif", "non reattivo", "nicht reaktiv", "no reactiu"}
)
INDETERMINATE = frozenset(
    {"indeterminado", "indeterminada", "indeterminate", "no concluyente", "inconclusive", "indet"}
    | {"indeterminat", "indeterminato", "indeterminata", "indetermine", "indeterminee", "unbestimmt", "grenzwertig"}
    | {"inconclusivo", "inconclusiva", "non conclusivo", "non concluant", "no concloent"}
)
YES = frozenset(
    {"si", "yes", "true", "presente", "present", "sim", "oui", "ja", "verdadero", "verdadeiro", "vrai", "vero", "wahr"}
)
NO = frozenset({"no", "false", "ausente", "absent", "nao", "non", "nein", "falso", "faux", "falsch", "fals", "assente"})
FINDINGS = {
    **dict.fromkeys(POSITIVE, "positive"),
    **dict.fromkeys(NEGATIVE, "negative"),
    **dict.fromkeys(INDETERMINATE, "indeterminate"),
    **dict.fromkeys(YES, "yes"),
    **dict.fromkeys(NO, "no"),
}

# Single letters are flags in capitals only: 'a' is a spelling of years. 'C' and 'F' are none: '38 C' is a temperature.
_LETTERS = r"HH?|LL?|AA?|BB?|N"
_FLAG_WORDS = (
    r"(?i:high|low|alt[oa]|baj[oa]|elevad[oa]|disminuid[oa]|cr[ií]tic[oa]|critical|p[aá]nico|panic"
    r"|anormal|abnormal|normal|elevated|decreased)"
)
_OTHER_FLAG_WORDS = (
    r"(?i:hoch|erh[öo]ht|niedrig|erniedrigt|vermindert|[eé]lev[eé]e?|augment[eé]e?|diminu[eé]e?|bas(?:se)?"
    r"|elevat[oa]|aumentat[oa]"
    r"|diminuit[oa]|bass[oa]|baix[oa]?|augmentat|disminu[iï]t|critique|kritisch|cr[ií]tic|an?ormale?|normale)"
)
_SIGNS = r"[*!↑↓▲▼]+"
_ANY_FLAG = rf"(?:{_LETTERS}|{_FLAG_WORDS}|{_OTHER_FLAG_WORDS}|{_SIGNS}|\+{{1,3}})"
# Behind a word or a closing bracket, so that the L of '12 g / L' stays a litre.
FLAG_AFTER = re.compile(
    rf"(?<=[\w%)\]*!↑↓])(?:\s*{_SIGNS}|\s*[(\[]{_ANY_FLAG}[)\]]|\s+(?:{_LETTERS}|{_FLAG_WORDS}"
    rf"|{_OTHER_FLAG_WORDS})|(?<=\d)(?:{_LETTERS}))$"
)
FLAG_BEFORE = re.compile(rf"^(?:{_SIGNS}|[(\[]{_ANY_FLAG}[)\]]|(?:{_LETTERS}|{_FLAG_WORDS})(?=\s))\s*(?=[-+0-9<>≤≥.,])")
# 'bajo 5' may be a number that the laboratory marks as low ('5 (bajo)'), or below 5 ('bajo el límite'): Spanish has one
# word for both. 'baja', 'low' and the words for high are marks alone; 'menor a', 'below' and 'under' are limits alone.
BAJO = re.compile(r"^bajo\s+(?=[-+\u2212]?[0-9.,])", re.IGNORECASE)
# Words that may stand beside a value without changing it; some of them say that its specimen was bad.
_NOTE = (
    r"(?:(?:muestra|suero|plasma|specimen|sample|resultado|result|valor|value|favor\s+de|se\s+sugiere|se\s+recomienda"
    r"|amostra|soro|mostra|[eé]chantillon|pr[eé]l[eè]vement|s[eé]rum|r[eé]sultat|valeur|campione|siero|risultato"
    r"|valore|probe|wert"
    r"|por|por\s+favor|no|not|non|sin|without|n[aã]o|sem|sense|sans|senza|nicht|ohne|keine?)[\s-]+)*"
    r"(?:ha?em[oó]li[sz]|ha?emoly[sz]|h[eé]moly[sz]|hem[oó]litz|hemòli|emoli[sz]|h[aä]moly|lip[eé]mi[cq]|lipaemic"
    r"|lip[aä]misch"
    r"|ict[eéè]ri[cq]|ikteri|coagulad|coagul[eé]|coagulat|clotted|geronnen|contaminad|contamin[eé]|contaminat"
    r"|kontaminiert"
    r"|ver\s+(?:nota|coment)|see\s+(?:note|comment)|voir\s+(?:note|comment|remarque)|vedi\s+(?:nota|commento)|vegeu"
    r"|siehe\s+(?:kommentar|befund|anmerkung)|verifi|überpr[uü]ft|confirm|best[aä]tigt|corrobor|repet|r[eé]p[eé]t"
    r"|ripet|repeat"
    r"|wiederhol|validad|valid[eé]|validat|validiert|estimad|estimated|estim[eé]|stimat|gesch[aä]tzt"
    r"|pendient|pendent|pending|en\s+attente|in\s+attesa|ausstehend|pr[eé]limina|vorl[aä]ufig|provisional"
    r"|provisoire|provvisori"
    r"|provis[oò]ri|control\b|contr[oôò]le?\b|kontrolle\b)[^()\[\]?¿]*"
)
NOTE_AFTER = re.compile(rf"(?<=[\w%)\]])\s*[(\[,;:.-]*\s*\b{_NOTE}[)\]]?$", re.IGNORECASE)
NOTE_BEFORE = re.compile(rf"^[(\[]?{_NOTE}?[)\]:;,-]\s*(?=[-+<>≤≥]?\s*[0-9.,])", re.IGNORECASE)
NOTE_WORD = re.compile(_NOTE, re.IGNORECASE)
NOTE_ONLY = re.compile(rf"^{_NOTE}$", re.IGNORECASE)
# Digits of a note that are no second value: dates, clocks, spans of time, volumes, numbers of notes and samples.
ASIDE = re.compile(
    r"\d{1,4}[/-]\d{1,2}(?:[/-]\d{1,4})?|\d{1,2}:\d\d(?::\d\d)?|\d+\s*(?:h|hs|hrs?|horas?|hours?|d|d[ií]as?|days?"
    r"|min)\b"
    r"|\d+(?:[.,]\d+)?\s*(?:m[lL]|[uµμ][lL]|cc)\b|(?:nota|comentario|note|comment|folio|#)\s*\d+"
    r"|\d+[aªoº]\.?\s+(?:muestra|toma|vez)",
    re.IGNORECASE,
)
FINDING_WORD = re.compile(
    r"\b(?:positiv[oaeu]?s?|positi[fu]s?|negativ[oaeu]?s?|negati[fu]s?|(?:no |nao |non )?dete(?:c)?tad[oa]s?"
    r"|(?:not |non |no )?detect(?:ed|ee?|at)|(?:non )?rilevat[oa]|(?:nicht )?nachgewiesen|no reactivo"
    r"|indeterminad[oa])\b"
)
VOID = re.compile(
    r"contamin|kontamin|coagul|geronnen|clotted|cancel|storniert|rechaz|reject|invalid|anulad|annul|error|insuf"
    r"|unzureich"
)
FINDING_WITH_NOTE = re.compile(r"^(?P<finding>[^,;:.(\[]+?)\s*(?:[,;:.(\[]|\s[-–]\s)\s*(?P<note>[^()\[\]]+)[)\]]?$")
# Not of anaemia or a uraemic syndrome ('anemia hemolítica', 'hämolytische Anämie').
HAEMOLYSED = r"h(?:a?e)mol(?:[iy][sz]|itz)|hamoly(?:[sz]|t(?!\w*\W+(?:an|ur)ami))|\bemoli(?:zz|si)|\bhemol\b|\bhem ?\+"
ESTIMATED = (
    r"estim(?:ad|at|e\b|ee)|stimat|geschatzt|puntas|canula|kanule|cateter nasal|mascarilla|mascara|maschera"
    r"|masque|maske"
    r"|nasal|mask|lunettes|occhialini|naso"
)
BAD_SPECIMEN = (
    rf"{HAEMOLYSED}|coagul(?:ad[oa]|at[oa]|ee?|os?)s?\b|clotted|\bclots?\b|caillot|gerinnsel|geronnen|lipa?emi[cq]"
    rf"|lipamisch"
    r"|icteri[cq]|ikteri|contaminad|contaminee?\b|contaminat(?:ed|[oa])\b|kontaminiert"
)
# Words, the codes of HL7 table 0085 (observation result status), and those of FHIR (ObservationStatus). A result that
# is not verified yet is preliminary.
_FINAL = (
    *("completado", "completada", "firmado", "firmada", "emitido", "emitida", "reportado", "reportada", "reported"),
    *("informado", "informada", "entregado", "entregada", "impreso", "signed", "issued", "resulted", "done", "ok"),
    *("valid", "valido", "valida", "gultig", "final result", "resultado final", "auto verified", "autoverified"),
    *("auto validado", "autovalidado", "appended", "refertato", "befundet", "concluido", "concluida"),
    *("", "f", "u", "final", "finalizado", "finalizada", "finalise", "finale", "endgultig", "endbefund", "definitivo"),
    *("definitiva", "definitif", "definitive", "definitiu", "validado", "validada", "validated", "valide", "validee"),
    *("validato", "validata", "validat", "validiert", "verificado", "verificada", "verified", "verifie", "verifiee"),
    *(
        "verificato",
        "verificata",
        "verificat",
        "verifiziert",
        "aprobado",
        "aprobada",
        "aprovado",
        "aprovada",
        "approved",
    ),
    *(
        "approuve",
        "approuvee",
        "approvato",
        "approvata",
        "freigegeben",
        "liberado",
        "liberada",
        "released",
        "autorizado",
    ),
    *("autorizada", "authorised", "authorized", "completo", "completa", "complete", "completed", "abgeschlossen"),
)
_CORRECTED = (
    *("c", "corrected", "amended", "revised", "corregido", "corregida", "rectificado", "rectificada", "modificado"),
    *(
        "modificada",
        "corrigido",
        "corrigida",
        "retificado",
        "retificada",
        "corrige",
        "corrigee",
        "rectifie",
        "rectifiee",
    ),
    *("modifie", "modifiee", "corretto", "corretta", "rettificato", "rettificata", "modificato", "modificata"),
    *("korrigiert", "berichtigt", "geandert", "corregit", "corregida", "esmenat", "esmenada"),
)
_PRELIMINARY = (
    *("pending", "pendiente", "pendente", "en proceso", "em processo", "in progress", "registered", "en cours"),
    *("p", "r", "s", "preliminar", "preliminary", "preliminaire", "preliminare", "vorlaufig", "parcial", "partial"),
    *("partiel", "partielle", "parziale", "teilbefund", "provisional", "provisorio", "provisoria", "provisoire"),
    *("provvisorio", "provvisoria", "interim", "no validado", "no validada", "sin validar", "no verificado"),
    *("not verified", "unverified", "not validated", "unvalidated", "nao validado", "nao validada", "non valide"),
    *("non validee", "non validato", "non validata", "nicht validiert", "no validat", "no validada"),
)
_WITHDRAWN = (
    *(
        "x",
        "d",
        "w",
        "cancelled",
        "canceled",
        "rejected",
        "void",
        "voided",
        "withdrawn",
        "retracted",
        "deleted",
        "invalid",
    ),
    *("entered in error", "cancelado", "cancelada", "anulado", "anulada", "rechazado", "rechazada", "invalidado"),
    *("invalidada", "invalido", "invalida", "eliminado", "eliminada", "borrado", "borrada", "retirado", "retirada"),
    *(
        "rejeitado",
        "rejeitada",
        "excluido",
        "excluida",
        "estornado",
        "estornada",
        "annule",
        "annulee",
        "rejete",
        "rejetee",
    ),
    *("invalide", "supprime", "supprimee", "retire", "retiree", "annullato", "annullata", "cancellato", "cancellata"),
    *("respinto", "respinta", "rifiutato", "rifiutata", "invalidato", "invalidata", "eliminato", "eliminata"),
    *("ritirato", "ritirata", "storniert", "annulliert", "abgelehnt", "verworfen", "ungultig", "geloscht"),
    *("zuruckgezogen", "anul lat", "anul lada", "cancel lat", "cancel lada", "rebutjat", "rebutjada", "invalidat"),
)
STATUSES = {
    **dict.fromkeys(_FINAL, "done"),
    **dict.fromkeys(_CORRECTED, "corrected"),
    **dict.fromkeys(_PRELIMINARY, "preliminary"),
    **dict.fromkeys(_WITHDRAWN, "withdrawn"),
}
# How a stay ended, of English, Spanish, Portuguese, French, German, Italian and Catalan: any word of a cell counts.
_DEATH = (
    *("died", "dead", "death", "deceased", "expired", "defuncion", "muerte", "fallecido", "fallecida", "fallecio"),
    *("muerto", "muerta", "murio", "exitus", "finado", "finada", "decede", "decedee", "deces", "mort", "morte"),
    *("verstorben", "verstorbene", "gestorben", "tot", "tod", "todesfall", "obito", "falecido", "falecida", "faleceu"),
    *("morto", "morta", "morreu", "deceduto", "deceduta", "decesso", "defunto", "defunta", "difunt", "difunta"),
    *("obit", "traspassat", "defuncio"),
)
_ALIVE = (
    *("alive", "survived", "discharged", "home", "mejoria", "alta", "vivo", "viva", "domicilio", "casa", "sorti"),
    *("domicile", "vivant", "vivante", "entlassen", "lebend", "lebt", "dimesso", "dimessa", "viu"),
    *("hause", "zuhause", "heim", "maison", "retour", "domu"),
)
_ELSEWHERE = (
    *("transfer", "transferred", "traslado", "trasladado", "trasladada", "transferido", "transferida"),
    *("transferencia", "transfert", "transfere", "transferee", "verlegt", "trasferito", "trasferita", "traslladat"),
)
ENDING = {
    **dict.fromkeys(_DEATH, "death"),
    **dict.fromkeys(_ALIVE, "discharge_alive"),
    **dict.fromkeys(_ELSEWHERE, "transfer_out"),
}


# Within two words before ('no falleció', 'not yet discharged') or right behind ('muerte: no') one that says an end.
_NO = {"no", "non", "nao", "nein", "nie"}
_NOT = _NO | {"not", "nicht", "kein", "keine", "pas", "ne", "sin", "sem", "without"}


def ending_said(text: str) -> str | None:
    """Return the end of a stay that a text names, None where it names none, or says that there was none."""
    words = fold(text).split()
    said = {
        word
        for i, word in enumerate(words)
        if not _NOT & {*words[max(i - 2, 0) : i]} and not _NO & {*words[i + 1 : i + 2]}
    }
    return next((event for word, event in ENDING.items() if word in said), None)
