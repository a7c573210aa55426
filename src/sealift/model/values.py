"""The decorator of Sealift's nouns: a frozen, slotted, keyword-only dataclass that is made quickly.

`dataclasses.dataclass` compiles six functions for each class, which was a third of the time that a command takes to
load. Here only `__init__` is compiled; the others are closures. For `fields`, `replace`, `asdict` and type checkers it
is a dataclass. docs/decisions/0035 has the figures.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from types import FunctionType
from typing import TypeVar, dataclass_transform

T = TypeVar("T")
_SET = object.__setattr__
_NEW = object()
"""Stands for a value that is made anew for each object."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """Return a class as a frozen, slotted dataclass whose fields are given by name; equal where the fields are."""
    made = dataclass(init=False, repr=False, eq=False, kw_only=True, slots=True)(cls)
    every = fields(made)  # type: ignore[arg-type]
    methods = {"__init__": _init(every), "__repr__": _repr(every), **_comparison(every), **_FROZEN}
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _init(every: tuple[Field[object], ...]) -> object:
    known: dict[str, object] = {"_SET": _SET, "_NEW": _NEW}
    parameters, lines = [], []
    for one in every:
        parameter = given = one.name
        if one.default_factory is not MISSING:
            known[f"_make_{one.name}"] = one.default_factory
            parameter, given = f"{one.name}=_NEW", f"_make_{one.name}() if {one.name} is _NEW else {one.name}"
        elif one.default is not MISSING:
            known[f"_default_{one.name}"] = one.default
            parameter = f"{one.name}=_default_{one.name}"
        parameters.append(parameter)
        lines.append(f" _SET(self, {one.name!r}, {given})")
    signature = ", ".join(["self", *["*"] * bool(parameters), *parameters])
    exec("\n".join([f"def __init__({signature}):", *(lines or [" pass"])]), known)  # noqa: S102
    made = known["__init__"]
    assert isinstance(made, FunctionType)
    made.__annotations__ = {**{one.name: one.type for one in every}, "return": None}
    return made


def _repr(every: tuple[Field[object], ...]) -> object:
    names = tuple(one.name for one in every if one.repr)

    def shown(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return shown


def _comparison(every: tuple[Field[object], ...]) -> Mapping[str, object]:
    names = [one.name for one in every if one.compare]
    key: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equal, "__hash__": lambda self: hash(key(self))}


def _setattr(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _setstate(self: object, state: tuple[None, Mapping[str, object]]) -> None:
    """Take what a copy or a pickle has of the slots."""
    for name, held in state[1].items():
        _SET(self, name, held)


_FROZEN = {"__setattr__": _setattr, "__delattr__": _delattr, "__setstate__": _setstate}
