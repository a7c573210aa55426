"""One file for each group of commands. Imported only when one of its commands is called."""
