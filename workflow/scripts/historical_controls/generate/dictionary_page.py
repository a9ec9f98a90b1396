"""docs/dictionary.md: the columns of a dictionary's files, and how a study extends the program's."""

from __future__ import annotations

from collections.abc import Iterator

from historical_controls.dictionary.columns import FILES, Columns
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY

HEAD = """\
# The dictionary

`data/dictionary/` says what is measured and given, in which units, and under which names hospitals send it. A study
extends it row by row: a folder `dictionary/` beside its `config.yaml` (or the one that `dictionary` names) holds
files of the same names with only the rows that are new or different, and only the columns that differ from the default.
A row with the same code, name, or outcome and unit takes the place of the program's; of a code that the program has, a
file of outcomes changes only the columns that it has (limits go with the unit). Written by `make docs`.

A new outcome and a unit that it comes in, for example:

```
dictionary/outcomes.csv
code,family,label_en,label_es,unit,hard_low,hard_high,scale,benefit
LEAD,component,Blood lead,Plomo en sangre,ug/dL,0,500,log,down

dictionary/units.csv
outcome,unit,factor
LEAD,umol/L,20.72

dictionary/events.csv
code,label_en,label_es
transplant,transplant,trasplante
```

The program's own events, which other names stand beside:

EVENTS

Some files are a study's alone: `registered.csv` (the registry's list of outcomes; none without it), `benchmarks.csv`
(published results beside its own; the optional `note_en` and `note_es` are printed in the page's language) and
`registry_differences.csv` (the registry beside the analysis). The example's `dictionary/` has all three.
"""


def dictionary_page() -> str:
    events = load_dictionary(PROGRAM_DICTIONARY).events.values()
    meanings = "".join(f"| `{event.code}` | {event.meaning} |\n" for event in events)
    head = HEAD.replace("EVENTS\n", f"| event | meaning |\n|---|---|\n{meanings}")
    return head + "".join(f"{line}\n" for name, columns in FILES.items() for line in _table(name, columns))


def _table(name: str, columns: Columns) -> Iterator[str]:
    yield from ("", f"## {name}.csv", "", "| column | what it says | left out |", "|---|---|---|")
    for column, (meaning, default) in columns.items():
        left_out = "needed" if default is None else default or "blank"
        # chr(92) is a backslash, which an f-string could not hold before Python 3.12: a bar within a cell must be
        # escaped.
        yield f"| `{column}` | {meaning.replace('|', chr(92) + '|')} | {left_out} |"
