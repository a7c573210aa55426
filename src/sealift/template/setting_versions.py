"""Lets references to settings in a template name the version that is current when it is deployed.

CloudFormation resolves a reference when its resource changes, and a secret with another value is no change. So each
reference without a version gets one by a parameter, which Sealift gives at the deployment; by default it is empty, and
the reference means what it meant. References stay as they are where SAM takes no function, or makes names of resources
of a value, and in a REST API of SAM, which is not deployed anew for the value of a parameter.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
"""

from collections.abc import Callable, Collection
from typing import Final

from sealift.cfn.intrinsics import is_intrinsic
from sealift.cfn.references import setting_of, version_parameter, version_suffix, with_heads
from sealift.cfn.substitution import as_sub, joined
from sealift.cfn.values import mapping_at
from sealift.model.template import Json

_MOST: Final = 50
"""Of the 200 parameters that a template may have."""
_SAM: Final = "AWS::Serverless::"
_WITHOUT: Final = {f"{_SAM}Api", f"{_SAM}LayerVersion"}
_LITERAL: Final = {
    "AutoPublishAlias", "CodeUri", "DefinitionUri", "Domain", "Handler", "ImageUri", "InlineCode", "Location",
    "Runtime", "SchemaUri", "StageName",
}  # fmt: skip
"""Properties of SAM whose values SAM or Sealift has to know, or that SAM makes names of resources of."""
_OF_EVENTS: Final = frozenset({"Method", "Path"})
_PARTS: Final = {"Properties", "Metadata"}

_Suffix = Callable[[str], str | None]


def versioned(body: dict[str, Json], settings: Collection[str]) -> tuple[str, ...]:
    """Return the references to these settings that can get a version, as `secretsmanager:shop/key`."""
    found: dict[str, None] = {}

    def each(head: str) -> None:
        service, _, rest = head.partition(":")
        if version_suffix(head, "1") and f"{service}:{setting_of(service, rest)}" in settings:
            found[head] = None

    _with_suffixes(body, each)
    return tuple(found)[:_MOST]


def with_versions(body: dict[str, Json], named: Collection[str]) -> dict[str, Json]:
    """Return the template whose references take their versions from parameters."""
    if not named:
        return body
    made = _with_suffixes(body, lambda head: f"${{{version_parameter(head)}}}" if head in named else None)
    added: dict[str, Json] = {
        version_parameter(head): {"Type": "String", "Default": "", "Description": "A version, given by Sealift."}
        for head in named
    }
    return {**made, "Parameters": {**mapping_at(made, "Parameters"), **added}}


def _with_suffixes(body: dict[str, Json], each: _Suffix) -> dict[str, Json]:
    """Return the template with what `each` returns behind every reference that can have something there."""
    made: dict[str, Json] = dict(body)
    if "Globals" in body:
        shared = mapping_at(body, "Globals")
        made["Globals"] = {name: _properties(value, f"{_SAM}{name}", each) for name, value in shared.items()}
    resources: dict[str, Json] = {}
    for name, resource in mapping_at(body, "Resources").items():
        parts, kind = mapping_at(resource), str(mapping_at(resource).get("Type", ""))
        changed = {k: _properties(v, kind, each, bare=k == "Properties") for k, v in parts.items() if k in _PARTS}
        resources[name] = {**parts, **changed} if changed else resource
    return {**made, "Resources": resources}


def _properties(properties: Json, kind: str, each: _Suffix, *, bare: bool = True) -> Json:
    if not isinstance(properties, dict) or is_intrinsic(properties) or kind in _WITHOUT:
        return properties
    if not kind.startswith(_SAM):
        return _value(properties, each, bare=bare and kind.startswith("AWS::"))
    return {
        key: value if key in _LITERAL else _value(value, each, but=_OF_EVENTS if key == "Events" else frozenset())
        for key, value in properties.items()
    }


def _value(value: Json, each: _Suffix, *, bare: bool = True, but: Collection[str] = ()) -> Json:
    """Return a value with suffixes. Texts outside of `Fn::Sub` and `Fn::Join` get them only where they are `bare`."""
    match value:
        case str() if bare:
            return _sub(value, each)
        case {"Fn::Sub": _}:
            return _sub(value, each)
        case {"Fn::Join": [str(separator), [*parts]]}:
            return {"Fn::Join": [separator, _parts(separator, parts, each)]}
        case {"Fn::If": [name, *choices]}:
            return {"Fn::If": [name, *(_value(one, each, bare=bare) for one in choices)]}
        case dict():
            inner = bare and not is_intrinsic(value)
            return {k: v if k in but else _value(v, each, bare=inner, but=but) for k, v in value.items()}
        case list():
            return [_value(one, each, bare=bare, but=but) for one in value]
        case _:
            return value


def _sub(value: Json, each: _Suffix) -> Json:
    text, variables = as_sub(value) or ("", {})
    made = with_heads(text, each)
    if made == text:
        return value
    return {"Fn::Sub": [made, variables] if variables else made}


def _parts(separator: str, parts: list[Json], each: _Suffix) -> list[Json]:
    """Return the parts of an `Fn::Join`; those that make a reference together are one `Fn::Sub`."""
    made: list[Json] = []
    at = 0
    while at < len(parts):
        text, end = joined(separator, parts[at : at + 1]), at + 1
        while text is not None and text.rfind("{{resolve:") > text.rfind("}}") and end < len(parts):
            end += 1
            text = joined(separator, parts[at:end])
        changed = with_heads(text, each) if text is not None else None
        if changed == text:
            made.append(_value(parts[at], each))
            at += 1
        else:
            made.append({"Fn::Sub": changed})
            at = end
    return made
