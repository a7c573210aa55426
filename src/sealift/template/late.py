"""Puts off running modules of other packages until something of theirs is used.

The translator imports the typed models of every kind of resource, of which few are used: building them is a third of
its import.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType


class _Late(ModuleType):
    """A module that is run when the first of its names is looked up. One thread at a time may do so."""

    def __getattr__(self, name: str) -> object:
        loader = self.__spec__.loader if self.__spec__ else None
        if name.startswith("__") or not isinstance(loader, _Loader):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]
        SourceFileLoader.exec_module(loader, self)
        return getattr(self, name)


class _Loader(SourceFileLoader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Late(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Finder(MetaPathFinder):
    def __init__(self, beginning: str) -> None:
        self._beginning = beginning

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path, target) if fullname.startswith(self._beginning) else None
        if found is not None and type(found.loader) is SourceFileLoader:
            found.loader = _Loader(fullname, found.loader.path)
        return found


@contextmanager
def imported_late(beginning: str) -> Iterator[None]:
    """Put off running the modules whose names begin so, of those that are imported inside for the first time."""
    finder = _Finder(beginning)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
