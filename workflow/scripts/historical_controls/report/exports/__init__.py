"""What can be taken away? Tables, data sets, listings, Word, RTF and PDF."""
