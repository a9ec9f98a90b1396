"""The one name service: every key and code of a results table in words, in every language."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.mixed_model import ENGLISH, Code
from historical_controls.mixed_model.design.messages import message
from historical_controls.text.names import Names
from historical_controls.text.words import load_words

ROOT = Path(__file__).resolve().parents[3]


def names(language: str) -> Names:
    return Names(
        load_words(ROOT / "workflow" / "locales", language),
        Dictionary({}, {}, {}),
        labels={"ards=altitude": "ARDS: at altitude", "persistence=any": "Persistence: any"},
        scenarios={"weightings.overlap": "Overlap weights"},
        rungs={"intercept_free": "random intercept per patient"},
    )


@pytest.mark.parametrize(
    ("column", "code", "english", "spanish"),
    [
        ("arm", "treated", "Treated", "Tratados"),
        ("method", "wald", "Wald interval", "intervalo de Wald"),
        ("method", "adjusted", "adjusted for covariates", "ajustado por covariables"),
        ("contrast", "treated - historical", "Difference", "Diferencia"),
        ("scenario", "wait_draw_12", "Draw 12 of the waiting times", "Sorteo 12 de los tiempos de espera"),
        ("scenario", "weightings.overlap", "Overlap weights", "Overlap weights"),
        ("level", "mean_7", "Mean change from day 0 to day 7", "Cambio medio del día 0 al día 7"),
        ("level", "slope", "Change per day", "Cambio por día"),
        ("level", "historical: variance(Intercept)", "Historical: Variance (intercept)",
         "Históricos: Varianza (intercepto)"),
        ("level", "treated=-1|historical=0.5", "Treated: −1 SD · Historical: 0.5 SD",
         "Tratados: −1 DE · Históricos: 0.5 DE"),
        ("level", "persistence=any+ards=altitude", "Persistence: any + ARDS: at altitude",
         "Persistence: any + ARDS: at altitude"),
    ],
)  # fmt: skip
def test_a_code_of_a_key_column_has_words(column: str, code: str, english: str, spanish: str) -> None:
    assert names("en").value(column, code) == english
    assert names("es").value(column, code) == spanish


def test_a_code_that_nobody_declared_is_none_and_nothing_stays_nothing() -> None:
    service = names("en")
    assert service.value("method", "guesswork") is None
    assert service.value("scenario", "unheard_of") is None
    assert service.text(AnalysisKey.MIXED_MODEL, Statistic.DF_METHOD, "guesswork") is None
    assert service.value("method", "") == ""


def test_texts_of_results_have_words_by_what_wrote_them() -> None:
    service = names("es")
    text = service.text
    assert text(AnalysisKey.COMPLETENESS, Statistic.STATE, "treated_only") == "medido solo en pacientes tratados"
    assert text(AnalysisKey.ELIGIBILITY, Statistic.STATE, "true") == "sí"
    assert text(AnalysisKey.MIXED_MODEL, Statistic.COVARIANCE_RUNG, "intercept_free") == "random intercept per patient"
    assert text(AnalysisKey.MIXED_MODEL, Statistic.SINGULAR, "no") == "no"
    assert text(AnalysisKey.BENCHMARK, Statistic.CITATION, "Qu W 2021") == "Qu W 2021"


@pytest.mark.parametrize(
    ("coded", "english", "spanish"),
    [
        (message(Code.VARIANCE_ZERO, effect="Intercept", group="arm=treated").coded,
         "Treated: variance of the random intercept estimated as zero",
         "Tratados: varianza del efecto aleatorio (intercepto) estimada en cero"),
        (message(Code.CORRELATION_ONE, effect="Intercept", other="day", sign="-", group="").coded,
         "random intercept and random day fully correlated (−1)",
         "efectos aleatorios (intercepto, día) con correlación total (−1)"),
        (message(Code.NOT_CONVERGED, attempts=3, decrement=0.2).coded,
         "no convergence in 3 attempts", "sin convergencia en 3 intentos"),
        ("a_code_of_tomorrow|x=1", "model not applicable to these data", "modelo no aplicable a estos datos"),
    ],
)  # fmt: skip
def test_messages_of_the_model_library_are_codes_with_words(coded: str, english: str, spanish: str) -> None:
    analysis, statistic = AnalysisKey.MIXED_MODEL, Statistic.LEFT_BECAUSE
    assert names("en").text(analysis, statistic, coded) == english
    assert names("es").text(analysis, statistic, coded) == spanish
    assert names("es").text(analysis, statistic, f"{coded}; {coded}") == f"{spanish}; {spanish}"


BOUNDARIES = ("variance_zero", "correlation_one", "correlations_degenerate", "covariance_singular",
              "residual_correlation_zero", "residual_correlation_one")  # fmt: skip
REFUSALS = ("not_converged", "numerical_failure", "no_information", "information_singular", "df_too_small",
            "response_constant", "rank_deficient", "too_few_rows", "group_of_one", "all_censored", "separated",
            "profile_lost")  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_message_that_data_can_cause_has_words(language: str) -> None:
    """The codes that mixed_model/design/messages.py lists; placeholders are values that the library gives with them."""
    words = names(language).words
    assert [code for code in (*BOUNDARIES, *REFUSALS) if not words.has(f"model_message.{code}")] == []
    for key, entry in words.entries.items():
        group, _, code = key.partition(".")
        if group == "model_message" and code != "other":
            given = {name for _, name, _, _ in string.Formatter().parse(ENGLISH[Code(code)]) if name}
            assert {name for _, name, _, _ in string.Formatter().parse(entry) if name} <= given, key
