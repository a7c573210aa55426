"""A disk without room: a clear error whatever could not be written, and the same command works once there is room."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello: {Type: AWS::Serverless::Function, Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.11}}
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    (folder / "src").mkdir()
    (folder / "src" / "app.py").write_text("def handler(event, context):\n    return 'hello'\n" * 50)
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder


def sealift(command: str, folder: Path, *, room_bytes: int | None) -> subprocess.CompletedProcess[str]:
    """Run a command where no file can grow beyond this, which fails as a full disk does."""

    def limit() -> None:
        if room_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, room_bytes))

    return subprocess.run(
        [sys.executable, "-m", "sealift", command, "-C", folder, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache"), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit,
    )


@pytest.mark.parametrize(("command", "code"), [("build", "cache-full"), ("init", "disk-full")])
@pytest.mark.parametrize("room_bytes", [0, 64, 400])
def test_a_full_disk_is_told_as_such_and_the_next_command_works(shop: Path, room_bytes: int, command: str, code: str):
    full = sealift(command, shop, room_bytes=room_bytes)
    assert full.returncode == 1, full.stderr
    error = json.loads(full.stdout)["error"]
    assert error["code"] in {code, "disk-full"}
    assert "Traceback" not in full.stdout + full.stderr
    assert error["hint"]
    assert sealift(command, shop, room_bytes=None).returncode == 0
