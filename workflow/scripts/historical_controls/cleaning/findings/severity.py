"""Which findings stop the run before the cohort: those whose share of the records exceeds what the source declares."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import pandas as pd

from historical_controls.cleaning.findings.finding import Finding
from historical_controls.config.sources.findings import FindingKind, SuspectShares
from historical_controls.config.sources.sources import Source
from historical_controls.errors import UserError, raise_all
from historical_controls.text.formatting import format_share
from historical_controls.text.hints import Hints

Severity = Literal["stop", "report"]

# Fewer records than this stop a run only where they are all there is.
LEAST_TO_STOP = 5
DATES = ("DATE_ORDER_SUSPECT", "CLOCK_SUSPECT")
UNITS = ("UNIT_SUSPECT", "AIR_BESIDE")
SAID: Mapping[FindingKind, str] = {
    "SENTINEL_SUSPECT": "a value repeated as if it were an undeclared code for missing",
    "LIMIT_SUSPECT": "values piled up at one end, as a limit that lost its sign",
    "UNIT_SUSPECT": "values that fit another unit than the declared one",
    "SPECIMEN_UNKNOWN": "results of a specimen that the dictionary lacks",
    "SOURCE_SHIFT": "values a conversion factor away from another source",
    "ARM_UNKNOWN": "rows whose arm is not declared",
    "DATE_ORDER_SUSPECT": "dates whose day and month may be exchanged",
    "CLOCK_SUSPECT": "results dated before their specimens",
    "AIR_BESIDE": "values beside which room air is written, which is not read",
    "ENDING_UNREAD": "words for an end of the stay that no condition names",
    "COMMENT_UNKNOWN": "comments on specimens that say nothing known",
    "CENTURY_SUSPECT": "births that may be of either century",
    "DOUBTFUL_SHARE": "records held or suspected",
    "NOTHING_READ": "rows of which nothing is read",
}
# In a line that multiplies by a power of ten, not by the factor of a unit of units.csv.
BARE_FACTOR = ", factor: "
# A share of another kind: sources may hold other patients.
NEVER = ("SOURCE_SHIFT",)
# One death that is not read is wrong wherever deaths are counted, and one adult who is a child in every adjustment.
ALWAYS = ("ENDING_UNREAD", "CENTURY_SUSPECT")


def severity(finding: Finding, source: Source) -> Severity:
    """Return 'stop' where the finding is neither confirmed by a person nor within the declared share of records."""
    if source.on_suspect == "warn" or finding.finding in NEVER or _is_confirmed(finding, source):
        return "report"
    if finding.finding in ALWAYS or finding.stops:
        return "stop"
    enough = finding.n >= LEAST_TO_STOP or finding.share == 1
    # A share that is not known compares as False.
    return "stop" if enough and finding.share > _limit(finding.finding, source.suspect_shares) else "report"


def _limit(kind: str, shares: SuspectShares) -> float:
    if kind in DATES:
        return shares.dates
    if kind == "ARM_UNKNOWN":
        return shares.arms
    return shares.units if kind in UNITS else shares.records


def _is_confirmed(finding: Finding, source: Source) -> bool:
    confirmed = source.files[finding.file].confirmed if finding.file else []
    return any(one.finding == finding.finding and one.outcome in (None, finding.outcome) for one in confirmed)


def stop_where_suspect(findings: pd.DataFrame, written: Mapping[str, str] | None = None) -> None:
    """Raise UserErrors for every finding (table findings, all sources) whose severity is 'stop'.

    written: name of each source in config.yaml, where it differs: two of one file, one for each arm, are written once.
    """
    stops = _of_files(findings.loc[findings["severity"] == "stop"], written or {})
    raise_all([_fault(row) for row in stops.to_dict("records")])


def _of_files(findings: pd.DataFrame, written: Mapping[str, str]) -> pd.DataFrame:
    """Return the findings by the source as written, where what both sources of one file have found is one finding."""
    named = findings.assign(source=findings["source"].replace(dict(written)))
    # Both sources hold the same rows of unknown arm; of all others each has its own.
    named = named.drop_duplicates(ignore_index=True)
    # The commonest value in a wrong unit is each arm's own; elsewhere another value is another finding.
    value = named["raw_value"].where(~named["finding"].isin(UNITS), "")
    key = [named[name] for name in ("source", "file", "finding", "outcome", "unit", "config_line")]
    groups = named.groupby([*key, value], sort=False, dropna=False)
    return pd.DataFrame([_joined(rows) for _, rows in groups], columns=list(findings.columns))


def _joined(rows: pd.DataFrame) -> dict[Hashable, Any]:
    first: dict[Hashable, Any] = rows.iloc[0].to_dict()
    if len(rows) == 1:
        return first
    n = int(rows["n"].sum())
    texts: dict[Hashable, Any] = {
        name: "; ".join(dict.fromkeys(text for text in rows[name] if text)) for name in ("hint", "examples")
    }
    # A share not known makes that of both not known.
    return {**first, **texts, "n": n, "share": n / (rows["n"] / rows["share"]).sum(skipna=False)}


def _fault(row: Mapping[Hashable, Any]) -> UserError:
    # Of some findings the hint is the line itself.
    lines = [row["hint"]] if row["hint"] != row["config_line"] else []
    lines += [f"As sent: {row['examples']}"] if row["examples"] else []
    place = f"sources.{row['source']}.files.{row['file']}"
    outcome = f", outcome: {row['outcome']}" if row["outcome"] else ""
    right = f"If it is right as it is: confirmed: [{{finding: {row['finding']}{outcome}}}]"
    # Medians of other patients doubt a unit, and refute none: a C-reactive protein at home is low in mg/L.
    doubted = row["finding"] == "UNIT_SUSPECT" and row["hint"] != row["config_line"]
    bare = BARE_FACTOR in str(row["config_line"])
    if doubted or bare:
        # White cells after lymphodepletion are low, and a line that "settles" them would be copied.
        wrong = "all numbers are wrong by that factor" if bare else "the unit is wrong"
        lines += [right, f"If {wrong}, under {place}: {row['config_line']}"]
    else:
        lines += [f"Line that would settle it, under {place}: {row['config_line']}"] if row["config_line"] else []
        lines.append(right)
    return UserError(described(row), f"config.yaml: {place}", "\n  ".join(lines))


def described(row: Mapping[Hashable, Any]) -> str:
    """Return one line that says what a finding (row of table findings) is about, with its count and share."""
    share = "" if pd.isna(row["share"]) or row["finding"] in NEVER else f" ({format_share(row['share'])})"
    factor = "" if pd.isna(row["factor"]) else f", a factor {row['factor']:g} away"
    outcome = f" of {row['outcome']}" if row["outcome"] else ""
    records = "record" if row["n"] == 1 else "records"
    return f"{SAID[row['finding']]}: {row['n']} {records}{outcome}{_sent(row)}{share}{factor}"


def _sent(row: Mapping[Hashable, Any]) -> str:
    """The value and unit as the file has them, where the finding is about one outcome."""
    value = f", '{row['raw_value']}'" if row["raw_value"] and row["finding"] == "LIMIT_SUSPECT" else ""
    return f"{value} in '{row['unit']}'" if row["outcome"] and row["unit"] else value


def summary(findings: pd.DataFrame, hints: Hints, written: Mapping[str, str] | None = None) -> str:
    """Return what a run prints at its end: the findings (table findings, all sources) that did not stop it.

    written: see `stop_where_suspect`.
    """
    reported = _of_files(findings.loc[findings["severity"] != "stop"], written or {})
    if reported.empty:
        return ""
    ordered = reported.sort_values(["source", "file", "n"], ascending=[True, True, False], kind="stable")
    lines = [hints.words("run.findings", n=len(reported))]
    lines += [f"  {_line(row, hints)}" for row in ordered.to_dict("records")]
    return "\n".join(lines) + "\n"


def _line(row: Mapping[Hashable, Any], hints: Hints) -> str:
    """One finding in the study's language: place, kind, count with its unit and share, and what resolves it."""
    words, kind = hints.words, str(row["finding"])
    named = words.entry("finding", kind)
    share = "" if pd.isna(row["share"]) or kind in NEVER else f" ({format_share(row['share'])})"
    factor = "" if pd.isna(row["factor"]) else words("run.finding_factor", factor=f"{row['factor']:g}")
    about = f" {words('run.finding_of', outcome=row['outcome'])}" if row["outcome"] else ""
    unit = f" {words('run.finding_unit', unit=row['unit'])}" if row["outcome"] and row["unit"] else ""
    value = f", '{row['raw_value']}'" if row["raw_value"] and kind == "LIMIT_SUSPECT" else ""
    return words(
        "run.finding",
        place="/".join(part for part in (row["source"], row["file"]) if part),
        finding=named[:1].lower() + named[1:],
        n=int(row["n"]),
        about=f"{about}{value}{unit}{share}{factor}",
        remedy=hints(row["config_line"]) or _told(row["hint"], kind, hints),
    )


def _told(hint: str, kind: str, hints: Hints) -> str:
    """A hint in the study's language; what to do for its kind where it has no words there."""
    if hints.words.language == hints.english.language:
        return hint
    return hints.translated(hint) or hints.words.entry("finding_remedy", kind)
