"""The folder of one environment's emulator: what is in it, and the two small files that describe it.

identity.json   account, keys and port; kept over down and up, so that URLs stay
run.json        the running emulator; its guard ends when this file vanishes or names somebody else
lock            held while somebody starts, stops or resets
log             what the emulator printed
state/ s3/      the cloud itself

What runs lies elsewhere (`Folder.tmp`), so that no function finds files of the application in a folder above its own.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sealift.errors import CloudError
from sealift.local.processes import command_of, is_running


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What stays the same as long as the folder is there."""

    environment: str
    account: str
    access_key: str
    secret_key: str
    port: int

    def is_well_formed(self) -> bool:
        """Say whether each value is of its type."""
        texts = (self.environment, self.account, self.access_key, self.secret_key)
        return all(isinstance(text, str) for text in texts) and type(self.port) is int and 0 < self.port < 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The emulator that runs now, or ran last: its guard, and itself, which leads the group of its workers."""

    guard: int
    guard_began: str
    emulator: int
    emulator_began: str
    port: int
    region: str
    account: str

    def is_well_formed(self) -> bool:
        """Say whether each value is of its type: the record may have been written by anybody."""
        numbers = (self.guard, self.emulator, self.port)
        texts = (self.guard_began, self.emulator_began, self.region, self.account)
        return all(type(n) is int and 1 < n < 2**31 for n in numbers) and all(isinstance(text, str) for text in texts)


LAUNCHER = "sealift.local.launcher"
"""The module that guard and emulator run, as their command lines name it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths below the folder of one environment."""

    path: Path

    @property
    def alone(self) -> Path:
        """Locked as long as a command has the environment to itself; what is left of it goes with the command."""
        return Path(f"{self.path}.alone")

    def is_abandoned(self) -> bool:
        """Say whether the command that had the environment to itself is gone."""
        try:
            with self.alone.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return True
        except OSError:
            return False

    @property
    def log(self) -> Path:
        """What the emulator printed."""
        return self.path / "log"

    @property
    def tmp(self) -> Path:
        """Temporary files of the emulator and of the functions it runs; wiped at each start."""
        return _scratch() / hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]

    @property
    def state(self) -> Path:
        """The saved cloud."""
        return self.path / "state"

    @property
    def s3(self) -> Path:
        """Objects of buckets."""
        return self.path / "s3"

    @property
    def run_file(self) -> Path:
        """The record of the running emulator."""
        return self.path / "run.json"

    @property
    def identity_file(self) -> Path:
        """The record of what stays."""
        return self.path / "identity.json"

    def make(self) -> None:
        """Make the folders that are not there. Raises OSError when somebody else could write to one of them."""
        scratch = _scratch()
        scratch.mkdir(mode=0o700, exist_ok=True)
        held = scratch.lstat()
        if not stat.S_ISDIR(held.st_mode) or held.st_uid != os.getuid() or held.st_mode & 0o077:
            raise PermissionError(errno.EPERM, f"{scratch} is not a folder of yours alone")
        for path in (self.tmp, self.state, self.s3):
            path.mkdir(parents=True, exist_ok=True)
        for path in (self.path, self.state, self.s3):
            path.chmod(0o700)
        self.log.touch(mode=0o600)

    def run(self) -> Run | None:
        """Return who runs, or ran last; None for a record that somebody else could have written.

        A live process that it names has to be a launcher of this very folder: nothing else is ever ended.
        """
        raw = _read(self.run_file)
        try:
            run = Run(**raw) if raw else None
        except TypeError:
            return None
        if run is None or not run.is_well_formed():
            return None
        named = ((run.guard, run.guard_began), (run.emulator, run.emulator_began))
        return run if all(not is_running(*one) or self._is_launcher(one[0]) for one in named) else None

    def _is_launcher(self, pid: int) -> bool:
        command = command_of(pid)
        where = self.path.resolve()
        return LAUNCHER in command and any(part.startswith("/") and Path(part).resolve() == where for part in command)

    def identity(self) -> Identity | None:
        """Return what was written before."""
        raw = _read(self.identity_file)
        try:
            found = Identity(**raw) if raw else None
        except TypeError:
            return None
        return found if found is not None and found.is_well_formed() else None

    def write_run(self, run: Run) -> None:
        """Record the running emulator."""
        write_json(self.run_file, asdict(run))

    def write_identity(self, identity: Identity) -> None:
        """Record what stays. The file holds a key, so only its owner reads it."""
        write_json(self.identity_file, asdict(identity))

    @contextlib.contextmanager
    def locked(self, *, timeout_s: float = 90.0) -> Iterator[None]:
        """Hold the folder alone. Raises CloudError when another command does for too long, or the disk refuses."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / "lock").open("a") as file:
                _lock(file.fileno(), self.path.name, timeout_s)
                yield
        except OSError as error:
            raise CloudError(
                f"The embedded cloud cannot use the folder {self.path}: {error.strerror or error}",
                code="local-cloud-folder",
                hint="Look at its permissions, and at the space left on the disk",
                context={"folder": str(self.path)},
            ) from error


def _scratch() -> Path:
    """Return the folder of all temporary files of this user's embedded clouds."""
    place = Path("/var/tmp")
    usable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return (place if usable else Path(tempfile.gettempdir())) / f"sealift-{os.getuid()}"


def _lock(descriptor: int, environment: str, timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise CloudError(
                    f'Another command is starting or stopping the embedded cloud of "{environment}"',
                    code="local-cloud-busy",
                    hint="Wait for it to end, then try again",
                    retryable=True,
                ) from None
            time.sleep(0.02)


def write_json(path: Path, value: dict[str, object]) -> None:
    """Replace a small file at once, readable by its owner only."""
    new = path.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file)
    new.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    """Return the object in a file of ours that nobody else can write to."""
    try:
        with path.open("rb") as file:
            held = os.fstat(file.fileno())
            if held.st_uid != os.getuid() or held.st_mode & 0o022:
                return None
            value = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
