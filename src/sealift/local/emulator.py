"""The emulator's side of the launcher: patches first, then the emulator's own main loop."""

import gc
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.local.doors import API_NAME, DEBUG_PATH, LOAD_PATH, SWAP_PATH
from sealift.local.folder import Folder
from sealift.local.gateway import gateway
from sealift.local.interpreters import Places
from sealift.local.patches import apply
from sealift.local.saving import Saver, load_whole, settle_interrupted

if TYPE_CHECKING:
    from sealift.local.functions.starting import Workshop

PLACES_VARIABLE = "SEALIFT_PYTHON_VERSIONS"
"""Folders of installed Python versions, handed over by the supervisor: HOME is another one here."""
_OUR_OWN = (PLACES_VARIABLE, "LOG_LEVEL", "AUTH", "PYTHONUNBUFFERED")
"""Variables that functions would inherit and might take for theirs, and that are not read again."""


def run(folder: Folder, *, guard: int, leave: Callable[[], None]) -> None:
    """Run the emulator until it is asked to end; `leave` ends the process once the cloud is saved."""
    gc.set_threshold(50_000, 20, 50)  # nearly all that it makes while it starts is kept
    from ministack import app

    versions = os.environ.get(PLACES_VARIABLE, "")
    where = Places(
        programs=tuple(Path(p) for p in os.environ["PATH"].split(":") if p and Path(p).name != "shims"),
        versions=tuple(Path(p) for p in versions.split(":") if p),
    )
    from sealift.local.functions.executing import debug, load, own_runtimes, swap
    from sealift.local.patches.streaming import streamed_answers

    workshop = _workshop(folder, where)
    own_runtimes(workshop)
    apply(workshop.prepare)
    streamed_answers()
    app._EXECUTE_API_RE = API_NAME  # functions get the names of APIs that AWS would give
    for name in _OUR_OWN:
        os.environ.pop(name, None)
    _settle_after_loading()
    saver = Saver()
    app.app = gateway(
        app.app,
        guard=guard,
        saver=saver,
        leave=leave,
        doors={
            LOAD_PATH: lambda names: {"functions": load(names), "mounts": workshop.has_mounts()},
            SWAP_PATH: swap,
            DEBUG_PATH: debug,
        },
        key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    saver.start()
    sys.argv = ["ministack"]
    app.main()


def _settle_after_loading() -> None:
    from ministack import app

    load = app._load_persisted_state

    def loaded() -> None:
        load_whole(load)
        settle_interrupted()

    app._load_persisted_state = loaded


def _workshop(folder: Folder, where: Places) -> "Workshop":
    from sealift.local.functions.node_sdk import node_sdk
    from sealift.local.functions.runtimes import Runtimes
    from sealift.local.functions.starting import Workshop

    spec = importlib.util.find_spec("boto3")
    assert spec is not None
    assert spec.origin is not None
    packages = Path(spec.origin).parent.parent
    return Workshop(folder=folder.tmp, runtimes=Runtimes(folder.tmp / "functions", where, packages, node_sdk()))
