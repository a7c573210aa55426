"""How long commit → staging → production takes, side by side with SAM: `python -m benchmarks.journey`."""
