"""What does the text of one cell say?"""
