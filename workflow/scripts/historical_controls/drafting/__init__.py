"""What would a folder of exports look like as the declaration of a study?"""
