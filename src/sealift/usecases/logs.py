"""What functions said last, for who has to find out why something failed."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sealift.analysis.redact import redacted, secret_values
from sealift.errors import CloudError
from sealift.ports import Cloud
from sealift.usecases.site import Site
from sealift.usecases.surroundings import physical_functions

LOG_LINES = 12
MOST_TOLD = 3
"""Of how many functions the log is told: more would be a wall."""
_PLATFORM = ("INIT_START", "START RequestId", "END RequestId", "REPORT RequestId")
_WARNING = "LAMBDA_WARNING: Unhandled exception"
"""A page of text that says nothing of the function."""
_TROUBLE = re.compile(r"\[ERROR\]|Traceback \(most recent|Task timed out|\bRuntime\.\w+|\w(Error|Exception)\b")
_STAYS = re.compile(
    r"Runtime\.(ImportModuleError|HandlerNotFound|UserCodeSyntaxError|MalformedHandlerName)"
    r"|\b(NameError|AttributeError|TypeError|KeyError|ReferenceError|SyntaxError|ModuleNotFoundError|ImportError)\b"
)
"""Faults of the code itself. Denied rights, timeouts and connections may be those of something that is still made."""
_FRAME = re.compile(r'  File "([^"]+)", line \d+')
_OWN_CODE = re.compile(r"/var/task/([^\"]+)")
"""Where Lambda keeps a function's own code."""
_INDENTED = str.maketrans({"\N{NO-BREAK SPACE}": " "})
"""Lambda's runtime of Python writes these before the frames of a traceback."""
_CARETS = re.compile(r"[ ^~]*")
_AHEAD = timedelta(seconds=5)
"""How far the clock of CloudWatch may be behind ours."""
_PARALLEL = 8


def read_log(name: str, cloud: Cloud, *, since: datetime) -> tuple[str, ...]:
    """Return the end of a function's log, without the platform's own lines; empty when it cannot be read."""
    try:
        lines = cloud.functions.logs(name, since=since)
    except CloudError:
        return ()  # what failed is told without it
    secrets = _own_secrets(name, cloud) if lines else ()
    return essence([redacted(line.rstrip(), secrets) for entry in lines for line in entry.splitlines()])[-LOG_LINES:]


def _own_secrets(name: str, cloud: Cloud) -> tuple[str, ...]:
    """Return the secrets that a function has in its variables: AWS resolves those of Secrets Manager into them."""
    try:
        found = cloud.inventory.function(name)
    except CloudError:
        return ()
    return secret_values(found.variables) if found is not None else ()


def essence(lines: Sequence[str]) -> tuple[str, ...]:
    """Return log lines without those of the platform, the frames of what is not the function's own, and repetitions."""
    kept: list[str] = []
    foreign = False
    for line in (one.translate(_INDENTED) for one in lines if _WARNING not in one):
        frame = _FRAME.match(line)
        if frame:
            foreign = not _OWN_CODE.search(frame[1])
            line = _OWN_CODE.sub(r"\1", line)
        elif not line.startswith("    "):
            foreign = False
        if not line.strip() or foreign or _CARETS.fullmatch(line) or line.startswith(_PLATFORM) or line in kept[-1:]:
            continue
        kept.append(line)
    return tuple(kept[_before_the_last_traceback(kept) :])


def _before_the_last_traceback(lines: Sequence[str]) -> int:
    """Return where the traceback before the last one ends; 0 when there are not two.

    Its error comes after its frames, as Python writes it, or before them, as Lambda does.
    """
    begun = [number for number, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    if len(begun) < 2:
        return 0
    end = next(n for n in range(begun[-2] + 1, len(lines)) if not lines[n].startswith(" "))
    return end if lines[end].startswith("[ERROR]") else end + 1


def tell_log(name: str, lines: Sequence[str], site: Site) -> None:
    """Tell the end of a function's log."""
    site.note(
        "function-log",
        f"the log of {name} ends with:\n" + "\n".join(f"        {line}" for line in lines),
        level="error",
    )


def tell_trouble(stacks: Sequence[str], site: Site, *, since: datetime) -> None:
    """Emit the logs of a few functions of these stacks that failed since a moment."""
    for name, lines in list(_troubled(stacks, site.cloud, since=since - _AHEAD))[:MOST_TOLD]:
        tell_log(name, lines, site)


def stays_broken(stacks: Sequence[str], site: Site, *, since: datetime) -> bool:
    """Return whether a log says that a function cannot be loaded, or has a fault that no waiting mends."""
    found = _troubled(stacks, site.cloud, since=since)
    return any(_STAYS.search(line) for _, lines in found for line in lines)


def _troubled(stacks: Sequence[str], cloud: Cloud, *, since: datetime) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        names = [physical for stack in stacks for _, physical in physical_functions(cloud, stack)]
    except CloudError:
        return
    with ThreadPoolExecutor(_PARALLEL) as pool:
        logs = list(pool.map(lambda name: read_log(name, cloud, since=since), names))
    for name, lines in zip(names, logs, strict=True):
        if any(_TROUBLE.search(line) for line in lines):
            yield name, lines
