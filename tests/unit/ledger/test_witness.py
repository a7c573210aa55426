"""Which processes have certainly ended."""

import os
from pathlib import Path

import pytest

from sealift.ledger.witness import LinuxWitness

PROCESS = {"boot": "b1", "namespace": "pid:[1]", "pid": "42", "started": "900"}


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc in which process 42 lives."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("b1\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[1]")
    run(tmp_path, 1, started="1", name="init")
    run(tmp_path, 42, started="900", name="a (weird) name")
    return tmp_path


def run(proc: Path, pid: int, *, started: str, name: str, state: str = "S") -> None:
    """Let a process live."""
    (proc / str(pid)).mkdir(exist_ok=True)
    fields = [state, *["0"] * 18, started, "0"]
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")


def test_a_process_that_runs_is_not_dead(proc: Path) -> None:
    assert not LinuxWitness(proc).is_dead(PROCESS)


def test_a_process_that_is_not_there_is_dead(proc: Path) -> None:
    assert LinuxWitness(proc).is_dead({**PROCESS, "pid": "43"})


def test_a_process_whose_number_was_given_to_another_is_dead(proc: Path) -> None:
    assert LinuxWitness(proc).is_dead({**PROCESS, "started": "800"})


def test_a_process_that_nobody_waited_for_is_dead(proc: Path) -> None:
    run(proc, 42, started="900", name="python", state="Z")

    assert LinuxWitness(proc).is_dead(PROCESS)


@pytest.mark.parametrize("other", [{"boot": "b2"}, {"namespace": "pid:[2]"}, {"boot": ""}])
def test_nothing_is_known_of_other_machines_boots_and_containers(proc: Path, other: dict[str, str]) -> None:
    assert not LinuxWitness(proc).is_dead({**PROCESS, "pid": "43", **other})


def test_nothing_is_known_where_other_users_processes_are_hidden(proc: Path) -> None:
    (proc / "1/stat").unlink()

    assert not LinuxWitness(proc).is_dead({**PROCESS, "pid": "43"})


def test_nothing_is_known_without_proc(tmp_path: Path) -> None:
    witness = LinuxWitness(tmp_path / "none")

    assert witness.ourselves() == {}
    assert not witness.is_dead(PROCESS)
    assert not witness.is_dead({})


@pytest.mark.skipif(not Path("/proc/self/ns/pid").is_symlink(), reason="needs /proc")
def test_we_are_not_dead() -> None:
    witness = LinuxWitness()

    assert witness.ourselves()["pid"] == str(os.getpid())
    assert not witness.is_dead(witness.ourselves())
