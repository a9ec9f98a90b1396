"""One file with both arms: a source whose column says the arm of each row becomes two sources, one for each arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from historical_controls.config.merging import value_at
from historical_controls.config.sources.arms import ARMS, ArmColumn
from historical_controls.config.sources.sources import Source
from historical_controls.errors import UserError, raise_all


def with_arms(raw: Mapping[str, Any], name: str = "config.yaml") -> dict[str, Any]:
    """The config with `<source>_treated` and `<source>_historical` for each source whose arm is a column.

    Each file of the source is in both, and says by its `arm_column` which rows are whose. Raises UserError(s) for an
    arm that is no such mapping; what has another shape is left to the checks of the config.
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
    hint = "Type arm: {column: group, treated: [A], historical: [B], neither: [C]}, or treated, or historical."
    for one in error.errors():
        place = ".".join((where, *map(str, one["loc"])))
        yield UserError(one["msg"].removeprefix("Value error, "), place, hint)


def _of_arm(source: Mapping[str, Any], arm: str, column: ArmColumn) -> dict[str, Any]:
    files = source.get("files")
    own = {key: value for key, value in source.items() if key != "arm"}
    if not isinstance(files, Mapping):
        return {"arm": arm, **own}
    said = column.model_dump()
    # A file whose own column is called otherwise says so itself.
    both = {name: {"arm_column": said, **file} if isinstance(file, Mapping) else file for name, file in files.items()}
    return {"arm": arm, **own, "files": both}


def name_of_both_arms(name: str, source: Source) -> str:
    """Return the name as written of a source that is one arm of a file with both, of any other its own."""
    of_both = any(file.arm_column is not None for file in source.files.values())
    return name.removesuffix(f"_{source.arm}") if of_both else name


def source_as_written(path: str, known: Mapping[str, Any]) -> str:
    """'sources.export_treated.files' as the config has it, 'sources.export.files', where it is one of two made here."""
    head, _, rest = path.partition(".")
    source, dot, below = rest.partition(".")
    if head != "sources" or f"sources.{source}" in known:
        return path
    base = next((source.removesuffix(f"_{arm}") for arm in ARMS if source.endswith(f"_{arm}")), source)
    return f"sources.{base}{dot}{below}" if f"sources.{base}" in known else path
