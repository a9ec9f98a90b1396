"""What was found? Rows of the one results table, questions to it, and what of it may be shared."""
