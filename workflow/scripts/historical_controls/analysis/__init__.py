"""What differs between the arms, how sure, and what would overturn it: the analysis stage."""
