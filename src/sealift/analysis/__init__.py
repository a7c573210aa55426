"""Pure: what to run for analysis and tests, and how to read what the tools report. No I/O, no clock."""
