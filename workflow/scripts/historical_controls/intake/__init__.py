"""What did the hospital send: every cell as text, with its line. The intake stage."""
