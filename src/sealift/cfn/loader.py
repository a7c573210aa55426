"""Reads YAML by the scanner of libyaml and the composer of PyYAML, and what libyaml refuses by PyYAML alone.

The scanner of PyYAML takes ten times as long as that of libyaml, and for nested brackets the square of their number.
The composer of libyaml recurses in C, so that deep nesting ends the process; that of PyYAML raises RecursionError.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

T = TypeVar("T")

if TYPE_CHECKING or not yaml.__with_libyaml__:
    Loader = yaml.SafeLoader
else:
    from yaml.cyaml import CParser

    class Loader(Composer, CParser, SafeConstructor, Resolver):
        """Has the methods of SafeLoader that compose nodes and make values of them."""

        def __init__(self, text: str | bytes) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)


def with_loader(read: Callable[[type[yaml.SafeLoader]], T]) -> T:
    """Return what `read` returns for a class of loaders, and raise what it raises for PyYAML's own.

    libyaml refuses texts that PyYAML and others accept, such as `{key:}`.
    """
    try:
        return read(Loader)
    except (yaml.YAMLError, UnicodeEncodeError):
        return read(yaml.SafeLoader)
