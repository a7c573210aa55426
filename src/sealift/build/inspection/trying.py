"""Loads finished functions once, each content once, and judges what came of it.

A module, a handler or a name that is missing, and a syntax error, are certain: Lambda would answer every event with it.
What a function needs of network and settings as it is loaded is not decided here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sealift.build.cache.keys import digest
from sealift.build.cache.store import Cache
from sealift.delivery.loading import Judged, judge
from sealift.errors import BuildError
from sealift.model.loading import Loading
from sealift.model.release import STAND_IN, Finished, Looked
from sealift.ports import Trials

TRIALS = "trials/6"
"""Part of the name of kept trials: another way to load functions needs another one."""
_CERTAIN = frozenset(
    {
        "Runtime.ImportModuleError",
        "Runtime.HandlerNotFound",
        "Runtime.MalformedHandlerName",
        "Runtime.UserCodeSyntaxError",
        "NameError",
        "ReferenceError",
    }
)
_ASSUMED = frozenset({"Runtime.HandlerNotFound", "NameError", "ReferenceError"})
"""What may come of a value that stands in for one that only a deployment knows."""
_ANYWHERE = re.compile(
    r"Runtime\.(?:HandlerNotFound|MalformedHandlerName|ImportModuleError: .*Cannot find .* '(?!node:))"
)
"""What does not depend on the version of Node.js."""
_PASSING = frozenset({"Sandbox.Timedout", "Runtime.ExitError"})
"""What may come of a busy machine: it is not kept."""


def tried(functions: Sequence[Finished], trials: Trials, cache: Cache) -> Looked:
    """Load functions, those that were loaded before excepted. Raises BuildError for what fails for certain."""
    wanted = [one for one in functions if one.handler or (one.runtime or "").startswith("nodejs")]
    keys = {one.logical_id: _key(one, trials) for one in wanted}
    known = {key: kept for key in keys.values() if (kept := _kept(cache, key))}
    new = {key: one for one in wanted if (key := keys[one.logical_id]) not in known}
    for key, loading in zip(new, trials.load(tuple(new.values())), strict=True):
        known[key] = loading
        if loading.error_type not in _PASSING:
            cache.try_write("trials", key, asdict(loading))
    judged = [(one, known[keys[one.logical_id]]) for one in wanted]
    found = [(judge(loading, one.logical_id), _is_certain(one, loading)) for one, loading in judged]
    broken = [told for told, certain in found if told and told.certain and certain]
    if broken:
        raise _broken(broken)
    return Looked(
        warnings=tuple(f"Undecided whether it can be loaded: {told.text}" for told, _ in found if told),
        unseen=tuple(_unseen(judged)),
    )


def _is_certain(function: Finished, loading: Loading) -> bool:
    assumed = STAND_IN in function.variables.values() and loading.error_type in _ASSUMED
    anywhere = not loading.stand_in or _ANYWHERE.match(f"{loading.error_type}: {loading.message}")
    return loading.error_type in _CERTAIN and not assumed and bool(anywhere)


def _key(function: Finished, trials: Trials) -> str:
    parts = (function.package.name, [layer.name for layer in function.layers], function.foreign)
    declared = (function.handler, function.runtime, function.architecture, dict(function.variables))
    return digest(TRIALS, parts, declared, trials.runtime(function.runtime or ""))


def _kept(cache: Cache, key: str) -> Loading | None:
    kept = cache.read("trials", key)
    if kept is None:
        return None
    try:
        trace, layers = kept.pop("trace"), kept.pop("absent_layers")
        assert isinstance(trace, list)
        assert isinstance(layers, list)
        return Loading(
            trace=tuple(map(str, trace)), absent_layers=tuple(map(str, layers)), **{k: str(v) for k, v in kept.items()}
        )
    except (KeyError, TypeError, AssertionError):
        return None


def _unseen(judged: Sequence[tuple[Finished, Loading]]) -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for one, loading in judged:
        if loading.skipped or loading.stand_in:
            how = f"Loaded on {loading.stand_in}" if loading.stand_in else "Not loaded"
            why = loading.skipped or f"{one.runtime} is not on this machine"
            found.setdefault((how, why), []).append(one.logical_id)
    for (how, why), names in found.items():
        yield f"{how} before the deployment: {', '.join(names)} ({why})"


def _broken(broken: Sequence[Judged]) -> BuildError:
    what = "A function" if len(broken) == 1 else f"{len(broken)} functions"
    return BuildError(
        f"{what} cannot be loaded:\n" + "\n".join(f"  - {one.text}" for one in broken),
        code="function-not-loaded",
        hint="Lambda would answer every event of it with this error.",
        context={
            "functions": [one.name for one in broken],
            "broken": [{"cause": one.cause, "place": one.place, "cure": one.cure} for one in broken],
        },
    )
