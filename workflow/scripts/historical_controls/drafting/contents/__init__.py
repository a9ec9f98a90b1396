"""What do the cells of a file tell where its headings do not?"""
