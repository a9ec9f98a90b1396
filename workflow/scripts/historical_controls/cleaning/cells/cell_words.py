"""Words and marks that stand in result cells: what laboratories write instead of, or beside, a number."""

from __future__ import annotations

import re

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
)
STARS = re.compile(r"^\*(?:\s*\*)*$")
SEMIQUANTITATIVE = re.compile(
    r"^(?:\+{1,4}|[1-4] ?\+{1,4}|(?:\+ ){1,3}\+|trazas?|traces?|huellas?|escas[oa]s?|moderad[oa]s?|abundantes?"
    r"|few|many)$"
)
BELOW_WITHOUT_LIMIT = frozenset(
    {"nd", "n d", "no detectable", "no detectado", "no detectada", "indetectable", "undetectable", "not detected"}
    | {"no detectables", "no cuantificable", "blq", "bld", "bdl", "below detection limit"}
)
UNDER_THE_LIMIT = re.compile(
    r"^(?:menor|inferior|(?:por )?debajo|bajo|below|under|less than)(?: (?:a|al|del?|que|el|the))*"
    r" (?:limite(?: inferior)?(?: de (?:deteccion|cuantificacion))?|(?:lower )?(?:detection )?limit(?: of detection)?"
    r"|lod|loq|lloq|ld)$"
)
POSITIVE = frozenset({"positivo", "positiva", "positive", "pos", "detectado", "detectada", "detected", "reactivo"})
NEGATIVE = frozenset(
    {"negativo", "negativa", "negative", "neg", "no detectado", "no detectada", "not detected", "no reactivo"}
)
INDETERMINATE = frozenset(
    {"indeterminado", "indeterminada", "indeterminate", "no concluyente", "inconclusive", "indet"}
)
YES = frozenset({"si", "yes", "true", "presente", "present"})
NO = frozenset({"no", "false", "ausente", "absent"})
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
_SIGNS = r"[*!↑↓▲▼]+"
_ANY_FLAG = rf"(?:{_LETTERS}|{_FLAG_WORDS}|{_SIGNS}|\+{{1,3}})"
# Behind a word or a closing bracket, so that the L of '12 g / L' stays a litre.
FLAG_AFTER = re.compile(
    rf"(?<=[\w%)\]*!↑↓])(?:\s*{_SIGNS}|\s*[(\[]{_ANY_FLAG}[)\]]|\s+(?:{_LETTERS}|{_FLAG_WORDS})|(?<=\d)(?:{_LETTERS}))$"
)
FLAG_BEFORE = re.compile(rf"^(?:{_SIGNS}|[(\[]{_ANY_FLAG}[)\]]|(?:{_LETTERS}|{_FLAG_WORDS})(?=\s))\s*(?=[-+0-9<>≤≥.,])")
# 'bajo 5' may be a number that the laboratory marks as low ('5 (bajo)'), or below 5 ('bajo el límite'): Spanish has one
# word for both. 'baja', 'low' and the words for high are marks alone; 'menor a', 'below' and 'under' are limits alone.
BAJO = re.compile(r"^bajo\s+(?=[-+\u2212]?[0-9.,])", re.IGNORECASE)
# Words that may stand beside a value without changing it; some of them say that its specimen was bad.
_NOTE = (
    r"(?:(?:muestra|suero|plasma|specimen|sample|resultado|result|valor|value|favor\s+de|se\s+sugiere|se\s+recomienda"
    r"|por|por\s+favor|no|not|non|sin|without)[\s-]+)*"
    r"(?:ha?em[oó]li[sz]|ha?emoly[sz]|lip[eé]mic|lipaemic|ict[eé]ric|coagulad|clotted|contaminad"
    r"|ver\s+(?:nota|comentario)|see\s+(?:note|comment)|verifi|confirm|corrobor|repet|repeat|validad|estimad|estimated"
    r"|pendient|pending|preliminar|provisional|control\b)[^()\[\]?¿]*"
)
NOTE_AFTER = re.compile(rf"(?<=[\w%)\]])\s*[(\[,;:.-]*\s*\b{_NOTE}[)\]]?$", re.IGNORECASE)
NOTE_BEFORE = re.compile(rf"^[(\[]?{_NOTE}?[)\]:;,-]\s*(?=[-+<>≤≥]?\s*[0-9.,])", re.IGNORECASE)
NOTE_WORD = re.compile(_NOTE, re.IGNORECASE)
NOTE_ONLY = re.compile(rf"^{_NOTE}$", re.IGNORECASE)
# Digits of a note that are no second value: dates, clocks, spans of time, volumes, numbers of notes and samples.
ASIDE = re.compile(
    r"\d{1,4}[/-]\d{1,2}(?:[/-]\d{1,4})?|\d{1,2}:\d\d(?::\d\d)?|\d+\s*(?:h|hs|hrs?|horas?|hours?|d|d[ií]as?|days?|min)\b"
    r"|\d+(?:[.,]\d+)?\s*(?:m[lL]|[uµμ][lL]|cc)\b|(?:nota|comentario|note|comment|folio|#)\s*\d+|\d+[aªoº]\.?\s+(?:muestra|toma|vez)",
    re.IGNORECASE,
)
FINDING_WORD = re.compile(
    r"\b(?:positiv[oa]s?|positive|negativ[oa]s?|negative|(?:no )?detectad[oa]s?"
    r"|(?:not )?detected|no reactivo|indeterminad[oa])\b"
)
VOID = re.compile(r"contaminad|coagulad|clotted|cancel|rechaz|reject|invalid|anulad|error|insuficien")
FINDING_WITH_NOTE = re.compile(r"^(?P<finding>[^,;:.(\[]+?)\s*(?:[,;:.(\[]|\s[-–]\s)\s*(?P<note>[^()\[\]]+)[)\]]?$")
