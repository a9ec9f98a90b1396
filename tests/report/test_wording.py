"""Words: the same keys in both languages, no claim of effect, no English in the Spanish."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from pathlib import Path

import pytest

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.text.words import Words, load_words

from .conftest import Rendered
from .study import ROOT

FORBIDDEN = {
    "en": r"\b(effective(?! sample size)(ly|ness)?|efficac\w*|safe(ly)?|safety|proven|significant(ly)?|significance"
    r"|trend(s|ed)? towards?|thanks to)\b",
    "es": r"(?<!tamaño )\b(efectiv[oa]s?|efectividad|eficaz|eficaces|eficacia|segur[oa]s?|seguridad|demostrad[oa]s?"
    r"|comprobad[oa]s?|significativ\w*|significancia|tendencia|gracias a)\b",
}
SAME_IN_BOTH = {
    "shell.p_holm",
    "shell.p_max_t",
    "shell.p_bh",
    "shell.p_welch",
    "shell.factor",
    "language.en",
    "language.es",
    "category.no",
    "state.false",
}
SAME_IN_BOTH |= {"estimand.variable", "method_step.balance_title"}
ENGLISH_WORDS = r"\b(the|and|with|of|was|were|patients?|days?|values?|treated|historical|mean|between|not|had)\b"


@pytest.fixture(scope="module")
def locales() -> dict[str, Words]:
    return {language: load_words(ROOT / "workflow" / "locales", language) for language in ("en", "es")}


def placeholders(entry: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(entry) if name is not None}


def test_languages_have_the_same_keys(locales: dict[str, Words]) -> None:
    assert set(locales["en"].entries) == set(locales["es"].entries)


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_group_stands_twice(language: str) -> None:
    """YAML keeps the last of two equal keys without a word, and the first one's entries would be gone."""
    text = (ROOT / "workflow" / "locales" / f"{language}.yaml").read_text(encoding="utf-8")
    groups = Counter(re.findall(r"^(\S+):", text, flags=re.MULTILINE))
    assert [name for name, count in groups.items() if count > 1] == []


def test_entries_have_the_same_placeholders(locales: dict[str, Words]) -> None:
    english, spanish = (locales[language].entries for language in ("en", "es"))
    assert [key for key in english if placeholders(english[key]) != placeholders(spanish[key])] == []


def test_spanish_is_spanish(locales: dict[str, Words]) -> None:
    english, spanish = (locales[language].entries for language in ("en", "es"))
    same = {
        key
        for key, entry in spanish.items()
        if entry == english[key] and re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", entry))
    }
    assert same == SAME_IN_BOTH
    # Keys and lines of the config are in quotes, and no words.
    said = {key: re.sub(r"\{\w+\}|'[^']+'", "", entry) for key, entry in spanish.items()}
    assert [key for key, entry in said.items() if re.search(ENGLISH_WORDS, entry)] == []


def test_spanish_page_holds_no_english(rendered: dict[str, Rendered]) -> None:
    assert re.findall(rf".*{ENGLISH_WORDS}.*", rendered["es"].page.visible) == []


def test_no_claim_of_effect(report: Rendered, language: str, locales: dict[str, Words]) -> None:
    texts = [report.page.visible, *locales[language].entries.values()]
    assert [text for text in texts if re.search(FORBIDDEN[language], text, flags=re.IGNORECASE)] == []


def test_caveat_and_certainty_stand_in_the_answer(report: Rendered, language: str) -> None:
    section = next(e for e in report.page.elements if e.attributes.get("id") == "answer")
    assert report.study.words(language)("answer.caveat") in section.text
    assert "n=5" in section.text
    estimand = r"If no patient had died or been discharged|En el supuesto de que nadie hubiera fallecido"
    assert re.search(estimand, section.text)


def test_every_share_has_its_denominator(report: Rendered, language: str) -> None:
    """SAMPL: a percentage never stands without its numerator and denominator, confidence levels apart.

    What none of n leaves open names its n at the head of the sentence.
    """
    none_of_n = re.sub(r"\\\{\w+\\\}", r"\\S+", re.escape(report.study.words(language)("safety.none_seen")))
    visible, count = re.subn(none_of_n, "", report.page.visible)
    assert count == 1
    for found in re.finditer(r"(\S+\s+){0,6}\(?\d+%(\W(of|de)\W\w+)?", visible):
        text = found.group()
        assert re.search(
            r"\d+\W(of|de)\W\d+|95%|IC|;\W*\d+%|\b(to|a)\W\d+%|%\W(of|de)\W\w+$|(least|menos)\W\d+%", text
        ), text


def test_entries_are_used(locales: dict[str, Words]) -> None:
    """A key that no code, template or result can ask for is a leftover."""
    library = ROOT / "workflow"
    code = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("scripts/historical_controls/figures/**/*.py", "scripts/historical_controls/report/**/*.py",
                        "templates/*.j2")
        for path in library.glob(pattern)
    )  # fmt: skip
    groups = {
        "language",
        "arm",
        "event",
        "direction",
        "reason",
        "assay",
        "random",
        "residual",
        "per_arm",
        "df_method",
        "step",
        "unit",
    }
    groups |= {"category", "ledger_reason", "bias", "gate_found", "weighting", "target", "covariate", "finding"}
    groups |= {"ledger_remedy", "finding_remedy"}
    groups |= {"hint"}  # text/hints.py finds the entry that a text was written from
    groups |= {"derived", "summary_state", "state"}
    # Codes of the results table, asked for by their statistic.
    groups |= {"limits", "odds_of", "outcome_state", "outcome_how", "strategy", "summary_measure"}
    groups |= {"not_recorded", "analysis_note"}
    # The statistician's report asks for these by a key or code of the results table.
    groups |= {"statistic", "analysis", "method", "level", "contrast", "text", "parameter", "term", "key", "pattern"}
    groups |= {"not_recorded", "analysis_note", "safety"}
    groups |= {"checklist", "place", "refusal", "step_excluded", "rung"}
    groups |= {"population", "missing", "chapter", "model_message", "method_step", "estimand", "stat"}
    groups |= {"estimand_default"}  # config/reading/estimand_texts.py
    keys = [key for key in locales["en"].entries if key.partition(".")[0] not in groups]
    built = {"answer.reading_", "cleaning.", "readings.", "care.", "calendar.", "adverse.", "grid."}
    built |= {
        "run.",
        "shell.",
        "answer.ranks_",
        "answer.event_",
        "answer.sealed",
        "answer.amended",
        "sealed.",
        "bundle.",
        "protocol.",
        "retrieval.",
        "figure.choice_",
        "verdict.",
        "certainty.left_",
        "certainty.right_",
        "described.",
        "narratives.",
        "caption.by_end_",
        "caption.patients_",
        "caption.available_",
        "caption.to_",
        "single_arm.",
        "no_values.",
        "randomised.",
        "own_ends.mark_",
        "in_language.",
        "ends.",
        "deaths_compared.",
        "ends_and_others.",
    }
    assert [
        key for key in keys if key not in code and not key.endswith(".title") and not any(map(key.startswith, built))
    ] == []


def test_every_code_of_the_stages_has_words(locales: dict[str, Words]) -> None:
    """A reason that the library can give, and that a reader would meet as a bare code, is a missing entry."""
    library = ROOT / "workflow" / "scripts" / "historical_controls"
    suspicions = {key.partition(".")[2] for key in locales["en"].entries if key.startswith("finding.")}
    measured = set(load_dictionary(ROOT / "data" / "dictionary").outcomes)
    found = {
        "ledger_reason": _constants(library / "cleaning", r"[A-Z]+(_[A-Z]+)+") - suspicions - measured,
        "reason": _constants(library / "analysis" / "model" / "gates.py", r"[a-z]+(_[a-z]+)+"),
    }
    gates = {"few_effective", "one_weight", "far_from_controls", "weighted_censored"}
    infeasible = {"outside_hull", "weights_not_converged", "too_few_for_logistic", "separated", "nobody_matched"}
    found["reason"] |= gates | infeasible | {"no_key_covariate"}
    found["reason"] |= {"model_refused", "only_limits", "not_converged", "df_too_small"}
    for group, codes in found.items():
        assert len(codes) > 5
        assert [code for code in sorted(codes) if not locales["en"].has(f"{group}.{code}")] == []


def test_whatever_is_held_or_suspected_says_what_to_do(locales: dict[str, Words]) -> None:
    """Records that are used, collapsed or left out by declaration need nothing done."""
    nothing_to_do = {
        "ABG_VENOUS", "ABOVE_HEADER", "ARM_OTHER", "BLANK_LINE", "COPY_FWD", "DECLARED", "DOSE_UNREAD", "DUP_IDENTICAL",
        "DUP_SUPERSEDED", "FIO2_ESTIMATED", "FOOTER", "JUMP", "LAB_FLAG", "LIMIT_OF_ASSAY", "LIMIT_RESTORED",
        "LYMPH_FROM_PERCENT", "NOT_DONE", "NO_VALUE", "OUT_OF_USUAL", "PF_ESTIMATED", "SENTINEL", "STATUS_UNKNOWN",
        "CORRECTED", "HEADER_AGAIN", "RELEASED", "TIME_DST_GAP", "TIME_DST_OVERLAP", "UNITS_LINE", "UNIT_CORRECTED",
    }  # fmt: skip
    english = locales["en"]
    for group, remedy in (("ledger_reason", "ledger_remedy"), ("finding", "finding_remedy")):
        codes = {key.partition(".")[2] for key in english.entries if key.startswith(f"{group}.")} - nothing_to_do
        assert [code for code in sorted(codes) if not english.has(f"{remedy}.{code}")] == []


def _constants(place: Path, pattern: str) -> set[str]:
    """String constants, of a module or of all modules of a room, that match the pattern whole."""
    files = [place] if place.is_file() else place.rglob("*.py")
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(pattern, node.value)
    }


# Turns that STYLE.md replaces, for every entry of a locale: inversions, aphorisms and coined terms.
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
BANNED = {
    "en": (
        r"had nobody died|gone home|\bhangs? on|holds? no difference|drawn by lot|lots decide|by lot|had we decided"
        "|answers? (and the one above )?agree|reads? otherwise|excluded, not guessed|whatever the conditions say"
        "|even odds"
        "|one look among many|spreads? of its own|no part of it|look equally hard|found with a chance"
        "|what would overturn|worth how many|suspicions? to settle|line that settles|at a glance"
        "|for those who want more|fixed beforehand|chosen beforehand|the one beside it"
    ),
    "es": (
        "por sorteo|al pie de la cama|si nadie hubiera fallecido|se lee de otro modo|no se adivina"
        "|momios .* son iguales|digan lo que digan|una mirada entre|no buscan con el mismo empeño"
        "|nombre de presentación|de un vistazo|qué fue de los|por qué puede ser sesgo|para quien quiera"
        "|si se hubiera decidido|fijad[oa] de antemano|balance de entropía|a cuántos pacientes históricos|cuidado:"
    ),
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_banned_turn(language: str, locales: dict[str, Words]) -> None:
    entries = locales[language].entries
    assert [key for key, entry in entries.items() if re.search(BANNED[language], entry, flags=re.IGNORECASE)] == []


def prose() -> dict[str, str]:
    """What a person reads besides the locales: README, documents, the example's config, docstrings and comments."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", ROOT / "config.yaml")}
    texts |= {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
    for path in sorted((ROOT / "workflow").glob("scripts/**/*.py")):
        source = path.read_text(encoding="utf-8")
        found = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source)) if isinstance(node, DOCUMENTED)]
        texts[path] = "\n".join([*found, *re.findall(r"#.*", source)])
    return {str(path.relative_to(ROOT)): " ".join(text.split()) for path, text in texts.items()}


def test_no_banned_turn_in_documents_and_docstrings() -> None:
    turns = re.compile(BANNED["en"], flags=re.IGNORECASE)
    assert [(place, match[0]) for place, text in prose().items() for match in turns.finditer(text)] == []


CODE = r"\b(?:[a-z]+_)+[a-z0-9]+\b|\b[a-z_]+=[a-z0-9_<>]+"


def test_no_code_of_the_keys_or_the_config_is_printed(report: Rendered, language: str) -> None:
    """Rule names, files and cells of the exports are names; whatever else looks like a code has lost its words."""
    from .test_statistician import render as render_statistician

    names = {output.rule for output in report.study.outputs.values()}
    for html in (report.html, render_statistician(report.study, language)):
        text = re.sub(r"<(script|style|pre|code)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
        assert set(re.findall(CODE, text)) - names == set()
