"""What was decided before results were known?"""
