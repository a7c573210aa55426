"""Shapes of YAML nodes: what a file may hold, closed, so that a misspelt key is a finding and never ignored.

The official schemas of pipeline files let typos pass. A shape checks a node of the document and yields problems with
the line of the node. It knows nothing of any CI system.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sealift.errors import did_you_mean

_NULL, _BOOL, _INT, STRING = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "str"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong at a line, counted from 1. `advice` does not make a file invalid."""

    line: int
    rule: str
    message: str
    fix: str = ""
    advice: bool = False


class Shape(Protocol):
    """What a node may be."""

    @property
    def noun(self) -> str:
        """How a message names it."""

    def fits(self, node: Node) -> bool:
        """Return whether the node is of this kind at all; what it holds is checked by `problems`."""

    def problems(self, node: Node, name: str, /) -> Iterator[Problem]:
        """Yield what is wrong with the node; `name` is how a message names its place."""


def line_of(node: Node) -> int:
    """Return the line on which a node begins, counted from 1."""
    return int(node.start_mark.line) + 1


def pairs(node: Node | None) -> Iterator[tuple[str, Node, Node]]:
    """Yield key, key node and value node of a mapping; nothing of any other node."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield str(key.value), key, value


def child(node: Node | None, *names: str) -> Node | None:
    """Return the node under these keys, one inside the other, or None."""
    for name in names:
        node = next((value for key, _, value in pairs(node) if key == name), None)
    return node


def elements(node: Node | None) -> tuple[Node, ...]:
    """Return the elements of a sequence; a scalar or mapping that stands alone is one element."""
    if isinstance(node, SequenceNode):
        return tuple(node.value)
    return () if node is None or is_null(node) else (node,)


def text_of(node: Node | None) -> str:
    """Return the text of a scalar, as written; empty for any other node."""
    return str(node.value) if isinstance(node, ScalarNode) else ""


def has_anchor(node: Node) -> bool:
    """Return whether an anchor stands at a node, or anywhere in it."""
    if getattr(node, "anchor", None):
        return True
    inner = [value for _, _, value in pairs(node)] if isinstance(node, MappingNode) else node.value
    return not isinstance(node, ScalarNode) and any(map(has_anchor, inner))


def is_null(node: Node) -> bool:
    """Return whether nothing stands where a value could."""
    return isinstance(node, ScalarNode) and node.tag == _NULL


def is_open(node: Node) -> bool:
    """Return whether GitLab puts a value here that is not known: `!reference [job, key]`, or `$[[ inputs.name ]]`."""
    return node.tag == "!reference" or "$[[" in text_of(node)


def wrong_kind(node: Node, name: str, noun: str) -> Iterator[Problem]:
    """Yield the problem of a node that is of another kind."""
    if not is_open(node):
        message = f"`{name}` has to be {noun}, not {_noun_of(node)}"
        yield Problem(line=line_of(node), rule="wrong-type", message=message)


def _noun_of(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return "empty" if node.tag == _NULL else f'"{node.value}"'
    return "a list" if isinstance(node, SequenceNode) else "a mapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line or block of text. Numbers count as text, as CI systems read them."""

    pattern: str | None = None
    what: str = "text"
    most: int | None = None
    choices: tuple[str, ...] = ()
    strict: bool = False
    """Whether `true` and `1` are refused, as in the commands of a script."""

    @property
    def noun(self) -> str:
        """How a message names it."""
        return f"one of {', '.join(self.choices)}" if self.choices else self.what

    def fits(self, node: Node) -> bool:
        """Return whether the node is a scalar with a value."""
        return isinstance(node, ScalarNode) and node.tag != _NULL and not (self.strict and node.tag in (_BOOL, _INT))

    def problems(self, node: Node, name: str) -> Iterator[Problem]:
        """Yield what is wrong with the text."""
        if not self.fits(node):
            yield from wrong_kind(node, name, self.noun)
            return
        if is_open(node):
            return
        value = text_of(node)
        if self.choices and value not in self.choices:
            near = did_you_mean(value, self.choices)
            message = f'`{name}` is "{value}"{near}: it has to be {self.noun}'
            yield Problem(line=line_of(node), rule="unknown-value", message=message)
        elif self.pattern is not None and not re.fullmatch(self.pattern, value):
            yield Problem(line=line_of(node), rule="unknown-value", message=f'`{name}` is "{value}", not {self.what}')
        if self.most is not None and len(value) > self.most:
            message = f"`{name}` has {len(value)} characters; {self.most} are allowed"
            yield Problem(line=line_of(node), rule="too-long", message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""

    noun: str = "true or false"

    def fits(self, node: Node) -> bool:
        """Return whether the node is true or false."""
        return isinstance(node, ScalarNode) and node.tag == _BOOL

    def problems(self, node: Node, name: str) -> Iterator[Problem]:
        """Yield a problem for anything else."""
        if not self.fits(node):
            yield from wrong_kind(node, name, self.noun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole number between two bounds, both included."""

    least: int = 0
    most: int | None = None

    @property
    def noun(self) -> str:
        """How a message names it."""
        return f"a number from {self.least}" + (f" to {self.most}" if self.most is not None else "")

    def fits(self, node: Node) -> bool:
        """Return whether the node is a number."""
        return isinstance(node, ScalarNode) and node.tag == _INT

    def problems(self, node: Node, name: str) -> Iterator[Problem]:
        """Yield a problem for what is not a number, or out of bounds."""
        digits = text_of(node).replace("_", "")
        if not self.fits(node) or not re.fullmatch(r"[+-]?[0-9]{1,9}", digits):
            yield from wrong_kind(node, name, self.noun)
        elif int(digits) < self.least or (self.most is not None and int(digits) > self.most):
            yield Problem(
                line=line_of(node), rule="out-of-range", message=f"`{name}` is {digits}; it has to be {self.noun}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything:
    """A value that is not looked at."""

    noun: str = "a value"

    def fits(self, node: Node) -> bool:
        """Return True."""
        return node is not None

    def problems(self, _node: Node, _name: str, /) -> Iterator[Problem]:
        """Yield nothing."""
        yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A sequence of one shape. With `alone` an element may stand without the list around it."""

    of: Shape
    least: int = 1
    most: int | None = None
    alone: bool = False

    @property
    def noun(self) -> str:
        """How a message names it."""
        return f"a list of {self.of.noun}" if not self.alone else f"{self.of.noun}, or a list of it"

    def fits(self, node: Node) -> bool:
        """Return whether the node is a list, or may be one element of it."""
        return (isinstance(node, SequenceNode) and not is_open(node)) or (self.alone and self.of.fits(node))

    def problems(self, node: Node, name: str) -> Iterator[Problem]:
        """Yield what is wrong with the list or an element."""
        if not self.fits(node):
            yield from wrong_kind(node, name, self.noun)
            return
        found = elements(node)
        if len(found) < self.least:
            yield Problem(line=line_of(node), rule="empty-list", message=f"`{name}` is empty")
        if self.most is not None and len(found) > self.most:
            message = f"`{name}` has {len(found)} elements; {self.most} are allowed"
            yield Problem(line=line_of(node), rule="too-many", message=message)
        for element in found:
            yield from self.of.problems(element, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A mapping. Keys that are not named are problems, unless `rest` says what their values are."""

    keys: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    rest: Shape | None = None
    one_only: bool = False
    emptied: bool = False
    """Whether a key may stand without a value, as if it did not stand here."""
    noun: str = "a mapping"

    def fits(self, node: Node) -> bool:
        """Return whether the node is a mapping."""
        return isinstance(node, MappingNode)

    def problems(self, node: Node, name: str) -> Iterator[Problem]:
        """Yield unknown and missing keys, and what is wrong with values."""
        if not self.fits(node):
            yield from wrong_kind(node, name, self.noun)
            return
        seen = {key for key, _, _ in pairs(node)}
        for key, at, value in pairs(node):
            shape = self.keys.get(key, self.rest)
            if shape is None:
                near = did_you_mean(key, self.keys)
                message = f"`{name}` has no key `{key}`{near}"
                yield Problem(line=line_of(at), rule="unknown-key", message=message, fix=self._known())
            elif not (self.emptied and is_null(value)):
                yield from shape.problems(value, key)
        for key in self.required:
            if key not in seen:
                yield Problem(line=line_of(node), rule="missing-key", message=f"`{name}` has no `{key}`")
        if self.one_only and len(seen) > 1:
            message = f"`{name}` has {len(seen)} keys ({', '.join(sorted(seen))}); each needs a list item of its own"
            yield Problem(line=line_of(node), rule="one-key", message=message)

    def _known(self) -> str:
        return f"Known here: {', '.join(sorted(self.keys))}."


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes: the first of the node's kind counts, of mappings one that has its required keys."""

    shapes: tuple[Shape, ...]

    @property
    def noun(self) -> str:
        """How a message names it."""
        return ", or ".join(dict.fromkeys(shape.noun for shape in self.shapes))

    def fits(self, node: Node) -> bool:
        """Return whether one of the shapes is of the node's kind."""
        return any(shape.fits(node) for shape in self.shapes)

    def problems(self, node: Node, name: str) -> Iterator[Problem]:
        """Yield what the shape of this kind finds."""
        fitting = [shape for shape in self.shapes if shape.fits(node)]
        if not fitting:
            yield from wrong_kind(node, name, self.noun)
            return
        keys = {key for key, _, _ in pairs(node)}
        whole = [shape for shape in fitting if not isinstance(shape, Map) or keys.issuperset(shape.required)]
        yield from (whole or fitting)[0].problems(node, name)


def either(*shapes: Shape) -> Either:
    """Return the shape of a node that may be one of these."""
    return Either(shapes)


def circles(top: Node, needs: Mapping[str, Iterable[Node]]) -> Iterator[Problem]:
    """Yield the problem of jobs that wait for each other without end."""
    try:
        TopologicalSorter({name: [text_of(node) for node in nodes] for name, nodes in needs.items()}).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        line = next((line_of(node) for node in needs[circle[0]]), line_of(top))
        message = f"These jobs need each other: {', '.join(circle)}"
        yield Problem(line=line, rule="circle", message=message)


COMMAND = Text(what="a command", strict=True)
TEXT, FLAG, ANYTHING = Text(), Flag(), Anything()
TEXTS = List(of=TEXT, alone=True)
