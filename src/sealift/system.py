"""Clock, ids, processes and HTTP of this machine: the adapters that need no package of their own.

Every program that is run gets a session, and so a process group, of its own: whatever ends us, SIGKILL included, or
ends our wait for it, ends the whole group. POSIX only.
"""

import os
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING

from sealift.errors import UserError
from sealift.ports import Clock, Completed, HttpAnswer
from sealift.streams import Outputs

if TYPE_CHECKING:
    import urllib.request

GRACE_S = 2.0
"""How long a program may take to end after SIGTERM before it is killed."""
CALL = "SEALIFT_CALL"
"""A variable by which a program is recognised, and all that it starts, wherever these have gone."""
_LET_GO_S = 0.5
"""How long output is awaited that others hold open, once the program and its group were killed."""
_POLL_S = 0.2
_LEAST_POLL_S = 0.01
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: sorts as the number does, has no look-alikes."""
_MAX_BODY_BYTES = 1_000_000
_SHELL = "/bin/sh"
_TETHERED = 'exec 3<&0 </dev/null; ( ( read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 & ); exec "$@" 3<&-'
"""Becomes the program, once a watcher in its group waits on a pipe whose other end we alone hold: when that closes,
because we are dead, the group is killed. It is started before the program, and is not a child of it. Unlike
PR_SET_PDEATHSIG this reaches what the program starts, heeds no threads, and works on macOS. A shell may drop
environment variables whose names are not identifiers."""


class RealClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class SortableIds:
    """Ids of 26 lower-case letters and digits: 48 bits of milliseconds, then 80 random bits. Strictly increasing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return a new identifier, greater than every one this object gave before."""
        millis = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            value = max((millis << 80) | int.from_bytes(os.urandom(10)), self._last + 1)
            self._last = value
        return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


class RealProcess:
    """Runs programs, each in a process group of its own that never outlives the call."""

    def __init__(self) -> None:
        self._live: dict[int, subprocess.Popen[bytes]] = {}
        self._stopped: set[int] = set()

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        """Run to the end, without input. `env` is the whole environment, None means ours. UserError when not found."""
        child, tether = _start(argv, cwd, env)
        self._live[child.pid] = child
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with Outputs(child.stdout, child.stderr) as outputs:
            try:
                timed_out = self._wait(child, outputs, deadline)
            except BaseException:
                _end_group(child)
                raise
            finally:
                _signal_group(child.pid, signal.SIGKILL)
                os.close(tether)
                _end_strays((env or {}).get(CALL, ""))
                self._live.pop(child.pid, None)
                self._stopped.discard(child.pid)
            out, err = outputs.kept
            return Completed(
                returncode=child.returncode,
                stdout=out.text,
                stderr=err.text,
                timed_out=timed_out,
                left_out_bytes=out.left_out + err.left_out,
            )

    def stop_all(self) -> None:
        """Ask every running program to end, those that other threads wait for too. Safe in a signal handler.

        Programs that are started after it run as ever: what an interrupted command still has to undo.
        """
        for pid in list(self._live):
            self._stopped.add(pid)
            _signal_group(pid, signal.SIGTERM)

    @contextmanager
    def ending_with_us(self) -> Iterator[None]:
        """While inside, SIGINT, SIGTERM and SIGHUP end every program and raise KeyboardInterrupt here.

        Without it a worker thread would go on waiting for its program after Ctrl-C. Main thread only.
        """

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop_all()
            raise KeyboardInterrupt

        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, stop) for number in caught}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _wait(self, child: "subprocess.Popen[bytes]", outputs: Outputs, deadline: float | None) -> bool:
        """Collect output until the program ends, its time is up, or we are told to stop; return whether it was up."""
        kill_at: float | None = None
        timed_out = False
        while not _is_over(child, outputs, _poll_s(deadline if kill_at is None else kill_at)):
            now = time.monotonic()
            if kill_at is not None and now >= kill_at:
                _signal_group(child.pid, signal.SIGKILL)
                # What has left the group may hold its output open: that is not waited for.
                if child.poll() is not None and now >= kill_at + _LET_GO_S:
                    break
                continue
            over = deadline is not None and now >= deadline
            # A program that ended but left children behind that hold its output open is over as well.
            if kill_at is None and (over or child.pid in self._stopped or child.poll() is not None):
                timed_out = over and child.returncode is None
                _signal_group(child.pid, signal.SIGTERM)
                kill_at = now + GRACE_S
        return timed_out


def _is_over(child: subprocess.Popen[bytes], outputs: Outputs, most_s: float) -> bool:
    """Read what a program prints, for a while; return whether it has ended and its outputs are closed."""
    if not outputs.read(most_s):
        return False
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=most_s)
    return child.returncode is not None


def _end_strays(mark: str) -> None:
    """End whatever was started under this mark of ours and has left its process group. Linux only."""
    if not mark.startswith(f"{os.getpid()}-"):
        return
    for _ in range(10):
        strays = [pid for pid in _processes() if f"{CALL}={mark}".encode() in _environment(pid).split(b"\0")]
        for pid in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not strays:
            return
        time.sleep(_LEAST_POLL_S)


def _processes() -> list[int]:
    with suppress(OSError):
        return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    return []


def _environment(pid: int) -> bytes:
    """Return what a process was started with; empty when it is over or not for us to see."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes()
    return b""


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None) -> tuple[subprocess.Popen[bytes], int]:
    """Start a program; return it and the end of the pipe that keeps it alive."""
    program = program_file(argv[0], cwd, env)
    watched, tether = os.pipe()
    try:
        child = subprocess.Popen(
            [_SHELL, "-c", _TETHERED, "sealift", str(program), *argv[1:]],
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=watched,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except BaseException:
        os.close(tether)
        raise
    finally:
        os.close(watched)
    return child, tether


def program_file(name: str, cwd: Path, env: Mapping[str, str] | None) -> Path:
    """Return the file that a command line means, as a shell in that folder would find it."""
    if not cwd.is_dir():
        raise UserError(f"the folder {cwd} is not there", code="folder-not-found", context={"folder": str(cwd)})
    folders = [""] if "/" in name else os.get_exec_path(env)
    there = [path for path in (cwd.absolute() / folder / name for folder in folders) if _is_file(path)]
    runnable = next((path for path in there if os.access(path, os.X_OK)), None)
    if runnable is not None:
        return runnable
    if there:
        raise UserError(
            f"the program {name!r} may not be run: Permission denied",
            code="program-not-runnable",
            context={"program": name},
        )
    raise UserError(
        f"the program {name!r} was not found",
        code="program-not-found",
        hint=f"install {name} or put it on PATH",
        context={"program": name},
    )


def _is_file(path: Path) -> bool:
    # A folder of PATH that this user may not read, as in many containers, holds nothing for us.
    try:
        return path.is_file()
    except OSError:
        return False


def _poll_s(until: float | None) -> float:
    # Never zero: `communicate` gives up before it has read anything then, and a killed program would not be reaped.
    return _POLL_S if until is None else min(_POLL_S, max(_LEAST_POLL_S, until - time.monotonic()))


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End a group politely, then surely, and reap its leader."""
    _signal_group(child.pid, signal.SIGTERM)
    try:
        child.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        _signal_group(child.pid, signal.SIGKILL)
        child.wait()


class UrllibHttp:
    """HTTP without a package of its own. Redirects are answers, not followed."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: str | None, timeout_s: float
    ) -> HttpAnswer:
        import http.client
        import urllib.error
        import urllib.request

        started = time.monotonic()
        status, text, error = 0, "", ""
        if not url.startswith(("http://", "https://")):
            return HttpAnswer(status=0, body="", latency_ms=0.0, error=f"{url!r} is not an http or https address")
        try:
            data = None if body is None else body.encode()
            request = urllib.request.Request(url, data=data, headers=dict(headers), method=method)  # noqa: S310
            with _opener(request.host).open(request, timeout=timeout_s) as answer:
                status, text = answer.status, answer.read(_MAX_BODY_BYTES).decode(errors="replace")
        except urllib.error.HTTPError as answer:
            with answer:
                status, text = answer.code, _rest(answer)
        except urllib.error.URLError as refused:
            error = str(refused.reason)
        except TimeoutError:
            error = f"no answer within {timeout_s:g} s"
        except (OSError, http.client.HTTPException, ValueError) as broken:
            error = f"{type(broken).__name__}: {broken}"
        return HttpAnswer(status=status, body=text, latency_ms=(time.monotonic() - started) * 1000, error=error)


def _rest(answer: IO[bytes]) -> str:
    """Return the body of an error answer; one that breaks off is as good as empty."""
    with suppress(OSError):
        return answer.read(_MAX_BODY_BYTES).decode(errors="replace")
    return ""


def _opener(host: str) -> "urllib.request.OpenerDirector":
    import urllib.request

    class AsIs(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: object, **_kwargs: object) -> None:
            return None

    name = host.rsplit(":", 1)[0].strip("[]")
    handlers: list[urllib.request.BaseHandler] = [AsIs()]
    # A proxy of the environment cannot reach this machine's own addresses.
    if name == "localhost" or name.endswith(".localhost") or name == "::1" or name.startswith("127."):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def sweep(places: Iterable[tuple[Path, str]], *, age_s: float = 86_400.0) -> None:
    """Remove folders of ours (a folder, and the beginning of their names) that killed commands left: a day old."""
    import shutil

    for folder, beginning in places:
        with suppress(OSError):
            for path in folder.glob(f"{beginning}*"):
                info = path.lstat()
                if stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and time.time() - info.st_mtime > age_s:
                    shutil.rmtree(path, ignore_errors=True)
