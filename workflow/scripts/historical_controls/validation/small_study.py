"""A small simulated study through cohort, balance and analysis: its answers are those that were written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from historical_controls.calibration.studies import KEY, study_answers
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.validation.checks import Check, Tolerance, compared, equal

WORLD, NUMBER = "exchangeable arms", 0
EXPECTED = "tests/data/small_study.json"
NUMBERS = ("estimate", "lower", "upper", "p_value")
# Other processors and libraries of linear algebra round otherwise.
TOLERANCE = Tolerance(1e-6)
Answers = dict[str, list[float]]


def small_study(root: Path) -> Answers:
    """Return estimate, limits and p-value of every answer to the study, by outcome and analysis."""
    raw, dictionary = read_config(root / "config.yaml"), load_dictionary(root / "data/dictionary")
    rows = study_answers(WORLD, [NUMBER], raw, dictionary)
    return {" / ".join(row[part] for part in KEY): [float(row[name]) for name in NUMBERS] for row in rows}


def small_study_checks(root: Path) -> Iterator[Check]:
    """Yield a check of each answer, and of their hash at five significant digits."""
    got, wanted = small_study(root), json.loads((root / EXPECTED).read_text(encoding="utf-8"))
    group = "Small simulated study"
    for name, numbers in wanted.items():
        yield compared(group, f"{name}: {', '.join(NUMBERS)}", got.get(name, [float("nan")] * 4), numbers, TOLERANCE)
    yield equal(group, "SHA-256 of all answers", hash_of(got), hash_of(wanted))


def hash_of(answers: Answers) -> str:
    """Return a hash of the answers at five significant digits."""
    rounded = {name: [f"{number:.5g}" for number in numbers] for name, numbers in sorted(answers.items())}
    return hashlib.sha256(json.dumps(rounded).encode()).hexdigest()


def write_expected(root: Path) -> None:
    """Write the answers down as those to expect, after a change of the program that is meant to change them."""
    text = json.dumps(small_study(root), indent=1, sort_keys=True)
    (root / EXPECTED).write_text(text + "\n", encoding="utf-8")
