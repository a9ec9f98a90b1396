"""What is the main answer in words, and was its question fixed beforehand?"""
