"""One file with both arms: a source whose column says the arm of each row becomes two sources, one for each arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator

from historical_controls.config.base import Section, Text
from historical_controls.config.merging import value_at
from historical_controls.config.sources.codes import Codes, same_code
from historical_controls.errors import UserError, raise_all

ARMS = ("treated", "historical")


class ArmColumn(Section):
    """The column that says the arm of each row; rows with other codes are of neither arm and are not read."""

    column: Text = Field(description="column with the arm, in every file of the source")
    treated: Codes = Field(min_length=1, description="its codes that mean treated")
    historical: Codes = Field(min_length=1, description="its codes that mean historical, or untreated")

    @model_validator(mode="after")
    def arms_differ(self) -> ArmColumn:
        both = {same_code(one) for one in self.treated} & {same_code(one) for one in self.historical}
        if both:
            raise ValueError(f"'{min(both)}' cannot mean both treated and historical")
        return self


def with_arms(raw: Mapping[str, Any], name: str = "config.yaml") -> dict[str, Any]:
    """The config with `<source>_treated` and `<source>_historical` for each source whose arm is a column.

    Each part of the source is in both, with one more condition on its rows. Raises UserError(s) for an arm that is no
    such mapping; what has another shape is left to the checks of the config.
    """
    sources = raw.get("sources")
    if not isinstance(sources, Mapping):
        return dict(raw)
    faults: list[UserError] = []
    out: dict[str, Any] = {}
    for source, declared in sources.items():
        arm = value_at(declared, "arm")
        if not isinstance(arm, Mapping):
            out[source] = declared
            continue
        try:
            column = ArmColumn.model_validate(dict(arm))
        except ValidationError as error:
            faults += _faults(error, f"{name}: sources.{source}.arm")
            continue
        taken = [f"{source}_{one}" for one in ARMS if f"{source}_{one}" in sources]
        faults += [
            UserError(
                f"the source '{source}' becomes '{one}', which there is",
                f"{name}: sources.{one}",
                "Give one of them another name.",
            )
            for one in taken
        ]
        out |= {f"{source}_{one}": _of_arm(declared, one, column) for one in ARMS}
    raise_all(faults)
    return {**raw, "sources": out}


def _faults(error: ValidationError, where: str) -> Iterator[UserError]:
    hint = "Type arm: {column: group, treated: [A], historical: [B]}, or treated, or historical."
    for one in error.errors():
        place = ".".join((where, *map(str, one["loc"])))
        yield UserError(one["msg"].removeprefix("Value error, "), place, hint)


def _of_arm(source: Mapping[str, Any], arm: str, column: ArmColumn) -> dict[str, Any]:
    where = {"column": column.column, "is_in": list(getattr(column, arm))}
    files = source.get("files")
    own = {key: value for key, value in source.items() if key != "arm"}
    if not isinstance(files, Mapping):
        return {"arm": arm, **own}
    return {"arm": arm, **own, "files": {name: _narrowed(file, where) for name, file in files.items()}}


def _narrowed(file: Any, where: Mapping[str, Any]) -> Any:
    parts = value_at(file, "parts")
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        return file
    narrowed = [{**part, "where": [*(part.get("where") or []), where]} for part in parts]
    return {**file, "parts": narrowed}


def source_as_written(path: str, known: Mapping[str, Any]) -> str:
    """'sources.export_treated.files' as the config has it, 'sources.export.files', where it is one of two made here."""
    head, _, rest = path.partition(".")
    source, dot, below = rest.partition(".")
    if head != "sources" or f"sources.{source}" in known:
        return path
    base = next((source.removesuffix(f"_{arm}") for arm in ARMS if source.endswith(f"_{arm}")), source)
    return f"sources.{base}{dot}{below}" if f"sources.{base}" in known else path
