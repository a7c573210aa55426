"""The command line without commands: what is written to a terminal."""
