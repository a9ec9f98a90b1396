"""The first screen: the primary result in one sentence, deaths and caveat beside it; and what was done."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.dictionary.vocabulary import STUDY_TREATMENT
from historical_controls.report.headline.course_fit import course_doubted
from historical_controls.report.headline.draws import Parts
from historical_controls.report.headline.events import is_event
from historical_controls.report.headline.sentence import (
    contrast,
    draws_sentences,
    headline,
    headline_sentence,
    includes_none,
    is_ratio,
)
from historical_controls.report.headline.win_odds import said_without_interval
from historical_controls.report.investigator.comparability import had_to_wait, treated_later
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer

WIN_ODDS_BOUNDS = (Statistic.LEAST, Statistic.MOST)


def compatible(printer: Printer, parts: Parts | None) -> Markup:
    """What an interval covers, each limit with its direction; empty without an interval."""
    if parts is None:
        return Markup("")
    # The limits have been printed already; only what they exclude is said.
    if not includes_none(parts):
        return printer.word("answer.excludes_none")
    if is_ratio(parts):
        return printer.word(
            "answer.includes_none_ratio", lower=printer.number(parts[1]), upper=printer.number(parts[2])
        )
    lower, upper = (_side(printer, part) for part in parts[1:])
    return printer.word("answer.includes_none", lower=lower, upper=upper)


def _side(printer: Printer, part: Result) -> Markup:
    key = "answer.side_higher" if (part.value or 0.0) >= 0 else "answer.side_lower"
    return printer.word(key, value=printer.magnitude(part), unit=printer.difference_unit(part.unit))


def answer(printer: Printer) -> dict[str, Markup]:
    """The sentences of the main result by name; 'compatible' and 'n' are empty where nothing was estimated."""
    primary = printer.config.primary
    parts = contrast(printer, primary.outcome, primary.day)
    return {
        "sentence": headline_sentence(printer),
        "draws": draws_sentences(printer),
        "compatible": compatible(printer, headline(printer)),
        "course": course_doubted(printer, primary.outcome) if headline(printer) else Markup(""),
        "n": printer.word(
            "answer.n", **_by_arm(printer, AnalysisKey.MIXED_MODEL, Statistic.N_SUBJECTS, "n", outcome=primary.outcome)
        )
        if parts
        else Markup(""),
        "deaths": deaths(printer),
        "death_aware": death_aware(printer),
        # A refusal names itself.
        "death_head": printer.word("answer.death_aware_title") if win_odds(printer) else Markup(""),
        "certainty": _certainty(printer),
    }


def _by_arm(
    printer: Printer, analysis: AnalysisKey, statistic: Statistic, name: str, **keys: object
) -> dict[str, Markup]:
    return {
        f"{name}_{arm}": printer.number(printer.results.one(analysis, statistic, arm=arm, **keys))  # type: ignore[arg-type]
        for arm in ARMS
    }


def deaths(printer: Printer) -> Markup:
    """Deaths by arm with their denominators, and their difference where it was estimated."""
    horizon = printer.config.cohort.horizon_days
    day = float(horizon)
    known = [
        arm
        for arm in ARMS
        if printer.results.one(AnalysisKey.DISPOSITION, Statistic.COUNT, arm=arm, level="death", day=day) is not None
    ]
    if not printer.records("death") or not known:
        return printer.word("answer.deaths_missing")
    dead = _by_arm(printer, AnalysisKey.DISPOSITION, Statistic.COUNT, "dead", level="death", day=day)
    of = _by_arm(printer, AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, "n", day=day)
    if len(known) < len(ARMS):
        arm = known[0]
        numbers = {"dead": dead[f"dead_{arm}"], "n": of[f"n_{arm}"]}
        key = "answer.deaths_of_treated" if arm == "treated" else "answer.deaths_of_historical"
        return printer.word(key, day=printer.fact(horizon), **numbers)
    outcome = printer.label(printer.config.primary.outcome)
    # The count of an event leaves no death out, or is that of the deaths.
    key = "answer.deaths_alone" if is_event(printer, printer.config.primary.outcome) else "answer.deaths"
    said = printer.word(key, day=printer.fact(horizon), outcome=outcome, **dead, **of)
    # Patients lost before the horizon may have died: the sentence must not read as if all were known.
    if lost := deaths_unknown(printer):
        said = Markup(" ").join([said, printer.word("answer.deaths_unknown", **lost)])
    parts = deaths_difference(printer)
    if parts is None:
        return said
    numbers = dict(zip((Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER), map(printer.number, parts), strict=True))
    return Markup(" ").join([said, printer.word("answer.deaths_difference", level=printer.level, **numbers)])


def deaths_unknown(printer: Printer) -> dict[str, Markup] | None:
    """Patients by arm of whom no file tells whether they had died by the end of follow-up; None without any."""
    day = float(printer.config.cohort.horizon_days)
    return _counts_if_any(printer, AnalysisKey.DISPOSITION, Statistic.N_UNKNOWN, level="death", day=day)


def deaths_difference(printer: Printer) -> tuple[Result, Result, Result] | None:
    """Difference of the shares that died by the end of follow-up, with its limits; None where there is none."""
    day = float(printer.config.cohort.horizon_days)
    parts = [
        printer.results.one(AnalysisKey.DEATHS, name, level="death", day=day, contrast=CONTRAST, method="exact")
        for name in (Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER)
    ]
    if any(part is None or part.value is None for part in parts):
        return None
    return parts[0], parts[1], parts[2]  # type: ignore[return-value]


def death_aware(printer: Printer) -> Markup:
    """The ranks' answer, in which a death is worse than any value; empty where there is none to print."""
    primary = printer.config.primary
    keys = {"outcome": primary.outcome, "day": float(primary.day)}
    parts = win_odds(printer)
    died = {arm: printer.results.one(AnalysisKey.WORST_RANK, Statistic.N_DIED, arm=arm, **keys) for arm in ARMS}  # type: ignore[arg-type]
    # A refusal to rank is said here too: the headline never stands without the death-aware answer or its reason.
    not_ranked = printer.results.one(AnalysisKey.WORST_RANK, Statistic.NOT_RANKED, **keys)  # type: ignore[arg-type]
    if not printer.records("death"):
        return Markup("")
    if not_ranked is not None:
        return printer.word("course.deaths_refused", reason=printer.reason(not_ranked, primary.outcome))
    if parts is None:
        return said_without_interval(printer, primary.outcome, primary.day) or Markup("")
    if any(row is None for row in died.values()):
        return Markup("")
    said = printer.word(
        "answer.death_aware",
        day=printer.fact(primary.day),
        outcome=printer.label(primary.outcome),
        level=printer.level,
        **dict(zip((Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER), map(printer.number, parts), strict=True)),
        **_by_arm(printer, AnalysisKey.WORST_RANK, Statistic.N_DIED, "dead", **keys),
        **_by_arm(printer, AnalysisKey.WORST_RANK, Statistic.N_SUBJECTS, "n", **keys),
    )
    said = Markup(" ").join([said, *_left_open(printer)])
    verdict = printer.results.one(AnalysisKey.WORST_RANK, Statistic.AGREEMENT, **keys)  # type: ignore[arg-type]
    if verdict is None or not verdict.text:
        return said
    agreement = _agreement(printer, verdict)
    # Deaths are not the only difference between the two.
    why = agreement == "answer.disagree" and printer.adjusted_for_baseline
    return Markup(" ").join(
        [said, printer.word(agreement), *([printer.word("answer.ranks_unadjusted")] if why else [])]
    )


def _counts_if_any(
    printer: Printer, analysis: AnalysisKey, statistic: Statistic, **keys: object
) -> dict[str, Markup] | None:
    """Patients by arm ('n_treated', 'n_historical'), 0 where an arm has no row; None where no arm has any."""
    rows = {arm: printer.results.one(analysis, statistic, arm=arm, **keys) for arm in ARMS}  # type: ignore[arg-type]
    if not any(row is not None and row.value for row in rows.values()):
        return None
    return {f"n_{arm}": printer.fact(0) if row is None else printer.number(row) for arm, row in rows.items()}


def _left_open(printer: Printer) -> list[Markup]:
    """Whom the ranks cannot place, and the win odds that this leaves open."""
    keys = {"outcome": printer.config.primary.outcome, "day": float(printer.config.primary.day)}
    said = []
    for statistic, key in ((Statistic.N_MISSING, "unmeasured"), (Statistic.N_UNKNOWN, "fate_unknown")):
        counts = _counts_if_any(printer, AnalysisKey.WORST_RANK, statistic, **keys)
        if counts is not None:
            said.append(printer.word(f"answer.ranks_{key}", **counts))
    bounds = [printer.primary_one(AnalysisKey.WORST_RANK, name, contrast=CONTRAST) for name in WIN_ODDS_BOUNDS]
    if said and all(bound is not None for bound in bounds):
        # Only where somebody is unplaced: else both bounds equal the win odds.
        least, most = map(printer.number, bounds)
        said.append(printer.word("answer.ranks_between", least=least, most=most))
    return said


def _agreement(printer: Printer, verdict: Result) -> str:
    """Two analyses that both include no difference do not confirm each other: they leave it open together."""
    parts = headline(printer)
    if verdict.text != "agree":
        return "answer.disagree"
    return "answer.agree_none" if parts is None or includes_none(parts) else "answer.agree"


def win_odds(printer: Printer) -> tuple[Result, Result, Result] | None:
    """Win odds of the primary outcome at its day with their limits; None where there are none."""
    names = (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER)
    parts = [printer.primary_one(AnalysisKey.WORST_RANK, name, contrast=CONTRAST) for name in names]
    if any(part is None or part.value is None for part in parts):
        return None
    return parts[0], parts[1], parts[2]  # type: ignore[return-value]


def in_short(printer: Printer) -> Markup:
    """What was done, in two sentences."""
    config = printer.config
    day = float(config.cohort.horizon_days)
    counts = {
        f"n_{arm}": printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=day) for arm in ARMS
    }
    key = "done.short_without_n" if any(row is None for row in counts.values()) else "done.short"
    return printer.word(
        key,
        treatment=printer.fact(printer.words.among(config.study.treatment)),
        horizon=printer.fact(config.cohort.horizon_days),
        **{name: printer.number(row) for name, row in counts.items() if row is not None},
    )


def study_size(printer: Printer) -> Markup | None:
    """Patients of both groups and days of follow-up; None where nobody was analysed."""
    horizon = printer.config.cohort.horizon_days
    counts = {
        f"n_{arm}": printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=float(horizon))
        for arm in ARMS
    }
    if any(row is None for row in counts.values()):
        return None
    numbers = {name: printer.number(row) for name, row in counts.items()}
    return printer.word("answer.size", horizon=printer.fact(horizon), **numbers)


def treated_count(printer: Printer) -> Result | None:
    """How many treated patients are analysed."""
    day = float(printer.config.cohort.horizon_days)
    return printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm="treated", day=day)


def _certainty(printer: Printer) -> Markup:
    row = treated_count(printer)
    if row is None:
        return printer.word("answer.certainty_without_n")
    return printer.word("answer.certainty", n=printer.number(row))


def what_was_done(printer: Printer) -> list[Markup]:
    """One paragraph a design decision, from the config; the waits from the results."""
    config, words = printer.config, printer.words
    zero = config.cohort.time_zero
    treatment = printer.fact(words.among(config.study.treatment))
    horizon = printer.fact(config.cohort.horizon_days)
    days = [printer.fact(day) for day in config.analysis.days]
    eligible = "done.zero_first_eligible" if zero.standard_care_hours else "done.zero_first_eligible_at_once"
    start = eligible if zero.historical == "first_eligible_hour" else "done.zero_event"
    return [
        printer.word("done.design", treatment=treatment, horizon=horizon),
        Markup(" ").join(
            [
                printer.word(
                    "done.time_zero_event" if zero.treated == STUDY_TREATMENT else "done.time_zero_declared",
                    event=printer.fact(printer.event(zero.treated)),
                ),
                printer.word(
                    start,
                    hours=printer.fact(f"{zero.standard_care_hours:g}"),
                    event=printer.fact(printer.event(zero.historical_event or zero.treated)),
                ),
                *_waits_matched(printer),
                *_waits(printer),
                *_ends(printer),
            ]
        ),
        _baseline(printer),
        Markup(" ").join(
            [
                printer.word(
                    "done.model" if printer.adjusted_for_baseline else "done.model_unadjusted",
                    when=printer.word("done.day" if len(days) == 1 else "done.days", days=listed(days)),
                ),
                *_covariates(printer),
                *_weighting(printer),
            ]
        ),
        _primary(printer),
    ]


def _baseline(printer: Printer) -> Markup:
    """Which hours are baseline; of those after time zero, what that may hide."""
    window = printer.config.cohort.baseline
    before, after = (printer.fact(f"{hours:g}") for hours in (window.before, window.after))
    return printer.word("done.baseline_after" if window.after else "done.baseline", hours=before, after=after)


def _ends(printer: Printer) -> list[Markup]:
    """Which further events end follow-up, where any is declared."""
    events = listed(map(printer.event, printer.config.cohort.ends_with))
    return [printer.word("done.ends_with", events=events)] if events else []


def _waits_matched(printer: Printer) -> list[Markup]:
    later = treated_later(printer)
    if later is not None:
        treatment = printer.fact(printer.words.among(printer.config.study.treatment))
        return [printer.word("done.treated_later", treatment=treatment, hours=printer.number(later))]
    return [printer.word("done.waits_matched")] if had_to_wait(printer) else []


def _waits(printer: Printer) -> list[Markup]:
    rows = {
        name: printer.results.one(AnalysisKey.WAITS, name, arm="treated")
        for name in (Statistic.MEDIAN, Statistic.MIN, Statistic.MAX)
    }
    # Nobody waited where time zero is the start of the records.
    if any(row is None or row.value is None for row in rows.values()) or not rows[Statistic.MAX].value:  # type: ignore[union-attr]
        return []
    return [printer.word("done.waits", **{name: printer.number(row) for name, row in rows.items()})]


def _covariates(printer: Printer) -> list[Markup]:
    codes = printer.config.analysis.covariates
    named = listed(printer.fact(printer.words.covariate(code, printer.dictionary)) for code in codes)
    return [printer.word("done.covariates", list=named)] if codes else []


def _weighting(printer: Printer) -> list[Markup]:
    """How the groups were made alike, where the config asks for it."""
    method = printer.config.analysis.weighting
    if method == "none":
        return []
    # Overlap weights change whom the answer is about, which a reader must be told with the method.
    target = printer.word("target.ATO" if method == "overlap" else "target.ATT")
    return [printer.word("done.weighting", method=printer.word(f"weighting.{method}"), target=target)]


def _primary(printer: Printer) -> Markup:
    primary = printer.config.primary
    common = {"outcome": printer.label(primary.outcome), "day": printer.fact(primary.day)}
    if not primary.key_secondary:
        return printer.word("done.primary_only", **common)
    return printer.word("done.primary", secondary=listed(map(printer.label, primary.key_secondary)), **common)
