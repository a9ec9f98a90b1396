"""The permutation test of a contrast: a statistic of every relabelling, a p-value, and an interval by inversion."""
