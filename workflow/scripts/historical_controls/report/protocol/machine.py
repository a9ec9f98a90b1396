"""The protocol for programs: the same tables in every language, and the plan with its hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from historical_controls.config.plan.plan import plan_hash, plan_of
from historical_controls.config.study_config import Config
from historical_controls.report.headline.sealed_plan import DATE, PRIVATE
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.protocol.page import Section

VERSION = "1"
HIDDEN = "not shown"


def protocol_json(config: Config, program: str, by_language: Mapping[str, Sequence[Section]]) -> str:
    """Return workflow/schemas/protocol.schema.json's document; the seal has no part in it.

    program: version of the program; by_language: the same sections in each language. Paths, ids and days of the plan
    stay in the hospital, as on the page; the hash is that of the whole plan.
    """
    plan = plan_of(config)
    languages = list(by_language)
    first = by_language[languages[0]]
    content = {
        "protocol_version": VERSION,
        "program_version": program,
        "study_id": config.study.id,
        "title": dict(config.study.title),
        "languages": languages,
        "plan_sha256": plan_hash(plan),
        "plan": _shareable({key: value for key, value in plan.items() if key not in PRIVATE}),
        "sections": [
            {
                "name": section.name,
                "tables": [
                    _table({name: parts[place].tables[number] for name, parts in by_language.items()})
                    for number in range(len(section.tables))
                ],
            }
            for place, section in enumerate(first)
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _table(by_language: Mapping[str, HtmlTable]) -> dict[str, Any]:
    one = next(iter(by_language.values()))
    texts = {name: _cells(table) for name, table in by_language.items()}
    return {
        "id": one.id,
        "title": {name: _text(table.title) for name, table in by_language.items()},
        "columns": [
            {name: _text(table.heads[column]) for name, table in by_language.items()}
            for column in range(len(one.heads))
        ],
        "rows": [
            [{name: cells[row][column] for name, cells in texts.items()} for column in range(len(one.heads))]
            for row in range(len(one.rows))
        ],
    }


def _cells(table: HtmlTable) -> list[list[str]]:
    return [[_text(cell) for cell in (row.head, *row.cells)] for row in table.rows]


def _text(cell: Markup) -> str:
    return Markup(cell).striptags()


def _shareable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shareable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shareable(inner) for inner in value]
    return HIDDEN if isinstance(value, str) and DATE.search(value) else value
