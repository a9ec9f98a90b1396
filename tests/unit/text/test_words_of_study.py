"""Words follow the ends of a stay that a study's files can record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from historical_controls.text.words import IN_PLACE, load_words, recorded_ends

LOCALES = Path(__file__).parents[3] / "workflow/locales"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("ends", ["both", "death", "discharge", "none"])
def test_every_place_is_filled(language: str, ends: str) -> None:
    words = load_words(LOCALES, language).of_study("external_controls", ends)  # type: ignore[arg-type]
    assert not [key for key, said in words.entries.items() if IN_PLACE.search(said)]
    # What is put in place is joined to its sentence by one blank.
    filled = {key: words.entries[key] for key, said in words.written.items() if IN_PLACE.search(said)}
    assert not {key: said for key, said in filled.items() if re.search(r"[a-z)][.,;][A-Za-z]|  ", said)}


@pytest.mark.parametrize(
    ("language", "forbidden"), [("en", r"died|death|discharg|home"), ("es", r"falleci|muert|defunci|egres|alta")]
)
def test_a_study_that_records_no_end_speaks_of_none(language: str, forbidden: str) -> None:
    words = load_words(LOCALES, language).of_study("external_controls", "none")
    own = (
        "answer.higher",
        "answer.lower",
        "answer.times",
        "done.model",
        "course.intro",
        "course.desc",
        "course.note_mean",
    )
    own += ("disposition.title", "disposition.swimmer_caption", "protocol.follow_up.end_days", "figure.at_risk")
    assert {key: words.entries[key] for key in own if re.search(forbidden, words.entries[key], re.IGNORECASE)} == {}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("ends", ["both", "death", "discharge", "none"])
def test_a_study_with_ends_of_its_own_says_that_patients_left(language: str, ends: str) -> None:
    words = load_words(LOCALES, language)
    plain, others = (words.of_study("external_controls", ends, more) for more in (False, True))  # type: ignore[arg-type]
    left = words.written["ends.gone.none"].split()[0]
    assert left in others("done.model") and left in others("estimand_default.nobody_gone.label")
    # Only what names the ends of follow-up changes.
    changed = [key for key, said in others.entries.items() if said != plain.entries[key]]
    assert all({"gone", "up_to"} & set(IN_PLACE.findall(words.written[key])) for key in changed)
    assert not [key for key, said in others.entries.items() if IN_PLACE.search(said)]


@pytest.mark.parametrize(
    ("able", "ends"),
    [(["death", "discharge_alive"], "both"), (["death"], "death"), (["discharge_alive"], "discharge"), ([], "none")],
)
def test_which_ends_are_recorded(able: list[str], ends: str) -> None:
    assert recorded_ends(able) == ends


@pytest.mark.parametrize(("language", "past"), [("en", r"historical"), ("es", r"hist[oó]ric")])
def test_a_randomised_trial_has_no_historical_patients(language: str, past: str) -> None:
    words = load_words(LOCALES, language).of_study("randomised", "both")
    bare = {
        # Placeholders, and keys of the config in quotes.
        key: re.sub(r"\{\w+\}|'\w+'", "", said)
        for key, said in words.entries.items()
        if not key.startswith("randomised.")
    }
    assert {key: said for key, said in bare.items() if re.search(past, said, re.IGNORECASE)} == {}
    assert "'treated', 'historical'" in words.entries["hint.arm"], "keys of the config keep their names"
    assert "{n_historical}" in words.entries["answer.n"], "placeholders keep their names"
    assert words("answer.caveat") != load_words(LOCALES, language)("answer.caveat")
