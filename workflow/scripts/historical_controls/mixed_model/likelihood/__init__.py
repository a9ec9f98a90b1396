"""How likely are the data? The profiled likelihood, its gradient, and the optimiser."""
