"""Runs programs that the tree can influence (linters, builds of requirements, tests) out of reach of credentials.

Each gets the variables of an allow-list and a HOME of its own. Where the kernel allows it, also namespaces: files with
credentials are covered, the environment of other processes cannot be read, and `offline` programs have this machine's
own addresses alone (so no metadata service of EC2 or ECS either). Linux only; elsewhere variables and HOME are all.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sealift.analysis.allowed import allowed, covered
from sealift.errors import UserError
from sealift.model.app import SandboxOptions
from sealift.ports import Completed, Process
from sealift.system import CALL, program_file

OPEN = (
    "This kernel gives us no namespaces: tests and builds get no credential by variables or HOME, but could read files "
    "of this user, the environment of its processes, and the metadata addresses of the machine"
)
"""What is said where files cannot be covered."""
_PROBE_S = 20.0
_ONE_AT_A_TIME = threading.Lock()
"""Held while the kernel is asked: sandboxes of several threads want the same answer."""
_LAUNCH = r"""
import _socket, ctypes, fcntl, os, sys
offline, places = sys.argv[1] == "offline", 3 + int(sys.argv[2])
covered, program = sys.argv[3:places], sys.argv[places:]
libc, uid, gid = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
def text(value): return None if value is None else value.encode()
def mount(what, where, kind, flags, data=None):
    if libc.mount(text(what), text(where), text(kind), flags, text(data)): sys.exit(125)
told, tell = os.pipe()
main, helper = os.getpid(), os.fork()
def write(name, line):
    try: open(f"/proc/{main}/{name}", "w").write(line)
    except OSError: return False
    return True
if not helper:
    # A process outside of the namespace says which users are in it: all of them, when it may.
    os.close(tell)
    os.read(told, 1)
    done = write("uid_map", "0 0 4294967295") or write("uid_map", f"{uid} {uid} 1")
    write("setgroups", "deny") if uid else None
    done = (write("gid_map", "0 0 4294967295") or write("setgroups", "deny") and write("gid_map", f"{gid} {gid} 1")
        or write("gid_map", f"{gid} {gid} 1")) and done
    os._exit(0 if done else 1)
os.close(told)
refused = libc.unshare(0x10000000 | 0x00020000 | (0x40000000 if offline else 0))
os.close(tell)
if os.waitpid(helper, 0)[1] or refused: sys.exit(125)
mount("none", "/", None, 0x4000 | 1 << 18)
for place in covered:
    if os.path.isdir(place): mount("none", place, "tmpfs", 0, "size=64k,mode=700")
    elif os.path.exists(place): mount("/dev/null", place, None, 0x1000)
if offline:
    own = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(own.fileno(), 0x8914, b"lo".ljust(16, b"\0") + (0x1 | 0x40).to_bytes(2, sys.byteorder) + bytes(14))
    own.close()
# Without these nobody can take the covers off again: SYS_ADMIN, SYS_PTRACE, NET_ADMIN, SYS_MODULE, SETPCAP last.
for capability in (21, 19, 12, 16, 8): libc.prctl(24, capability, 0, 0, 0)
os.execv(program[0], program)
"""
"""Enters namespaces, covers what holds credentials, and becomes the program.

It is started for each program, so it imports only what starts in a millisecond: neither json nor socket.
"""


class SandboxedProcess:
    """A Process whose programs see no credential. `env` is ours; `options` are what a team lets through.

    One that is `required` refuses to run where the kernel cannot close what it has to.
    """

    def __init__(
        self,
        process: Process,
        env: Mapping[str, str],
        folder: Path,
        *,
        options: SandboxOptions,
        offline: bool = False,
        required: bool = False,
    ) -> None:
        self._process = process
        self._env = dict(env)
        self._folder = folder
        self._options = options
        self._offline = offline
        self._required = required

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a program gets unless others are given: the allow-list's."""
        return allowed(self._env, self._options.variables)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        """Run to the end in a HOME of its own. `env` is the whole environment but for that."""
        program = program_file(argv[0], cwd, env if env is not None else self.environment)
        self._folder.mkdir(parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(dir=self._folder, prefix="home-"))
        try:
            mark = f"{os.getpid()}-{home.name}"
            given = {**(self.environment if env is None else env), "HOME": str(home), CALL: mark}
            self._link_settings(home)
            command = [*self._prefix, str(program), *argv[1:]]
            return self._process.run(command, cwd=cwd, env=given, timeout_s=timeout_s)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def _link_settings(self, home: Path) -> None:
        """Let uv find which registries the person uses, and programs the files that the team lets through."""
        for name in self._options.files:
            path = Path(self._env.get("HOME", "/"), name[2:])
            if name.startswith("~/") and path.is_file():
                (home / name[2:]).parent.mkdir(parents=True, exist_ok=True)
                (home / name[2:]).symlink_to(path)
        above = self._env.get("XDG_CONFIG_HOME") or Path(self._env.get("HOME", "/"), ".config")
        settings = Path(above, "uv", "uv.toml")
        if settings.is_file():
            (home / ".config" / "uv").mkdir(parents=True, exist_ok=True)
            (home / ".config" / "uv" / "uv.toml").symlink_to(settings)

    @property
    def closed(self) -> bool:
        """Whether the kernel lets us cover files (and, `offline`, close the network)."""
        # What can close the network can cover files, too: mostly one answer does for all sandboxes.
        asked = (True,) if self._offline else (True, False)
        with _ONE_AT_A_TIME:
            run = self._process.run
            return sys.platform == "linux" and any(_closes(run, *self._launcher(offline=one)) for one in asked)

    @property
    def _prefix(self) -> list[str]:
        if self.closed:
            return self._launcher(offline=self._offline)
        if self._required:
            raise UserError(
                "[sandbox] network = false, and this kernel gives us no network namespace to close it with",
                code="sandbox-network",
                hint="Allow unprivileged user namespaces on the runner (in Docker: a seccomp profile that lets unshare "
                "through), or take the line out of sealift.toml.",
            )
        return []

    def _launcher(self, *, offline: bool) -> list[str]:
        places = covered(self._env, self._options.files)
        asked = ("offline" if offline else "online", str(len(places)), *places)
        return [sys.executable, "-I", "-S", "-c", _LAUNCH, *asked]


@cache
def _closes(run: Callable[..., Completed], *launcher: str) -> bool:
    """Whether programs can be launched so; asked once a process, for many sandboxes ask for the same."""
    done = run([*launcher, "/bin/true"], cwd=Path("/"), env={}, timeout_s=_PROBE_S)
    return done.returncode == 0
