"""What did the hospital send: every cell as text, with its line. The intake stage."""

from .reading import read_blocks, read_file, write_intake

__all__ = ["read_blocks", "read_file", "write_intake"]
