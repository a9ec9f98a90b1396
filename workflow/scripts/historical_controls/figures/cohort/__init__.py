"""What does the comparison rest on? Flow, calendar, availability, balance and overlap."""
