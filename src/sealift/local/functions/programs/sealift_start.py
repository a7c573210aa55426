"""Starts a Python function as Lambda does: AWS's runtime interface client, with Lambda's search path.

Arguments: a JSON object with `task`, `opt` and `runtime`, the folders to search, and `cache`, where bytecode is kept.
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath
"""

import importlib
import json
import os
import site
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import types


def main(folders: "dict[str, str]") -> None:
    """Set the search path and hand over to AWS's client, which loads the handler and never returns."""
    sys.pycache_prefix = folders["cache"]
    importlib.import_module("sealift_names").lead_by_environment()
    _search(folders)
    sys.argv[:] = ["/var/runtime/bootstrap.py"]
    client = importlib.import_module("awslambdaric.__main__")
    _tell_where_imports_fail(importlib.import_module("awslambdaric.bootstrap"))
    if "debug" in folders:
        _wait_for_debugger(folders["debug"], int(folders["port"]))
    client.main(["", os.environ["_HANDLER"]])


def _wait_for_debugger(packages: str, port: int) -> None:
    """Have debugpy listen, unless another environment of the function has it already."""
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    sys.path.append(packages)
    debugger = importlib.import_module("debugpy")
    try:
        debugger.listen(("127.0.0.1", port))
    except (OSError, RuntimeError):
        return
    print(f"waits for a debugger on 127.0.0.1:{port}", flush=True)
    debugger.wait_for_client()


def _tell_where_imports_fail(bootstrap: "types.ModuleType") -> None:
    """Let the emulator know the frames of a failed import, which AWS's client leaves out of its error."""
    find = bootstrap._get_handler

    def found(handler: str) -> object:
        try:
            return find(handler)
        except Exception as fault:
            cause = fault.__context__
            if isinstance(cause, ImportError):
                import http.client
                import traceback

                frames = traceback.format_list(traceback.extract_tb(cause.__traceback__))
                line = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
                line.request("POST", "/sealift/import-trace", json.dumps(frames))
                line.getresponse().read()
            raise

    vars(bootstrap)["_get_handler"] = found


def _search(folders: "dict[str, str]") -> None:
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    own = os.path.dirname(os.path.abspath(__file__))
    rest = [
        path
        for path in sys.path
        if path not in ("", own, folders["task"], folders["runtime"])
        and not path.rstrip("/").endswith(("site-packages", "dist-packages"))
    ]
    layers = [f"{folders['opt']}/python/lib/{python}/site-packages", f"{folders['opt']}/python"]
    sys.path[:] = [folders["task"]]
    for layer in filter(os.path.isdir, layers):
        site.addsitedir(layer)  # reads .pth files, too
    sys.path += [folders["runtime"], *rest]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
