"""How is it said? Words in each language, digits, and names."""
