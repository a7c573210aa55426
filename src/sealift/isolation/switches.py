"""Template conditions: true, false, or not known."""

from collections.abc import Callable, Mapping

from sealift.model.template import Json

Texts = Callable[[Json], tuple[tuple[str, ...], bool]]
"""Resolves a value to its possible texts and whether they are exact."""


class Conditions:
    """The `Conditions` of one template, evaluated on demand; a cycle or an unknown intrinsic is not known."""

    def __init__(self, declared: Mapping[str, Json], texts: Texts) -> None:
        self._declared = declared
        self._texts = texts
        self._known: dict[str, bool | None] = {}
        self._open: set[str] = set()

    def value(self, name: Json) -> bool | None:
        """Return whether the named condition holds, or None."""
        if not isinstance(name, str) or name not in self._declared or name in self._open:
            return None
        if name not in self._known:
            self._open.add(name)
            self._known[name] = self._evaluate(self._declared[name])
            self._open.discard(name)
        return self._known[name]

    def _evaluate(self, expression: Json) -> bool | None:
        if not isinstance(expression, dict) or len(expression) != 1:
            return None
        (operator, body), *_ = expression.items()
        if operator == "Condition":
            return self.value(body)
        if not isinstance(body, list):
            return None
        if operator == "Fn::Equals" and len(body) == 2:
            return self._equal(body[0], body[1])
        parts = [self._evaluate(part) for part in body]
        if operator == "Fn::Not" and len(parts) == 1:
            return None if parts[0] is None else not parts[0]
        if operator == "Fn::And":
            return False if False in parts else None if None in parts else True
        if operator == "Fn::Or":
            return True if True in parts else None if None in parts else False
        return None

    def _equal(self, left: Json, right: Json) -> bool | None:
        lefts, left_exact = self._texts(left)
        rights, right_exact = self._texts(right)
        if not (left_exact and right_exact) or len(lefts) != 1 or len(rights) != 1:
            return None
        return lefts[0] == rights[0]
