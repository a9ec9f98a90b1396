"""What do programs of other people read: descriptions and data in published formats?"""
