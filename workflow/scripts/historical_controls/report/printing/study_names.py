"""The words of the results table's keys and codes for one study: its own labels beside those of the locale."""

from __future__ import annotations

from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.report.printing.rung_name import rung_name
from historical_controls.report.printing.scenario_names import scenario_labels
from historical_controls.text.names import Names
from historical_controls.text.words import Words


def study_names(config: Config, words: Words, dictionary: Dictionary) -> Names:
    """The name service of one page: every key and code in the page's language."""
    named = {rung.id: rung_name(rung.id, config, words) for rung in config.analysis.ladder}
    return Names(
        words,
        dictionary,
        labels=study_labels(config, words),
        scenarios=scenario_labels(config, words),
        rungs={name: said for name, said in named.items() if said is not None},
    )


def study_labels(config: Config, words: Words) -> dict[str, str]:
    """Labels that the study declares itself: rules, readings, co-treatments, periods, sources."""
    cohort = config.cohort
    declared = (cohort.rules, cohort.co_treatments, config.study.periods, config.sources)
    labels = {name: words.among(item.label) for group in declared for name, item in group.items()}
    for name, reading in cohort.readings.items():
        for option, choice in reading.options.items():
            labels[f"{name}={option}"] = f"{words.among(reading.label)}: {words.among(choice.label)}"
    return labels
