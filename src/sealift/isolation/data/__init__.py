"""Bundled facts: the documents of AWS managed policies. See README.md for where they come from."""
