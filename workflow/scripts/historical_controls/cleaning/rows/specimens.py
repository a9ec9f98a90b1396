"""Which specimens answer an outcome: leukocytes of pleural fluid are no leukocytes of blood."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct_pair
from historical_controls.cleaning.records.records import decide
from historical_controls.dictionary.dictionary import Dictionary


def check_answers(records: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """Hold records (columns code, specimen) whose specimen is not among those that outcomes.csv names (SPECIMEN_OTHER).

    A record without a specimen, or of an outcome that names none, stays.
    """
    hint = by_distinct_pair(
        records["code"], records["specimen"], lambda code, specimen: _fault(code, specimen, dictionary), "str"
    )
    return decide(records, hint != "", "SPECIMEN_OTHER", hint=hint)


def _fault(code: str, specimen: str, dictionary: Dictionary) -> str:
    outcome = dictionary.outcomes.get(code)
    if outcome is None or not specimen or not outcome.specimens or specimen in outcome.specimens:
        return ""
    named = ", ".join(outcome.specimens)
    if specimen in dictionary.specimens.values():
        return f"specimen '{specimen}' does not answer {code}; outcomes.csv names: {named}"
    return f"specimen '{specimen}' is not in specimens.csv; if it is one of {named}, add the spelling there"
