"""Treated-versus-historical-controls studies: exports in, honest reports out. Knows nothing of Snakemake."""
