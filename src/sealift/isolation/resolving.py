"""Values of a template as terms: every intrinsic resolved, over-approximated where it cannot be.

A `Resolved` holds every text a value may have. `exact` says that these are all and that each is known; where it is
False a permission counts (allow is over-approximated) and a denial does not.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from sealift.cfn.substitution import pieces, text_and_variables
from sealift.cfn.values import mapping_at
from sealift.isolation.patterns import has_outside, has_symbol, is_random, is_symbol, plain
from sealift.model.template import Json

MOST_ALTERNATIVES = 48
DYNAMIC = re.compile(r"\{\{resolve:([^}:]*):([^}]*)\}\}")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The texts a value may have."""

    values: tuple[str, ...]
    exact: bool = True

    @property
    def only(self) -> str | None:
        """Return the text when there is exactly one."""
        return self.values[0] if len(self.values) == 1 else None


class Known(str):
    """Text that was resolved before and may contain our symbols, which no template can contain."""

    __slots__ = ()


UNKNOWN = Resolved(("*",), exact=False)
NOTHING = Resolved((), exact=True)


class Names(Protocol):
    """The lookups that a resolver makes in its stack."""

    def ref(self, name: str) -> Resolved:
        """Return what `Ref` gives."""

    def attribute(self, logical_id: str, name: str) -> Resolved:
        """Return what `Fn::GetAtt` gives."""

    def imported(self, export: Resolved) -> Resolved:
        """Return what `Fn::ImportValue` gives."""

    def holds(self, condition: Json) -> bool | None:
        """Return whether a condition holds, or None."""

    def mapping(self, *keys: str) -> Json:
        """Return an entry of Mappings, or None."""

    def outside(self, kind: str, name: str) -> str:
        """Return the term of a value that a dynamic reference reads; `*` when it may be anything."""


def text(value: str | float | bool) -> Resolved:
    """Return a literal as CloudFormation would write it."""
    if isinstance(value, bool):
        return Resolved(("true" if value else "false",))
    return Resolved((plain(str(value)),))


def union(parts: Iterable[Resolved]) -> Resolved:
    """Return every text of every part."""
    seen: dict[str, None] = {}
    exact = True
    for part in parts:
        seen.update(dict.fromkeys(part.values))
        exact = exact and part.exact
    return UNKNOWN if len(seen) > MOST_ALTERNATIVES else Resolved(tuple(seen), exact)


def joined(parts: list[Resolved], separator: str = "") -> Resolved:
    """Return every concatenation."""
    if all(len(part.values) == 1 for part in parts):
        return Resolved((separator.join(part.values[0] for part in parts),), all(part.exact for part in parts))
    count = 1
    for part in parts:
        count *= max(1, len(part.values))
    if count > MOST_ALTERNATIVES:
        parts = [p if len(p.values) <= 1 else UNKNOWN for p in parts]
    exact = all(p.exact for p in parts) and count <= MOST_ALTERNATIVES
    return Resolved(tuple(separator.join(words) for words in product(*(p.values for p in parts))), exact)


class Resolver:
    """Resolves values with the names of one stack. Cycles and depth end as unknown."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._depth = 0
        self._intrinsics: Mapping[str, Callable[[Json], Resolved]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::ImportValue": lambda v: self._names.imported(self.one(v)),
            "Fn::Base64": self._base64,
            "Fn::ToJsonString": lambda _: UNKNOWN,
        }

    def holds(self, condition: Json) -> bool | None:
        """Return whether a template condition holds, or None."""
        return self._names.holds(condition)

    def one(self, value: Json) -> Resolved:
        """Return the texts of a single value."""
        if isinstance(value, Known):
            return Resolved((str(value),))
        if isinstance(value, (str, bool, int, float)):
            return self._read(text(value))
        if value is None:
            return NOTHING
        if isinstance(value, list) or self._depth > 40:
            return UNKNOWN
        self._depth += 1
        try:
            return self._read(self._intrinsic(value))
        finally:
            self._depth -= 1

    def _read(self, found: Resolved) -> Resolved:
        """Replace complete dynamic references by the terms of the values that they read."""
        if not any("{{resolve:" in value for value in found.values):
            return found
        values = tuple(DYNAMIC.sub(lambda m: self._names.outside(m[1], m[2]), value) for value in found.values)
        return Resolved(values, found.exact and not any("*" in value for value in values))

    def _intrinsic(self, value: dict[str, Json]) -> Resolved:
        if len(value) != 1:
            return UNKNOWN
        (name, body), *_ = value.items()
        resolve = self._intrinsics.get(name)
        return UNKNOWN if resolve is None else resolve(body)

    def many(self, value: Json) -> list[Resolved]:
        """Return the items of a value that may be a list or a single value, each with its texts."""
        if value is None:
            return []
        if isinstance(value, list):
            return [item for part in value for item in self.many(part)]
        if isinstance(value, dict) and len(value) == 1 and self._depth <= 40:
            listed = self._listed(value)
            if listed is not None:
                return listed
        found = self.one(value)
        return [found] if found.values else []

    def _listed(self, value: dict[str, Json]) -> list[Resolved] | None:
        (name, body), *_ = value.items()
        self._depth += 1
        try:
            if name == "Fn::If" and isinstance(body, list) and len(body) == 3:
                holds = self._names.holds(body[0])
                parts = [p for p, wanted in ((body[1], True), (body[2], False)) if holds is None or holds is wanted]
                found = [item for part in parts if not no_value(part) for item in self.many(part)]
                return found if holds is not None else [Resolved(item.values, exact=False) for item in found]
            if name == "Fn::Split" and isinstance(body, list) and len(body) == 2:
                return self._split(body)
            if name == "Ref":
                whole = self.one(value)
                if any("," in v for v in whole.values):
                    return [Resolved((part.strip(),), whole.exact) for v in whole.values for part in v.split(",")]
        finally:
            self._depth -= 1
        return None

    def _split(self, body: list[Json]) -> list[Resolved]:
        separator, whole = self.one(body[0]).only, self.one(body[1])
        if not separator or whole.only is None or not whole.exact:
            return [UNKNOWN]
        if has_outside(whole.only):
            return [whole]
        closed = (":", "/", "-") if all(is_random(c) for c in whole.only if is_symbol(c)) else (":", "/")
        if has_symbol(whole.only) and (separator not in closed or len(whole.only) == 1):
            # What AWS will choose may hold the separator: a part of it is not the whole of it.
            return [UNKNOWN]
        return [Resolved((part,)) for part in whole.only.split(separator)]

    def _ref(self, body: Json) -> Resolved:
        return self._names.ref(body) if isinstance(body, str) else UNKNOWN

    def _get_att(self, body: Json) -> Resolved:
        if isinstance(body, str) and "." in body:
            logical_id, _, name = body.partition(".")
            return self._names.attribute(logical_id, name)
        if isinstance(body, list) and len(body) >= 2 and isinstance(body[0], str):
            names = [self.one(part).only for part in body[1:]]
            if all(names):
                return self._names.attribute(body[0], ".".join(str(n) for n in names))
        return UNKNOWN

    def _sub(self, body: Json) -> Resolved:
        template, given = text_and_variables(body)
        if template is None:
            return UNKNOWN
        parts: list[Resolved] = []
        for literal, name in pieces(template):
            parts.append(text(literal))
            if name is not None:
                parts.append(self._named(name, given))
        return joined(parts)

    def _named(self, name: str, given: Mapping[str, Json]) -> Resolved:
        if name in given:
            return self.one(given[name])
        return self._get_att(name) if "." in name else self._names.ref(name)

    def _join(self, body: Json) -> Resolved:
        if not isinstance(body, list) or len(body) != 2:
            return UNKNOWN
        separator = self.one(body[0]).only
        if separator is None or (isinstance(body[1], dict) and "Ref" in body[1]):
            return UNKNOWN
        return joined(self.many(body[1]), separator)

    def _select(self, body: Json) -> Resolved:
        if not isinstance(body, list) or len(body) != 2:
            return UNKNOWN
        index, items = self.one(body[0]).only, self.many(body[1])
        if index is None or not index.isdigit():
            return UNKNOWN
        if len(items) == 1 and items[0].only is not None and has_outside(items[0].only):
            # A part of what is not known is another value, and the same one for all who ask for it.
            return joined([items[0], text(f"#{index}")])
        if int(index) >= len(items):
            return UNKNOWN
        if isinstance(body[1], dict) and len(items) == 1 and items[0].values == ("*",):
            return UNKNOWN
        return items[int(index)]

    def _find_in_map(self, body: Json) -> Resolved:
        if not isinstance(body, list) or len(body) < 3:
            return UNKNOWN
        keys = [self.one(part) for part in body[:3]]
        found: list[Resolved] = []
        for combination in product(*(k.values for k in keys)):
            entry = self._names.mapping(*combination)
            found.append(self._default(body) if entry is None else self.one(entry))
        return union(found) if found and all(k.exact for k in keys) else UNKNOWN

    def _default(self, body: list[Json]) -> Resolved:
        """Return the default for an entry that a mapping lacks."""
        given = mapping_at(body[3]) if len(body) > 3 else {}
        return self.one(given["DefaultValue"]) if "DefaultValue" in given else UNKNOWN

    def _if(self, body: Json) -> Resolved:
        if not isinstance(body, list) or len(body) != 3:
            return UNKNOWN
        holds = self._names.holds(body[0])
        if holds is not None:
            chosen = body[1] if holds else body[2]
            return NOTHING if no_value(chosen) else self.one(chosen)
        both = union(self.one(part) for part in body[1:] if not no_value(part))
        return Resolved(both.values, exact=False)

    def _base64(self, body: Json) -> Resolved:
        found = self.one(body)
        if not found.exact:
            return UNKNOWN
        return Resolved(tuple(base64.b64encode(v.encode("utf-8", "replace")).decode() for v in found.values))


def no_value(value: Json) -> bool:
    """Return whether it is `AWS::NoValue`."""
    return isinstance(value, dict) and value.get("Ref") == "AWS::NoValue"


class _Bare:
    """The names outside any template: only literals are known."""

    def ref(self, name: str) -> Resolved:  # noqa: ARG002
        return UNKNOWN

    def attribute(self, logical_id: str, name: str) -> Resolved:  # noqa: ARG002
        return UNKNOWN

    def imported(self, export: Resolved) -> Resolved:  # noqa: ARG002
        return UNKNOWN

    def holds(self, condition: Json) -> bool | None:  # noqa: ARG002
        return None

    def mapping(self, *keys: str) -> Json:  # noqa: ARG002
        return None

    def outside(self, kind: str, name: str) -> str:  # noqa: ARG002
        return "*"


def literal_resolver() -> Resolver:
    """Return a resolver for documents outside templates, such as AWS managed policies and live policies."""
    return Resolver(_Bare())
