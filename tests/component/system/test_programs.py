"""Programs that come with us are found, whoever looks for them first."""

import subprocess
import sys

LOOK = """
import sys, threading
from sealift.wiring.machine import programs
programs()
from uv import find_uv_bin
sys.setswitchinterval(1e-6)
start, found = threading.Barrier(8), []

def look():
    start.wait()
    found.append(find_uv_bin())

threads = [threading.Thread(target=look) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
print(len(found))
"""


def test_threads_that_look_for_a_program_at_once_all_find_it() -> None:
    # In a process of its own: the first look in a process is the one that can go wrong.
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("8", "")
