"""One reading charted twice: in two units, or with the noise of single precision, and rounded each time."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.units import conversions
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold_unit

# Digits before the last mark, digits after it, exponent.
NUMBER = re.compile(r"([0-9][0-9.,]*?)(?:[.,]([0-9]+))?(?:[eE]([+-]?[0-9]+))?(?![0-9.,])")
# Two neighbours in single precision are 1.2e-7 of their value apart: 0.20999999 is what a program made of 0.21.
SINGLE_PRECISION = 1e-6


def same_reading(records: pd.DataFrame, sample: list[str], dictionary: Dictionary) -> pd.Series:
    """Return where a record says what a more precise record of its sample says (boolean, by the index of `records`).

    records: open measurements of samples with several results, in the order of the files, with columns value,
    raw_value, raw_unit and outcome. In one unit the values are the same but for single precision; in two units, each
    is within what the other was rounded to (99.6 F is 37.53 to 37.58 C, so 37.56 C is the same reading).
    """
    factors = conversions(records["outcome"], records["raw_unit"], dictionary)
    sent = (records["value"] - factors["offset"]) / factors["factor"]
    steps = [_step(text, number) for text, number in zip(records["raw_value"], sent, strict=True)]
    rounded = 0.5 * np.array(steps, np.float64) * factors["factor"].abs().to_numpy(np.float64)
    frame = pd.DataFrame(
        {
            "group": records.groupby(sample, dropna=False, sort=False).ngroup(),
            "value": records["value"],
            "rounded": rounded,
            "unit": records["raw_unit"].map(fold_unit, na_action="ignore").fillna(""),
        }
    )
    frame = frame.loc[frame["value"].notna() & frame["rounded"].notna()]
    # The most precise record of a sample is kept, of equals the first in the files.
    order = frame.sort_values("rounded", kind="stable")
    best = order.loc[~order.duplicated("group")].set_index("group")
    finest = best.reindex(frame["group"]).set_axis(frame.index)
    apart = (frame["value"] - finest["value"]).abs()
    one_unit = frame["unit"] == finest["unit"]
    size = np.maximum(frame["value"].abs(), finest["value"].abs())
    allowed = np.where(one_unit, SINGLE_PRECISION * size, frame["rounded"] + finest["rounded"] + 1e-9 * size)
    is_best = frame.index.isin(order.index[~order.duplicated("group")])
    return ((apart <= allowed) & ~is_best).reindex(records.index, fill_value=False)


def _step(text: str, number: float) -> float:
    """Return what the last digit sent counts: 0.1 in 37.6, 1 in 1.235 where that means 1235, 100 in 1.2E3.

    number: what the cell means in the unit sent, which tells a decimal mark from one of thousands.
    """
    cell = NUMBER.search(text)
    if cell is None:
        return 1.0
    before, after, exponent = cell.group(1), cell.group(2) or "", 10.0 ** int(cell.group(3) or 0)
    whole = float(re.sub("[.,]", "", before + after)) * exponent
    # A last mark before three digits may be one of thousands: the number then is the whole of its digits.
    thousands = len(after) == 3 and np.isclose(whole, abs(number), rtol=1e-6)
    return exponent if thousands else exponent * 10.0 ** -len(after)
