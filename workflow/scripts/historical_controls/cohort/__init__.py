"""Who is comparable, and from which hour is time counted?"""
