"""Reports: what can a reader take home? Pages and exports print rows of the results table, and compute nothing."""
