"""Names of months and weekdays, as dates have them, of the languages of hospitals."""

from __future__ import annotations

import re

import pandas as pd

from historical_controls.config.sources.time_formats import OTHERS, TOKEN, shape
from historical_controls.dictionary.folding import plain_letters

# Without accents; abbreviations may end in a point.
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "enero ene january jan janvier janv januar janner gennaio gen janeiro gener januari styczen stycznia sty",
            "febrero feb febr february fevrier fevr fev februar feber febbraio fevereiro febrer februari"
            " luty lutego lut",
            "marzo mar mzo march mars marz maerz marco marc maart mrt mars marts marzec marca",
            "abril abr april apr avril avr aprile kwiecien kwietnia kwi",
            "mayo may mai maggio mag maio maig mei mai maj maja",
            "junio jun june juin juni giugno giu junho juny czerwiec czerwca cze",
            "julio jul july juillet juil juli luglio lug julho juliol lipiec lipca lip",
            "agosto ago agto august aug aout agost ag augustus augusti sierpien sierpnia sie",
            "septiembre setiembre sep sept set september septembre settembre sett setembro setembre"
            " wrzesien wrzesnia wrz",
            "octubre oct october octobre oktober okt ottobre ott outubro out pazdziernik pazdziernika paz",
            "noviembre nov novbre november novembre novembro listopad listopada lis",
            "diciembre dic dicbre december dec decembre dezember dez dicembre dezembro desembre des desember"
            " grudzien grudnia gru",
        ),
        start=1,
    )
    for name in names.split()
}
# Monday is 0. A word may be two days: French 'di.' is dimanche, German 'di.' Dienstag.
WEEKDAYS = (
    "monday mon lunes lun lundi lu montag mo lunedi segunda seg dilluns dl segunda-feira poniedzialek pon pn"
    " maandag ma mandag man",
    "tuesday tue tues martes mar mardi ma dienstag di martedi terca ter dimarts dt terca-feira wtorek wt"
    " dinsdag tisdag tirsdag tis tir tirs",
    "wednesday wed miercoles mie mier mercredi mer me mittwoch mi mercoledi quarta qua dimecres dc quarta-feira x"
    " sroda sr woensdag wo onsdag ons",
    "thursday thu thur thurs jueves jue jeudi jeu je donnerstag do giovedi gio quinta qui dijous dj quinta-feira"
    " czwartek czw donderdag torsdag tor tors to",
    "friday fri viernes vie vendredi ven ve freitag fr venerdi sexta sex divendres dv sexta-feira piatek pt"
    " vrijdag vr vrij fredag fre",
    "saturday sat sabado sab samedi sam sa samstag sonnabend sabato dissabte ds sobota sob zaterdag za lordag lor",
    "sunday sun domingo dom dimanche dim di sonntag so domenica diumenge dg niedziela niedz nd zondag zo sondag son",
)
WEEKDAY_CODE = re.compile("%[aA]")
CALENDAR_CODE = re.compile("%[aAbB]")


def month_number(word: str) -> int | None:
    """Return the number of a month by its name or abbreviation, None of any other word."""
    return MONTHS.get(plain_letters(word.rstrip(".")))


def unknown_word(text: str, form: str) -> str:
    """Return the word in a text of this format that should name a month or a weekday and does not, '' if none."""
    for code in CALENDAR_CODE.finditer(form):
        found = re.fullmatch(f"{shape(form[: code.start()])}({OTHERS[code[0][1]]}){shape(form[code.end() :])}", text)
        if found and not (month_number(found[1]) if code[0] in ("%b", "%B") else _weekdays(found[1])):
            return found[1]
    return ""


def without_weekday(texts: pd.Series, form: str) -> tuple[pd.Series, pd.Series, str]:
    """Return the weekday's word of each text of a format, the texts without it, and the format without its code."""
    code = next(token for token in TOKEN.finditer(form) if token["code"] in ("a", "A"))
    before, after = form[: code.start()], form[code.end() :]
    pattern = f"^({shape(before)})({OTHERS['a']})({shape(after)})$"
    parts = texts.astype("str").str.extract(pattern)
    return parts[1], (parts[0] + parts[2]).str.strip(), f"{before}{after}".strip()


def is_weekday(words: pd.Series, days: pd.Series) -> pd.Series:
    """Return where a word names the weekday of its day."""
    numbers = days.dt.day_of_week
    return pd.Series(
        [day in _weekdays(word) for word, day in zip(words.fillna(""), numbers, strict=True)],
        index=words.index,
        dtype=bool,
    )


def _weekdays(word: str) -> set[int]:
    return {number for number, names in enumerate(WEEKDAYS) if plain_letters(word.rstrip(".")) in names.split()}
