"""Would this study run, and on which data? Looked at in seconds, before anything is analysed."""
