"""The words of the example study are on no page of another study."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from historical_controls.config.study_config import load_config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.report.investigator.page import render_report

from .reading import Page
from .study import SmallStudy, small_study, study_config
from .test_statistician import render

CODES = {"PF": "SCORE", "HR": "STEPS", "DDIM": "TITRE", "IL6": "LEVEL", "NK": "OTHER"}
# What the example study is about; 'cell' and 'hospital' also in its sources and rules.
SUBJECT = (
    r"\b(ards|sdra|covid\S*|sars\S*|infusi[oó]n|cells?|c[eé]lulas?|celular|hospital\w*|virus|viral|pcr|p/f|pao2\S*|fio2|"
    r"mesenchymal|mesenquimal\w*|intensive care|cuidados intensivos|oxygen\w*|lungs?|three weeks|tres semanas)\b"
)
CLINIC = {
    "Cells in severe ARDS": "Speech therapy in late talkers", "Células en SDRA grave": "Terapia del habla",
    "one infusion of cells": "ten lessons", "una infusión de células": "diez lecciones",
    "Hospital system": "School registers", "Sistema del hospital": "Registros escolares",
    "P/F below 150 mmHg at the last two gases": "Fewer than 50 words", "P/F menor de 150 mmHg": "Menos de 50 palabras",
    "P/F below 150": "Below 50", "P/F menor de 150": "Menos de 50", "No beds": "Closed schools",
    "Sin camas": "Escuelas cerradas", '"hospital"': '"school"',
}  # fmt: skip
SURGERY = CLINIC | {
    "Cells in severe ARDS": "A new suture for hernia", "Células en SDRA grave": "Una sutura nueva para hernia",
    "one infusion of cells": "the suture", "una infusión de células": "la sutura",
    "Hospital system": "Surgical ledger", "Sistema del hospital": "Libro de cirugía",
}  # fmt: skip


def other_study(texts: dict[str, str]) -> SmallStudy:
    """The small study told in other words: titles, labels, sources and codes of outcomes; its numbers are the same."""
    study = small_study()
    told = json.dumps(study_config(), ensure_ascii=False)
    for old, new in [*texts.items(), *((f'"{old}"', f'"{new}"') for old, new in CODES.items())]:
        told = told.replace(old, new)
    entries = {}
    for code, entry in study.dictionary.outcomes.items():
        new = CODES.get(code, code)
        named = {"label_en": f"Measure {new.lower()}", "label_es": f"Medida {new.lower()}"} if code in CODES else {}
        unit = "points" if code in CODES and entry.unit else entry.unit
        entries[new] = replace(
            entry, code=new, unit=unit, family="supporting" if code in CODES else entry.family, **named
        )
    columns = dict.fromkeys(("outcome",), CODES)
    ard = study.ard.replace(columns).replace({"population": {"hospital": "school"}, "unit": {"mmHg": "points"}})
    return replace(study, config=load_config(json.loads(told)), dictionary=Dictionary(entries, {}, {}), ard=ard)


@pytest.mark.parametrize(("texts", "language"), [(CLINIC, "en"), (SURGERY, "es")], ids=["clinic", "surgery"])
def test_pages_of_another_study_do_not_speak_of_the_example(texts: dict[str, str], language: str) -> None:
    study = other_study(texts)
    pages = [render_report(study.page(language)), render(study, language, differences=[])]
    for html in pages:
        text = Page.of(html).visible.partition('"use strict"')[0]
        assert re.findall(rf".{{0,50}}{SUBJECT}.{{0,30}}", text, flags=re.IGNORECASE) == []
