"""Which files are made from code? `make docs` writes them, a test compares them."""
