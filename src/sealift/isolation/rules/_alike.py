"""Rules on things from outside that two environments use alike."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.references import Place, leak, named_leaks, places, shared
from sealift.isolation.world import World
from sealift.model.finding import Severity


def used_alike(
    world: World,
    types: tuple[str, ...],
    paths: tuple[str, ...],
    *,
    rule: tuple[str, Severity],
    words: tuple[str, str],
    named: Severity | None = None,
) -> Iterator[Leak]:
    """Yield texts that two environments name alike and, as references, texts that name another one's resource.

    `words` are what the thing is called, and the fix; `named` is the severity where it is another one's.
    """
    what, fix = words
    found: dict[str, list[Place]] = {}
    for environment in world.environments:
        listed = [p for p in places(environment, types, *paths) if p.value.exact]
        own, names = environment.terms, environment.names
        found[environment.name] = [
            p for p in listed if p.value.only is not None and p.value.only not in own and p.value.only not in names
        ]
    for place, text, left, right in shared(found):
        if _is_nothing(text):
            continue
        message = f"{left} and {right} share {what} {text} ({place.logical_id})."
        yield leak(world, place, rule=rule, ends=(left, right), message=message, fix=fix, resource=text)
    theirs = (rule[0], named or rule[1])
    yield from named_leaks(world, types, paths, rule=theirs, what=what[:1].upper() + what[1:] + " of", fix=fix)


def _is_nothing(text: str) -> bool:
    """AWS's own keys belong to the account and say nothing."""
    return len(text) < 4 or text.startswith("alias/aws/") or ":alias/aws/" in text or text in ("true", "false")
