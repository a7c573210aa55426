"""`python -m benchmarks`: the quick form of the measurements, one after the other."""

import subprocess
import sys

_MODULES = ("benchmarks.build", "benchmarks.journey")


def main() -> None:
    """Run them all; fail with the number of those that failed."""
    failed = 0
    for module in _MODULES:
        sys.stdout.write(f"\n## python -m {module} --quick\n")
        sys.stdout.flush()
        failed += subprocess.run([sys.executable, "-m", module, "--quick"], check=False).returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
