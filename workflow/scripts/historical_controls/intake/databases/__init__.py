"""What do tables hold that come as parquet or from a database?"""
