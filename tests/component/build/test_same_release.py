"""`sealift build`, as another person on another machine would call it, gives the same release."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

FILES = {
    # Without a name of its own, an application is named after its folder, and its name is part of a release.
    "sealift.toml": '[app]\nname = "shop"\n',
    "template.yaml": (
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        '  Orders: {Type: "AWS::Serverless::Function",\n'
        "    Properties: {CodeUri: orders, Handler: a.h, Runtime: python3.12}}\n"
        '  Stock: {Type: "AWS::Serverless::Function",\n'
        "    Properties: {CodeUri: stock, Handler: a.h, Runtime: python3.13}}\n"
    ),
    "orders/a.py": "def h(event, context):\n    return 1\n",
    "orders/deep/er/é.txt": "text\n",
    "orders/run.sh": "#!/bin/sh\n",
    "orders/requirements.txt": "six==1.17.0\n",
    "stock/a.py": "def h(event, context):\n    return 2\n",
    "stock/requirements.txt": "# shared\nsix == 1.17.0\n",
}


def write(root: Path, names: list[str]) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name])
    (root / "orders/run.sh").chmod(0o755)
    return root


def _reaches_registry(name: str) -> bool:
    return name.startswith(("UV_", "PIP_INDEX", "SSL_")) or name.lower().endswith("_proxy")


def build(root: Path, scratch: Path, *, umask: int = 0o022, env: Mapping[str, str] | None = None) -> str:
    """Build in a process of its own, with an empty cache, and return the digest of the release."""
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch / "home"),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        **{name: value for name, value in os.environ.items() if _reaches_registry(name)},
        **(env or {}),
    }
    Path(own["HOME"]).mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "sealift", "build", "-C", str(root), "--json"]
    done = subprocess.run(argv, env=own, umask=umask, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    digest: str = json.loads(done.stdout)["release"]
    return digest


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest that everybody has to get."""
    scratch = tmp_path_factory.mktemp("expected")
    return build(write(scratch / "app", list(FILES)), scratch)


OTHERS: dict[str, dict[str, str]] = {
    "another user": {"USER": "somebody", "LOGNAME": "somebody", "SOURCE_DATE_EPOCH": "1"},
    "another time zone and language": {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONUTF8": "1"},
    "another hash seed": {"PYTHONHASHSEED": "7"},
    "settings of pip and Python": {
        "PIP_TARGET": "/nowhere",
        "PIP_NO_BINARY": ":all:",
        "PYTHONDONTWRITEBYTECODE": "1",
        "VIRTUAL_ENV": "/nowhere",
    },
    "a CI system": {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SHA": "0" * 40},
}


@pytest.mark.parametrize("who", list(OTHERS))
def test_the_environment_of_the_user_does_not_count(tmp_path: Path, expected: str, who: str):
    assert build(write(tmp_path / "app", list(FILES)), tmp_path, env=OTHERS[who]) == expected


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_umask_does_not_count(tmp_path: Path, expected: str, umask: int):
    before = os.umask(umask)
    try:
        root = write(tmp_path / "app", list(FILES))
    finally:
        os.umask(before)
    assert build(root, tmp_path, umask=umask) == expected


def test_neither_folder_nor_order_nor_time_of_the_files_counts(tmp_path: Path, expected: str):
    root = write(tmp_path / "quite another name" / "ünd deeper", list(reversed(FILES)))
    for path in root.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    assert build(tmp_path / "link", tmp_path) == expected
