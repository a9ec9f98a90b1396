"""Which outcomes are computed from others? P/F, SOFA, fever hours, ratios to baseline."""
