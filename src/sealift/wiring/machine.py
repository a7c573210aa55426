"""What this machine and its environment say: who is at work, where caches are, which programs and streams there are."""

import os
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sealift.scm.ci import CiContext, detect
from sealift.system import RealProcess

if TYPE_CHECKING:
    from sealift.scm.git import Git
    from sealift.template.templates import SamTemplates

ASSUMING = "SEALIFT_ASSUME_ROLE"
"""With `no` the credentials in use are not exchanged for those of `role`: for jobs that only look, as another role."""


def ci_context() -> CiContext:
    """Return what the CI system that runs us says."""
    return detect(os.environ, _github_event())


def _github_event() -> Mapping[str, Any]:
    """Return the event that started a job of GitHub; nothing when it cannot be read."""
    import json

    path = os.environ.get("GITHUB_EVENT_PATH")
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def human_present() -> bool:
    """Return whether a person may be there to answer; never in CI."""
    return ci_context().human


def display_present() -> bool:
    """Return whether a browser can be opened for a person: a graphical display is there."""
    import sys

    return human_present() and (
        sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )


def terminal(stream: TextIO) -> tuple[bool, bool]:
    """Return whether a person sees the stream as it is written, and whether to colour it.

    https://no-color.org and https://force-color.org
    """
    alive = stream.isatty() and os.environ.get("TERM") != "dumb" and human_present()
    return alive, not os.environ.get("NO_COLOR") and (alive or bool(os.environ.get("FORCE_COLOR")))


def cache_root() -> Path:
    """Return the folder of everything that can be made again: XDG_CACHE_HOME/sealift."""
    home = os.environ.get("XDG_CACHE_HOME") or str(home_folder() / ".cache")
    return Path(home) / "sealift"


def home_folder() -> Path:
    """Return the person's home; one in the folder for temporary files where a container's user has none."""
    try:
        return Path.home()
    except RuntimeError:
        import tempfile

        return Path(tempfile.gettempdir(), f"sealift-{os.getuid()}")


def caches_beside() -> dict[str, Path]:
    """Return the folders besides the build cache that hold files by what they were made from."""
    root = cache_root()
    return {"rendered": root / "rendered", "parsed": root / "parsed", "reports": root / "checks" / "reports"}


def actor() -> str:
    """Return who is at work, for ledgers and leases: `who@where`."""
    context = ci_context()
    if not context.human:
        return f"{context.actor or 'ci'}@{context.system}"
    import getpass
    import socket

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


@cache
def programs() -> RealProcess:
    """Return what runs other programs; there is one, so that all of them end with us."""
    # uv and ruff are looked up in threads: where two ask for these variables first, one gets them half filled.
    sysconfig.get_config_vars()
    return RealProcess()


@cache
def real_git() -> "Git":
    """Return git; there is one, so that the top of the repository is looked for once."""
    from sealift.scm.git import Git

    return Git(programs(), os.environ)


@cache
def sam_templates() -> "SamTemplates":
    from sealift.template.templates import SamTemplates

    kept = caches_beside()
    return SamTemplates(cache=kept["rendered"], parses=kept["parsed"])


def assumes() -> bool:
    return os.environ.get(ASSUMING, "yes") != "no"
