"""What does the data dictionary of a REDCap project say of its export, and what do its forms hold?"""
