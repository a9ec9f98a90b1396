"""Who would be compared under other choices? Interpretations, waiting times, the grid."""
