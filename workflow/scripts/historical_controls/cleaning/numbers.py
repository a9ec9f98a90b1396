"""What a result cell says: a number, a limit, a finding, or that nothing was measured."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..dictionary import fold

LESS = r"<|<=|≤|menor (?:a|de|que)|menor o igual (?:a|que)|less than|below|inferior a"
MORE = r">|>=|≥|mayor (?:a|de|que)|mayor o igual (?:a|que)|greater than|more than|above|superior a"
LIMIT = re.compile(rf"^\s*(?:(?P<less>{LESS})|(?P<more>{MORE}))\s*=?\s*", re.IGNORECASE)
BELOW_LOD_SUFFIX = re.compile(r"\s*\((?:lod|ld|limite de deteccion|límite de detección)\)\s*$", re.IGNORECASE)
NOT_DONE = re.compile(
    r"pendiente|cancelad|no se realizo|no realizad|no se pudo|insuficiente|hemolizad|hemolysed|hemolyzed|coagulad"
    r"|clotted|not done|pending|cancelled|canceled|no procesad|no solicitad|muestra no|sin muestra|s/d|error"
)
BELOW_WITHOUT_LIMIT = frozenset(
    {"nd", "no detectable", "no detectado", "no detectada", "indetectable", "undetectable", "not detected", "<lod"}
)
NO_ANSWER = re.compile(r"^[*+\-.\s]+$|^ver nota")
POSITIVE = frozenset({"positivo", "positiva", "positive", "pos", "detectado", "detectada", "detected", "reactivo"})
NEGATIVE = frozenset(
    {"negativo", "negativa", "negative", "neg", "no detectado", "no detectada", "not detected", "no reactivo"}
)
INDETERMINATE = frozenset(
    {"indeterminado", "indeterminada", "indeterminate", "no concluyente", "inconclusive", "indet"}
)
YES = frozenset({"si", "yes", "true", "presente", "present"})
NO = frozenset({"no", "false", "ausente", "absent"})


@dataclass(frozen=True)
class Reading:
    """operator: '', '<' or '>'; value: the number or limit; unit: unit inside the cell; problem: reason code or ''.

    not_done: nothing was measured; the request is kept as a record.
    """

    operator: str = ""
    value: float = float("nan")
    unit: str = ""
    not_done: bool = False
    problem: str = ""


@dataclass(frozen=True)
class NumberStyle:
    """How a file writes numbers."""

    decimal: str
    thousands: str | None

    def pattern(self) -> re.Pattern[str]:
        """A whole number text followed, after a space or directly, by what may be a unit."""
        return re.compile(rf"^(?P<number>{_number_pattern(self)})(?P<rest>$|\s+\D.*$|[a-zA-Zµ%/°].*$)")


def _number_pattern(style: NumberStyle) -> str:
    decimal = re.escape(style.decimal)
    grouped = rf"\d{{1,3}}(?:{re.escape(style.thousands)}\d{{3}})+|" if style.thousands else ""
    return rf"[-+\u2212]?(?:{grouped}\d+)?(?:{decimal}\d+|(?<=\d){decimal})?(?:[eE][-+]?\d+)?"


def read_number(text: str, style: NumberStyle) -> Reading:
    """One result cell as a Reading.

    A number is read only under the declared marks: '1.250' where the point is no declared mark is NUM_AMBIGUOUS,
    never 1.25 and never 1250.
    """
    stripped = text.strip()
    folded = fold(stripped)
    if stripped.casefold() in BELOW_WITHOUT_LIMIT or folded in BELOW_WITHOUT_LIMIT:
        return Reading(problem="LOD_NO_LIMIT")
    operator, rest = _operator(stripped)
    number = _plain(rest, style)
    if number is not None:
        return Reading(operator, *number)
    if NOT_DONE.search(folded) or folded == "s/d":
        return Reading(not_done=True)
    if NO_ANSWER.match(stripped):
        return Reading(not_done=True)
    return Reading(problem="NUM_AMBIGUOUS" if re.search(r"\d", stripped) else "NUM_UNREADABLE")


def _operator(text: str) -> tuple[str, str]:
    if BELOW_LOD_SUFFIX.search(text):
        return "<", BELOW_LOD_SUFFIX.sub("", text)
    found = LIMIT.match(text)
    if not found:
        return "", text
    return ("<" if found["less"] else ">"), text[found.end() :]


def _plain(text: str, style: NumberStyle) -> tuple[float, str] | None:
    """(value, unit in the cell) of a number written in the declared style; None where it is not."""
    found = style.pattern().match(text.strip())
    if not found or not any(c.isdigit() for c in found["number"]):
        return None
    plain = found["number"].replace("\u2212", "-")
    if style.thousands:
        plain = plain.replace(style.thousands, "")
    return float(plain.replace(style.decimal, ".")), found["rest"].strip()


def read_finding(text: str) -> str | None:
    """'positive', 'negative', 'indeterminate', 'yes' or 'no' for a qualitative result; None where it is none."""
    folded = fold(text)
    meanings = (
        ("negative", NEGATIVE),
        ("positive", POSITIVE),
        ("indeterminate", INDETERMINATE),
        ("yes", YES),
        ("no", NO),
    )
    return next((meaning for meaning, words in meanings if folded in words), None)
