"""How a number of the results table reaches a page: escaped, formatted once, and carrying its row's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Finding, Result, Results, became_of_values, reason_facts, refusing
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.vocabulary import ANY_EVENT
from historical_controls.text.formatting import DASH, decimals, format_number
from historical_controls.text.words import Words

# A limit nearer to the null value than this is printed as it.
MOST_DECIMALS = 4
# Units of numbers that are 1 where there is no difference.
RATIOS = ("ratio", "odds ratio", "odds")
# Ratios of the groups, also a day: their name is no unit that could stand behind a number.
TIMES = {
    **dict.fromkeys(("ratio", "odds ratio"), "amount.times"),
    **dict.fromkeys(("ratio/d", "odds ratio/d"), "amount.times_a_day"),
}


@dataclass(frozen=True)
class Printer:
    """What every section of a page needs: results, words, the study's config and dictionary."""

    results: Results
    words: Words
    config: Config
    dictionary: Dictionary

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that the study has, treated first."""
        return ("treated",) if self.config.single_arm else ARMS

    def records(self, event: str) -> bool:
        """Whether any source can record an event: of others that none is counted says nothing."""
        able = {name for source in self.config.sources.values() for name in source.recordable_events}
        return event in able or ANY_EVENT in able

    def silent(self, end: str) -> list[str]:
        """The arms of which no file can record an end of a stay: of them there is no count, which is not 0."""
        return [arm for arm, able in self.config.endings_by_arm.items() if end not in able]

    @property
    def unrecorded(self) -> Markup:
        """What stands in the place of such a count."""
        return Markup('<span class="refusal">{}</span>').format(self.word("not_recorded.not_recorded"))

    @property
    def adjusted_for_baseline(self) -> bool:
        """Whether the primary model has the baseline: by declaration, and because both arms have baselines."""
        left_out = self.results.one(
            AnalysisKey.MIXED_MODEL,
            Statistic.COVARIATE_LEFT_OUT,
            outcome=self.config.primary.outcome,
            level="baseline",
        )
        return self.config.analysis.adjust_for_baseline and left_out is None

    def primary_one(
        self, analysis: AnalysisKey, statistic: Statistic, *, arm: str = "", level: str = "", contrast: str = ""
    ) -> Result | None:
        """The row of the primary outcome at its day with these keys; None where there is none."""
        primary = self.config.primary
        return self.results.one(
            analysis,
            statistic,
            outcome=primary.outcome,
            day=float(primary.day),
            arm=arm,
            level=level,
            contrast=contrast,
        )

    def primary_all(self, analysis: AnalysisKey, statistic: Statistic) -> list[Result]:
        """Every row of the primary outcome at its day, whatever its other keys."""
        primary = self.config.primary
        return self.results.all(analysis, statistic, outcome=primary.outcome, day=float(primary.day))

    def number(self, row: Result | None) -> Markup:
        """A number as `<span data-ard="id">`, or a dash that says that there is none."""
        if row is None:
            return Markup('<span class="none" title="{}">{}</span>').format(self.words("report.not_available"), DASH)
        printed = printed_value(row)
        if printed == DASH:
            return Markup('<span class="none" data-ard="{}" title="{}">{}</span>').format(
                row.id, self.words("report.not_available"), DASH
            )
        return Markup('<span data-ard="{}">{}</span>').format(row.id, printed)

    def magnitude(self, row: Result) -> Markup:
        """A number without its sign, where the words beside it name the direction."""
        printed = format_number(None if row.value is None else abs(row.value), row.format)
        return Markup('<span data-ard="{}" data-magnitude>{}</span>').format(row.id, printed)

    def word(self, key: str, **values: object) -> Markup:
        """An entry of the locale, its placeholders filled with escaped text or with markup."""
        return fill(self.words.entries[key], values)

    def code(self, group: str, row: Result) -> Markup:
        """A text of the results table, translated, as `<span data-ard="id">`."""
        return self.marked(row, Markup(escape(self.words.entry(group, row.text or ""))))

    def reason(self, row: Result | None, outcome: str, scenario: str = "primary") -> Markup:
        """Why something is not estimable, with the numbers that the reason quotes."""
        template = self.words.entry("reason", row.text if row is not None and row.text else "not_analysed")
        facts = {
            name: self.code("assay", fact) if fact is not None and fact.text is not None else self.number(fact)
            for name, fact in reason_facts(self.results, outcome, scenario).items()
        }
        if row is not None and row.text:
            behind = refusing(self.results, row.text, outcome, scenario)
            facts["found"] = Markup("; ").join(self.finding(found) for found in behind)
        said = fill(template, facts)
        if row is None:
            return said
        became = became_of_values(self.results, outcome, row.text or "")
        beside = [self.word(f"no_values.{code}_{n.arm}", n=self.number(n)) for code, n in became]
        return Markup("; ").join([self.marked(row, said), *beside])

    def finding(self, finding: Finding) -> Markup:
        """What one gate found, with its numbers and whom or what it names; empty where its reason says all."""
        if not self.words.has(f"gate_found.{finding.gate}"):
            return Markup("")
        named = finding.state.arm
        return self.word(
            f"gate_found.{finding.gate}",
            value=self.number(finding.value),
            limit=self.number(finding.limit),
            covariate=self.covariate(finding.covariate) if finding.covariate else "",
            patient=self.fact(finding.state.level),
            arm=self.word(f"arm.{named}") if named else "",
        )

    def covariate(self, code: str) -> Markup:
        """The name of a covariate: an outcome or characteristic of the dictionary, or a time before time zero."""
        return self.fact(self.words.covariate(code, self.dictionary))

    def marked(self, row: Result, said: Markup) -> Markup:
        """Words for a text of the results table, carrying its row's id."""
        return Markup('<span data-ard="{}">{}</span>').format(row.id, said)

    def fact(self, text: object) -> Markup:
        """Text or a number of the config or dictionary, marked as such."""
        return Markup("<span data-fact>{}</span>").format(text)

    def outcome(self, code: str) -> Outcome:
        return self.dictionary.outcomes[code]

    def label(self, code: str) -> Markup:
        """An outcome's or covariate's name in the page's language."""
        return self.fact(self.outcome(code).label(self.words.language))

    def unit(self, code: str) -> Markup:
        return self.fact(self.words.unit(self.outcome(code).unit))

    def difference_unit(self, unit: str) -> Markup:
        """The unit of a difference: percentage points between two percentages."""
        return self.fact(self.words.difference_unit(unit))

    def amount(self, row: Result | None) -> Markup:
        """A difference with its unit, or a ratio with the sign of one: '31 mmHg', '× 0.82'."""
        number, unit = self.number(row), row.unit if row else ""
        if unit in TIMES:
            return self.word(TIMES[unit], number=number)
        return Markup("{} {}").format(number, self.difference_unit(unit)) if unit else number

    def ends(self, least: Result | None, most: Result | None) -> tuple[Markup, Markup]:
        """Both ends of a range of differences, the unit behind the second; ratios have their sign both times."""
        first = self.amount(least) if least is not None and least.unit in TIMES else self.number(least)
        return first, self.amount(most)

    def event(self, code: str) -> Markup:
        """The name of an event of the dictionary in the page's language."""
        return Markup(escape(self.dictionary.event_label(code, self.words.language)))

    def ending(self, code: str) -> Markup:
        """How follow-up ended, in words: one of the program's own ends, or an event that the study declares."""
        return self.word(f"event.{code}") if self.words.has(f"event.{code}") else self.fact(self.event(code))

    @property
    def own_ends(self) -> Markup | None:
        """The symbols of the ends of follow-up that the study declares; None where it declares none."""
        events = self.config.cohort.ends_with
        named = [self.words.has(f"own_ends.mark_{place}") for place in range(1, len(events) + 1)]
        marks = [
            self.word(f"own_ends.mark_{min(place, sum(named))}", end=self.ending(event))
            for place, event in enumerate(events, start=1)
        ]
        return self.word("own_ends.sentence", ends=Markup("; ").join(marks)) if marks else None

    @property
    def level(self) -> Markup:
        """The confidence level, as a percentage."""
        return self.fact(format_number(self.config.analysis.level, "percent"))


def printed_value(row: Result) -> str:
    """The value at its format; a limit beside the null value takes the decimals that tell the two apart.

    An interval from 0.009 that is printed as '0 to 18' would be read as one that includes no difference.
    """
    printed = format_number(row.value, row.format)
    # Only limits of a contrast can seem to include the null value by rounding.
    if row.statistic not in (Statistic.LOWER, Statistic.UPPER) or row.contrast != CONTRAST or row.value is None:
        return printed
    null = 1.0 if row.unit in RATIOS else 0.0
    places = decimals(row.format)
    # Formats by name (percent, p) have rules of their own.
    if row.format[:1] != "0" or row.value == null:
        return printed
    # As few further decimals as tell the limit from the null value.
    for more in range(places, MOST_DECIMALS + 1):
        longer = format_number(row.value, f"{0:.{more}f}")
        if longer != format_number(null, f"{0:.{more}f}"):
            return longer
    return printed


def fill(template: str, values: Mapping[str, object]) -> Markup:
    """The template with escaped values in its placeholders; markup among the values stays markup."""
    # Markup.format escapes what is not markup: a hospital's '<' cannot become a tag.
    return Markup(escape(template)).format(**values)
