"""What does the mixed model answer? Data, covariance ladder, gates, contrasts, permutation."""
