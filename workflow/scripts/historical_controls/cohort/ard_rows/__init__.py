"""What does the cohort stage add to the results table?"""
