"""How do the cleaned rows of a file travel? Parsed rows, their distinct values, their tables."""
