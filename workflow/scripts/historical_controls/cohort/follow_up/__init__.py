"""What happened after time zero? Endings, observations, visits and summaries per patient."""
