"""Calls the command line in this process, as `sealift ARGS` would."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sealift.cli.main import run


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def sealift(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Called]:
    """Return a function that runs `sealift` with these arguments, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*argv: object) -> Called:
        code = run([str(a) for a in argv])
        captured = capsys.readouterr()
        return Called(code, captured.out, captured.err)

    return call


@pytest.fixture
def shared_cache(sealift: object, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let `sealift` keep what linters said for the other tests that ask for this: the same template is read once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "linted"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for an application."""
    root = tmp_path / "shop"
    root.mkdir()
    return root
