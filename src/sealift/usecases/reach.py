"""What a developer asks of an environment that runs: its outputs, its functions, and what they log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sealift.errors import UserError, did_you_mean
from sealift.model.stack import LogLine
from sealift.usecases.site import Site
from sealift.usecases.surroundings import physical_functions

PLATFORM = ("INIT_START", "START RequestId", "END RequestId", "REPORT RequestId", '{"time":')
"""How the lines that Lambda itself writes begin."""
_LATE = timedelta(seconds=20)
"""CloudWatch shows entries of one moment at different times: what is followed is read again so far back."""
_PARALLEL = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """An entry of a log, with the logical id of its function."""

    function: str
    line: LogLine

    @property
    def is_platform(self) -> bool:
        """Whether Lambda wrote it, not the function."""
        message = self.line.message
        return message.startswith(PLATFORM[:-1]) or (message.startswith(PLATFORM[-1]) and '"platform.' in message)


def outputs_of(site: Site) -> dict[str, str]:
    """Return the outputs of the environment's stacks. Raises UserError when no stack is there."""
    states = site.states()
    if not states:
        raise _nothing_there(site)
    return site.outputs(states)


def functions_of(site: Site, wanted: str | None = None) -> dict[str, str]:
    """Return the functions of the environment, logical id by physical name; or the one that is wanted.

    Raises UserError when there is none of that name.
    """
    there = [state.name for state in site.states()]
    if not there:
        raise _nothing_there(site)
    every = {physical: logical for stack in there for logical, physical in physical_functions(site.cloud, stack)}
    if wanted is None:
        return every
    found = {physical: logical for physical, logical in every.items() if wanted in (logical, physical)}
    if len(found) == 1:
        return found
    names = sorted(found) if found else sorted(every.values())
    said = f'{site.name} has several functions "{wanted}"' if found else f'{site.name} has no function "{wanted}"'
    raise UserError(
        said + ("" if found else did_you_mean(wanted, names)),
        code="unknown-function",
        hint=f"Write one of: {', '.join(names)}." if names else "The stacks of this environment have no functions.",
    )


def read_lines(site: Site, functions: Mapping[str, str], *, since: datetime) -> tuple[Logged, ...]:
    """Return what these functions logged since a moment, oldest first."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        read = pool.map(lambda name: site.cloud.functions.log_lines(name, since=since), functions)
    logged = (
        Logged(function=logical, line=line)
        for logical, lines in zip(functions.values(), read, strict=True)
        for line in lines
    )
    return tuple(sorted(logged, key=lambda one: one.line.at))


def follow_lines(
    site: Site, functions: Mapping[str, str], *, since: datetime, pause_s: float, going: Callable[[], bool]
) -> Iterator[Logged]:
    """Yield what these functions logged since a moment, and what they log from now on, each entry once."""
    for one in polled_lines(site, functions, since=since):
        if one is not None:
            yield one
        elif going():
            site.services.clock.sleep(pause_s)
        else:
            return


def polled_lines(site: Site, functions: Mapping[str, str], *, since: datetime) -> Iterator[Logged | None]:
    """Yield what these functions logged since a moment, each entry once, and None when there is no more by now."""
    shown: frozenset[tuple[object, ...]] = frozenset()
    begun = since
    while True:
        lines = read_lines(site, functions, since=since)
        keyed = list(zip(_keys(lines), lines, strict=True))
        yield from (line for key, line in keyed if key not in shown)
        yield None
        newest = max((line.line.at for line in lines), default=since)
        since = max(begun, newest - _LATE)
        shown = frozenset(key for key, line in keyed if line.line.at >= since)


def _keys(lines: Sequence[Logged]) -> Iterator[tuple[object, ...]]:
    """Yield a unique key for each entry: equal entries of one moment are numbered."""
    times: dict[tuple[object, ...], count[int]] = {}
    for one in lines:
        key = (one.function, one.line.stream, one.line.at, one.line.message)
        yield (*key, next(times.setdefault(key, count())))


def _nothing_there(site: Site) -> UserError:
    hint = f"`sealift deploy {site.name}` deploys this commit."
    if site.environment.kind == "preview":
        hint = "`sealift preview up` creates it."
    elif site.app.environment(site.name) is None:
        hint = "`sealift dev`, which runs in another terminal, shows why."
    return UserError(
        f"Nothing is deployed to {site.name}",
        code="nothing-deployed",
        hint=hint,
        context={"environment": site.name},
    )
