"""What may the config say of a hospital's files?"""
