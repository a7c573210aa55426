"""Unrolls Fn::ForEach.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

import re
from collections.abc import Iterator
from typing import Final

from sealift.cfn.evaluation import Bindings, is_known, resolved
from sealift.cfn.values import scalar_text
from sealift.errors import TemplateError
from sealift.model.template import Json

PREFIX: Final = "Fn::ForEach::"


def unrolled(value: Json, scope: Bindings) -> Json:
    """Return a value with every loop in it replaced by its rounds. Raises TemplateError for one that cannot be."""
    if isinstance(value, list):
        return [unrolled(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Json] = {}
    for key, child in value.items():
        pairs = rounds(key, child, scope) if key.startswith(PREFIX) else iter([(key, unrolled(child, scope))])
        for name, item in pairs:
            if name in result:
                raise TemplateError(
                    f"{key} makes {name}, which is there already",
                    code="template-loop",
                    hint="use the loop's variable in the key, so that each round makes another",
                )
            result[name] = item
    return result


def rounds(key: str, loop: Json, scope: Bindings) -> Iterator[tuple[str, Json]]:
    """Yield the keys and values that a loop makes, inner loops unrolled."""
    match loop:
        case [str(identifier), collection, dict(fragment)]:
            for item in items(key, collection, scope):
                made = unrolled(_filled(fragment, identifier, item), scope)
                assert isinstance(made, dict)
                yield from made.items()
        case _:
            raise TemplateError(
                f"{key} has to be a list of a variable's name, a collection and a mapping", code="template-loop"
            )


def items(key: str, collection: Json, scope: Bindings) -> list[str]:
    """Return what a loop runs over. Raises TemplateError where that is not known."""
    found = resolved(collection, scope)
    if not isinstance(found, list) or not is_known(found):
        raise TemplateError(
            f"{key} runs over {collection}, which is not known before the deployment",
            code="template-loop",
            hint="run over a literal list, a CommaDelimitedList parameter or a mapping",
        )
    flat = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    return [scalar_text(each) for each in flat]


def _filled(value: Json, identifier: str, item: str) -> Json:
    """Return a fragment for one round. `&{X}` is the item without what a logical id cannot hold."""
    if isinstance(value, str):
        plain = re.sub("[^A-Za-z0-9]", "", item)
        return value.replace("${" + identifier + "}", item).replace("&{" + identifier + "}", plain)
    if isinstance(value, list):
        return [_filled(each, identifier, item) for each in value]
    if isinstance(value, dict):
        if value == {"Ref": identifier}:
            return item
        return {scalar_text(_filled(k, identifier, item)): _filled(v, identifier, item) for k, v in value.items()}
    return value
