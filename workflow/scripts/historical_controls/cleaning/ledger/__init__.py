"""What became of every row? Reasons, counts, losses and documented decisions."""
