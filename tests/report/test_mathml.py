"""Formulas as MathML: the letters of the plain text, the structure of the LaTeX, and nothing that is not known."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

import pytest

from historical_controls.report.statistician.formulas.mathml import mathml
from historical_controls.report.statistician.formulas.written import WRITTEN
from historical_controls.report.statistician.methods import STEPS, TAG, equations, method_steps

from .study import ROOT, small_study

GREEK = {
    "α": "alpha", "β": "beta", "δ": "delta", "θ": "theta", "τ": "tau", "Φ": "Phi", "π": "pi", "ℓ": "l",
}  # fmt: skip
# What plain text and formula write differently: transposition and products are signs in the one, words in the other.
UNPAIRED = {"sum", "sqrt", "SMD", "for", "a", "share", "p", "s", "win", "odds", "df", "T", "P", "mean"}


def tree(formula: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(mathml(formula, "spoken")))


def test_scripts_fractions_and_roots_are_elements() -> None:
    """Presentation MathML 3 (W3C 2014), 3.3.2, 3.3.3, 3.4.1 to 3.4.3."""
    assert [one.tag for one in tree("x_i^2 + y^{-1}")] == ["msubsup", "mo", "msup"]
    fraction = tree(r"\frac{a + 1}{\sqrt{b}}")[0]
    assert [one.tag for one in fraction] == ["mrow", "msqrt"]
    assert "".join(tree(r"\text{win~odds} - \theta").itertext()) == "win odds−θ"


def test_a_formula_is_spoken_as_its_plain_text_and_escaped() -> None:
    made = str(mathml("a < b", 'a < b & "c"'))
    assert 'aria-label="a &lt; b &amp; &#34;c&#34;"' in made and "<mo>&lt;</mo>" in made


@pytest.mark.parametrize("formula", [r"\unknown", "a }", "{a", "a_", r"\text{a", "§"])
def test_what_is_not_known_is_refused(formula: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        mathml(formula, "")


@pytest.mark.parametrize("tag", sorted(WRITTEN))
def test_the_formula_has_the_letters_of_the_plain_text(tag: str) -> None:
    plain = TAG.sub("", equations((ROOT / "docs" / "methods.md").read_text(encoding="utf-8"))[tag])
    said = set(re.findall(r"[A-Za-z]+|\d+", plain.replace("_", " ")))
    shown = Counter(GREEK.get(one, one) for one in tree(WRITTEN[tag]).itertext())
    letters = {part for one in shown for part in re.findall(r"[A-Za-z]+|\d+", one)}
    assert {one for one in letters if not one.islower() or len(one) > 2} - said - UNPAIRED == set()
    # Sums of letters such as 'rs' and 'dc' are one word in the plain text, and one letter each in the formula.
    assert {one for one in said if len(one) == 1} - letters - UNPAIRED == set()


def test_model_contrast_kenward_roger_and_win_odds_are_written() -> None:
    assert {"MM-1", "MM-25", "MM-17", "MM-18", "MM-21", "IN-1"} <= set(WRITTEN)
    assert set(WRITTEN) <= {tag for step in STEPS for tag in step.tags}


def test_every_step_keeps_its_plain_text() -> None:
    printer = small_study().page("en").printer
    steps = method_steps(printer, (ROOT / "docs" / "methods.md").read_text(encoding="utf-8"))
    model = next(step for step in steps if step.title == printer.word("method_step.model_title"))
    assert [one.tag for one in model.equations if one.math] == ["MM-1", "MM-2", "MM-3", "MM-25"]
    assert all(f"({one.tag})" in one.plain for step in steps for one in step.equations)
