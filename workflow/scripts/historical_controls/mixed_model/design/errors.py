"""What the library refuses; each error carries a message (code and values), its text is plain English.

Nothing but a ModelError leaves a fit or an answer: a failure of the linear algebra is `NumericalFailure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from historical_controls.mixed_model.design.messages import Code, Value, message


class ModelError(ValueError):
    """Base of all refusals: a code of `messages.Code` with its values; str() is meant for who wrote the model."""

    def __init__(self, code: Code, **values: Value) -> None:
        self.message = message(code, **values)
        super().__init__(str(self.message))


class SpecificationError(ModelError):
    """The specification contradicts itself or names something unknown."""


class DataError(ModelError):
    """The data cannot carry the specified model (missing columns, non-finite values, duplicates)."""


class RankDeficient(ModelError):  # noqa: N818
    """The columns of X are linearly dependent."""


class NotEstimable(ModelError):  # noqa: N818
    """The asked quantity is not determined by the model or the data."""


class IllConditioned(NotEstimable):
    """The information about the covariance parameters is too close to singular to be inverted."""


class NumericalFailure(IllConditioned):
    """A factorisation failed or lost all its digits."""


class NotConverged(ModelError):  # noqa: N818
    """A result was asked of a fit that did not converge."""


@contextmanager
def typed_failures() -> Iterator[None]:
    """Turn failures of the linear algebra into NumericalFailure.

    A ladder of models moves to its next rung on a ModelError; an error of numpy would end the whole analysis.
    """
    try:
        yield
    # ModelError is a ValueError and must pass before the clause that catches those.
    except ModelError:
        raise
    except (np.linalg.LinAlgError, FloatingPointError, ZeroDivisionError, ValueError) as error:
        # scipy reports infinite matrices as plain ValueError; LinAlgError is a subclass. Any other ValueError is a bug
        # and keeps its traceback.
        if type(error) is ValueError and "infs or NaNs" not in str(error):
            raise
        raise NumericalFailure(Code.NUMERICAL_FAILURE, detail=str(error)) from error
