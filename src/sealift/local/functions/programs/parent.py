"""The parent of functions: a program of its own, for any Python from 3.10 on.

Arguments: a socket, the folder with Lambda's own packages or nothing, and an empty folder to try mounts in.

It says what it has loaded and whether functions can have folders of their own, and makes a copy of itself for each
request that comes with a descriptor for the function's output. A copy starts a Python function itself, or becomes
another program.
"""

import importlib
import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ALWAYS = {name.partition(".")[0] for name in sys.modules}


def main() -> "dict[str, str] | None":
    """Serve until nobody listens any more. In a copy that is to start a Python function, return its folders."""
    import signal
    import socket

    line = socket.socket(fileno=int(sys.argv[1]))
    packages, trial = sys.argv[2], sys.argv[3]
    sys.path[:] = [p for p in sys.path if not p.rstrip("/").endswith(("site-packages", "dist-packages"))]
    _preload(packages)
    sys.dont_write_bytecode = True  # of what functions bring; that of boto3 serves the next parent
    has_mounts = _try_mounts(trial)
    loaded = {name.partition(".")[0] for name in sys.modules} - _ALWAYS
    line.send(json.dumps({"loaded": sorted(loaded), "mounts": has_mounts}).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies are nobody's zombies
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(line, 1 << 17, 1)
        if not message:
            return None
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            line.close()
            return _become(json.loads(message), descriptors[0])
        os.close(descriptors[0])
        line.send(str(pid).encode())


def _preload(packages: str) -> None:
    if not packages:
        return
    sys.path.append(packages)
    # By name: it is what functions get, on their Python; we use none of it.
    for name in ("boto3", "botocore.handlers", "simplejson", "snapshot_restore_py", "concurrent.futures", "site"):
        importlib.import_module(name)
    session = importlib.import_module("botocore.session").Session()
    # What the first client of a process makes and keeps: regular expressions, partitions, modules loaded late.
    session.create_client("sts", "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
    sys.path.remove(packages)


def _try_mounts(trial: str) -> bool:
    import sealift_mounts as mounts

    names = ("task", "opt", "tmp", "runtime", "root")
    for name in names:
        os.makedirs(f"{trial}/{name}", exist_ok=True)
    pid = os.fork()
    if not pid:
        try:
            mounts.enter({name: f"{trial}/{name}" for name in names}, [])
            os._exit(0 if os.path.isdir("/opt") else 1)
        except BaseException:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _become(request: "dict[str, Any]", output: int) -> "dict[str, str]":
    """Take over output, folders and environment of the function; become its program when that is another one."""
    import sealift_mounts as mounts

    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, output, output)):
        os.dup2(descriptor, number)
    os.close(nothing)
    os.close(output)
    os.umask(0o022)
    try:
        if request["view"]:
            mounts.enter(request["view"], request["keep"])
        os.chdir(request["cwd"])
    except OSError as error:
        print(f"The function cannot have folders of its own: {error}", flush=True)
        os._exit(1)
    env: dict[str, str] = request["env"]
    if request["argv"]:
        argv: list[str] = request["argv"]
        try:
            os.execve(argv[0], argv, env)
        except OSError as error:
            print(f"{argv[0]} cannot be run: {error}", flush=True)
            os._exit(1)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    folders: dict[str, str] = request["folders"]
    return folders


if __name__ == "__main__":
    _folders = main()
    if _folders is not None:
        import sealift_start as _start

        for _name in [name for name in globals() if not name.startswith("__") and name not in ("_start", "_folders")]:
            del globals()[_name]
        _start.main(_folders)
