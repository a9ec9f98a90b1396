"""What did a finished run find?"""
