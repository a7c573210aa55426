"""Template conditions: true, false, or not known."""

from collections.abc import Callable, Mapping

from sealift.cfn.evaluation import combined
from sealift.isolation.patterns import has_outside, is_wild
from sealift.model.template import Json

Texts = Callable[[Json], tuple[tuple[str, ...], bool, bool]]
"""Resolves a value to its possible texts, whether they are all, and whether a part of them is not known yet."""


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
        if operator in ("Fn::And", "Fn::Or", "Fn::Not"):
            return combined(operator, [self._evaluate(part) for part in body])
        return None

    def _equal(self, left: Json, right: Json) -> bool | None:
        lefts, left_exact, left_open = self._texts(left)
        rights, right_exact, right_open = self._texts(right)
        if not (left_exact and right_exact) or len(lefts) != 1 or len(rights) != 1:
            return None
        if "" in (left, right) and _is_something(lefts[0] or rights[0]):
            return False  # whatever the part that is not known
        return None if left_open or right_open else lefts[0] == rights[0]


def _is_something(term: str) -> bool:
    """Return whether a text is certainly not empty: a value from outside the templates may be empty."""
    return bool(term) and not is_wild(term[0]) and not has_outside(term[0])
