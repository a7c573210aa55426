"""`python -m tests.nightly.isolation [SEED]`: the mechanisms, then the decisions."""

from tests.nightly.isolation import decisions, mechanisms

if __name__ == "__main__":
    raise SystemExit(mechanisms.main() | decisions.main())
