"""What has the data manager to resolve? The cleaning page and its lists."""
