"""Who fares better: every treated subject against every control."""
