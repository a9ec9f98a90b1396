"""What does each row say, and what became of every row: the cleaning stage."""
