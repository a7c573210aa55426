"""How long a check takes, beside the slowest of the tools that it runs."""
