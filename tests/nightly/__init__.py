"""Long runs, by hand or at night: `python -m tests.nightly.NAME`."""
