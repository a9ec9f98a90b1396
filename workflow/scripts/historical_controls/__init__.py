"""Treated-versus-historical-controls studies: exports in, honest reports out. Knows nothing of Snakemake.

`open_results(folder)` reads what a finished run found; the mixed model is in `mixed_model`.
"""

import lazy_loader

# Every job runs this file: what `__init__.pyi` lists is imported when it is asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
