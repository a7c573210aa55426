"""A sample of expired credentials and lagging reads over every command; `make chaos` takes every point."""

from pathlib import Path

import pytest

from tests.chaos.disturbances import COMMANDS, Command, sweep

EVERY = 19


@pytest.mark.parametrize("command", COMMANDS, ids=[command.name for command in COMMANDS])
def test_no_expired_credential_and_no_lagging_read_changes_how_a_command_ends(command: Command, tmp_path: Path):
    first = 1 + COMMANDS.index(command) * 2
    broken = [f"{what}: {broken}" for what, broken in sweep(tmp_path, command, every=EVERY, first=first) if broken]
    assert not broken, "\n".join(broken)
