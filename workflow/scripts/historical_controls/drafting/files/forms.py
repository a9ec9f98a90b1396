"""Columns whose cells hold a device with its flow or fraction ('CN 3 L', 'VMK 50%'), or a saturation with 'aa'."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from historical_controls.drafting.cells.devices import kind_of
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.marks import Guess
from historical_controls.intake.splitting import form_values

TEXT = r"[^\W\d_](?:[^\d]*[^\d\s])?"
NUMBER = r"\d+(?:[.,]\d+)?"
DEVICE_FIRST = re.compile(rf"({TEXT})\s*(.*)")
AIR_LAST = re.compile(rf"({NUMBER})\s*(%?)\s*({TEXT})")
PERCENT = re.compile(rf"{NUMBER}\s*%")
FLOW = re.compile(rf"{NUMBER}\s*(l\s?/\s?min|lts?\s?/\s?min|l\s?x\s?min|l\s?x|lpm|lts|lt|litros|l)\b\.?", re.IGNORECASE)
# Distinct cells that name a device; of which some have a number as well.
MOST = 0.6


def split_oxygen(sheet: Sheet) -> Sheet:
    """The sheet with a column for each value of such cells, and the declaration that splits them, marked."""
    declared: dict[str, dict[str, list[str]]] = {}
    columns, labels = dict(sheet.columns), dict(sheet.labels)
    for name, cells in sheet.columns.items():
        forms = _device_forms(name, cells) or _air_forms(name, cells)
        if not forms:
            continue
        declared[name] = {"forms": forms}
        found = [_values(cell, forms) for cell in cells]
        for own in dict.fromkeys(re.findall(r"\{(.*?)\}", " ".join(forms))):
            columns[own] = [one.get(own, "") for one in found]
            if own.endswith(VALUE):
                labels[own] = name
    if not declared:
        return sheet
    units = {own: sheet.units[name] for name in declared for own in [name + VALUE] if name in sheet.units}
    why = "several values in one cell: are all forms here, and rightly read?"
    before = sheet.written.get("split_columns", Guess({}, ""))
    whys = "; ".join(filter(None, (before.why, why)))
    written: dict[str, Any] = {**sheet.written, "split_columns": Guess(before.value | declared, whys)}
    kept = {name: cells for name, cells in columns.items() if name not in declared}
    return replace(sheet, written=written, columns=kept, labels=labels, units={**sheet.units, **units})


DEVICE, FLOW_OF, FRACTION, VALUE, AIR = " device", " flow", " fraction", " value", " air"


def _device_forms(name: str, cells: Sequence[str]) -> list[str]:
    """The forms of cells such as 'HFNC 40L/60%'; none where most name no device, or none has a number."""
    distinct = [cell for cell in dict.fromkeys(cells) if cell]
    found = [(cell, parts) for cell in distinct if (parts := DEVICE_FIRST.fullmatch(cell)) and kind_of(parts[1])]
    if len(found) < MOST * len(distinct) or not any(parts[2] for _, parts in found):
        return []
    forms: dict[str, str] = {}
    for _, parts in found:
        rest = PERCENT.sub(f"{{{name}{FRACTION}}} %", parts[2])
        rest = FLOW.sub(lambda flow: f"{{{name}{FLOW_OF}}} {flow[1]}", rest)
        # A number that is neither is for a person: '40/60'.
        if re.search(r"\d", re.sub(r"\{.*?\}", "", rest)):
            continue
        form = " ".join(f"{{{name}{DEVICE}}} {rest}".split())
        # Blanks may be missing, and case is no matter.
        forms.setdefault(re.sub(r"\s", "", form).casefold(), form)
    return list(forms.values())


def _air_forms(name: str, cells: Sequence[str]) -> list[str]:
    """The forms of numbers some of which have room air behind them: '93 aa', '93% AA'."""
    distinct = [cell for cell in dict.fromkeys(cells) if cell]
    aired = [found for cell in distinct if (found := AIR_LAST.fullmatch(cell)) and kind_of(found[3]) == "air"]
    plain_ones = [cell for cell in distinct if re.fullmatch(rf"{NUMBER}\s*%?", cell)]
    if not aired or len(aired) + len(plain_ones) < MOST * len(distinct):
        return []
    value, air = f"{{{name}{VALUE}}}", f"{{{name}{AIR}}}"
    return [value, f"{value} %", f"{value} {air}", f"{value} % {air}"]


def _values(cell: str, forms: Sequence[str]) -> dict[str, str]:
    return next((found for form in forms if (found := form_values(cell, form)) is not None), {})
