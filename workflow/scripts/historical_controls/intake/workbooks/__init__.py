"""Which rows and cells does a sheet hold, as stored and as shown?"""
