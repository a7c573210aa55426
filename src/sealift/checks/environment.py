"""Builds the virtual environment that an application's tests run in, once for each content of its requirements."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sealift.analysis.pythons import written
from sealift.analysis.requirements import LOCAL_PATH, uv_reason, with_absolute_paths
from sealift.checks.cache import content_key
from sealift.checks.files import text
from sealift.checks.needs import Needs
from sealift.checks.pythons import Interpreter
from sealift.errors import BuildError
from sealift.ports import Completed, Process

_READY = "ready.json"
_KEPT = 8
"""Environments beyond these are deleted, those used longest ago first."""
_TIMEOUT_S = 900.0
_RUNNER = "pytest"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEnvironment:
    """A virtual environment with everything installed. `notes` say what was not as declared."""

    __test__ = False
    folder: Path
    notes: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """The interpreter of the environment."""
        return str(self.folder / "bin" / "python")


class EnvironmentBuilder:
    """Makes test environments below a cache folder, with uv. `env` is uv's whole environment."""

    def __init__(self, process: Process, folder: Path, env: Mapping[str, str]) -> None:
        self._process = process
        self._folder = folder
        # A Python is not downloaded behind anybody's back; what is installed will do, with a note.
        self._env = {"UV_PYTHON_DOWNLOADS": "never", **env, "UV_NO_PROGRESS": "1"}
        self._env.pop("VIRTUAL_ENV", None)

    def prepare(self, root: Path, needs: Needs, python: Interpreter) -> TestEnvironment:
        """Return an environment with these needs installed. Raises BuildError with uv's reason, shortened."""
        key = environment_key(root, needs, python.path)
        home = self._folder / key[:32]
        with _alone(self._folder, key[:32]):
            notes = _ready(home)
            if notes is None or needs.changing:
                notes = self._build(home, root, needs, python)
                (home / _READY).write_text(json.dumps({"notes": notes}), encoding="utf-8")
            os.utime(home / _READY)
        self._forget_old(home)
        return TestEnvironment(folder=home / "venv", notes=(*_other_python(python), *notes))

    def _build(self, home: Path, root: Path, needs: Needs, python: Interpreter) -> tuple[str, ...]:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        made = self._uv(root, "venv", "--quiet", "--no-project", "--python", python.path, str(home / "venv"))
        if made.returncode != 0:
            raise BuildError(
                f"the environment for the tests cannot be made: {uv_reason(made.stderr)}", code="test-environment"
            )
        (home / "lines.txt").write_text("\n".join((*needs.lines, *needs.guessed, _RUNNER)) + "\n", encoding="utf-8")
        (home / "constraints.txt").write_text("\n".join(needs.constraints) + "\n", encoding="utf-8")
        own = ("-r", str(home / "lines.txt"))
        groups = [_readable(group, home, root) for group in needs.groups]
        together = [word for group in groups for word in group]
        limits = ("-c", str(home / "constraints.txt")) if needs.constraints else ()
        # uv keeps what it built from a folder until that folder's pyproject.toml changes, whatever else does.
        fresh = ("--refresh",) if needs.changing else ()
        done = self._install(root, home, *together, *own, *limits, *fresh)
        if done.returncode == 0:
            return _guesses(needs)
        # Functions are installed apart from each other on Lambda, and may want different versions.
        for group, declared in zip((own, *groups), (own, *needs.groups), strict=True):
            one = self._install(root, home, *group)
            if one.returncode != 0:
                raise _refused(declared, one, python)
        return (*_guesses(needs), "requirements contradict each other; of each package the last one wins")

    def _install(self, root: Path, home: Path, *arguments: str) -> Completed:
        return self._uv(root, "pip", "install", "--python", str(home / "venv" / "bin" / "python"), *arguments)

    def _uv(self, root: Path, *arguments: str) -> Completed:
        from uv import find_uv_bin

        done = self._process.run([find_uv_bin(), *arguments], cwd=root, env=self._env, timeout_s=_TIMEOUT_S)
        if done.returncode != 0 and "Required uv version" in done.stderr:
            # The project's own uv is another one than ours; its settings are not for us then.
            argv = [find_uv_bin(), arguments[0], "--no-config", *arguments[1:]]
            done = self._process.run(argv, cwd=root, env=self._env, timeout_s=_TIMEOUT_S)
        return done

    def _forget_old(self, current: Path) -> None:
        homes = [path.parent for path in self._folder.glob(f"*/{_READY}") if path.parent != current]
        homes.sort(key=lambda home: _used_at(home), reverse=True)
        for home in homes[_KEPT - 1 :]:
            with _alone(self._folder, home.name):
                # Its mark goes first: half an environment must never look like a whole one.
                (home / _READY).unlink(missing_ok=True)
                shutil.rmtree(home, ignore_errors=True)


def _readable(group: tuple[str, ...], home: Path, root: Path) -> tuple[str, ...]:
    """Return a group whose requirements file, if it names local folders, is a copy with absolute paths."""
    file = group[-1]
    said = text(root / file) if group[0] == "-r" and file.endswith(".txt") else ""
    if not LOCAL_PATH.search(said):
        return group
    copy = home / (file.replace("/", "-"))
    folder = str((root / file).parent.resolve())
    copy.write_text(with_absolute_paths(said, folder, str(root.resolve()), lambda path: Path(path).exists()))
    return (*group[:-1], str(copy))


def _refused(group: tuple[str, ...], done: Completed, python: Interpreter) -> BuildError:
    what = group[-1] if Path(group[-1]).name != "lines.txt" else "the packages the tests use"
    reason = "uv took too long" if done.timed_out else uv_reason(done.stderr)
    instead = f"try the wanted Python {written(python.instead_of)}; " if python.instead_of else ""
    return BuildError(
        f"{what} cannot be installed for the tests, on Python {written(python.version)}: {reason}",
        code="test-requirements",
        hint=f"{instead}[tests.unit] in sealift.toml can name other requirements, another Python, or switch tests off",
        context={"file": what},
    )


def _guesses(needs: Needs) -> tuple[str, ...]:
    # The runtime brings boto3 along: that nobody declares it is as it should be.
    guessed = [one for one in needs.guessed if not one.startswith(("boto3", "setuptools"))]
    return (f"installed though nothing declares it: {', '.join(guessed)}",) if guessed else ()


def _other_python(python: Interpreter) -> tuple[str, ...]:
    if python.instead_of is None:
        return ()
    return (f"run on Python {written(python.version)}: {written(python.instead_of)} is not installed here",)


def environment_key(root: Path, needs: Needs, python: str = "") -> str:
    """Return a key of what is installed, by the interpreter at a path."""
    contents = [(root / one).read_bytes() for one in needs.inputs]
    said = [" ".join(group) for group in needs.groups]
    # Paths in requirements are relative to where they stand, so the folder counts when they name any.
    where = str(root) if needs.changing else ""
    parts = (python, where, *said, "", *needs.lines, "", *needs.constraints, "", *needs.guessed, "", *needs.inputs)
    return content_key((*parts, *contents))


def _ready(home: Path) -> tuple[str, ...] | None:
    try:
        notes = json.loads((home / _READY).read_text(encoding="utf-8"))["notes"]
    except (OSError, ValueError, KeyError):
        return None
    # The interpreter it was made from may be gone since.
    return tuple(notes) if (home / "venv" / "bin" / "python").exists() else None


def _used_at(home: Path) -> float:
    try:
        return (home / _READY).stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock: two runs that need the same environment build it once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
