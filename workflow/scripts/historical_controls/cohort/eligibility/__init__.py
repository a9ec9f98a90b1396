"""Who is eligible, and from which hour is time counted? Rules, evidence and time zero."""
