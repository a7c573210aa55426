"""The text of `Fn::Sub`: `${Name}`, `${Resource.Attribute}`, and `${!Literal}`, which stands for `${Literal}`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
"""

import re
from collections.abc import Callable, Iterator, Sequence
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


def as_sub(value: Json) -> tuple[str, dict[str, Json]] | None:
    """Return text and variables of the `Fn::Sub` that gives the same text as a value; None when there is none.

    Values are texts, `Ref`, `Fn::GetAtt` and `Fn::Sub`. A variable that stands for such a value is put into the text.
    """
    match value:
        case str(text):
            return literal(text), {}
        case {"Ref": str(name)} if name != "AWS::NoValue":
            return f"${{{name}}}", {}
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"${{{name}.{attribute}}}", {}
        case {"Fn::Sub": argument}:
            whole, variables = text_and_variables(argument)
            put: dict[str, str] = {}
            for name, inner in variables.items():
                found, left = as_sub(inner) or ("", variables)
                if not left and not {*names(found)} & variables.keys() - {name}:
                    put[name] = found
            others = {name: inner for name, inner in variables.items() if name not in put}
            return None if whole is None else (replaced(whole, put.get), others)
        case _:
            return None


def joined(separator: str, parts: Sequence[Json]) -> str | None:
    """Return the text of the `Fn::Sub` that gives what `Fn::Join` makes of these parts; None when there is none."""
    subs = [as_sub(part) for part in parts]
    texts = [sub[0] for sub in subs if sub and not sub[1]]
    whole = literal(separator).join(texts)
    alone = [name for text in texts for name in names(text)]
    return whole if len(texts) == len(parts) and [*names(whole)] == alone else None


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
