"""What every key and code of the results table is called, in one language: pages, figures and documents ask here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from historical_controls.ard.keys.analyses import GATES, AnalysisKey, declared_analysis
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Kind, Statistic
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.text.formatting import MINUS
from historical_controls.text.model_messages import model_messages
from historical_controls.text.words import Words

# Groups of the locales that know the codes of a key column, in the order asked.
KEY_GROUPS = {
    "arm": ("arm",),
    "population": ("population",),
    "method": ("method", "weighting", "cleaning"),
    "contrast": ("contrast", "step", "care", "eligibility"),
    "outcome": ("event", "level"),
    "level": (
        "level", "state", "category", "event", "step", "ledger_reason", "derived", "summary_state", "reason",
        "weighting",
    ),
}  # fmt: skip
# Groups that know the texts of a statistic, where they are not its own, 'text' or 'state'.
TEXT_GROUPS = {
    Statistic.CONVERGED: ("category",),
    Statistic.DECIDES: ("category",),
    Statistic.DECIDED_BY_ONE: ("category",),
}
SHIFT = re.compile(r"(treated|historical)=(-?[\d.]+)")
WINDOW = re.compile(r"(any|reaction)_([\d.]+)h")
PERIOD = re.compile(r"(mean|average)_(\d+)")
PLACEBO = re.compile(r"(consecutive|random) (\d+)")
DRAW = re.compile(r"wait_draw_(\d+)")
COMBINED = "specification."  # how scenarios of the specification curve begin
PARAMETER = re.compile(r"(?:(treated|historical): )?([a-z ]+)(?:\((.+)\))?")


@dataclass(frozen=True)
class Names:
    """The words of keys and codes; every method gives None where nobody declared any, and '' for ''.

    `labels`: the study's own labels by code: rules, readings ('age=any'), co-treatments, periods, sources;
    `scenarios`: names of the scenarios; `rungs`: what each rung of the covariance ladders assumes.
    """

    words: Words
    dictionary: Dictionary
    labels: Mapping[str, str] = field(default_factory=dict)
    scenarios: Mapping[str, str] = field(default_factory=dict)
    rungs: Mapping[str, str] = field(default_factory=dict)

    def analysis(self, key: AnalysisKey) -> str:
        """What an analysis is called."""
        return self.words(key.words)

    def statistic(self, key: Statistic) -> str:
        """What a statistic is called."""
        return self.words(key.words)

    def column(self, name: str) -> str:
        """What a key column of the results table is called."""
        return self.words(f"key.{name}")

    def value(self, column: str, code: str) -> str | None:
        """A code in a key column of the results table ('method', 'level', ...) in words."""
        own: dict[str, Callable[[str], str | None]] = {
            "scenario": self.scenario,
            "analysis": lambda code: self.analysis(declared_analysis(code)),
            "outcome": self.outcome,
            "level": self.level,
            "contrast": self.contrast,
        }
        if not code:
            return ""
        return own[column](code) if column in own else self._among(KEY_GROUPS[column], code)

    def scenario(self, name: str) -> str | None:
        """The study's or the grid's name of a scenario, 'primary', or the number of a draw of waits."""
        # Draws are numbered by the config; no file of words can list them.
        draw = DRAW.fullmatch(name)
        if draw:
            return self.words("scenarios.draw", number=draw[1])
        if name.startswith(COMBINED):
            return self.level(name.removeprefix(COMBINED))
        return self.scenarios.get(name) or self._entry("scenarios", name)

    def outcome(self, code: str) -> str | None:
        """An outcome, characteristic, time before time zero, or event."""
        if code in self.dictionary.outcomes or self.words.has(f"covariate.{code}"):
            return self.words.covariate(code, self.dictionary)
        # Events of the study's own, such as a declared end of follow-up, are named in its events.csv.
        said = self._among(KEY_GROUPS["outcome"], code)
        known = self.dictionary.events.get(code) if said is None else None
        return known.label(self.words.language) if known else said

    def contrast(self, code: str) -> str | None:
        """What is compared: the arms, or a condition, step or part of the stay."""
        return self.words("stat.difference") if code == CONTRAST else self._among(KEY_GROUPS["contrast"], code)

    def level(self, level: str) -> str | None:
        """A level: a list ('a|b'), choices ('reading=option+...'), a covariance parameter, a window, or a code."""
        for mark, between in ((" | ", " · "), ("|", " · "), ("+", " + ")):
            parts = level.split(mark)
            # A plus may belong to a name (CD4+): only choices 'a=b+c=d' are taken apart by it.
            if len(parts) > 1 and (mark != "+" or all("=" in part for part in parts)):
                return between.join(self.level(part) or part for part in parts)
        # The study's own labels first: a rule or source of it may have the name of a code.
        said = self.labels.get(level.replace("/", "=")) or self._among(KEY_GROUPS["level"], level)
        return said or self.outcome(level) or self.rungs.get(level) or self._composed(level)

    def text(self, analysis: AnalysisKey, statistic: Statistic, code: str) -> str | None:
        """The text of a result in words; a reason keeps the placeholders that its entry has, a text stands as it is."""
        if statistic.kind is Kind.TEXT:
            return self._entry("assay", code) or code
        if statistic is Statistic.COVARIANCE_RUNG:
            return self.rungs.get(code)
        if statistic is Statistic.BALANCE_OF:
            return self.scenario(code)
        if statistic in (Statistic.SINGULAR, Statistic.LEFT_BECAUSE):
            return self._entry("category", code) or model_messages(self.words, code)
        return self._among(text_groups(analysis, statistic), code)

    def _composed(self, level: str) -> str | None:
        """Levels made of a code and a number: hours, weeks, shifts in SD, covariance parameters."""
        if window := WINDOW.fullmatch(level):
            return self.words(f"adverse.{window[1]}_within", hours=window[2])
        if period := PERIOD.fullmatch(level):
            return self.words(f"level.{period[1]}_to_day", day=period[2])
        if placebo := PLACEBO.fullmatch(level):
            return self.words(f"level.placebo_{placebo[1]}", number=placebo[2])
        if level.startswith("week="):
            return level.removeprefix("week=").replace("-", MINUS)
        if shift := SHIFT.fullmatch(level):
            number = shift[2].replace("-", MINUS)
            return f"{self.words(f'arm.{shift[1]}')}: {number} {self.words.unit('SD')}"
        parameter = PARAMETER.fullmatch(level)
        if parameter is None or not self.words.has(f"parameter.{parameter[2]}"):
            return None
        said = self.words(f"parameter.{parameter[2]}")
        if parameter[3]:
            terms = (self._entry("term", term) or self.outcome(term) or term for term in parameter[3].split(", "))
            said = f"{said} ({', '.join(terms)})"
        return f"{self.words(f'arm.{parameter[1]}')}: {said}" if parameter[1] else said

    def _among(self, groups: tuple[str, ...], code: str) -> str | None:
        for group in groups:
            if (said := self._entry(group, code)) is not None:
                return said
        return self.labels.get(code)

    def _entry(self, group: str, code: str) -> str | None:
        return self.words.entries.get(f"{group}.{code}")


def text_groups(analysis: AnalysisKey, statistic: Statistic) -> tuple[str, ...]:
    """Groups of the locales that know the codes of a statistic, in the order asked."""
    if statistic.kind is Kind.REMARK:
        # The statistic's own words first: the same code may need a sentence of its own there.
        return (str(statistic), "reason")
    if analysis is AnalysisKey.COMPLETENESS:
        return (f"outcome_{statistic}", "reason")
    if analysis in GATES:
        return ("text",)
    return TEXT_GROUPS.get(statistic, (str(statistic), "text", "state"))
