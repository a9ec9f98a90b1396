"""What the mixed-model library refuses: one line each, naming what was found and what to do."""

from __future__ import annotations


class ModelError(ValueError):
    """Base of all refusals; the message is meant for the person who wrote the model."""


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


class NotConverged(ModelError):  # noqa: N818
    """A result was asked of a fit that did not converge."""
