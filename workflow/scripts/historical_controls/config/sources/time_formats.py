"""Formats of dates and times: which are accepted, and the exact shape of the texts that each describes.

strptime reads '%d%m%Y' in '1052020' and '%H%M' in '123', because it lets a field be shorter than its width. Here a
number that touches another number has exactly its width, and minutes, seconds and years always have.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from historical_controls.errors import nearest

WORD = r"[^\W\d_]+\.?"
# Portuguese ones may be two words: 'terça-feira'.
WEEKDAY = r"[^\W\d_]+(?:-feira)?\.?"
# 60 is no second of a clock, and the next minute to strptime.
SECONDS = "[0-5][0-9]"
# Parts of a second have up to nine digits; behind a number that they touch, the six of strptime.
MICROSECONDS = 6
# Digits at least and at most, by strptime code.
DIGITS = {
    "Y": (4, 4),
    "y": (2, 2),
    "m": (1, 2),
    "d": (1, 2),
    "H": (1, 2),
    "I": (1, 2),
    "M": (2, 2),
    "S": (2, 2),
    "f": (1, 9),
    "j": (3, 3),
}
OTHERS = {
    "b": WORD,
    "B": WORD,
    "a": WEEKDAY,
    "A": WEEKDAY,
    "p": r"[AaPp][Mm]",
    "z": r"(?:[Zz]|UTC|GMT|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?)",
    "%": "%",
}
CODES = tuple(f"%{code}" for code in (*DIGITS, *OTHERS))
TOKEN = re.compile(r"%(?P<code>.)|(?P<literal>[^%]+)|(?P<stray>%)$", re.DOTALL)
# A fixed offset in a format would be dropped: '2020-05-04 08:00Z' is not 08:00 by the hospital's clock.
LITERAL_OFFSET = re.compile(
    r"(?<![A-Za-z])(?:Z|UTC|GMT)(?![A-Za-z])|[+-]\d\d:?\d\d(?!\d)|(?<=\x00)[+-]\d\d$", re.IGNORECASE
)
CLOCK_CODES = "HIMSfp"
CLOCK = re.compile(f"%[{CLOCK_CODES}]")
# '%dd/%mm/%yyyy': strptime codes mixed with the letters of other programs.
DOUBLED = re.compile(r"%(d(?=d)|m(?=m)|y(?=y)|Y(?=[Yy])|H(?=H)|M(?=M)|S(?=S))[A-Za-z]+")
# Relative times that a declaration may state. Day 1 of a study is the event's own: there is no day 0.
PLAIN = r"[-+]?[0-9]+(?:[.,][0-9]+)?"
RELATIVE = {"HH:MM": r"[-+]?[0-9]{1,9}:[0-5][0-9](?::[0-5][0-9])?", "study_day": r"[-+]?0*[1-9][0-9]*"}
EXAMPLES = {"HH:MM": "'1:30', in quotes", "study_day": "1 or -1", "minutes": "90", "hours": "1.5", "days": "7"}
EXAMPLES |= {"weeks": "12", "months": "6"}
OFFSET = "%z"
# How people name the parts of a time, by strptime code.
NAMED = {"Y": "yyyy", "y": "yy", "m": "mm", "d": "dd", "H": "hh", "I": "hh", "M": "mm", "S": "ss", "f": "fraction"}
NAMED |= {"j": "day of the year", "b": "month's name", "B": "month's name", "a": "weekday", "A": "weekday"}
NAMED |= {"p": "AM/PM", "z": "offset", "%": "%"}


def check_format(form: str) -> None:
    """Raise ValueError for a format that loses the day or the hour, fills one in, or reads one text in two ways."""
    for fault in (_unknown_code(form), _repeated_code(form), _doubled_code(form), _bad_offset(form), _bad_clock(form)):
        if fault:
            raise ValueError(fault)
    # A day above 12 and a time in the afternoon tell day from month and 12 hours from 24.
    moment = datetime(2021, 11, 23, 14, 5, 6)
    # strptime of a moment without a zone has no offset to write and read back.
    bare = form.replace(OFFSET, "")
    try:
        back = datetime.strptime(moment.strftime(bare), bare)
    except ValueError as error:
        raise ValueError(f"'{form}' is not a date format ({error}); e.g. '%d/%m/%Y %H:%M'") from None
    if back.date() != moment.date():
        raise ValueError(f"'{form}' does not say year, month and day; e.g. '%d/%m/%Y'")
    # 0: formats of the day alone.
    if back.hour not in (0, moment.hour):
        raise ValueError(f"'{form}' reads 14 h as {back.hour} h; 12-hour clocks need %I and %p")


def missing_parts(form: str) -> str:
    """Return the format of what a year of birth ('%Y') or a month and year ('%m/%Y') leaves out; '' of a whole day."""
    codes = {token["code"] for token in TOKEN.finditer(form)}
    if not codes & {"Y", "y"} or codes & {"d", "j", *CLOCK_CODES}:
        return ""
    return " %d" if codes & {"m", "b", "B"} else " %m %d"


def check_birth_format(form: str) -> None:
    """Raise ValueError as `check_format` does; of a birth the day, or day and month, may be unknown."""
    check_format(form + missing_parts(form))


def _unknown_code(form: str) -> str:
    for token in TOKEN.finditer(form):
        if token["stray"] or (token["code"] and f"%{token['code']}" not in (*CODES, "%Z")):
            code = f"%{token['code'] or ''}"
            near = nearest(code, CODES)
            return f"'{form}': {code} is not read; allowed: {' '.join(CODES)}" + (
                f". Did you mean {near}?" if near else ""
            )
    return ""


def _repeated_code(form: str) -> str:
    codes = [token["code"] for token in TOKEN.finditer(form) if token["code"] and token["code"] != "%"]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    return f"'{form}': %{twice} is written twice; each part of a time has one place" if twice else ""


def _doubled_code(form: str) -> str:
    found = DOUBLED.search(form)
    right = "%Y" if found and len(found[0]) == 5 else f"%{found[1]}" if found else ""
    return f"'{form}': '{found[0]}' is a code with letters behind it; write {right}" if found else ""


def _bad_offset(form: str) -> str:
    # Codes are blanked out: the Z of '%Z' is no literal. A sign behind a clock is that of an offset, '-06'.
    blanked = (
        (token["literal"] or ("\x00" if (token["code"] or " ") in CLOCK_CODES else " "))
        for token in TOKEN.finditer(form)
    )
    literal = LITERAL_OFFSET.search("".join(blanked))
    if literal:
        return (
            f"'{form}': '{literal[0]}' is the offset of a clock; write %z in its place, which reads Z, UTC and +00:00"
        )
    if "%Z" in form:
        return f"'{form}': names of time zones (%Z) are not read; write %z for offsets, or declare the 'timezone'"
    return f"'{form}': an offset (%z) needs a clock time (%H:%M)" if OFFSET in form and "%M" not in form else ""


def _bad_clock(form: str) -> str:
    if "%p" in form and "%I" not in form:
        return f"'{form}': %p (AM, PM) is read only with %I, the hour of a 12-hour clock"
    if "%I" in form and "%p" not in form:
        return f"'{form}': %I, the hour of a 12-hour clock, needs %p (AM, PM); for 24 hours write %H"
    return (
        f"'{form}': minutes (%M) without an hour; write %H:%M" if "%M" in form and not re.search("%[HI]", form) else ""
    )


@cache
def shape(form: str) -> str:
    """Return the regular expression of all texts that the format may describe, to be matched against whole texts."""
    tokens = [(token["code"] or "", token["literal"] or "") for token in TOKEN.finditer(form)]
    pieces = []
    for place, (code, literal) in enumerate(tokens):
        if code in DIGITS:
            least, most = DIGITS[code]
            # A number that touches another has its full width, or '1052020' could be split in two ways.
            touches = _ends_in_number(tokens[place - 1] if place else ("", ""), -1) or _ends_in_number(
                tokens[place + 1] if place + 1 < len(tokens) else ("", ""), 0
            )
            pieces.append(_digits(code, touches, least, most))
        else:
            pieces.append(OTHERS[code] if code else _literal(literal))
    return "".join(pieces)


def _digits(code: str, touches: bool, least: int, most: int) -> str:
    if code == "S":
        return SECONDS
    if code == "f" and touches:
        least = most = MICROSECONDS
    return f"[0-9]{{{most if touches else least},{most}}}"


def _literal(text: str) -> str:
    # Any run of blanks matches any other: exports pad hours with a second blank.
    pattern = re.sub(r"\\? +", r"\\s+", re.escape(text))
    # As strptime does it: '4 DE MAYO DE 2020' is of the form '%d de %B de %Y'.
    return f"(?i:{pattern})" if any(c.isalpha() for c in text) else pattern


def _ends_in_number(token: tuple[str, str], at: int) -> bool:
    """Whether a neighbour is a number at the side (0 its start, -1 its end) where it touches."""
    code, literal = token
    return code in DIGITS or (bool(literal) and literal[at].isdigit())


def tells_clock(form: str) -> bool:
    """Return whether the format has a clock time; without one it dates by day only."""
    return CLOCK.search(form) is not None


def in_words(form: str) -> str:
    """Return a format as people write it, with an example: 'dd/mm/yyyy hh:mm (e.g. 23/11/2021 14:05)'."""
    named = "".join(NAMED[token["code"]] if token["code"] else token["literal"] for token in TOKEN.finditer(form))
    # A day above 12 shows which number is the month.
    example = datetime(2021, 11, 23, 14, 5, 6).strftime(form.replace(OFFSET, "-06:00"))
    return f"{named} (e.g. {example})"


def relative_in_words(unit: str, decimal: str) -> str:
    """Return a relative unit with an example as a cell has it (decimal: mark of the file): 'hours (e.g. 1,5)'."""
    example = "1:30" if unit == "HH:MM" else EXAMPLES[unit].replace(".", decimal)
    return f"{unit} (e.g. {example})"


def constant_fault(text: str, formats: list[str], relative_unit: str | None) -> str:
    """Return why a time that the declaration itself states cannot be read as the times of its part are, else ''."""
    if relative_unit is None:
        # A serial number of a spreadsheet has no format; it is read as in the cells.
        fits = not formats or any(re.fullmatch(shape(form), text) for form in formats)
        listed = "; ".join(f"'{form}', {in_words(form)}" for form in formats)
        return "" if fits else f"'{text}' is in none of the formats {listed}"
    pattern = RELATIVE.get(relative_unit, PLAIN)
    return (
        "" if re.fullmatch(pattern, text) else f"'{text}' is no time in {relative_unit}; e.g. {EXAMPLES[relative_unit]}"
    )
