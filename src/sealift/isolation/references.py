"""Text that names something of another environment: names, ARNs, URLs, hosts, paths."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sealift.isolation.model import Leak, Witness
from sealift.isolation.patterns import TAIL, has_symbol, is_wild
from sealift.isolation.resolving import Resolved
from sealift.isolation.scope import Scope
from sealift.isolation.world import Owned, Sealed, World
from sealift.model.finding import Severity
from sealift.model.template import Json

_WORD = re.compile(r"[A-Za-z0-9_-]+")
_DOTTED = re.compile(r"[A-Za-z0-9_.-]+")
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_NUMBER = re.compile(r"(?<=\bpr-)[0-9]+")
SHORTEST = 4
"""Names of fewer characters say nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text names: environment, and logical id or stack."""

    environment: str
    what: str
    owned: Owned | None = None


class Register:
    """Every name that the environments have, literal or by its beginning."""

    def __init__(self, world: World) -> None:
        self.names: dict[str, dict[str, Found]] = {}
        self.beginnings: dict[str, dict[str, Found]] = {}
        self.previews = frozenset(e.name for e in world.environments if e.view.kind == "preview")
        self.ids: set[str] = set()
        """Physical ids that AWS chose: such a word means nothing else."""
        self.told: set[tuple[int, str, str, str]] = set()
        """What a rule of its own has told: scope, logical id, text and environment."""
        for environment in world.environments:
            for scope in environment.scopes:
                if scope.parent is None:
                    self._add(self.names, scope.name, Found(environment.name, f"stack {scope.view.name}"))
            for entry in environment.owned:
                self._add_owned(entry)

    def _add(self, into: dict[str, dict[str, Found]], text: str, found: Found) -> None:
        if len(text) >= SHORTEST and (not is_wild(text) or found.environment in self.previews):
            into.setdefault(text, {}).setdefault(found.environment, found)

    def _add_owned(self, entry: Owned) -> None:
        if not entry.logical_id:
            return
        named = entry.scope.named(entry.logical_id)
        if named.facts is None or named.facts.kind != entry.kind:
            return
        found = Found(entry.environment, entry.scope.origin(entry.logical_id), entry)
        for name in named.name.values if named.name.exact else ():
            if not has_symbol(name):
                if named.facts.style == "id" and entry.logical_id in entry.scope.view.physical_ids:
                    self.ids.add(name)
                self._add(self.names, name, found)
                self._add(self.names, entry.term, found)
            elif named.facts.style in ("stack", "lower") and not named.explicit:
                self._add(self.beginnings, name.rpartition("-")[0], found)

    def tell(self, place: "Place", text: str, other: Found) -> bool:
        """Note that a rule tells of this; return whether none did before."""
        key = (id(place.scope), place.logical_id, text, other.environment)
        known = key in self.told
        self.told.add(key)
        return not known

    def others(self, text: str, environment: str, *, strict: bool = False) -> Iterator[Found]:
        """Yield what of other environments the text names, unless its own environment has that name too.

        `strict` leaves out plain words, unless the text is an ARN or an address.
        """
        seen: set[tuple[str, str]] = set()
        plain = strict and not text.startswith("arn:") and "://" not in text
        for candidate, table in self._candidates(text):
            if plain and _PLAIN.fullmatch(candidate) and not (candidate == text and text in self.ids):
                continue
            owners = table.get(candidate)
            if not owners or environment in owners:
                continue
            for found in owners.values():
                if found.owned is None and _PLAIN.fullmatch(text):
                    # A stack may be called by a word of any text.
                    continue
                if (found.environment, found.what) not in seen:
                    seen.add((found.environment, found.what))
                    yield found

    def _candidates(self, text: str) -> Iterator[tuple[str, dict[str, dict[str, Found]]]]:
        if len(text) < SHORTEST or text == "*":
            return
        words = {text, *_WORD.findall(text), *_DOTTED.findall(text)}
        if "/" in text:
            words |= {text[i:] for i, c in enumerate(text) if c == "/"}
        if self.previews:
            words |= {_NUMBER.sub(TAIL, word) for word in words}
        for word in words:
            yield word, self.names
            at = word.rfind("-")
            while at > 0:
                yield word[:at], self.beginnings
                at = word.rfind("-", 0, at)


def register(world: World) -> Register:
    """Return the register of a world, made once."""
    kept = world.__dict__.get("_register")
    if not isinstance(kept, Register):
        kept = world.__dict__["_register"] = Register(world)
    return kept


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a resource by which it names another one; `path` is for people, `at` has its keys and indexes."""

    scope: Scope
    logical_id: str
    path: str
    value: Resolved
    at: str = ""


def values_at(scope: Scope, logical_id: str, *paths: str) -> Iterator[Place]:
    """Yield the texts at property paths such as `Targets.*.Arn`; lists are walked by `*` and of themselves."""
    properties = scope.properties(logical_id)
    for path in paths:
        keys = _keys(path)
        for at, value in _reach(properties, keys) if keys[0] in properties else ():
            for item in scope.resolver.many(value):
                yield Place(scope, logical_id, path, item, at)


@lru_cache(maxsize=256)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _reach(value: Json, keys: tuple[str, ...], at: str = "") -> Iterator[tuple[str, Json]]:
    if not keys:
        yield at, value
        return
    if isinstance(value, dict) and "Fn::If" in value and isinstance(value["Fn::If"], list):
        for part in value["Fn::If"][1:]:
            yield from _reach(part, keys, at)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _reach(part, keys[1:] if keys[0] == "*" else keys, f"{at}/{index}")
    elif isinstance(value, dict):
        if keys[0] == "*":
            for name, part in value.items():
                yield from _reach(part, keys[1:], f"{at}/{name}")
        elif keys[0] in value:
            yield from _reach(value[keys[0]], keys[1:], f"{at}/{keys[0]}")


def places(environment: Sealed, types: tuple[str, ...], *paths: str) -> Iterator[Place]:
    """Yield the texts at these paths of every resource of these types."""
    for scope, logical_id in environment.each(*types):
        yield from values_at(scope, logical_id, *paths)


def naming_others(
    world: World, environment: Sealed, found: Iterator[Place], *, untold: bool = False
) -> Iterator[tuple[Place, str, Found]]:
    """Yield place, text and what it names, for texts that name something of another environment.

    With `untold`, only what no rule has told of before, and no plain word of a longer text: it may mean anything.
    """
    names = register(world)
    for place in found:
        for text in place.value.values:
            for other in names.others(text, environment.name, strict=untold):
                if names.tell(place, text, other) or not untold:
                    yield place, text, other


def shared(found: dict[str, list[Place]]) -> Iterator[tuple[Place, str, str, str]]:
    """Yield place, text and both environments, for texts from outside that two environments use alike."""
    users: dict[str, dict[str, Place]] = {}
    for environment, listed in found.items():
        for place in listed:
            for text in place.value.values:
                if not has_symbol(text) and not is_wild(text):
                    users.setdefault(text, {}).setdefault(environment, place)
    for text, by_environment in users.items():
        names = list(by_environment)
        for index, left in enumerate(names):
            for right in names[index + 1 :]:
                yield by_environment[left], text, left, right


def leak(
    world: World,
    place: Place,
    *,
    rule: tuple[str, Severity],
    ends: tuple[str, str],
    message: str,
    fix: str,
    resource: str = "",
) -> Leak:
    """Return the leak of a reference; `ends` are both environments."""
    named = place.scope.named(place.logical_id)
    principal = named.arn.values[0] if named.arn.values else place.logical_id
    return Leak(
        id=rule[0],
        severity=rule[1],
        source=ends[0],
        target=ends[1],
        message=message,
        witness=Witness(
            principal=world.symbols.concrete(principal), action=f"names in {place.path}", resource=resource
        ),
        location=place.scope.place(place.logical_id, place.at),
        fix=fix,
        logical_id=place.logical_id,
    )


def named_leaks(
    world: World, types: tuple[str, ...], paths: tuple[str, ...], *, rule: tuple[str, Severity], what: str, fix: str
) -> Iterator[Leak]:
    """Yield a leak for every resource of these types that names another environment's resource at these paths."""
    for environment in world.environments:
        for place, text, other in naming_others(world, environment, places(environment, types, *paths)):
            origin = place.scope.origin(place.logical_id)
            yield leak(
                world,
                place,
                rule=rule,
                ends=(environment.name, other.environment),
                message=f"{what} {origin} of {environment.name} points at {other.what} of {other.environment} "
                f"({place.path}).",
                fix=fix,
                resource=_resource(world, other, text),
            )


def _resource(world: World, other: Found, text: str) -> str:
    return world.symbols.concrete(other.owned.term) if other.owned is not None and text != other.owned.term else text


@lru_cache(maxsize=4096)
def texts_in(text: str) -> tuple[str, ...]:
    """Return the names of dynamic references in a text."""
    found = re.findall(r"\{\{resolve:(?:ssm|ssm-secure|secretsmanager):([^}]*)\}\}", text)
    return tuple(_bare(name) for name in found)


def _bare(reference: str) -> str:
    """Return the name without version, JSON key and stage."""
    if reference.startswith("arn:"):
        return ":".join(reference.split(":")[:7])
    return reference.split(":", 1)[0]


def walk_text(value: Json) -> Iterator[str]:
    """Yield every text of a value, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from walk_text(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from walk_text(part)


def walk_calls(value: Json, name: str) -> Iterator[Json]:
    """Yield the body of every intrinsic of this name."""
    if isinstance(value, list):
        for part in value:
            yield from walk_calls(part, name)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key == name:
                yield part
            yield from walk_calls(part, name)
