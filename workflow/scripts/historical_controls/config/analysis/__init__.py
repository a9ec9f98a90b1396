"""What may the config say of comparisons, estimands and sensitivity?"""
