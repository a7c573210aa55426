"""The text of `Fn::Sub`: `${Name}`, `${Resource.Attribute}`, and `${!Literal}`, which stands for `${Literal}`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from sealift.model.template import Json

_PLACEHOLDER: Final = re.compile(r"\$\{(!?)([^${}]*)\}")


def text_and_variables(argument: Json) -> tuple[str | None, dict[str, Json]]:
    """Return the text of an `Fn::Sub` and the variables given with it; no text where the argument is malformed."""
    match argument:
        case str(text):
            return text, {}
        case [str(text), dict(variables)]:
            return text, variables
        case _:
            return None, {}


def pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield each literal with the name of the placeholder after it; the name is None where no placeholder follows."""
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        literal, name = text[end : found.start()], found[2].strip()
        yield (literal + "${" + name + "}", None) if found[1] else (literal, name)
        end = found.end()
    yield text[end:], None


def names(text: str) -> Iterator[str]:
    """Yield the name in each placeholder."""
    return (name for _, name in pieces(text) if name)


def literal(text: str) -> str:
    """Return what stands for a text in an `Fn::Sub`."""
    return _PLACEHOLDER.sub(lambda found: "${!" + found[0].removeprefix("${"), text)


def replaced(text: str, change: Callable[[str], str | None]) -> str:
    """Return the text with the placeholders replaced for which `change` returns a text."""

    def each(found: re.Match[str]) -> str:
        new = None if found[1] else change(found[2].strip())
        return found[0] if new is None else new

    return _PLACEHOLDER.sub(each, text)
