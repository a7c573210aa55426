"""What is decided: plans, guards, gates and the journey of a commit. Pure: no I/O, no clock, no randomness."""
