"""The gates before an environment, one file each, as values: a gate reads, never writes, never raises and never waits.

It says whether it is open, and when it is not, why, and the act that opens it.
"""
