"""What differs between the arms, how sure, and how robust: the analysis stage."""
