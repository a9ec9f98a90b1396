"""What makes a file doubtful? Findings about units, dates and values."""
