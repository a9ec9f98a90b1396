"""Which results there are: the outputs, analyses and statistics of the results table, each declared once."""
