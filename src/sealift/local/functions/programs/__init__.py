"""Programs of functions' own processes: standard library only, and never imported by ours."""
