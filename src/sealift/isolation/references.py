"""Text that names something of another environment: names, ARNs, URLs, hosts, paths."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from sealift.cfn.intrinsics import walk
from sealift.cfn.references import references, setting_of
from sealift.cfn.substitution import names
from sealift.isolation.identities import names_of
from sealift.isolation.mentions import Place, values_at
from sealift.isolation.patterns import TAIL, has_symbol, is_wild
from sealift.isolation.world import Owned, Sealed, World, kept
from sealift.model.template import Json

_WORD = re.compile(r"[A-Za-z0-9_-]+")
_DOTTED = re.compile(r"[A-Za-z0-9_.-]+")
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_ADDRESS = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}|arn:[^\s*]+|https?://[^\s*]+", re.I)
"""Values of parameters that are an environment's own: a host, an ARN, an address."""
_NUMBER = re.compile(r"(?<=\bpr-)[0-9]+")
SHORTEST = 4
"""Names of fewer characters say nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """The target of a text: environment, and logical id or stack."""

    environment: str
    what: str
    owned: Owned | None = None


class Register:
    """All names of the environments, in full or by their prefix."""

    def __init__(self, world: World) -> None:
        self.names: dict[str, dict[str, Found]] = {}
        self.beginnings: dict[str, dict[str, Found]] = {}
        self.previews = frozenset(e.name for e in world.environments if e.view.kind == "preview")
        self.ids: set[str] = set()
        """Physical ids that AWS chose: such a word means nothing else."""
        self._met: dict[str, tuple[tuple[str, dict[str, Found]], ...]] = {}
        for environment in world.environments:
            for scope in environment.scopes:
                if scope.parent is None:
                    self._add(self.names, scope.name, Found(environment.name, f"stack {scope.view.name}"))
            for entry in environment.owned:
                self._add_owned(entry)
            for stack in environment.view.stacks:
                for name, value in stack.parameters.items():
                    if _ADDRESS.fullmatch(value) and not value.startswith("arn:aws:iam::aws:"):
                        self._add(self.names, value, Found(environment.name, f"the value of {name}"))
            if environment.view.artifact_bucket:
                self._add(self.names, environment.view.artifact_bucket, Found(environment.name, "the artifacts bucket"))
            for place, name in names_of(environment):
                what = place.scope.origin(place.logical_id)
                self._add(self.names, name.rstrip("."), Found(environment.name, what))

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
            elif named.facts.style in ("stack", "lower") and not named.explicit and name[-2:-1] == "-":
                # Of a name that was cut, what stands before its end is not known: it says nothing.
                self._add(self.beginnings, name[:-2], found)

    def others(self, text: str, environment: str, *, strict: bool = False) -> Iterator[Found]:
        """Yield the resources of other environments that the text names, unless its own environment has the same name.

        `strict` leaves out plain words, unless the text is an ARN or an address.
        """
        met = self._met.get(text)
        if met is None:
            met = self._met[text] = tuple(self._meeting(text))
        if not met:
            return
        seen: set[tuple[str, str]] = set()
        plain = strict and not text.startswith("arn:") and "://" not in text
        for candidate, owners in met:
            if environment in owners or (plain and self._is_plain(candidate, text)):
                continue
            for found in owners.values():
                if found.owned is None and _PLAIN.fullmatch(text):
                    # A stack may be called by a word of any text.
                    continue
                if (found.environment, found.what) not in seen:
                    seen.add((found.environment, found.what))
                    yield found

    def _is_plain(self, candidate: str, text: str) -> bool:
        return _PLAIN.fullmatch(candidate) is not None and not (candidate == text and text in self.ids)

    def _meeting(self, text: str) -> Iterator[tuple[str, dict[str, Found]]]:
        for candidate, table in self._candidates(text):
            owners = table.get(candidate)
            if owners:
                yield candidate, owners

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


@kept
def register(world: World) -> Register:
    """Return the register of a world; it is built once."""
    return Register(world)


def places(environment: Sealed, types: tuple[str, ...], *paths: str) -> Iterator[Place]:
    """Yield the texts at these paths of every resource of these types."""
    for scope, logical_id in environment.each(*types):
        yield from values_at(scope, logical_id, *paths)


def shared(found: dict[str, list[Place]]) -> Iterator[tuple[Place, str, str, str]]:
    """Yield place, text and both environments of each outside text that two environments share."""
    users: dict[str, dict[str, Place]] = {}
    for environment, listed in found.items():
        for place in listed:
            for text in place.value.values:
                if not has_symbol(text) and not is_wild(text):
                    users.setdefault(text, {}).setdefault(environment, place)
    for text, by_environment in users.items():
        for left, right in combinations(by_environment, 2):
            yield by_environment[left], text, left, right


@lru_cache(maxsize=4096)
def texts_in(text: str) -> tuple[str, ...]:
    """Return the names of dynamic references in a text."""
    return tuple(setting_of(service, rest) for service, rest in references(text))


def walk_text(value: Json) -> Iterator[str]:
    """Yield every text in a value, except keys."""
    return (part for _, part in walk(value) if isinstance(part, str))


def asked_in(value: Json) -> Iterator[str]:
    """Yield the names that a value refers to with `Ref` and `Fn::Sub`."""
    yield from (name for name in walk_calls(value, "Ref") if isinstance(name, str))
    for body in walk_calls(value, "Fn::Sub"):
        yield from (name for text in walk_text(body) for name in names(text) if "." not in name)


def walk_calls(value: Json, name: str) -> Iterator[Json]:
    """Yield the body of every intrinsic of this name."""
    return (part[name] for _, part in walk(value) if isinstance(part, dict) and name in part)
