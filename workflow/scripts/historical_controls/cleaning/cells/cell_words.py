"""Words and marks that stand in result cells: what laboratories write instead of, or beside, a number."""

from __future__ import annotations

import re

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
    # Dutch
    r"|onvoldoende|niet (?:uitgevoerd|bepaald|bepaalbaar|gedaan|ontvangen|afgenomen|meetbaar|beoordeelbaar|mogelijk)"
    r"|geen (?:materiaal|monster|uitslag|resultaat|bloed)|te weinig|geannuleerd|\bvervallen\b|afgekeurd|geweigerd"
    r"|uitslag volgt|in bewerking|gestold|stolsel|hemolytisch|verontreinigd|gecontamineerd|foutief"
    r"|verkeerd (?:afg|buis)|onbruikbaar|mislukt|ontbreekt"
    # Swedish, Danish, Norwegian
    r"|otillracklig|(?:ej|inte|ikke) (?:utford|udfort|utfort|bestamd?|mottag|modtag|mottatt|tag|tatt|mojlig|mulig"
    r"|malt|matbar|malbar|analyser|bedombar|besvar)|for lite\b|for lidt"
    r"|(?:inget|intet|ingen) (?:material|prov|svar|prove)"
    r"|utilstraekkelig|utilstrekkelig|makuler|annulleret|annullert|avbestall|avvisa[dt]|avvist|afvist|underkan[nt]|kasser"
    r"|koag(?:el|ler|ulera|ulere)|storknet|levra[dt]|felaktig|felprov|forkert|fejltag|feiltat|svar foljer|svar folger"
    r"|afventer|avventer|\bpagar\b|saknas|\bmangler\b|forurenet|fororena|hemolytisk"
    # Polish
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
    | {"niet detecteerbaar", "niet aantoonbaar", "niet aangetoond", "ej pavisbar", "ej detekterbar", "ej pavisad"}
    | {"ikke pavist", "ikke paviselig", "ikke detekterbar", "ikke malbar"}
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
    | {"positief", "aangetoond", "pavisad", "pavist", "reactief", "positivt"}
    | {"dodatni", "dodatnia", "dodatnie", "pozytywny", "wykryto", "reaktywny"}
)
NEGATIVE = frozenset(
    {"negativo", "negativa", "negative", "neg", "no detectado", "no detectada", "not detected", "no reactivo"}
    | {"negatif", "negativ", "negatiu", "nao detectado", "nao detectada", "nao detetado", "nao detetada", "non detecte"}
    | {"non detectee", "no detectat", "non rilevato", "non rilevata", "nicht nachgewiesen", "nicht nachweisbar"}
    | {"nao reagente", "non reactif", "non reattivo", "nicht reaktiv", "no reactiu"}
    | {"negatief", "niet aangetoond", "ej pavisad", "ikke pavist", "negativt"}
    | {"ujemny", "ujemna", "ujemne", "negatywny", "nie wykryto", "niewykryto", "niereaktywny"}
)
INDETERMINATE = frozenset(
    {"indeterminado", "indeterminada", "indeterminate", "no concluyente", "inconclusive", "indet"}
    | {"indeterminat", "indeterminato", "indeterminata", "indetermine", "indeterminee", "unbestimmt", "grenzwertig"}
    | {"inconclusivo", "inconclusiva", "non conclusivo", "non concluant", "no concloent"}
    | {"onbepaald", "dubieus", "grenswaarde", "obestambar", "ubestemt", "inkonklusiv", "inkonklusivt"}
    | {"niejednoznaczny", "niejednoznaczna", "watpliwy", "nierozstrzygajacy"}
)
YES = frozenset(
    {"si", "yes", "true", "presente", "present", "sim", "oui", "ja", "verdadero", "verdadeiro", "vrai", "vero", "wahr"}
    | {"waar", "aanwezig", "sant", "sand", "sann", "finns"}
    | {"tak", "prawda", "obecny", "obecna"}
)
NO = frozenset(
    {"no", "false", "ausente", "absent", "nao", "non", "nein", "falso", "faux", "falsch", "fals", "assente", "nie"}
    | {"nee", "onwaar", "afwezig", "nej", "nei", "falskt", "falsk", "usand"}
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
    r"|verhoogd|verlaagd|hoog|laag|f[öo]rh[öo]jt?|s[äa]nkt|h[öo]gt?|l[åa]gt?|forh[øo]jet|nedsat|h[øo]j|lav|kritiek|kritiskt?"
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
    r"|stolsel|gestold|storknet|levra[dt]|verontreinig|forurenet|h[äæ]moly|hemolytisk|hemolytisch"
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
    r"|onvoldoende|afgekeurd|gestold|stolsel|verontreinig|gecontamineer|storknet|levra[dt]|makuler|otillrack|utilstr|forurenet"
)
FINDING_WITH_NOTE = re.compile(r"^(?P<finding>[^,;:.(\[]+?)\s*(?:[,;:.(\[]|\s[-–]\s)\s*(?P<note>[^()\[\]]+)[)\]]?$")
