"""How are historical patients made comparable? Matching, entropy balancing and overlap weights."""
