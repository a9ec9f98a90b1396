"""How alike are the arms, and may we estimate at all?"""
