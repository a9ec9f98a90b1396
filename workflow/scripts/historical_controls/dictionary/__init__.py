"""What is measured and given? Outcomes, units, synonyms, and the scales of analysis."""
