"""What is the main answer in words, and what became of the plan behind it?"""
