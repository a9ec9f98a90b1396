"""What do rows of the OMOP model mean, by their concepts and by the tables beside them?"""
