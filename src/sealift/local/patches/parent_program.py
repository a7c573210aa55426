"""The parent of functions: a program of its own, for any Python from 3.10 on. Arguments: a socket, a package folder.

It loads boto3, says what it has loaded, and makes a copy of itself for each request that comes with four descriptors:
standard input, output and error of the function, and one that is open for as long as the function lives.
"""

# What a fresh interpreter loads before a function's own modules, by itself and for the emulator's worker program.
import importlib
import json
import os
import sys
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ALWAYS = {name.partition(".")[0] for name in (*sys.modules, traceback.__name__)}


def main() -> "str | None":
    """Serve until nobody listens any more. In a copy, return the program to run."""
    import signal
    import socket

    line = socket.socket(fileno=int(sys.argv[1]))
    sys.path[:] = [p for p in sys.path[1:] if not p.rstrip("/").endswith(("site-packages", "dist-packages"))]
    packages = sys.argv[2]
    sys.path.append(packages)
    # By name: it is what functions get, on their Python; we use none of it.
    for name in ("boto3", "botocore.handlers"):
        importlib.import_module(name)
    session = importlib.import_module("botocore.session").Session()
    # What the first client of a process makes and keeps: regular expressions, partitions, modules loaded late.
    session.create_client("sts", "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
    sys.path.remove(packages)
    loaded = {name.partition(".")[0] for name in sys.modules} - _ALWAYS
    line.send(json.dumps(sorted(loaded)).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies are nobody's zombies
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(line, 1 << 17, 4)
        if not message:
            return None
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            line.close()
            return _become(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(str(pid).encode())


def _become(request: "dict[str, Any]", descriptors: "list[int]") -> str:
    """Take over descriptors, folder and environment of the function."""
    for number in range(3):
        os.dup2(descriptors[number], number)
        os.close(descriptors[number])
    os.set_inheritable(descriptors[3], False)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    program = str(request["program"])
    sys.argv[:] = [program]
    sys.path.insert(0, program.rpartition("/")[0])
    return program


_program = main()
if _program is not None:
    for _name in [name for name in globals() if not name.startswith("__") and name != "_program"]:
        del globals()[_name]
    __file__ = _program
    with open(_program) as _source:  # noqa: PTH123
        _code = compile(_source.read(), _program, "exec")
    exec(_code)
