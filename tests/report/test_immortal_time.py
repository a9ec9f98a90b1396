"""Pages say that the treatment came after time zero, and claim no matched waits then."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from historical_controls.ard.rows import ard_frame
from historical_controls.balance.gates import Gate
from historical_controls.balance.weight_rows import gate_rows
from historical_controls.config.study_config import load_config
from historical_controls.report.investigator.page import render_report

from .conftest import LANGUAGES
from .reading import Page
from .study import small_study, study_config
from .test_statistician import render
from .test_wording import FORBIDDEN

LATER, UNDATED = (
    Gate("treated_later", "warn", 24.0, 0.0, level="treated"),
    Gate("treatment_undated", "warn", 1.0, 0.5, level="treated"),
)
MATCHED = {"en": "To avoid immortal-time bias", "es": "Para evitar el sesgo de tiempo inmortal"}
WAITED = {
    "en": "Historical patients had to survive the same waiting time",
    "es": "y los históricos el mismo tiempo de espera",
}
SAID = {
    "treated_later": {
        "en": "24.0 hours (median) after time zero",
        "es": "24.0 horas (mediana) después del tiempo cero",
    },
    "treatment_undated": {"en": "No file dates the treatment", "es": "Ningún archivo fecha el tratamiento"},
}
COULD_DIE = {"en": "none of them could die before it", "es": "ninguno de ellos pudo fallecer antes"}


def pages(language: str, *gates: Gate, randomised: bool = False) -> tuple[str, str]:
    """The investigators' and the statisticians' page, as read."""
    study = small_study()
    if randomised:
        told = study_config()
        told["study"] |= {"design": "randomised"}  # type: ignore[operator]
        study = replace(study, config=load_config(told))
    ard = pd.concat([study.ard, ard_frame(list(gate_rows("unweighted", gates, "primary")))], ignore_index=True)
    study = replace(study, ard=ard)
    written = render_report(study.page(language)), render(study, language)
    first, second = (re.sub(r"\s+", " ", Page.of(html).visible) for html in written)
    return first, second


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("gate", [LATER, UNDATED])
def test_treatment_after_time_zero_is_a_source_of_bias(gate: Gate, language: str) -> None:
    page, whole = pages(language, gate)
    assert SAID[gate.gate][language] in page and COULD_DIE[language] in page
    assert "immortal time" in whole or "tiempo inmortal" in whole
    assert not re.search(FORBIDDEN[language], page, re.IGNORECASE)
    # Waits before time zero make up for no time after it.
    later = gate is LATER
    assert (MATCHED[language] in page) is not later and (WAITED[language] in page) is not later


@pytest.mark.parametrize("language", LANGUAGES)
def test_treatment_at_time_zero_leaves_nothing_to_say(language: str) -> None:
    page, _ = pages(language)
    assert COULD_DIE[language] not in page
    assert MATCHED[language] in page and WAITED[language] in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_in_a_group_of_a_randomised_trial_for_having_lived(language: str) -> None:
    page, _ = pages(language, LATER, randomised=True)
    assert COULD_DIE[language] not in page
