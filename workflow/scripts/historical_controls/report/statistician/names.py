"""What the keys and codes of the results table are called on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup, escape

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.rung_name import rung_name
from historical_controls.report.statistician.sheet import REMARKS
from historical_controls.text.formatting import MINUS

# Groups of the locales that may know the words of a level, in the order asked; a display id or number is none of them.
OWN = ("level", "state", "category", "event", "step")
LEVELS = (*OWN, "ledger_reason", "derived", "summary_state", "reason", "weighting")
# Groups that translate a text result, by its statistic.
TEXTS = {
    **{name: (name, "reason") for name in REMARKS},
    "converged": ("category",),
    "decides": ("category",),
    "decided_by_one": ("category",),
    "assays": ("assay",),
}
SHIFT = re.compile(r"(treated|historical)=(-?[\d.]+)")
WINDOW = re.compile(r"(any|reaction)_([\d.]+)h")
PARAMETER = re.compile(r"(?:(treated|historical): )?(variance|covariance|correlation|[a-z ]+)(?:\((.+)\))?")
BOUNDARY = re.compile(r"correlation of random (\S+) and (\S+) is ([+-])1(?: \(arm=(\w+)\))?")


@dataclass(frozen=True)
class Names:
    """The words of one page for keys and codes; whatever has none stands for itself, marked as a code."""

    printer: Printer
    known: dict[tuple[str, str | float | None], Markup] = field(default_factory=dict)

    def statistic(self, statistics: tuple[str, ...]) -> Markup:
        """The head of a column."""
        said = self._word("statistic", statistics[0])
        if len(statistics) == 1 or statistics[0] in ("not_estimable",):
            return said
        return self.printer.word(f"pattern.{statistics[-1]}", what=said, level=self.printer.level)

    def across(self, across: str) -> Markup:
        return self.printer.word("stat.difference") if across == CONTRAST else self._word("arm", across)

    def key(self, name: str) -> Markup:
        return self.printer.word(f"key.{name}")

    def analysis(self, code: str) -> Markup:
        return self._word("analysis", code)

    def value(self, key: str, value: str | float | None) -> Markup:
        """A key's value in words; asked for once, since tables repeat them by the thousand."""
        if (key, value) not in self.known:
            self.known[key, value] = self._value(key, value)
        return self.known[key, value]

    def _value(self, key: str, value: str | float | None) -> Markup:
        if value is None or value == "":
            return Markup("")
        if isinstance(value, float):
            return self.printer.fact(f"{value:g}")
        if key in ("scenario", "outcome", "level"):
            return {"scenario": self._scenario, "outcome": self._outcome, "level": self._level}[key](value)
        groups = {"population": ("population", "source"), "method": ("method", "weighting", "cleaning")}
        return self._among(groups.get(key, (key,)), value)

    def text(self, row: Result) -> Markup:
        """A text result in words, carrying its row's id."""
        code = row.text or ""
        if row.statistic == Statistic.COVARIANCE_RUNG:
            return self.printer.marked(row, self._rung(code))
        if row.statistic == Statistic.SINGULAR:
            return self.printer.marked(row, self._boundary(code))
        groups: tuple[str, ...] = TEXTS.get(row.statistic, (row.statistic, "text", "state"))
        if row.analysis == AnalysisKey.COMPLETENESS:
            groups = (f"outcome_{row.statistic}", "reason")
        known = next((group for group in groups if self.printer.words.has(f"{group}.{code}")), "")
        if known == "reason":
            return self.printer.reason(row, row.outcome, row.scenario)
        return self.printer.marked(row, self._among(groups, code))

    def _word(self, group: str, code: str) -> Markup:
        return self._among((group,), code) if code else Markup("")

    def _among(self, groups: tuple[str, ...], code: str) -> Markup:
        for group in groups:
            if self.printer.words.has(f"{group}.{code}"):
                return self.printer.word(f"{group}.{code}")
        own = self._studies_words.get(code)
        return self.printer.fact(own) if own is not None else Markup("<code data-fact>{}</code>").format(code)

    def _outcome(self, code: str) -> Markup:
        if code in self.printer.dictionary.outcomes or self.printer.words.has(f"covariate.{code}"):
            return self.printer.covariate(code)
        return self._among(("event", "level"), code)

    def _scenario(self, name: str) -> Markup:
        scenario = self.printer.config.scenarios.get(name)
        if scenario is not None:
            return self.printer.fact(self.printer.words.among(scenario.label))
        return self._among(("scenarios",), name)

    def _level(self, level: str) -> Markup:
        """A level may be a list ('a|b'), choices ('reading=option+...'), a covariance parameter, or a code."""
        for mark, between in (("|", " · "), ("+", " + ")):
            parts = [part.strip() for part in level.split(mark)]
            if len(parts) > 1 and (mark == "|" or all("=" in part for part in parts)):
                return Markup(between).join(self._level(part) for part in parts)
        if level.replace("/", "=") in self._studies_words:
            return self.printer.fact(self._studies_words[level.replace("/", "=")])
        if any(self.printer.words.has(f"{group}.{level}") for group in LEVELS):
            return self._among(LEVELS, level)
        if level in self.printer.dictionary.outcomes or self.printer.words.has(f"covariate.{level}"):
            return self.printer.covariate(level)
        window = WINDOW.fullmatch(level)
        if window:
            return self.printer.word(f"adverse.{window[1]}_within", hours=self.printer.fact(window[2]))
        if level.startswith("week="):
            return self.printer.fact(level.removeprefix("week=").replace("-", MINUS))
        shift = SHIFT.fullmatch(level)
        if shift:
            moved = self.printer.fact(f"{shift[2].replace('-', MINUS)} {self.printer.words.unit('SD')}")
            return Markup("{}: {}").format(self.printer.word(f"arm.{shift[1]}"), moved)
        found = PARAMETER.fullmatch(level)
        if found and self.printer.words.has(f"parameter.{found[2]}"):
            return self._parameter(found)
        return self.printer.fact(level)

    def _parameter(self, match: re.Match[str]) -> Markup:
        said = self.printer.word(f"parameter.{match[2]}")
        if match[3]:
            terms = [self._among(("term",), term) for term in match[3].split(", ")]
            said = Markup("{} ({})").format(said, Markup(", ").join(terms))
        return Markup("{}: {}").format(self.printer.word(f"arm.{match[1]}"), said) if match[1] else said

    def _rung(self, name: str) -> Markup:
        said = rung_name(name, self.printer.config, self.printer.words)
        return Markup("<code data-fact>{}</code>").format(name) if said is None else escape(said)

    def _boundary(self, code: str) -> Markup:
        """Boundaries that a fit reached, named."""
        if code in ("no", "yes"):
            return self.printer.word(f"category.{code}")
        said = []
        for part in code.split("; "):
            found = BOUNDARY.fullmatch(part)
            if found is None:
                said.append(Markup("<code data-fact>{}</code>").format(part))
                continue
            arm = self.printer.word(f"arm.{found[4]}") if found[4] in ("treated", "historical") else ""
            sign = "plus" if found[3] == "+" else "minus"
            said.append(self.printer.word(f"boundary.correlation_{sign}", arm=arm).strip())
        return Markup("; ").join(said)

    @cached_property
    def _studies_words(self) -> Mapping[str, str]:
        """Labels that the study declares itself: rules, readings, co-treatments, periods, sources."""
        among, config = self.printer.words.among, self.printer.config
        cohort = config.cohort
        declared = (cohort.rules, cohort.co_treatments, config.study.periods, config.sources)
        found = {name: among(item.label) for group in declared for name, item in group.items()}
        for name, reading in cohort.readings.items():
            for option, choice in reading.options.items():
                found[f"{name}={option}"] = f"{among(reading.label)}: {among(choice.label)}"
        return found
