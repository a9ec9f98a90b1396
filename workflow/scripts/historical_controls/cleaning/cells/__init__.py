"""What does a cell say? Numbers, words, times, units, limits and names."""
