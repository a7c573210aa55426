"""Another user on the same machine: gets the same bytes, and is told what that user may not write."""

import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.errors import BuildError
from tests.unit.build.tools import FakeUv, function, write

NOBODY = 65534
FILES = {"fn/app.py": "print(1)\n", "fn/requirements.txt": "alpha\nbeta==1.5\n"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach; those of pytest are the user's own."""
    made = Path(tempfile.mkdtemp(prefix="sealift-test-"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def as_nobody(call: Callable[[], None]) -> None:
    """Run in a process of another user, who cannot become ours again."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            call()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def digest(root: Path, cache: Path) -> str:
    return CachedBuilder(cache, FakeUv()).build(root, [function()])["app:fn"].artifact.sha256


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def test_another_user_gets_the_same_bytes(folder: Path) -> None:
    write(folder / "ours", FILES)
    digest(folder / "ours", folder / "warm")  # what is imported late is imported by now

    def other() -> None:
        write(folder / "theirs", FILES)
        (folder / "digest").write_text(digest(folder / "theirs", folder / "their-cache"))

    as_nobody(other)
    assert (folder / "theirs" / "fn" / "app.py").stat().st_uid == NOBODY
    assert (folder / "digest").read_text() == digest(folder / "ours", folder / "cache")


def test_a_cache_that_may_not_be_written_says_what_to_do(folder: Path) -> None:
    write(folder / "ours", FILES)
    digest(folder / "ours", folder / "warm")
    (folder / "cache").mkdir(mode=0o755)

    def other() -> None:
        with pytest.raises(BuildError, match="cannot be written: Permission denied") as caught:
            digest(folder / "ours", folder / "cache")
        assert caught.value.code == "cache-unwritable"

    as_nobody(other)
