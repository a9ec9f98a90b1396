"""What did the hospital send: every cell as text, with its line. The intake stage."""

from .reading import read_file

__all__ = ["read_file"]
