"""Programs that are run never outlive the call: what they start included."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.streams import MOST_BYTES
from sealift.system import CALL, RealProcess

PARENT_AND_CHILD = """
import subprocess, sys, time, os
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
time.sleep(float(sys.argv[1]))
"""
STUBBORN = """
import signal, time, os
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("pids", "w").write(str(os.getpid()))
time.sleep(600)
"""


def _alive(pid: int) -> bool:
    try:
        # A zombie that nobody has waited for yet is not running.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _pids(folder: Path, timeout_s: float = 10.0) -> list[int]:
    """Wait until the program has told its pids."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        file = folder / "pids"
        if file.exists() and (text := file.read_text()):
            return [int(pid) for pid in text.split()]
        time.sleep(0.01)
    raise AssertionError("the program did not start")


def _gone(pids: list[int], timeout_s: float = 5.0) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_output_and_exit_code_arrive_and_there_is_no_input(tmp_path: Path) -> None:
    done = RealProcess().run(
        [
            sys.executable,
            "-c",
            "import sys; print('grüße', len(sys.stdin.read())); print('é\\udc00', file=sys.stderr); sys.exit(3)",
        ],
        cwd=tmp_path,
        env={"PYTHONIOENCODING": "utf-8:surrogateescape", "PATH": "/bin"},
    )
    assert (done.returncode, done.stdout.strip(), done.timed_out) == (3, "grüße 0", False)


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    done = RealProcess().run([sys.executable, "-c", "import os; os.write(1, b'a\\xffb')"], cwd=tmp_path)
    assert done.stdout == "a\ufffdb"


def test_a_big_output_is_read_whole(tmp_path: Path) -> None:
    done = RealProcess().run([sys.executable, "-c", "print('x' * 3_000_000)"], cwd=tmp_path)
    assert len(done.stdout) == 3_000_001


def test_the_given_environment_is_the_whole_one(tmp_path: Path) -> None:
    done = RealProcess().run(
        [sys.executable, "-c", "import os; print(sorted(os.environ))"], cwd=tmp_path, env={"A": "1"}
    )
    assert "HOME" not in done.stdout
    assert "'A'" in done.stdout


def test_a_program_that_is_not_there_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        RealProcess().run(["no-such-program-here"], cwd=tmp_path)
    assert caught.value.code == "program-not-found"


def test_a_folder_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        RealProcess().run([sys.executable], cwd=tmp_path / "gone")
    assert caught.value.code == "folder-not-found"


def test_a_file_that_may_not_be_run_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(UserError) as caught:
        RealProcess().run([str(tmp_path / "data")], cwd=tmp_path)
    assert caught.value.code == "program-not-runnable"


def test_a_program_is_found_from_the_folder_that_it_runs_in(tmp_path: Path) -> None:
    (tmp_path / "say").write_text("#!/bin/sh\necho $0 $1\n")
    (tmp_path / "say").chmod(0o755)
    done = RealProcess().run(["./say", 'it\'s "$HOME"'], cwd=tmp_path)
    assert done.stdout == f'{tmp_path}/say it\'s "$HOME"\n'


def test_a_program_is_found_on_the_path_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "say").symlink_to(sys.executable)
    done = RealProcess().run(["say", "-c", "print(1)"], cwd=tmp_path, env={"PATH": f"/nowhere:{tmp_path}/bin"})
    assert done.stdout == "1\n"


def test_a_timeout_ends_the_program_and_its_children(tmp_path: Path) -> None:
    done = RealProcess().run([sys.executable, "-c", PARENT_AND_CHILD, "600"], cwd=tmp_path, timeout_s=1.5)
    assert done.timed_out
    assert _gone(_pids(tmp_path))


def test_what_a_program_leaves_behind_is_ended(tmp_path: Path) -> None:
    started = time.monotonic()
    done = RealProcess().run([sys.executable, "-c", PARENT_AND_CHILD, "0"], cwd=tmp_path)
    assert (done.returncode, done.timed_out) == (0, False)
    assert time.monotonic() - started < 20
    assert _gone(_pids(tmp_path))


def test_a_program_that_takes_no_hint_is_killed(tmp_path: Path) -> None:
    done = RealProcess().run([sys.executable, "-c", STUBBORN], cwd=tmp_path, timeout_s=1.0)
    assert done.timed_out
    assert done.returncode == -signal.SIGKILL
    assert _gone(_pids(tmp_path))


def test_stopping_reaches_programs_that_other_threads_wait_for(tmp_path: Path) -> None:
    process = RealProcess()
    argv = [sys.executable, "-c", PARENT_AND_CHILD, "600"]
    worker = threading.Thread(target=lambda: process.run(argv, cwd=tmp_path))
    worker.start()
    pids = _pids(tmp_path)
    process.stop_all()
    worker.join(timeout=10)
    assert not worker.is_alive()
    assert _gone(pids)


def test_a_program_started_after_a_stop_runs_as_ever(tmp_path: Path) -> None:
    process = RealProcess()
    process.stop_all()
    done = process.run([sys.executable, "-c", "import time; time.sleep(0.5); print('done')"], cwd=tmp_path)
    assert done.stdout == "done\n"


INTERRUPTED = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sealift.system import RealProcess
process = RealProcess()
argv = [sys.executable, "-c", Path("program.py").read_text(), "600"]
try:
    with process.ending_with_us():
        if sys.argv[1] == "main":
            process.run(argv, cwd=Path.cwd())
        else:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(process.run, argv, cwd=Path.cwd()).result()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("thread", ["main", "worker"])
def test_a_signal_leaves_nothing_running(tmp_path: Path, number: signal.Signals, thread: str) -> None:
    (tmp_path / "program.py").write_text(PARENT_AND_CHILD)
    ours = subprocess.Popen([sys.executable, "-c", INTERRUPTED, thread], cwd=tmp_path)
    pids = _pids(tmp_path)
    os.kill(ours.pid, number)
    assert ours.wait(timeout=10) == 130
    assert _gone(pids)


@pytest.mark.parametrize("thread", ["main", "worker"])
def test_a_program_and_its_children_do_not_outlive_a_hard_kill_of_ours(tmp_path: Path, thread: str) -> None:
    (tmp_path / "program.py").write_text(PARENT_AND_CHILD)
    ours = subprocess.Popen([sys.executable, "-c", INTERRUPTED, thread], cwd=tmp_path)
    pids = _pids(tmp_path)
    ours.kill()
    assert ours.wait(timeout=10) == -signal.SIGKILL
    assert _gone(pids)


def test_a_program_that_waits_for_all_its_children_finds_none_of_ours(tmp_path: Path) -> None:
    waiting = "import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print('none')"
    done = RealProcess().run([sys.executable, "-c", waiting], cwd=tmp_path, timeout_s=10)
    assert done.stdout == "none\n"


@pytest.mark.parametrize("folder", ["/" + "x" * 300, "/proc/1/root", "/dev/null/x"])
def test_a_folder_of_path_that_cannot_be_looked_into_holds_nothing(tmp_path: Path, folder: str) -> None:
    env = {"PATH": f"{folder}:/usr/bin:/bin"}
    assert RealProcess().run(["true"], cwd=tmp_path, env=env).returncode == 0
    with pytest.raises(UserError) as caught:
        RealProcess().run(["x" * 300], cwd=tmp_path, env=env)
    assert caught.value.code == "program-not-found"


AWAY = """
import os, sys, time
holds = sys.argv[1] == "holds"
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    if not holds:
        for number in (0, 1, 2):
            os.close(number)
    open("pids", "w").write(str(os.getpid()))
    time.sleep(600)
while not os.path.exists("pids"):
    time.sleep(0.01)
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize(("program_s", "timed_out"), [("0", False), ("600", True)])
def test_output_that_a_grandchild_in_another_session_holds_open_is_not_waited_for(
    tmp_path: Path, program_s: str, timed_out: bool
) -> None:
    started = time.monotonic()
    done = RealProcess().run([sys.executable, "-c", AWAY, "holds", program_s], cwd=tmp_path, timeout_s=3)
    assert (done.timed_out, time.monotonic() - started < 30) == (timed_out, True)
    os.kill(_pids(tmp_path)[0], signal.SIGKILL)


@pytest.mark.parametrize("holds", ["holds", "closes"])
@pytest.mark.parametrize("program_s", ["0", "600"])
def test_a_marked_program_leaves_nothing_behind_in_another_session(tmp_path: Path, holds: str, program_s: str) -> None:
    env = {**os.environ, CALL: f"{os.getpid()}-{holds}-{program_s}"}
    RealProcess().run([sys.executable, "-c", AWAY, holds, program_s], cwd=tmp_path, env=env, timeout_s=3)
    assert _gone(_pids(tmp_path))


def test_the_mark_of_another_process_ends_nothing(tmp_path: Path) -> None:
    mark = {**os.environ, CALL: "1-home-x"}
    outer = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=mark)
    RealProcess().run([sys.executable, "-c", ""], cwd=tmp_path, env=mark)
    alive = outer.poll() is None
    outer.kill()
    outer.wait()
    assert alive


FLOOD = """
import os, sys
data = sys.argv[1].encode() * 1_000_000
for _ in range(100):
    os.write(1, data)
    os.write(2, data)
os.write(1, b"the end")
"""
MEMORY = """
import resource, sys
from pathlib import Path
from sealift.system import RealProcess
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
done = RealProcess().run([sys.executable, *sys.argv[1:]], cwd=Path.cwd())
assert done.stdout.startswith(sys.argv[3]) and done.stdout.endswith("the end") and "bytes left out" in done.stdout
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, done.left_out_bytes)
"""


@pytest.mark.parametrize("unit", ["x", "\n"])
def test_of_megabytes_the_beginning_and_the_end_are_kept_in_bounded_memory(tmp_path: Path, unit: str) -> None:
    argv = [sys.executable, "-c", MEMORY, "-c", FLOOD, unit]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    grown_kb, left_out = map(int, done.stdout.split())
    assert left_out == 200_000_007 - 2 * MOST_BYTES
    assert grown_kb * 1024 < 10 * MOST_BYTES
