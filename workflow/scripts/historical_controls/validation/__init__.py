"""The validation pack: what an installation is checked by, and which tests hold which equation."""
