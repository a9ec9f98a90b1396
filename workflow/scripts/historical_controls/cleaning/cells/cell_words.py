"""Words and marks that stand in result cells: what laboratories write instead of, or beside, a number."""

from __future__ import annotations

import re

from historical_controls.dictionary.folding import fold

# All patterns but those of flags and notes are matched against folded text (no case, accents or punctuation).
NOT_DONE = re.compile(
    r"pendiente|cancelad|no se realiz|no realizad|no se pudo|no efectuad|no procesad|no solicitad|no recibid|no enviad"
    r"|no reportad|no valorable|no interpretable|no disponible|no report|sin resultado|sin reactivo|sin muestra"
    r"|sin dato|m(?:ue|o)stra no (?!h?a?emol|coag|clot|lip|icter|contam)"
    r"|muestra inadecuad|muestra lipemic|rechazad|extraviad|repetir"
    r"|(?:sample|specimen|muestra|amostra|mostra|echantillon|prelevement|tube|campione|probe|material) contamin"
    r"|insuficiente|hemoliz|hemolis|ha?emoly[sz]|coagulad|coagulo|clotted|insufficient|not done|not performed"
    r"|\bpend\b|\binsuf\b|\bhemol\b|not sufficient|\brefused\b|\bclots?\b|(?:muestra|suero) hemolitic"
    r"|not received|not reported|\bpending\b|cancell?ed|rejected|\bqns\b|equipo fuera de servicio|\berror\b"
    r"|^s/d$|^s/m$|^s/r$|^ver (?:nota|comentario)|^see (?:note|comment)"
    # Portuguese, Catalan, French
    r"|pendente|\bpendent\b|nao (?:realizad|efetuad|colhid|coletad|recebid|disponivel|solicitad|processad)"
    r"|hemoli[sz]|hemolitz|amostra (?:inadequad|em falta)|rejeitad|rebutjad"
    r"|(?:nova|repetir|recolher) (?:nova )?(?:colheita|coleta|amostra)|sem (?:amostra|material|resultado)"
    r"|no remesa|mostra inadequad|(?:nao|no|non) su[fb]+icient|coagul(?:s|os?|i|at[aoei]?)?\b"
    r"|no (?:realitzat|efectuat|fet\b|rebut|processat|sol licitat)|insuficient|cancel lad"
    r"|en attente|en cours|non (?:fait|realise|effectue|recu|disponible|demande|rendu|preleve)|insuffisant|annule"
    r"|caillot|coagulee?\b|souille|non (?:conforme|dose)\b|a (?:refaire|reprelever)\b|refusee?\b|rejetee?\b"
    r"|manquante?\b|inadequate?\b"
    # Italian, German
    r"|in (?:attesa|corso)\b|non (?:eseguit|effettuat|pervenut|disponibile|richiest|dosabil)|annullat|emoli(?:zz"
    r"|si)|non idone|rifiutat|mancante\b|(?:da )?ripetere\b|(?:campione|siero) emolitic"
    r"|ausstehend|\bfolgt\b|nicht (?:durchgefuhrt|gemacht|bestimmt|bestimmbar|erhalten|eingegangen|auswertbar"
    r"|angefordert|messbar)"
    r"|nicht (?:aus|hin)reichend|nicht genu?g|reicht nicht|ungenugend|ungeeignet|zu (?:wenig|gering)"
    r"|(?:material|probe) fehlt|kein (?:material|serum|blut|ergebnis)|keine probe|neueinsendung|abgelehnt"
    r"|verunreinigt|kontaminiert|storniert|unzureichend|hamoly|haemolytisch|geronnen|gerinnsel|koag(?:uliert|el)"
    # Polish
    r"|za mal[oa]\b|nie ?(?:wystarczaj|dostateczn|odpowiedni|diagnostyczn)|brak (?:materialu|probki|wyniku)"
    r"|brak danych|nie ?(?:wykona|oznaczon|dostarczon|otrzyman|zbadan|pobran)|anulowan|odrzucon"
    r"|\bw (?:toku|trakcie)\b|oczekuj|powtorz|skrzep(?!lin)|wykrzep(?!ian)|zanieczyszcz"
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
    | {"niewykrywalny", "niewykrywalna", "niewykrywalne", "nieoznaczalny", "nieoznaczalne"}
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
    | {"dodatni", "dodatnia", "dodatnie", "pozytywny", "wykryto", "reaktywny"}
)
NEGATIVE = frozenset(
    {"negativo", "negativa", "negative", "neg", "no detectado", "no detectada", "not detected", "no reactivo"}
    | {"negatif", "negativ", "negatiu", "nao detectado", "nao detectada", "nao detetado", "nao detetada", "non detecte"}
    | {"non detectee", "no detectat", "non rilevato", "non rilevata", "nicht nachgewiesen", "nicht nachweisbar"}
    | {"nao reagente", "non reactif", "non reattivo", "nicht reaktiv", "no reactiu"}
    | {"ujemny", "ujemna", "ujemne", "negatywny", "nie wykryto", "niewykryto", "niereaktywny"}
)
INDETERMINATE = frozenset(
    {"indeterminado", "indeterminada", "indeterminate", "no concluyente", "inconclusive", "indet"}
    | {"indeterminat", "indeterminato", "indeterminata", "indetermine", "indeterminee", "unbestimmt", "grenzwertig"}
    | {"inconclusivo", "inconclusiva", "non conclusivo", "non concluant", "no concloent"}
    | {"niejednoznaczny", "niejednoznaczna", "watpliwy", "nierozstrzygajacy"}
)
YES = frozenset(
    {"si", "yes", "true", "presente", "present", "sim", "oui", "ja", "verdadero", "verdadeiro", "vrai", "vero", "wahr"}
    | {"tak", "prawda", "obecny", "obecna"}
)
NO = frozenset(
    {"no", "false", "ausente", "absent", "nao", "non", "nein", "falso", "faux", "falsch", "fals", "assente", "nie"}
    | {"nieobecny", "nieobecna"}
)
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
    r"|valore|probe|wert|pr[oó]bka|materia[lł]|surowica|osocze|krew|sangue|sang|blut|tube|leicht|stark|lieve|[sś]lad\w*"
    r"|pr[eé]sen[cçz][aeiè]\w*|traces?|trazas|obecno[sś][cć]|de|di|com|con|avec|amb|mit"
    r"|por|por\s+favor|no|not|non|sin|without|n[aã]o|sem|sense|sans|senza|nicht|ohne|keine?|bez|nie)[\s-]+|d['’])*"
    r"(?:ha?em[oó]li[sz]|ha?emoly[sz]|h[eé]moly[sz]|hem[oó]litz|hemòli|emoli[sz]|h[aä]moly|(?:nie)?zhemoli"
    r"|lip[eéèê]mi[caq]|lipaemic|lip(?:[aä]|ae)mi|i[ct]t[eéè]ri[cq]|ikter|[zż][oó][lł]taczkow|la(?:ct|tt)escent"
    r"|co[aáà]gul(?:[aeéoi]|s?\b)|koag|(?:micro)?clot(?:s|ted)?\b|geronnen|caillot|gerinnsel|skrzep|wykrzep"
    r"|contamina|contamin[eé]|kontamin|zanieczyszcz|verunreinig|souill"
    r"|ver\s+(?:nota|coment)|see\s+(?:note|comment)|voir\s+(?:note|comment|remarque)|vedi\s+(?:nota|commento)|vegeu"
    r"|siehe\s+(?:kommentar|befund|anmerkung)|patrz|verifi|zweryfikowan|potwierdz|überpr[uü]ft|confirm|best[aä]tigt"
    r"|corrobor|repet|r[eé]p[eé]t|ripet|repeat"
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
    r"|indeterminad[oa]|dodatni[ae]?|ujemn[yae]|(?:nie )?wykryto)\b"
)
VOID = re.compile(
    r"contamin|kontamin|zanieczyszcz|souill|verunreinig|coagul|koag|geronnen|clot|caillot|gerinnsel|skrzep|cancel"
    r"|storniert|rechaz|reject|rejet|rejeit|rebutj|refus|rifiut|odrzuc|invalid|anul|annul|error|insuf|unzureich|niewystarcz"
)
FINDING_WITH_NOTE = re.compile(r"^(?P<finding>[^,;:.(\[]+?)\s*(?:[,;:.(\[]|\s[-–]\s)\s*(?P<note>[^()\[\]]+)[)\]]?$")
# Not of anaemia or a uraemic syndrome ('anemia hemolítica', 'hämolytische Anämie').
HAEMOLYSED = (
    r"h(?:a?e)mol(?:[iy][sz]|itz)|hamoly(?:[sz]|t(?!\w*\W+(?:an|ur)ami))|haemolytisch(?!\w*\W+(?:an|ur)aemi)"
    r"|\bemoli(?:zz|si)|\bhemol\b|\bhem ?\+"
    r"|(?:muestra|suero|plasma|sangre|sample|specimen|serum|campione|siero|amostra|soro|mostra|echantillon)"
    r" (?:ha?e|e)mol[iy]ti[cq]"
)
ESTIMATED = (
    r"estim(?:ad|at|e\b|ee)|stimat|geschatzt|puntas|canula|kanule|cateter nasal|mascarilla|mascara|maschera"
    r"|masque|maske"
    r"|nasal|mask|lunettes|occhialini|naso"
)
# Not the clotting of a patient ('tiempo de coagulación', 'wykrzepianie', 'skrzeplina').
BAD_SPECIMEN = (
    rf"{HAEMOLYSED}|coagul(?:ad[oa]|at[oaei]?|ee?|o|i)?s?\b|koag(?:uliert|el)|\b(?:micro)?clot(?:ted|s)?\b|caillot"
    r"|gerinnsel|geronnen|skrzep(?!lin)|wykrzep(?!ian)|lipa?emi[cq]|lipae?misch|\blipa?emi[ae]\b|\blipamie\b|lipemizowan"
    r"|la(?:ct|tt)escent|i[ct]teri[cq]|ikteri|ikterycz|zoltaczkow|contaminad|contaminee?\b|contaminat(?:ed|[oa])\b"
    r"|contamina(?:cion|cio|cao|tion|zione)\b|kontamin|zanieczyszcz|verunreinig|souille"
)
# How a stay ended, of English, Spanish, Portuguese, French, German, Italian, Catalan and Polish: any word of a cell
# counts. 'Alta por traslado' is a transfer, 'traslado a domicilio' none: a discharge alone says least.
_DEATH = (
    *("died", "dead", "death", "deceased", "expired", "defuncion", "muerte", "fallecido", "fallecida", "fallecio"),
    *("muerto", "muerta", "murio", "exitus", "finado", "finada", "decede", "decedee", "deces", "mort", "morte"),
    *("verstorben", "verstorbene", "gestorben", "tot", "tod", "todesfall", "obito", "falecido", "falecida", "faleceu"),
    *("morto", "morta", "morreu", "deceduto", "deceduta", "decesso", "defunto", "defunta", "difunt", "difunta"),
    *("obit", "traspassat", "defuncio", "zgon", "zgonu", "zmarl", "zmarla", "zmarly", "umarl", "umarla", "smierc"),
)
_ALIVE = (
    *("alive", "survived", "home", "mejoria", "vivo", "viva", "domicilio", "casa", "domicile", "vivant", "vivante"),
    *("lebend", "lebt", "viu", "hause", "zuhause", "heim", "maison", "domu", "dom", "zyje", "zywy", "zywa"),
    *("wyzdrowienie", "wyleczony", "wyleczona"),
)
_ELSEWHERE = (
    *("transfer", "transferred", "traslado", "trasladado", "trasladada", "transferido", "transferida"),
    *("transferencia", "transfert", "transfere", "transferee", "verlegt", "trasferito", "trasferita", "traslladat"),
    *("przeniesienie", "przeniesiony", "przeniesiona", "przeniesiono", "przekazanie", "przekazany", "przekazana"),
)
_DISCHARGED = (
    *("discharged", "alta", "sorti", "retour", "entlassen", "dimesso", "dimessa", "wypis", "wypisany", "wypisana"),
    *("wypisano",),
)
ENDING = {
    **dict.fromkeys(_DEATH, "death"),
    **dict.fromkeys(_ALIVE, "discharge_alive"),
    **dict.fromkeys(_ELSEWHERE, "transfer_out"),
    **dict.fromkeys(_DISCHARGED, "discharge_alive"),
}


# Beside a word of transfer, places within the hospital: 'transferência interna', 'traslado a piso', 'Transfer to ICU'.
_WITHIN = {
    *("interna", "interno", "internal", "interne", "intern", "ward", "floor", "unit", "icu", "stepdown", "theatre"),
    *("uti", "uci", "cti", "piso", "planta", "sala", "enfermaria", "enfermeria", "quarto", "quirofano", "oddzial"),
    *("normalstation", "intensivstation", "station", "reparto", "reanimation", "rianimazione", "intensiva", "oiom"),
}
_OUTSIDE = {
    *(
        "hospital",
        "outro",
        "outra",
        "otro",
        "otra",
        "other",
        "another",
        "autre",
        "anderes",
        "anderen",
        "altro",
        "altra",
    ),
    *("externa", "externo", "external", "externe", "extern", "krankenhaus", "klinik", "hopital", "ospedale"),
    *("facility", "clinica", "clinic", "centro", "center", "centre", "szpital", "szpitala", "inny", "innego"),
}
# Ends in the words of US billing (UB-04, field 17) that share no word with others.
_CARE = r"skilled nursing|nursing facility|assisted living|rehab(?:ilitation)?|against medical advice|left ama"
PHRASES = {
    "transfer_out": re.compile(r"\b(?:short term|acute care)(?: general)? hospital\b"),
    "discharge_alive": re.compile(rf"\b(?:{_CARE})\b"),
}
# 'Transfer In', 'Transferred in from ...': a stay begins.
ENTRY = re.compile(r"\bin(?: from\b|$)")
# Within two words before ('no falleció', 'not yet discharged') or right behind ('muerte: no') one that says an end.
_NO = {"no", "non", "nao", "nein", "nie"}
_NOT = _NO | {"not", "nicht", "kein", "keine", "pas", "ne", "sin", "sem", "without", "bez", "brak"}


def ending_said(text: str) -> str | None:
    """Return the end of a stay that a text names, None where it names none, or says that there was none.

    A move within the hospital is no end, and nobody knows whether one to a hospice is told as death or discharge.
    """
    folded = fold(text).replace("/", " ")
    words = folded.split()
    said = {
        word
        for i, word in enumerate(words)
        if not _NOT & {*words[max(i - 2, 0) : i]} and not _NO & {*words[i + 1 : i + 2]}
    }
    event = next((event for word, event in ENDING.items() if word in said), None)
    if event == "death" or (event == "discharge_alive" and not PHRASES["transfer_out"].search(folded)):
        return event
    phrase = next((end for end, words_of in PHRASES.items() if words_of.search(folded)), None)
    within = bool(said & _WITHIN) and not said & _OUTSIDE
    return phrase or (None if within or ENTRY.search(folded) or "hospice" in said else event)
