"""REDCap's data dictionary: what its exports call each field, which codes a field has, and which fields identify.

The declaration of a REDCap export names fields and codes, whether the export carries these or their labels. A label
export heads a column with the field's label, and each box of a checkbox with '(choice=...)' behind it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from historical_controls.config.sources.arms import ArmColumn
from historical_controls.config.sources.codes import same_code
from historical_controls.config.sources.parts import Condition, EventRows, TreatmentRows
from historical_controls.config.sources.sources import SourceFile
from historical_controls.config.sources.words import CellWord
from historical_controls.errors import UserError, did_you_mean, raise_all

# Headings of the dictionary as REDCap downloads it.
NAME, FORM, KIND, LABEL = "Variable / Field Name", "Form Name", "Field Type", "Field Label"
CHOICES, IDENTIFIER = "Choices, Calculations, OR Slider Labels", "Identifier?"
NEEDED = (NAME, FORM, KIND, LABEL, CHOICES)
CODED = ("radio", "dropdown", "checkbox")
FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
BOX = {"1": "Checked", "0": "Unchecked"}
# The same words where REDCap speaks Spanish.
SPANISH = {
    "Yes": ("Sí",),
    "True": ("Verdadero",),
    "False": ("Falso",),
    "Checked": ("Marcado", "Seleccionado"),
    "Unchecked": ("No marcado", "Sin marcar", "No seleccionado"),
}
OWN = {
    "redcap_event_name": "Event Name",
    "redcap_repeat_instrument": "Repeat Instrument",
    "redcap_repeat_instance": "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}


@dataclass(frozen=True)
class RedcapField:
    """One field; choices: label by code, of the field itself or, for a checkbox, of its boxes."""

    name: str
    form: str
    kind: str
    label: str
    choices: Mapping[str, str]
    identifier: bool

    def columns(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """(name in a raw export, heading in a label export, labels of its codes) of each of its columns."""
        if self.kind != "checkbox":
            yield self.name, _plain(self.label), self.choices
            return
        for code, choice in self.choices.items():
            # REDCap writes codes in column names in small letters, other signs as underscores.
            suffix = re.sub(r"[^a-z0-9_]", "_", code.lower())
            yield f"{self.name}___{suffix}", _plain(f"{self.label} (choice={choice})"), BOX


@dataclass(frozen=True)
class RedcapDictionary:
    """The fields of a project, in the order of its exports."""

    fields: tuple[RedcapField, ...]

    def columns(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """As of a field, for all fields and the columns that REDCap adds."""
        yield from ((name, label, {}) for name, label in OWN.items())
        for place, field in enumerate(self.fields):
            yield from field.columns()
            # REDCap ends every form with a status column that its dictionary does not list.
            if place + 1 == len(self.fields) or self.fields[place + 1].form != field.form:
                yield f"{field.form}_complete", "Complete?", {"0": "Incomplete", "1": "Unverified", "2": "Complete"}

    def identifiers(self) -> set[str]:
        """Columns of the fields that the project marks as identifying."""
        return {name for field in self.fields if field.identifier for name, _, _ in field.columns()}

    def raw_names(self, header: list[str]) -> list[str]:
        """The header of a label export in field names; a heading that may be several fields stays as it is.

        Headings that fields share are told apart by their order, where the file has all of these fields.
        """
        sharing: dict[str, list[str]] = defaultdict(list)
        for name, label, _ in self.columns():
            sharing[label].append(name)
        labels = [_plain(heading) for heading in header]
        there, seen = Counter(labels), Counter[str]()
        out = []
        for heading, label in zip(header, labels, strict=True):
            # A label shared by several fields is told apart by order, which needs all of them to be in the file.
            whole = there[label] == len(sharing.get(label, ()))
            out.append(sharing[label][seen[label]] if whole else heading)
            seen[label] += 1
        return out


def load_redcap_dictionary(path: str | Path) -> RedcapDictionary:
    """The fields of a data dictionary as REDCap downloads it (CSV, UTF-8). Raises UserError(s)."""
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            "the file is not utf-8", str(place), "Download the data dictionary from REDCap again."
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = [name.strip() for name in reader.fieldnames or []]
    raise_all(
        UserError(f"there is no column '{name}'", f"{place}, line 1", did_you_mean(name, header))
        for name in NEEDED
        if name not in header
    )
    # Headings are trimmed: rows are then read by the trimmed names.
    reader.fieldnames = header
    # Descriptive fields are texts on the form and have no column.
    rows = [row for row in reader if (row[NAME] or "").strip() and (row[KIND] or "").strip() != "descriptive"]
    return RedcapDictionary(tuple(_field(row) for row in rows))


def _field(row: Mapping[str, Any]) -> RedcapField:
    cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
    choices = FIXED.get(cells[KIND], {})
    if cells[KIND] in CODED:
        # '1, Yes | 0, No': only the first comma parts code and label, which may have commas itself.
        pairs = [choice.partition(",") for choice in cells[CHOICES].split("|") if choice.strip()]
        choices = {code.strip(): label.strip() for code, _, label in pairs}
    identifier = cells.get(IDENTIFIER, "").casefold() in ("y", "yes")
    return RedcapField(cells[NAME], cells[FORM], cells[KIND], cells[LABEL], choices, identifier)


def _plain(label: str) -> str:
    """A heading as an export shows it: without markup, on one line."""
    return " ".join(re.sub(r"<[^>]*>", "", label).split())


def as_exported(file: SourceFile, dictionary: str | Path | None) -> SourceFile:
    """The declaration as its export is written: checked against the data dictionary, and in labels where it has these.

    Raises UserError(s) for codes that the dictionary does not give to their field.
    """
    if dictionary is None or file.redcap is None:
        return file
    known = load_redcap_dictionary(dictionary)
    check_codes(file, known, str(dictionary))
    return with_labels(file, known) if file.redcap.labels else file


def with_labels(file: SourceFile, known: RedcapDictionary) -> SourceFile:
    """The declaration of a label export: the codes that its parts name become the labels that its cells hold."""
    labels = {name: choices for name, _, choices in known.columns()}
    words = [_labelled_word(word, _columns_of(word.outcome, file), labels) for word in file.words]
    arms = file.arm_column and _labelled_arms(file.arm_column, labels.get(file.arm_column.column, {}))
    parts = [_labelled(part, labels) for part in file.parts]
    return file.model_copy(update={"arm_column": arms, "parts": parts, "words": words})


def _columns_of(outcome: str | None, file: SourceFile) -> list[str]:
    """The columns of which the words of an outcome are said; none for words of all, which are no codes of a field."""
    columns = [item for part in file.parts for item in getattr(part, "columns", {}).items()]
    codes = {name: getattr(own, "outcome", None) or getattr(own, "characteristic", None) for name, own in columns}
    return [name for name, code in codes.items() if outcome is not None and code == outcome]


def _labelled_word(word: CellWord, columns: list[str], labels: Mapping[str, Mapping[str, str]]) -> CellWord:
    """A word of an outcome, in the labels of its columns; the code itself where none of them has it."""
    texts = [text for code in word.texts for name in columns for text in _texts(code, labels.get(name, {}))]
    return word.model_copy(update={"texts": list(dict.fromkeys(texts)) or word.texts})


def _labelled_arms(arms: ArmColumn, labels: Mapping[str, str]) -> ArmColumn:
    lists = {"treated": arms.treated, "historical": arms.historical, "neither": arms.neither}
    return arms.model_copy(
        update={name: [text for code in codes for text in _texts(code, labels)] for name, codes in lists.items()}
    )


def _labelled(model: Any, labels: Mapping[str, Mapping[str, str]]) -> Any:
    """A declaration, and all within it, with labels in place of codes."""
    changed: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Condition):
            changed[name] = _labelled_condition(value, labels)
        elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
            changed[name] = [
                _labelled_condition(item, labels) if isinstance(item, Condition) else _labelled(item, labels)
                for item in value
            ]
        elif name == "columns" and isinstance(value, dict):
            changed[name] = {
                column: own.model_copy(update={"values": _labelled_values(own.values, labels.get(column, {}))})
                for column, own in value.items()
            }
        elif name == "values" and isinstance(model, EventRows | TreatmentRows):
            changed[name] = _labelled_values(value, labels.get(_named_by(model), {}))
    return model.model_copy(update=changed)


def _named_by(part: EventRows | TreatmentRows) -> str:
    return part.event if isinstance(part, EventRows) else part.treatment


def _labelled_condition(condition: Condition, labels: Mapping[str, Mapping[str, str]]) -> Condition:
    own = labels.get(condition.column, {})
    return condition.model_copy(update={"is_in": [text for code in condition.is_in for text in _texts(code, own)]})


def _labelled_values(values: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    return {text: meaning for code, meaning in values.items() for text in _texts(code, labels)}


def _texts(code: str, labels: Mapping[str, str]) -> list[str]:
    """What a label export writes for a code; the code itself where the dictionary has none."""
    # Label exports of a Spanish REDCap translate its own words, not those of the project.
    return [labels[code], *SPANISH.get(labels[code], ())] if code in labels else [code]


def check_codes(file: SourceFile, known: RedcapDictionary, where: str) -> None:
    """Raises UserErrors for codes in the declaration that the dictionary does not give to their field."""
    # Fields without choices take any code.
    choices = {name: own for name, _, own in known.columns() if own}
    raise_all(
        UserError(f"'{code}' is not a code of '{column}'", where, did_you_mean(code, choices[column]))
        for column, code in _codes(file)
        if column in choices and same_code(code) not in {same_code(own) for own in choices[column]}
    )


def _codes(file: SourceFile) -> Iterator[tuple[str, str]]:
    if file.arm_column is not None:
        # A blank is no code: it is a field that was not filled in.
        yield from ((file.arm_column.column, code) for code, _ in file.arm_column.codes() if code)
    for part in file.parts:
        yield from _conditions(part)
        for column, own in getattr(part, "columns", {}).items():
            yield from ((column, code) for code in own.values)
        if isinstance(part, EventRows | TreatmentRows):
            yield from ((_named_by(part), code) for code in part.values)


def _conditions(part: BaseModel) -> Iterator[tuple[str, str]]:
    held: Collection[Any] = [*getattr(part, "where", []), *(e.only_if for e in getattr(part, "events", []))]
    yield from ((condition.column, code) for condition in held if condition is not None for code in condition.is_in)
