"""A data set as CDISC Dataset-JSON 1.1: metadata, columns and rows in one file that SAS, R and Python read.

Source: CDISC Dataset-JSON Specification 1.1 (final, December 2024), tables of top-level and column attributes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from historical_controls.provenance import VERSION
from historical_controls.report.exports.standards.analysis_datasets import Dataset, Variable
from historical_controls.report.exports.standards.define_xml import (
    CREATED,
    DEFINE_FILE,
    group_oid,
    item_oid,
    metadata_oid,
    study_oid,
)

VERSION_OF_STANDARD = "1.1.0"
TYPES = {"text": "string", "integer": "integer", "number": "double"}


def dataset_json(dataset: Dataset, study_id: str) -> Iterator[str]:
    """Yield the file's text row by row, attributes in the order of the specification, one row a line."""
    head = {
        "datasetJSONCreationDateTime": CREATED,
        "datasetJSONVersion": VERSION_OF_STANDARD,
        "fileOID": f"{study_oid(study_id)}.{dataset.name}",
        "sourceSystem": {"name": "historical-controls", "version": VERSION},
        "studyOID": study_oid(study_id),
        "metaDataVersionOID": metadata_oid(study_id),
        "metaDataRef": DEFINE_FILE,
        "itemGroupOID": group_oid(dataset),
        "records": len(dataset.frame),
        "name": dataset.name,
        "label": dataset.shape.label,
        "columns": [_column(dataset, one) for one in dataset.variables],
    }
    opened = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
    yield f'{opened},\n "rows": ['
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    for number, row in enumerate(dataset.rows):
        yield f"{',' if number else ''}\n{encode(row)}"
    # A data set without rows has an empty line in their place.
    yield f"{'' if len(dataset.frame) else chr(10)}\n ]\n}}\n"


def _column(dataset: Dataset, variable: Variable) -> dict[str, object]:
    length = {"length": variable.length} if variable.kind == "text" else {}
    key = {} if variable.key is None else {"keySequence": variable.key}
    return {
        "itemOID": item_oid(dataset, variable),
        "name": variable.name,
        "label": variable.label,
        "dataType": TYPES[variable.kind],
        **length,
        **key,
    }
