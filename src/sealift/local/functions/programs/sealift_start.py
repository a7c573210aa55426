"""Starts a Python function as Lambda does: AWS's runtime interface client, with Lambda's search path.

Arguments: a JSON object with `task`, `opt` and `runtime`, the folders to search, and `cache`, where bytecode is kept.
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath
"""

import importlib
import json
import os
import site
import sys


def main(folders: "dict[str, str]") -> None:
    """Set the search path and hand over to AWS's client, which loads the handler and never returns."""
    sys.pycache_prefix = folders["cache"]
    _search(folders)
    sys.argv[:] = ["/var/runtime/bootstrap.py"]
    client = importlib.import_module("awslambdaric.__main__")
    client.main(["", os.environ["_HANDLER"]])


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
