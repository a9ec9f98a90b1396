"""A Frictionless data package of the tables as printed: what each column of results/tables/{lang}/csv shows.

Source: Data Package and Table Dialect, version 2 (datapackage.org). Cells are texts ('34 (-19 to 86)'); the numbers are
in results/tables, whose package has their types and units.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from historical_controls.config.study import Study
from historical_controls.report.exports.documents import PlainTable
from historical_controls.report.exports.spreadsheets import PrintedTable
from historical_controls.report.exports.standards.data_package import package_name
from historical_controls.text.words import Words


def printed_package(study: Study, words: Words, tables: Iterable[PrintedTable]) -> str:
    """Return datapackage.json of the printed tables in one language."""
    content = {
        "name": f"{package_name(study)}-printed-{words.language}",
        "title": words.among(study.title),
        "resources": [_resource(one) for one in tables],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _resource(one: PrintedTable) -> dict[str, Any]:
    return {
        "name": one.table.name,
        "path": one.file,
        "title": one.table.title,
        "description": " ".join(one.table.notes),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "hash": f"sha256:{hashlib.sha256(one.content).hexdigest()}",
        # Heads that span columns repeat those beneath them: no line of heads is a list of distinct names.
        "dialect": {"header": False, "commentRows": list(range(1, one.n_heads + 1))},
        "schema": {
            "fields": [
                {"name": f"column_{place}", "type": "string", "title": title}
                for place, title in enumerate(_titles(one.table), start=1)
            ],
            "missingValues": [],
        },
    }


def _titles(table: PlainTable) -> list[str]:
    """The head of each column, behind the head that spans it where one does."""
    above = [""] * table.n_names
    for text, width in table.spans:
        above += [text] * width
    above += [""] * (len(table.heads) - len(above))
    pairs = zip(above, table.heads, strict=True)
    return [": ".join(filter(None, pair)) or str(place) for place, pair in enumerate(pairs, start=1)]
