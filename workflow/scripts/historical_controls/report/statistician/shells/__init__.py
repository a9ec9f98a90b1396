"""Which displays does a statistician read? One declared layout each, for the page and every document."""
