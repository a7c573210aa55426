"""The programs that are compared, each from PyPI in a virtual environment of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.build.timing import Budget

_PACKAGES = {"sam": ("aws-sam-cli", "pip", "setuptools", "uv"), "chalice": ("chalice", "pip", "setuptools<81", "wheel")}


def environment(home: Path, *first_on_path: Path) -> dict[str, str]:
    """Return an environment in which no cache but the package registries' own is shared with anybody."""
    path = os.pathsep.join([*map(str, first_on_path), os.environ["PATH"]])
    kept = {k: v for k, v in os.environ.items() if k.startswith(("UV_", "PIP_", "SSL_", "LANG"))}
    uv_cache = subprocess.run([_uv(), "cache", "dir"], check=True, capture_output=True, text=True).stdout.strip()
    return {
        **kept,
        "PATH": path,
        "HOME": os.environ["HOME"],
        "UV_CACHE_DIR": uv_cache,
        "XDG_CACHE_HOME": str(home / "cache"),
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "SAM_CLI_TELEMETRY": "0",
        "CI": "true",
        "PYTHONWARNINGS": "ignore",
    }


def installed(name: str, home: Path, budget: Budget | None = None) -> Path:
    """Return the `bin` folder of a peer; it is installed when it is not there. Raises CalledProcessError, TimeUp."""
    venv = home / "peers" / name
    python = venv / "bin" / "python"
    if not (venv / "bin" / name).exists():
        shutil.rmtree(venv, ignore_errors=True)
        argv = [_uv(), "pip", "install", "-q", "--python", str(python), *_PACKAGES[name]]
        subprocess.run([_uv(), "venv", "-q", "--python", sys.executable, str(venv)], check=True)
        subprocess.run(argv, check=True, timeout=(budget or Budget()).left_s())
    return venv / "bin"


def sealift() -> Path:
    """Return the Sealift of this checkout."""
    return Path(sys.executable).parent / "sealift"


def _uv() -> str:
    return str(Path(sys.executable).parent / "uv")
