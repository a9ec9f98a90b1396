"""How likely was a value to be measured?"""
