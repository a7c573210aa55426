"""Lets references to settings in a template name the version that is current when it is deployed.

CloudFormation resolves a reference when its resource changes, and a secret with another value is no change. So each
reference without a version gets one by a parameter, which Sealift gives at the deployment; by default it is empty, and
the reference means what it meant. References in the pieces of an `Fn::Join`, or where SAM takes no function, stay.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from sealift.cfn.intrinsics import walk
from sealift.cfn.references import heads, setting_of, version_parameter, with_heads
from sealift.cfn.substitution import literal
from sealift.cfn.values import mapping_at
from sealift.model.template import Json, TemplatePath

_MOST: Final = 50
"""Of the 200 parameters that a template may have."""
_AROUND: Final = {"Fn::If", "Fn::Join"}
"""Functions that take another function among their values."""


def versioned(body: dict[str, Json], settings: Collection[str]) -> tuple[str, ...]:
    """Return the references to these settings that can get a version, as `secretsmanager:shop/key`."""
    found: dict[str, None] = {}
    for _, text in _texts(body):
        for head in heads(text):
            service, _, rest = head.partition(":")
            if f"{service}:{setting_of(service, rest)}" in settings:
                found[head] = None
    return tuple(found)[:_MOST]


def with_versions(body: dict[str, Json], named: Collection[str]) -> dict[str, Json]:
    """Return the template whose references take their versions from parameters."""
    if not named:
        return body
    changed = {path: text for path, text in _texts(body) if any(head in named for head in heads(text))}

    def each(head: str) -> str | None:
        return f"${{{version_parameter(head)}}}" if head in named else None

    made = _replaced(body, (), changed, each)
    assert isinstance(made, dict)
    added: dict[str, Json] = {
        version_parameter(head): {"Type": "String", "Default": "", "Description": "A version, given by Sealift."}
        for head in named
    }
    return {**made, "Parameters": {**mapping_at(made, "Parameters"), **added}}


def _texts(body: dict[str, Json]) -> Iterator[tuple[TemplatePath, str]]:
    """Yield the texts that may be, or are, the text of an `Fn::Sub`."""
    kinds = {name: str(mapping_at(one).get("Type", "")) for name, one in mapping_at(body, "Resources").items()}
    for path, value in walk(body):
        if isinstance(value, str) and "{{resolve:" in value and _takes_functions(path, kinds):
            yield path, value


def _takes_functions(path: TemplatePath, kinds: dict[str, str]) -> bool:
    functions = [at for at, key in enumerate(path) if isinstance(key, str) and key.startswith("Fn::")]
    if functions and path[functions[-1]] == "Fn::Sub":
        inner = path[functions[-1] + 1 :]
        return inner in ((), (0,)) and path[0] == "Resources"
    if any(path[at] not in _AROUND for at in functions):
        return False
    if path[:4] == ("Globals", "Function", "Environment", "Variables"):
        return True
    if path[:1] != ("Resources",) or len(path) < 4 or path[2] != "Properties":
        return False
    kind = kinds.get(str(path[1]), "")
    environment = kind == "AWS::Serverless::Function" and path[3] == "Environment"
    return environment or (kind.startswith("AWS::") and not kind.startswith("AWS::Serverless::"))


def _replaced(
    value: Json, path: TemplatePath, changed: dict[TemplatePath, str], each: Callable[[str], str | None]
) -> Json:
    if isinstance(value, dict):
        return {key: _replaced(child, (*path, key), changed, each) for key, child in value.items()}
    if isinstance(value, list):
        return [_replaced(child, (*path, index), changed, each) for index, child in enumerate(value)]
    if not isinstance(value, str) or path not in changed:
        return value
    if path[-1] == "Fn::Sub" or path[-2:] == ("Fn::Sub", 0):
        return with_heads(value, each)
    return {"Fn::Sub": with_heads(literal(value), each)}
