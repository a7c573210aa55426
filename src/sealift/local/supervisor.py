"""Starts, finds, stops and describes the emulators of one application: one per environment."""

import contextlib
import fcntl
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from sealift.errors import CloudError
from sealift.local.endpoint import HOST, Endpoint, account_of
from sealift.local.folder import Folder, Identity, Run
from sealift.local.free_ports import free_ports, is_free
from sealift.local.lifecycle import is_healthy, launch, stop, wait_until_healthy
from sealift.local.processes import is_running, undisturbed

_GLANCE_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStatus:
    """What is known of the embedded cloud of one environment."""

    environment: str
    running: bool
    folder: Path
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """The embedded clouds below one folder, `<app>/.sealift/local`."""

    state_root: Path
    python: str = sys.executable
    """The interpreter that runs the emulator."""

    def up(self, environment: str, *, region: str, account: str | None = None) -> Endpoint:
        """Return the running emulator of an environment, starting it when there is none.

        Safe to call from several processes at once: one starts it, the others find it. Raises CloudError.
        """
        folder = self._folder(environment)
        wanted = account or account_of(environment)
        found = self._running(environment, folder, region=region, account=wanted)
        if found:
            return found
        with folder.locked():
            found = self._running(environment, folder, region=region, account=wanted, patience_s=10.0)
            if found:
                return found
            _ignore(self.state_root)
            stop(folder)
            return self._start(environment, folder, region=region, account=wanted)

    def down(self, environment: str | None = None) -> tuple[str, ...]:
        """Stop one environment's emulator, or all; return the names of those that ran. What they hold is kept."""
        stopped = []
        for name, folder in self._folders(environment):
            with folder.locked():
                if stop(folder):
                    stopped.append(name)
        return tuple(stopped)

    def status(self) -> tuple[LocalStatus, ...]:
        """Describe every environment that was ever started here, running or not."""
        return tuple(self._status(name, folder) for name, folder in self._folders(None))

    def log_tail(self, environment: str, lines: int = 50) -> tuple[str, ...]:
        """Return the last lines that the emulator of an environment printed."""
        return _tail(self._folder(environment), lines)

    def reset(self, environment: str | None = None) -> tuple[str, ...]:
        """Stop and forget everything an environment holds, or all of them; return their names."""
        done = []
        for name, folder in self._folders(environment):
            with folder.locked():
                stop(folder)
                for path in (folder.state, folder.s3, folder.tmp):
                    shutil.rmtree(path, ignore_errors=True)
            done.append(name)
        return tuple(done)

    @contextlib.contextmanager
    def alone(self, environment: str) -> Iterator[None]:
        """Have an environment to itself for the body, and leave nothing of it. Raises CloudError when it is taken."""
        self.state_root.mkdir(parents=True, exist_ok=True)
        _ignore(self.state_root)
        folder = self._folder(environment)
        with folder.alone.open("a") as file:
            if not _locked(file):
                raise CloudError(
                    f'Another command has the environment "{environment}" of the embedded cloud to itself',
                    code="local-cloud-taken",
                    hint="End the other one first",
                )
            self.forget(environment)  # what a killed one left
            try:
                yield
            finally:
                with undisturbed():
                    self.forget(environment)
                    folder.alone.unlink(missing_ok=True)

    def is_taken(self, environment: str) -> bool:
        """Say whether a command has an environment to itself."""
        folder = self._folder(environment)
        return folder.alone.exists() and not folder.is_abandoned()

    def forget(self, environment: str) -> None:
        """Stop an environment's emulator and remove all that is kept of it."""
        for _, folder in self._folders(environment):
            with folder.locked():
                stop(folder, grace_s=0.0)  # nothing is to be saved
            shutil.rmtree(folder.path, ignore_errors=True)

    def _folder(self, environment: str) -> Folder:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", environment):
            return Folder(self.state_root / environment)
        safe = re.sub(r"[^A-Za-z0-9._-]", "-", environment)[:40]
        return Folder(self.state_root / f"x{safe}-{sha256(environment.encode()).hexdigest()[:8]}")

    def _folders(self, environment: str | None) -> Iterator[tuple[str, Folder]]:
        if environment is not None:
            folder = self._folder(environment)
            if folder.path.is_dir():
                yield environment, folder
        elif self.state_root.is_dir():
            for path in sorted(self.state_root.iterdir()):
                identity = Folder(path).identity()
                if identity:
                    yield identity.environment, Folder(path)

    def _status(self, environment: str, folder: Folder) -> LocalStatus:
        run, identity = folder.run(), folder.identity()
        endpoint = None
        if run and identity and is_running(run.guard, run.guard_began):
            endpoint = _endpoint(environment, run, identity)
        return LocalStatus(environment=environment, running=endpoint is not None, folder=folder.path, endpoint=endpoint)

    def _running(
        self, environment: str, folder: Folder, *, region: str, account: str, patience_s: float = 0.0
    ) -> Endpoint | None:
        run, identity = folder.run(), folder.identity()
        if not run or not identity or (run.region, run.account) != (region, account):
            return None
        until = time.monotonic() + patience_s
        while is_running(run.guard, run.guard_began):
            if is_healthy(run, identity):
                return _endpoint(environment, run, identity)
            if time.monotonic() >= until:
                return None
            time.sleep(0.05)
        return None

    def _start(self, environment: str, folder: Folder, *, region: str, account: str) -> Endpoint:
        known = folder.identity()
        for port in free_ports(folder.path, known.port if known else None):
            identity = Identity(
                environment=environment,
                account=account,
                access_key=known.access_key if known else "AKIA" + secrets.token_hex(8).upper(),
                secret_key=known.secret_key if known else secrets.token_hex(20),
                port=port,
            )
            folder.write_identity(identity)
            run = launch(self.python, folder, identity, region)
            if run and wait_until_healthy(run, identity):
                return _endpoint(environment, run, identity, started=True)
            stop(folder)
            if is_free(port):
                break
        raise _did_not_start(environment, folder)


def _locked(file: IO[str]) -> bool:
    """Lock a file for this process alone; say whether it could be. A guard may look at it for a moment."""
    until = time.monotonic() + _GLANCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        else:
            return True


def _endpoint(environment: str, run: Run, identity: Identity, *, started: bool = False) -> Endpoint:
    return Endpoint(
        environment=environment,
        url=f"http://{HOST}:{run.port}",
        port=run.port,
        account=run.account,
        region=run.region,
        access_key=identity.access_key,
        secret_key=identity.secret_key,
        pid=run.guard,
        started=started,
    )


def _tail(folder: Folder, lines: int) -> tuple[str, ...]:
    try:
        with folder.log.open("rb") as file:
            file.seek(max(0, folder.log.stat().st_size - 200 * max(lines, 1) - 4096))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-lines:]) if lines > 0 else ()


def _did_not_start(environment: str, folder: Folder) -> CloudError:
    end_of_log = "\n".join(_tail(folder, 12)) or "(it printed nothing)"
    return CloudError(
        f'The embedded cloud of "{environment}" did not start. The end of its log:\n{end_of_log}',
        code="local-cloud-did-not-start",
        hint=f'See the whole log in {folder.log}, or begin anew with "sealift local reset {environment}"',
        context={"environment": environment, "log": str(folder.log)},
    )


def _ignore(state_root: Path) -> None:
    """Keep the whole state folder out of git."""
    top = next((p for p in (state_root, *state_root.parents) if p.name == ".sealift"), state_root)
    with contextlib.suppress(FileExistsError):
        top.mkdir(parents=True, exist_ok=True)
        with (top / ".gitignore").open("x", encoding="utf-8") as file:
            file.write("*\n")
