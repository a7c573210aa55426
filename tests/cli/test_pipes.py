"""Output that nobody reads to its end."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sealift.cli.jsonlines import JsonLines
from sealift.cli.main import run
from sealift.cli.screen import Screen
from sealift.cli.text import Text
from sealift.model.event import Noted
from tests.fakes.clock import FakeClock


def closed_pipe() -> io.TextIOWrapper:
    """Return the end to write to of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w")


def ended(code: str) -> tuple[int, bytes]:
    """Return how a command ended whose output nobody reads, and what it said on standard error."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "output",
    [
        "import sys; from sealift.cli.screen import screen; screen(sys.stdout).line('a table')",
        "click.echo('a line')",
    ],
)
@pytest.mark.parametrize("given", ["", '["history"]'])
def test_a_command_whose_output_nobody_reads_ends_quietly(output: str, given: str) -> None:
    code = f"""
import click, sys
from sealift.cli import main

@click.command
def history():
    {output}

main.cli.get_command = lambda _context, _name: history
sys.argv = ["sealift", "history"]
main.main({given})
"""
    assert ended(code) == (0, b"")


def test_a_journey_goes_on_when_its_lines_are_not_read_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with closed_pipe() as stream:
        screen = Screen(stream, alive=False, colours=False)
        screen.line(Text("staging"))
        screen.line(Text("production"))
        monkeypatch.setattr(sys, "stdout", stream)
        lines = JsonLines(FakeClock())
        lines.emit(Noted(name="n", message="staging"))
        lines.emit(Noted(name="n", message="production"))
        assert os.fstat(stream.fileno()).st_rdev == Path(os.devnull).stat().st_rdev


def test_a_connection_that_broke_is_no_success(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from sealift.cli import main

    @click.command
    def history() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(main.cli, "get_command", lambda _context, _name: history)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run(["history"]) == 70
