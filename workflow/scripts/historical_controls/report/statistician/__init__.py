"""The statistician's report and the documents that carry its tables."""
