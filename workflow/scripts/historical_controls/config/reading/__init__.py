"""What do the files of a config say, line by line, and what holds where they say nothing?"""
