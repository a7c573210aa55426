"""How long builds take, side by side with `sam build` and `chalice package`: `python -m benchmarks.build`."""
