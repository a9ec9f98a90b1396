"""What does a run say on the terminal, and at its end?"""
