"""The program that runs one emulator: `python -m sealift.local.launcher FOLDER PORT REGION ACCOUNT`.

It becomes a daemon of two processes. The guard, small, watches; the emulator works and leads a process group with the
functions it runs. When the emulator ends, however it ends, the guard kills what is left of its group and removes its
temporary files. When the guard is killed, the emulator ends by itself. When the folder's run file vanishes, or names
another guard, both end, and so they do when the command is gone that had them to itself. So nothing outlives the folder
that describes it.
"""

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from sealift.local.folder import Folder, Run
from sealift.local.processes import began_at

STOP_S = 20.0
"""How long the emulator may take to save the cloud before it is killed."""
_POLL_S = 0.5


def main(argv: list[str]) -> None:
    """Detach, start the emulator, guard it. The calling process returns when the run file is written."""
    folder, port, region, account = Folder(Path(argv[0])), int(argv[1]), argv[2], argv[3]
    os.umask(0o077)
    written, writer = os.pipe()
    if os.fork():
        os.close(writer)
        os.read(written, 1)
        os._exit(0)
    os.close(written)
    os.setsid()
    _redirect(folder)
    guard = os.getpid()
    emulator = os.fork()
    if not emulator:
        os.close(writer)
        os.setpgid(0, 0)
        _emulate(guard, folder)
    began, guard_began = began_at(emulator), began_at(guard)
    folder.write_run(
        Run(
            guard=guard,
            guard_began=guard_began or "",
            emulator=emulator,
            emulator_began=began or "",
            port=port,
            region=region,
            account=account,
        )
    )
    os.close(writer)
    _guard(folder, emulator)


def _redirect(folder: Folder) -> None:
    """Let go of whatever the starting command has open, so that nobody waits for us to close it."""
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _guard(folder: Folder, emulator: int) -> None:
    """Wait until the emulator ended, or has to; then tidy up."""
    asked, woken = threading.Event(), threading.Event()

    def ask(*_: object) -> None:
        asked.set()
        woken.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    signal.signal(signal.SIGCHLD, lambda *_: woken.set())
    stop_at: float | None = None
    # It stays a zombie until its group is killed: as long, its number names no other group.
    while os.waitid(os.P_PID, emulator, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if stop_at is None and (asked.is_set() or not _is_ours(folder)):
            os.kill(emulator, signal.SIGTERM)
            stop_at = time.monotonic() + STOP_S
        elif stop_at is not None and time.monotonic() > stop_at:
            os.kill(emulator, signal.SIGKILL)
        woken.wait(_POLL_S)
        woken.clear()
    _tidy(folder, emulator)


def _is_ours(folder: Folder) -> bool:
    run = folder.run()
    return run is not None and run.guard == os.getpid() and not folder.is_abandoned()


def _tidy(folder: Folder, emulator: int) -> None:
    """Kill what is left of the emulator's group and remove what describes it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(emulator, signal.SIGKILL)
    os.waitpid(emulator, 0)
    shutil.rmtree(folder.tmp, ignore_errors=True)
    if _is_ours(folder):
        folder.run_file.unlink(missing_ok=True)
    elif folder.is_abandoned():
        shutil.rmtree(folder.path, ignore_errors=True)


def _emulate(guard: int, folder: Folder) -> None:
    """Run the emulator in this process; never returns."""
    threading.Thread(target=_end_with, args=(guard,), daemon=True, name="sealift-guard-watch").start()
    from sealift.local.emulator import run

    def leave(code: int = 0) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        if os.getppid() != guard:  # nobody else is left to do it
            shutil.rmtree(folder.tmp, ignore_errors=True)
            os.killpg(0, signal.SIGKILL)
        os._exit(code)

    try:
        run(folder, guard=guard, leave=leave)
    except SystemExit as stop:
        leave(stop.code if isinstance(stop.code, int) else 1)
    except BaseException:
        traceback.print_exc()
        leave(1)
    leave()


def _end_with(guard: int) -> None:
    """End this process when its guard is gone; workers and temporary files go with it."""
    while os.getppid() == guard:
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
