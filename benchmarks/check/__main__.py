"""`python -m benchmarks.check`: a check of `examples/orders`, beside the tools that it runs, each run alone.

Prints a table of Markdown. Each figure is the best of several, with the processor time in brackets: that depends less
on what else the machine does. Sealift's cache is empty in the first row; uv's, with the packages, is not.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.build.timing import Run, timed

_RUNS = 5
_EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
_BIN = Path(sys.executable).parent
_CHANGED = Path("functions", "authorize", "authorize.py")


def main() -> None:
    """Measure a first check, one after a change of a file, and one after none; then each tool alone."""
    with tempfile.TemporaryDirectory(prefix="sealift-bench-") as name:
        place = Path(name)
        app = place / "orders"
        shutil.copytree(_EXAMPLE, app, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
        for git in ("init -q -b main", "add -A", "-c user.name=bench -c user.email=bench@localhost commit -qm first"):
            subprocess.run(["git", *git.split()], cwd=app, check=True)
        env = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "UV_CACHE_DIR": str(place / "uv"), "CI": "true"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        _measure(place, app, env)


def _measure(place: Path, app: Path, env: Mapping[str, str]) -> None:
    check = [str(_BIN / "sealift"), "check", "-C", str(app)]
    count = iter(range(1_000))

    def change() -> None:
        with (app / _CHANGED).open("a") as file:
            file.write(f"# change {next(count)}\n")

    def measured(argv: list[str], before: Callable[[], object] = lambda: None, where: Path = place) -> Run:
        runs = []
        for _ in range(_RUNS):
            before()
            runs.append(timed(argv, cwd=where, env=env))
        return min(runs, key=lambda run: run.cpu_s)

    timed(check, cwd=place, env=env)  # fills uv's cache
    print(f"Load average before: {os.getloadavg()[0]:.1f}; {os.cpu_count()} processors\n")
    print("| | |\n|---|---|")
    _row("check, empty cache", measured(check, lambda: shutil.rmtree(place / "cache")))
    _row("check, one file changed", measured(check, change))
    _row("check, nothing changed", measured(check))
    # The folder is not below the application's, so that what is measured is not changed by it.
    (python,) = (place / "cache" / "sealift" / "checks" / "environments").glob("*/venv/bin/python")
    tests, template = str(app / "tests" / "unit"), str(app / "template.yaml")
    paths = f"{app}:{app / 'layer'}:{app / 'functions'}"
    env = {**env, "PYTHONPATH": paths, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONPYCACHEPREFIX": str(place / "pyc")}
    alone = {
        "cfn-lint alone": [str(_BIN / "cfn-lint"), "--format", "json", "--", template],
        "pytest alone": [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(app), tests],
        "betterleaks alone": [str(_BIN / "betterleaks"), "fs", "--silent", "--exit-code", "0", str(app)],
        "ruff alone": [str(_BIN / "ruff"), "check", "--no-cache", "--exit-zero", str(app)],
    }
    for name, argv in alone.items():
        try:
            _row(name, measured(argv))
        except RuntimeError as error:
            print(f"| {name} | did not run: {str(error).splitlines()[-1][:100]} |")
    _row("sealift --help", measured([str(_BIN / "sealift"), "--help"]))


def _row(name: str, run: Run) -> None:
    print(f"| {name} | {run.wall_s:.2f} s ({run.cpu_s:.2f}) |", flush=True)


if __name__ == "__main__":
    main()
