"""What do many comparisons allow? Max-T, fixed sequence, completeness of outcomes."""
