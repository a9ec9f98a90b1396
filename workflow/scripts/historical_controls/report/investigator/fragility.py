"""How much the primary result depends on one patient, on the declared choices, and on unmeasured differences."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.inputs import PageInputs
from historical_controls.report.printing.printer import Printer


def fragile(page: PageInputs) -> list[Markup]:
    """Sentences on what would change the conclusion; none where nothing was examined."""
    printer = page.printer
    return [*_deciding(page), *_one_patient(printer), *_choices(printer), *_unmeasured(printer)]


def settle(printer: Printer) -> list[Markup]:
    """How large a difference these patients could show, and how many patients a trial would need."""
    primary = printer.config.primary
    said = []
    names = (Statistic.DETECTABLE, Statistic.POWER)
    found = {name: printer.primary_one(AnalysisKey.DETECTABLE_DIFFERENCE, name, contrast=CONTRAST) for name in names}
    if all(row is not None for row in found.values()):
        about = {"outcome": printer.label(primary.outcome), "day": printer.fact(primary.day)}
        numbers = _numbers(printer, found) | {"detectable": printer.amount(found[Statistic.DETECTABLE])}
        said.append(printer.word(f"bias.detectable{_kind(found[Statistic.DETECTABLE])}", **about, **numbers))
    for needed in printer.primary_all(AnalysisKey.TRIAL_SIZE, Statistic.N_PER_ARM):
        difference = printer.primary_one(
            AnalysisKey.TRIAL_SIZE, Statistic.DIFFERENCE, level=needed.level, contrast=CONTRAST
        )
        if difference is not None:
            n_per_arm, amount = printer.number(needed), printer.amount(difference)
            said.append(printer.word(f"bias.trial_size{_kind(difference)}", n_per_arm=n_per_arm, difference=amount))
    return said


def _kind(row: Result | None) -> str:
    """The end of the name of a sentence about a ratio, where the outcome is analysed as one; '' of a difference."""
    return {"ratio": "_ratio", "odds ratio": "_odds_ratio"}.get(row.unit, "") if row is not None else ""


def deciding_patients(printer: Printer) -> list[str]:
    """Display ids of the patients without whom the conclusion changes."""
    return [row.level for row in printer.primary_all(AnalysisKey.LEAVE_ONE_OUT, Statistic.DECIDES) if row.text == "yes"]


def _deciding(page: PageInputs) -> list[Markup]:
    """The one patient without whom the conclusion changes, and the result without that patient."""
    printer = page.printer
    deciding = deciding_patients(printer)
    # With several deciding patients this sentence would single one out; `_one_patient` says how many there are.
    if len(deciding) != 1:
        return []
    rows = {
        name: printer.primary_one(AnalysisKey.LEAVE_ONE_OUT, name, level=deciding[0], contrast=CONTRAST)
        for name in (Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER)
    }
    if any(row is None for row in rows.values()):
        return []
    day = page.death_day(deciding[0])
    about = {"patient": page.named(deciding[0]), **_numbers(printer, rows)}
    about |= {"estimate": printer.amount(rows[Statistic.ESTIMATE])}
    if day is None:
        said = printer.word("fragile.without", **about)
    else:
        said = printer.word("fragile.without_death", day=printer.fact(day), **about)
    return [Markup('<strong class="refusal">{}</strong>').format(said)]


def _one_patient(printer: Printer) -> list[Markup]:
    # Not those left out in vain: the range says nothing of them.
    names = (Statistic.N_ESTIMATED, Statistic.N_DECIDING, Statistic.SMALLEST, Statistic.LARGEST)
    rows = {name: printer.primary_one(AnalysisKey.LEAVE_ONE_OUT, name) for name in names}
    decided = printer.primary_one(AnalysisKey.LEAVE_ONE_OUT, Statistic.DECIDED_BY_ONE)
    if decided is None or any(row is None for row in rows.values()):
        return []
    # "unknown" where not everybody was left out, or a refit failed: neither sentence would be true.
    key = {"yes": "fragile.decided", "no": "fragile.not_decided"}.get(decided.text or "", "fragile.not_known")
    smallest, largest = printer.ends(rows[Statistic.SMALLEST], rows[Statistic.LARGEST])
    return [printer.word(key, **_numbers(printer, rows) | {"smallest": smallest, "largest": largest})]


OF_CHOICES = (
    Statistic.N_ESTIMATED, Statistic.N_HOLDS, Statistic.N_ABOVE, Statistic.N_BELOW, Statistic.MIN, Statistic.MAX,
)  # fmt: skip


def _choices(printer: Printer) -> list[Markup]:
    """For each method: how many combinations of choices gave a result, and how many intervals exclude none."""
    said: list[Markup] = []
    for total in printer.primary_all(AnalysisKey.SPECIFICATION, Statistic.N_SPECIFICATIONS):
        rows = {name: printer.primary_one(AnalysisKey.SPECIFICATION, name, level=total.level) for name in OF_CHOICES}
        if any(row is None for row in rows.values()):
            continue
        # The number of combinations is the same for all methods and said once.
        if not said:
            said.append(printer.word("fragile.choices_intro", n_specifications=printer.number(total)))
        method = printer.fact(printer.words.entry("level", total.level))
        said.append(
            printer.word("fragile.choices", method=method, range=_range(printer, rows), **_numbers(printer, rows))
        )
    return [Markup(" ").join(said)] if said else []


def _range(printer: Printer, rows: Mapping[Statistic, Result | None]) -> Markup:
    """'16 to 66 mmHg', '× 0.7 to × 1.2'; odds, which the method names, have no unit."""
    least, most = rows[Statistic.MIN], rows[Statistic.MAX]
    bare = least is None or least.unit == "odds"
    ends = (printer.number(least), printer.number(most)) if bare else printer.ends(least, most)
    return printer.word("certainty.range", min=ends[0], max=ends[1])


def _unmeasured(printer: Printer) -> list[Markup]:
    """How large an unmeasured bias would have to be for the interval to include no difference."""
    row = printer.primary_one(AnalysisKey.BIAS_MODEL, Statistic.TAU_SD, level="reaches_none", contrast=CONTRAST)
    if row is None:
        return []
    outcome = printer.label(printer.config.primary.outcome)
    # tau 0: the interval includes no difference without any allowance for bias.
    if not row.value:
        return [printer.word("fragile.tau_nought", outcome=outcome)]
    return [printer.word("fragile.tau", outcome=outcome, tau_sd=printer.number(row))]


def _numbers(printer: Printer, rows: Mapping[Statistic, Result | None]) -> dict[str, Markup]:
    return {str(name): printer.number(row) for name, row in rows.items()}
