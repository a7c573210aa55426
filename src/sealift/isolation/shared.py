"""What two environments use alike and neither owns, and values from outside that nobody can decide about.

The rules take from here what is theirs; `weights` says which rule a text belongs to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sealift.isolation.identities import named_in, names_of
from sealift.isolation.mentions import Place
from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_outside, has_symbol, is_wild
from sealift.isolation.rule import Rule
from sealift.isolation.symbols import Outside
from sealift.isolation.weights import Thing, is_global, weigh
from sealift.isolation.world import World, kept


@dataclass(frozen=True, slots=True)
class Shared:
    """A text that two environments share, and the kind of resource that it names."""

    place: Place
    text: str
    left: str
    right: str
    thing: Thing


@kept
def shared_things(world: World) -> Sequence[Shared]:
    """Return every text that two environments share and that names a resource."""
    users: dict[str, dict[str, Place]] = {}
    for environment in world.environments:
        for place in environment.mentions:
            for text in place.value.values if place.value.exact else ():
                if len(text) > 3 or has_outside(text):
                    users.setdefault(text, {}).setdefault(environment.name, place)
    return [found for text, by_environment in users.items() for found in _pairs(world, text, by_environment)]


def _pairs(world: World, text: str, by_environment: dict[str, Place]) -> Iterator[Shared]:
    if len(by_environment) < 2 or has_symbol(text) or is_wild(text):
        return
    outside = outside_of(world, text)
    names = [name for name in by_environment if _own(world)[name].isdisjoint(named_in(text))]
    if len(names) != len(by_environment) or world.schemes.owners(str(outside) if outside else text):
        # What belongs to one of them is a reference, which other rules report.
        return
    for index, left in enumerate(names):
        place = by_environment[left]
        thing = weigh(place, text, outside)
        if thing is None:
            return
        for right in names[index + 1 :]:
            if world.same_account(left, right) or (outside is None and (thing.hidden or is_global(text))):
                yield Shared(place, text, left, right, thing)


@kept
def _own(world: World) -> dict[str, frozenset[str]]:
    """Return the names of each environment's resources."""
    return {e.name: e.terms | e.names | {name for _, name in names_of(e)} for e in world.environments}


def outside_of(world: World, text: str) -> Outside | None:
    """Return the first value from outside in a text."""
    if not has_outside(text):
        return None
    return next((world.symbols.sources[c] for c in text if c in world.symbols.sources), None)


def shared_findings(world: World, rule: Rule) -> Iterator[Finding]:
    """Yield one rule's findings about resources that two environments share; the keys of one secret together."""
    groups: dict[tuple[str, str, Outside | str], list[Shared]] = {}
    for found in shared_things(world):
        if found.thing.rule == rule.id:
            outside = outside_of(world, found.text)
            thing = outside.whole if outside is not None and outside.kind == "secretsmanager" else found.text
            groups.setdefault((found.left, found.right, thing), []).append(found)
    for found, *more in groups.values():
        shown = "" if found.thing.hidden else world.symbols.concrete(found.text)
        what = f"{found.thing.what} {shown}".rstrip()
        where = f"{found.place.scope.origin(found.place.logical_id)}, {found.place.path}"
        also = f", and {len(more)} more values of it" if more else ""
        message = f"{found.left} and {found.right} share {what} ({where}){also}."
        ends, severity = (found.left, found.right), found.thing.severity
        yield rule.on_reference(
            world, found.place, ends, message, resource=shown or found.place.path, severity=severity
        )


def unseen(world: World) -> tuple[str, ...]:
    """Return the outside values whose owner no naming scheme, declaration or second use shows."""
    users: dict[str, set[str]] = {}
    for environment in world.environments:
        texts = [text for place in environment.mentions for text in place.value.values]
        texts += [r for p in environment.principals for s in p.statements for r in s.resources]
        for text in texts:
            for char in text if has_outside(text) else ():
                users.setdefault(char, set()).add(environment.name)
    declared = {name for environment in world.environments for name in environment.names}
    return tuple(
        sorted(
            f"{source} of {next(iter(users[char]))}"
            for char, source in world.symbols.sources.items()
            if len(users.get(char, ())) == 1 and not source.public and not _is_known(world, source, declared)
        )
    )


def _is_known(world: World, source: Outside, declared: set[str]) -> bool:
    return has_symbol(source.name) or source.name in declared or bool(world.schemes.owners(source.name))
