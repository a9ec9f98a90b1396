"""What may config.yaml say? One module a section, names typed, one walker, messages."""
