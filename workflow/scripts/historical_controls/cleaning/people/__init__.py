"""Who is who? Ids of all sources, duplicates, and people who are held."""
