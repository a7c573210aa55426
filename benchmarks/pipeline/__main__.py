"""`python -m benchmarks.pipeline [--turns N]`: Sealift's part of a pull request's pipeline, on `examples/orders`.

Each figure is the best of several turns: seconds by the clock, and in brackets those of the processor that the command
and the programs that it starts took. The emulator is not among them.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.build.peers import sealift
from benchmarks.build.timing import Run, timed

ORDERS = Path(__file__).resolve().parents[2] / "examples" / "orders"
_PREVIEWS = (
    '\n[previews]\naccount = "333333333333"\ntrust = "github:acme/orders"\nparameters = { KeepData = "Delete" }\n'
)
_CODE = Path("functions") / "read_orders" / "read_orders.py"


class Orders:
    """The example in a repository of its own, with every cache warm."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "orders"
        shutil.copytree(ORDERS, self.root, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
        with (self.root / "sealift.toml").open("a") as file:
            file.write(_PREVIEWS)
        (self.root / ".gitignore").write_text(".sealift/\n__pycache__/\n.bench-output\n")
        self._env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "CI": "true"}
        self._turn = 0
        for argv in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Begin"]):
            who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
            subprocess.run(["git", *who, *argv], cwd=self.root, check=True)

    def run(self, *argv: str) -> Run:
        """Run Sealift."""
        return timed([str(sealift()), *argv], cwd=self.root, env=self._env)

    def changed(self, *argv: str) -> Run:
        """Change a function, then run Sealift."""
        self._turn += 1
        with (self.root / _CODE).open("a") as file:
            file.write(f"# {self._turn}\n")
        return self.run(*argv)


def best(turns: int, measure: Callable[[], Run]) -> Run:
    """Measure once to warm up, then several times; return the run that took the least time."""
    measure()
    return min((measure() for _ in range(turns)), key=lambda run: run.wall_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.pipeline", description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    before = os.getloadavg()[0]
    up = ("preview", "up", "--local", "--pull-request", "12")
    with tempfile.TemporaryDirectory() as folder:
        orders = Orders(Path(folder))
        rows: Sequence[tuple[str, str, Run]] = (
            ("`check --no-tests`, nothing changed", "2 s", best(turns, lambda: orders.run("check", "--no-tests"))),
            (
                "`bootstrap previews --print`",
                "1 s",
                best(turns, lambda: orders.run("bootstrap", "previews", "--print")),
            ),
            ("`preview up --local`, a function changed", "6 s", best(turns, lambda: orders.changed(*up))),
        )
        orders.run("local", "down")
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {before:.1f} before\n\n")
    sys.stdout.write("| | aim | measured |\n|---|---|---|\n")
    for name, aim, run in rows:
        sys.stdout.write(f"| {name} | {aim} | {run.wall_s:.2f} s ({run.cpu_s:.2f} s) |\n")


if __name__ == "__main__":
    main()
