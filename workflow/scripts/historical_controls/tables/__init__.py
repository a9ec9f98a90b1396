"""What does one stage hand to the next? Declared tables, their schema, and parquet."""
