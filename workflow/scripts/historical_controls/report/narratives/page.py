"""The internal page of narratives: one section a treated patient, beside the picture of their courses."""

from __future__ import annotations

from historical_controls.report.inputs import HIGHLIGHT, PageInputs, script_hash
from historical_controls.report.narratives.cohort_tables import CohortTables
from historical_controls.report.narratives.patient import narrate
from historical_controls.report.printing.svg import inline_svg

TEMPLATE, PROFILE = "narratives.html.j2", "15.16-profile.svg"


def render_narratives(page: PageInputs, tables: CohortTables) -> str:
    """The page as HTML text. Shows ids as the hospital knows them: for its own use."""
    words, drawn = page.printer.words, page.figures.get(PROFILE)
    profile = (
        inline_svg(drawn, "profile", words("narratives.profile_title"), words("narratives.profile_desc"))
        if drawn
        else None
    )
    content = {
        "script_hash": script_hash(page.script(HIGHLIGHT)),
        "profile": profile,
        "narratives": [narrate(page.printer, patient, tables) for _, patient in tables.treated.iterrows()],
    }
    return page.fill_template(TEMPLATE, content)
