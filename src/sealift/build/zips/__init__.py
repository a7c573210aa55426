"""Packages as Lambda takes them: what goes in, compressed once, in the same bytes everywhere."""
