"""Three-valued logic on arrays: true, unknown and false, ordered so that 'and' is a minimum and 'or' a maximum.

Kleene's strong logic (S. C. Kleene, Introduction to Metamathematics, 1952, section 64).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

States = npt.NDArray[np.int8]

TRUE, UNKNOWN, FALSE = np.int8(1), np.int8(0), np.int8(-1)
WORDS = {1: "true", 0: "unknown", -1: "false"}


def states(true: npt.NDArray[np.bool_], false: npt.NDArray[np.bool_]) -> States:
    """TRUE and FALSE where the masks say so, UNKNOWN elsewhere."""
    return true.astype(np.int8) - false.astype(np.int8)


def kleene_and(parts: Sequence[States]) -> States:
    return np.minimum.reduce(list(parts))


def kleene_or(parts: Sequence[States]) -> States:
    return np.maximum.reduce(list(parts))
