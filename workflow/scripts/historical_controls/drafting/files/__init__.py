"""How is each file of a folder written?"""
