"""Does the chosen model fit, and do other answers for the same day agree with it?"""
