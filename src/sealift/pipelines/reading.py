"""Reads a pipeline file into YAML nodes, with anchors, aliases and merge keys resolved. Never makes objects of it."""

from collections.abc import Iterator

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.events import AliasEvent
from yaml.nodes import CollectionNode, MappingNode, Node
from yaml.reader import ReaderError

from sealift.cfn.loader import with_loader
from sealift.pipelines.shapes import Problem, child, line_of

_MERGE = "tag:yaml.org,2002:merge"
_MOST_DEPTH, _MOST_NODES = 60, 100_000
"""Far more than any pipeline file has; an alias that contains itself, or aliases of aliases, end here."""


class _Composer(Composer):
    """Records the anchor of each node. An alias means the last such anchor before it (YAML 1.2, section 7.1)."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(AliasEvent):  # type: ignore[attr-defined]
            return super().compose_node(parent, index)
        anchor = self.peek_event().anchor  # type: ignore[attr-defined]
        self.anchors.pop(anchor, None)
        node = super().compose_node(parent, index)
        node.anchor = anchor  # type: ignore[union-attr]
        return node


def read(text: str, *, header: str = "", merges: bool = True) -> Node | Problem:
    """Return the top node of a YAML text, or why it cannot be read and at which line.

    A first document may stand before it, when it has the key `header`. Without `merges`, the key `<<` is refused.
    """
    try:
        documents = with_loader(lambda loader: list(_documents(type("_Loader", (_Composer, loader), {})(text))))
        if not documents:
            return Problem(line=1, rule="empty", message="The file is empty")
        if len(documents) > 1 and child(documents[0], header) is not None:
            del documents[0]
        node = documents[0]
        if len(documents) > 1:
            return Problem(line=line_of(documents[1]), rule="syntax", message="The file has more than one document")
        endless = _endless(node)
        if endless is not None:
            return endless
        mappings = list(_mappings(node))
        twice = next((problem for mapping in mappings if (problem := _repeated(mapping))), None)
        if twice is not None:
            return twice
        if not merges and (merge := next(_merges(mappings), None)) is not None:
            message = "The merge key `<<` is not read here; anchors and aliases are"
            return Problem(line=line_of(merge), rule="merge-key", message=message)
        for mapping in mappings:
            SafeConstructor().flatten_mapping(mapping)
            mapping.value = list({str(key.value): (key, value) for key, value in mapping.value}.values())
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"The file is not YAML: it has the character {chr(error.character)!r}"
        return Problem(line=line, rule="syntax", message=message)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "this is not YAML"
        return Problem(line=mark.line + 1 if mark else 1, rule="syntax", message=f"The file is not YAML: {what}")
    except yaml.YAMLError as error:
        return Problem(line=1, rule="syntax", message=f"The file is not YAML: {error}")
    except RecursionError:
        return Problem(line=1, rule="syntax", message="The file is nested too deeply")
    return node


def _documents(loader: yaml.SafeLoader) -> Iterator[Node]:
    while loader.check_node():
        node = loader.get_node()
        if node is not None:
            yield node


def _endless(top: Node) -> Problem | None:
    count, open_nodes = 0, [(top, 0)]
    while open_nodes:
        node, depth = open_nodes.pop()
        count += 1
        if depth > _MOST_DEPTH or count > _MOST_NODES:
            return Problem(line=line_of(node), rule="syntax", message="The file is nested too deeply, or without end")
        open_nodes += [(inner, depth + 1) for inner in _children(node)]
    return None


def _repeated(mapping: MappingNode) -> Problem | None:
    seen: set[str] = set()
    for key, _ in mapping.value:
        if str(key.value) in seen and key.tag != _MERGE:
            message = f"`{key.value}` stands twice in one mapping; only one of them counts"
            return Problem(line=line_of(key), rule="repeated-key", message=message)
        seen.add(str(key.value))
    return None


def _merges(mappings: list[MappingNode]) -> Iterator[Node]:
    return (key for mapping in mappings for key, _ in mapping.value if key.tag == _MERGE)


def _mappings(top: Node) -> Iterator[MappingNode]:
    """Yield every mapping once, the innermost first, so that what is merged is complete."""
    seen: set[int] = set()
    stack = [(top, False)]
    while stack:
        node, done = stack.pop()
        if done and isinstance(node, MappingNode):
            yield node
        elif not done and id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(inner, False) for inner in _children(node)]


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, CollectionNode) else []
