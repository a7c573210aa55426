"""Builds that run at once, are killed, or run out of space: the next one is as if nothing had been."""

import multiprocessing
import os
import resource
import signal
import sys
import zipfile
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.errors import BuildError
from sealift.ports import Completed
from tests.unit.build.tools import FakeUv, function, write

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    big = "".join(f"VALUE_{i} = {i * i}\n" for i in range(3000))
    files = {"app.py": "print(1)\n", "big.py": big, "requirements.txt": "alpha\nbeta==1.5\n"}
    return write(tmp_path / "app", {f"{fn}/{name}": body for fn in ("one", "two") for name, body in files.items()})


def build(app: Path) -> dict[str, str]:
    builder = CachedBuilder(app.parent / "cache", FakeUv())
    return {key: b.artifact.sha256 for key, b in builder.build(app, [function("one"), function("two")]).items()}


def build_into(app: str, out: str) -> None:
    Path(out).write_text(repr(build(Path(app))))


def start(target: object, *args: object) -> BaseProcess:
    child = SPAWN.Process(target=target, args=args)  # type: ignore[arg-type]
    child.start()
    return child


def test_builds_at_once_with_one_cache_give_the_same(app: Path, tmp_path: Path) -> None:
    children = [start(build_into, str(app), str(tmp_path / f"out{i}")) for i in range(3)]
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    assert {(tmp_path / f"out{i}").read_text() for i in range(3)} == {repr(build(app))}
    assert not list((tmp_path / "cache/tmp").iterdir())


class KilledUv(FakeUv):
    """uv that is killed, with the build, when it has written half of the files."""

    def _install(self, requirements: Path, site: Path) -> Completed:
        write(site, {"alpha/half.py": "half"})
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def build_and_die(app: str) -> None:
    CachedBuilder(Path(app).parent / "cache", KilledUv()).build(Path(app), [function("one")])


def test_a_build_that_is_killed_while_it_installs_harms_no_later_one(app: Path, tmp_path: Path) -> None:
    child = start(build_and_die, str(app))
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert list((tmp_path / "cache").rglob("half.py"))
    after = build(app)
    assert not list((tmp_path / "cache").rglob("half.py"))
    (tmp_path / "cache").rename(tmp_path / "old")
    assert build(app) == after


def build_with_room_for(app: str, size_bytes: int, out: str) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # Python would keep what it could write of a module, and fail to load that later
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))
    code = ""
    try:
        build(Path(app))
    except BuildError as error:
        code = error.code
    os.write(os.open(out, os.O_CREAT | os.O_WRONLY), code.encode())


@pytest.mark.parametrize("size_bytes", [10, 100, 300, 1000, 5000])
def test_a_disk_that_is_full_at_some_write_is_told_and_the_next_build_works(
    app: Path, tmp_path: Path, size_bytes: int
) -> None:
    child = start(build_with_room_for, str(app), size_bytes, str(tmp_path / "code"))
    child.join(60)
    assert (tmp_path / "code").read_text() == "cache-full"
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.name.startswith(".new-")]
    after = build(app)
    (tmp_path / "cache").rename(tmp_path / "old")
    assert build(app) == after


class SavingUv(FakeUv):
    """uv during whose run somebody saves a file, each time with the next content."""

    def __init__(self, path: Path, contents: list[str]) -> None:
        super().__init__()
        self.path = path
        self.contents = contents

    def _compile(self, path: Path) -> Completed:
        done = super()._compile(path)
        if self.contents:
            self.path.write_text(self.contents.pop(0))
        return done


def test_a_file_saved_during_the_build_is_built_as_it_is_then(app: Path, tmp_path: Path) -> None:
    builder = CachedBuilder(tmp_path / "cache", SavingUv(app / "one/app.py", ["print(10)\n"]))
    built = builder.build(app, [function("one")])["app:one"]
    with zipfile.ZipFile(built.path) as archive:
        assert archive.read("app.py") == b"print(10)\n"


def test_requirements_saved_during_the_build_are_those_that_are_installed(app: Path, tmp_path: Path) -> None:
    builder = CachedBuilder(tmp_path / "cache", SavingUv(app / "one/requirements.txt", ["alpha==1.0\n"]))
    built = builder.build(app, [function("one")])["app:one"]
    assert [name for name, _ in built.dependencies] == ["alpha==1.0"]
    with zipfile.ZipFile(built.path) as archive:
        assert archive.read("requirements.txt") == b"alpha==1.0\n"


def test_a_file_that_never_stops_changing_is_named(app: Path, tmp_path: Path) -> None:
    texts = ["alpha==1.0\n", "alpha==2.0\n", "beta==1.5\n", "alpha\n"]
    builder = CachedBuilder(tmp_path / "cache", SavingUv(app / "one/requirements.txt", texts))
    with pytest.raises(BuildError, match=r"One: .*requirements\.txt changed while it was being read") as caught:
        builder.build(app, [function("one")])
    assert caught.value.code == "source-changed"
