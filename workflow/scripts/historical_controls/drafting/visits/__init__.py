"""How do visits become parts: by dates beside their values, or by their names?"""
