"""A process ends at once, and still does all that is left to do."""

import subprocess
import sys

import pytest

_COMMAND = """
import atexit, click, concurrent.futures, sys, threading, time
from sealift.cli import main

@click.command
def history():
    {body}

main.cli.get_command = lambda _context, _name: history
sys.argv = ["sealift", "history"]
main.main()
"""


def ended(body: str) -> tuple[int, str, str]:
    code = _COMMAND.format(body=body)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("code", [0, 1, 3, 4, 70, 130])
def test_it_ends_with_the_code_of_the_command_and_all_that_was_written(code: int) -> None:
    body = f"sys.stdout.write('x' * 100_000); sys.stderr.write('y' * 100_000); return {code}"
    assert ended(body) == (code, "x" * 100_000, "y" * 100_000)


def test_what_was_left_for_the_end_is_done() -> None:
    assert ended("atexit.register(print, 'at the end')") == (0, "at the end\n", "")


@pytest.mark.parametrize(
    "body",
    [
        "threading.Thread(target=lambda: (time.sleep(0.3), print('done'))).start()",
        "concurrent.futures.ThreadPoolExecutor(1).submit(lambda: (time.sleep(0.3), print('done')))",
    ],
)
def test_threads_end_their_work(body: str) -> None:
    assert ended(body) == (0, "done\n", "")


def test_a_thread_that_nobody_waits_for_holds_nothing_up() -> None:
    assert ended("threading.Thread(target=time.sleep, args=(600,), daemon=True).start()") == (0, "", "")


def test_output_that_is_closed_is_no_fault() -> None:
    argv = [sys.executable, "-m", "sealift", "--version"]
    assert subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *argv], check=False).returncode == 0
