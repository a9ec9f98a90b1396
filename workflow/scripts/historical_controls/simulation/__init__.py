"""Simulated studies with stated truths: latent courses, clean truth, exports, and the dirt planted in them."""

from .study import Study, make_study, simulate, write_study
from .truth import Truth, changed, load_truth

__all__ = ["Study", "Truth", "changed", "load_truth", "make_study", "simulate", "write_study"]
