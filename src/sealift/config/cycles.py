"""Finds a circle among names that point at names."""

from collections.abc import Iterable, Mapping


def cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return one circle, its first name repeated at its end; empty when there is none. Unknown names end a path."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        found = _walk(start, edges, path, done)
        if found:
            return found
    return ()


def _walk(name: str, edges: Mapping[str, Iterable[str]], path: list[str], done: set[str]) -> tuple[str, ...]:
    if name in path:
        return (*path[path.index(name) :], name)
    if name in done:
        return ()
    path.append(name)
    for after in edges.get(name, ()):
        found = _walk(after, edges, path, done)
        if found:
            return found
    path.pop()
    done.add(name)
    return ()
