"""What does a row say? Rows unfolded into measurements, persons, stays and treatments."""
