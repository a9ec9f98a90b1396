"""What the keys and codes of the results table are called on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup, escape

from historical_controls.ard.keys.analyses import declared_analysis
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Kind, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.study_names import study_names
from historical_controls.text.names import Names as NameService
from historical_controls.text.names import text_groups


@dataclass(frozen=True)
class Names:
    """The words of one page for keys and codes; whatever has none stands for itself, marked as a code."""

    printer: Printer
    known: dict[tuple[str, str | float | None], Markup] = field(default_factory=dict)

    def statistic(self, statistics: tuple[Statistic, ...]) -> Markup:
        """The head of a column."""
        said = self._marked(self.service.statistic(statistics[0]))
        if len(statistics) == 1 or statistics[0].kind is Kind.REMARK:
            return said
        return self.printer.word(f"pattern.{statistics[-1]}", what=said, level=self.printer.level)

    def across(self, across: str) -> Markup:
        return self._said("contrast" if across == CONTRAST else "arm", across)

    def key(self, name: str) -> Markup:
        return self.printer.word(f"key.{name}")

    def analysis(self, code: str) -> Markup:
        return self._marked(self.service.analysis(declared_analysis(code)))

    def value(self, key: str, value: str | float | None) -> Markup:
        """A key's value in words; asked for once, since tables repeat them by the thousand."""
        # The dataclass is frozen, its dictionary is not: a cache.
        if (key, value) not in self.known:
            number = isinstance(value, float)
            self.known[key, value] = self.printer.fact(f"{value:g}") if number else self._said(key, str(value or ""))
        return self.known[key, value]

    def text(self, row: Result) -> Markup:
        """A text result in words, carrying its row's id."""
        code = row.text or ""
        if self._is_reason(row, code):
            return self.printer.reason(row, row.outcome, row.scenario)
        said = self.service.text(row.analysis, row.statistic, code)
        return self.printer.marked(row, _raw(code) if said is None else escape(said))

    def _is_reason(self, row: Result, code: str) -> bool:
        """Whether the words are a reason, whose placeholders the results fill."""
        groups = text_groups(row.analysis, row.statistic)
        known = next((group for group in groups if self.printer.words.has(f"{group}.{code}")), "")
        return known == "reason"

    def _said(self, key: str, code: str) -> Markup:
        """The words of a code; a level may be an id or number of the study, which stands for itself."""
        said = self.service.value(key, code)
        if said is None:
            return self.printer.fact(code) if key == "level" else _raw(code)
        return self._marked(said)

    def _marked(self, said: str) -> Markup:
        """Words with digits, and those of the study itself, are marked as facts."""
        # Tests refuse digits on a page that are no result: those in words are marked as facts.
        return escape(said) if said.isalpha() or not any(map(str.isdigit, said)) else self.printer.fact(said)

    @cached_property
    def service(self) -> NameService:
        """The words of keys and codes in the page's language."""
        return study_names(self.printer.config, self.printer.words, self.printer.dictionary)


def _raw(code: str) -> Markup:
    """A code without words, marked as such."""
    return Markup("<code data-fact>{}</code>").format(code)
