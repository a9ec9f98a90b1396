"""The columns that a file's declaration names."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from historical_controls.config.sources.parts import Condition, FilePart, SpecimenRows, TimeColumns
from historical_controls.config.sources.sources import SourceFile

# Fields of a part that hold the name of one column.
COLUMN_FIELDS = (
    "subject",
    "analyte",
    "value",
    "unit",
    "specimen",
    "assay",
    "status",
    "comment",
    "treatment",
    "detail",
    "dose",
    "dose_unit",
)


def declared_columns(file: SourceFile) -> list[str]:
    """Return every column that the declaration names, once each, in order, those that others are split into not."""
    # The file does not have those that come into being when cells are split.
    made = set(made_columns(file))
    return [name for name in columns_read(file) if name not in made]


def columns_read(file: SourceFile) -> list[str]:
    """Return every column that the declaration reads, once each, in order."""
    names = [file.arm_column.column] if file.arm_column is not None else []
    for part in file.parts:
        names += _part_columns(part)
    names += [column for sentinel in file.sentinels for column in sentinel.columns]
    names += [*file.split_columns]
    names += [condition.column for split in file.split_columns.values() for condition in split.where]
    return list(dict.fromkeys(names))


def made_columns(file: SourceFile) -> list[str]:
    """Return the columns that come into being when cells are split, in order."""
    return [name for split in file.split_columns.values() for name in split.columns]


def _part_columns(part: FilePart) -> Iterator[str]:
    yield part.subject
    yield from _named(part)
    event = getattr(part, "event", None)
    # '=death' names an event itself, not a column that names events.
    if isinstance(event, str) and not event.startswith("="):
        yield event


def _named(model: BaseModel) -> Iterator[str]:
    """Columns named anywhere below a declaration."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, TimeColumns):
            yield from value.columns
        elif isinstance(value, Condition | SpecimenRows):
            yield from [value.column] if isinstance(value, Condition) else value.same
        elif name == "columns" and isinstance(value, dict):
            yield from value
            yield from (column.unit_column for column in value.values() if getattr(column, "unit_column", None))
            for own in value.values():
                for spec in (getattr(own, "born", None), getattr(own, "as_of", None)):
                    yield from spec.columns if spec is not None else ()
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Condition):
                    yield item.column
                elif isinstance(item, BaseModel):
                    yield from _named(item)
        elif name in COLUMN_FIELDS and isinstance(value, str):
            yield value
