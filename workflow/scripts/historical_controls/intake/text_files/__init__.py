"""Which lines and cells does a delimited text hold, whatever its encoding and quoting?"""
