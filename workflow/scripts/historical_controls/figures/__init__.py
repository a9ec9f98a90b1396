"""Figures: what does it look like? Draws rows of the results table and of table `display`, and computes nothing."""
