"""What will be done, declared before any outcome is read?"""
