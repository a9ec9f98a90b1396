"""What do the comparisons look like? Forest, null distribution, specification curve, tipping point."""
