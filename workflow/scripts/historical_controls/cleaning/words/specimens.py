"""Words of comments that say what is wrong with a specimen, as patterns of plain lower-case letters."""

from __future__ import annotations

import re

from historical_controls.cleaning.cells.negation import says
from historical_controls.dictionary.folding import plain_letters

# Not of anaemia or a uraemic syndrome ('anemia hemolítica', 'hämolytische Anämie').
HAEMOLYSED = (
    r"h(?:a?e)mol(?:[iy][sz]|itz)|hamoly(?:[sz]|t(?!\w*\W+(?:an|ur)ami))|haemolytisch(?!\w*\W+(?:an|ur)aemi)"
    r"|\bemoli(?:zz|si)|(?<!anemia )\bemolitic[oa]\b|\bhemol\b|\bhem ?\+"
    r"|(?:muestra|suero|plasma|sangre|sample|specimen|serum|campione|siero|amostra|soro|mostra|echantillon)"
    r" (?:ha?e|e)mol[iy]ti[cq]"
    # Dutch and the Nordic languages: 'gehemolyseerd' is spelled as above, 'licht hemolytisch' and 'hemolys' are not.
    r"|hemolytis(?:ch|k)(?!e?\w*\W+(?:an|ur)[ae]?emi)|hemolyse?\b"
)
# Of a sample, not of a patient ('tiempo de coagulación', 'wykrzepianie', 'skrzeplina').
CLOTTED = (
    r"coagul(?:ad[oa]|at[oaei]?|ee?|o|i)?s?\b|koag(?:uliert|el|ler|lar|ulera|ulere)|\b(?:micro)?clot(?:ted|s)?\b|caillot"
    r"|gerinnsel|geronnen|skrzep(?!lin)|wykrzep(?!ian)|gestold|\b(?:micro)?stols(?:el|eltje)s?\b|storknet|levra[dt]|levret"
)
# A sample that answers nothing: taken wrongly, from a line that was running, or from somebody else.
INVALID = (
    r"\b(?:specimen|sample) not valid"
    r"|\b(?:wrong|incorrect)(?:ly)? (?:taken|drawn|collected|labell?ed|patient|tube|bottle|sample|specimen)"
    r"|mis ?-?labell?ed|wrong blood in tube|\bwbit\b"
    r"|(?:taken|drawn) (?:from|above) (?:the |a )?(?:drip|iv|infusion)"
    r"|drip (?:arm|contaminat)|(?:iv|infusion|line|edta) contaminat"
    r"|contaminat\w* (?:with|by) (?:iv|infusion|edta|k ?edta)"
    r"|(?:mal|incorrectamente|erroneamente) (?:tomad|extraid|colhid|coletad|rotulad|identificad|etiquetad)"
    r"|(?:mal|incorrectement) preleve|(?:falsch|fehlerhaft) (?:entnommen|abgenommen|beschriftet)"
    r"|fehlentnahme|fehlabnahme"
    r"|(?:fout(?:ief)?|verkeerd|onjuist)e? (?:afgenomen|afname|gelabeld|geprikt|buis|monster|patient)|infuusarm"
    r"|(?:infuus|edta)(?:verontreiniging|contaminatie)|(?:afgenomen|geprikt) (?:uit|boven) (?:het |de )?infuus"
    r"|felaktig\w* (?:taget|tagna|tagen|markt|provtag\w*|ror)|felprovtag|felmarkt|fel (?:ror|prov|patient)"
    r"|(?:forkert|feil|fejl)\w* (?:taget|tatt|merket|maerket|glas|ror|prove|patient|provetag\w*)"
    r"|fejltag|feiltat|fejlmaerket"
)
ESTIMATED = (
    r"estim(?:ad|at|e\b|ee)|stimat|geschatzt|puntas|canula|kanule|cateter nasal|mascarilla|mascara|maschera"
    r"|masque|maske"
    r"|nasal|mask|lunettes|neusbril|masker|grimma|naesekateter|nesekateter|occhialini|naso"
)
BAD_SPECIMEN = (
    rf"{HAEMOLYSED}|{CLOTTED}|{INVALID}|lipa?emi[cq]|lipae?misch|\blipa?emi[ae]\b|\blipamie\b|lipemizowan"
    r"|la(?:ct|tt)escent|i[ct]teri[cq]|ikteri|ikterycz|zoltaczkow|contaminad|contaminee?\b|contaminat(?:ed|[oa])\b"
    r"|contamina(?:cion|cio|cao|tion|zione)\b|kontamin|zanieczyszcz|verunreinig|souille"
    r"|inquinat[oa]|\btrub(?:e[rs]?)?\b|\bturbi(?:d|[oa]s?)\b|\btorbid[oa]\b"
    r"|verontreinig|gecontamineer|lip(?:ae?|e)mis(?:ch|k)|icterisch|ikteris[ck]|lipemi\b|forurenet|fororena"
)
# What a declared comment says, in a word of the patterns above.
SAID_OF_SPECIMEN = {"fine": "", "haemolysed": "haemolysed", "clotted": "clotted", "invalid": "specimen not valid"}


def comment_said(text: str) -> str | None:
    """Return 'bad' where a comment says something of its specimen, 'fine' where it denies it, None where nobody knows.

    What is estimated ('mascarilla', for FiO2) is known as well, and bad for no other outcome.
    """
    plain = plain_letters(text)
    if not plain.strip():
        return "fine"
    known = re.compile(rf"{BAD_SPECIMEN}|{ESTIMATED}").search(plain)
    return ("bad" if says(text, BAD_SPECIMEN) else "fine") if known else None
