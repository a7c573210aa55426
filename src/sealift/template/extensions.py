"""Applies AWS::LanguageExtensions, which stands before SAM in the order of transforms.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

import json
from typing import Final

from sealift.cfn.evaluation import Bindings, is_known, resolved
from sealift.cfn.intrinsics import is_intrinsic
from sealift.cfn.values import mapping_at
from sealift.errors import TemplateError
from sealift.model.template import Json
from sealift.template.loops import unrolled

LANGUAGE_EXTENSIONS: Final = "AWS::LanguageExtensions"
_SECTIONS: Final = ("Conditions", "Resources", "Outputs")
_RESOLVED: Final = ("Resources", "Outputs")
_NO_VALUE: Final[Json] = {"Ref": "AWS::NoValue"}


def extended(body: dict[str, Json], scope: Bindings) -> dict[str, Json]:
    """Return a template without any language extension. Raises TemplateError for one that cannot be applied.

    Like AWS's, this resolves every function whose value is known before the deployment, so that SAM sees values where
    it takes no functions.
    """
    result = dict(body)
    for section in _SECTIONS:
        if section in body:
            result[section] = _applied(unrolled(body[section], scope), scope)
    known = Bindings(parameters=scope.parameters, mappings=scope.mappings, conditions=mapping_at(result, "Conditions"))
    for section in _RESOLVED:
        if section in result:
            result[section] = _without_no_value(resolved(result[section], known))
    for logical_id, resource in mapping_at(result, "Resources").items():
        _refuse_open_policies(logical_id, mapping_at(resource))
    return result


def _applied(value: Json, scope: Bindings) -> Json:
    """Return a value with the functions replaced that only this transform knows, innermost first."""
    if isinstance(value, list):
        return [_applied(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _applied(item, scope) for key, item in value.items()}
    match value:
        case {"Fn::Length": argument, **rest} if not rest:
            return _length(argument, scope)
        case {"Fn::ToJsonString": argument, **rest} if not rest:
            return _json_string(argument, scope)
        case {"Fn::FindInMap": [*argument], **rest} if not rest and len(argument) > 3:
            return resolved(value, scope)
        case _:
            return value


def _without_no_value(value: Json) -> Json:
    """Remove what is AWS::NoValue, as CloudFormation would."""
    if isinstance(value, list):
        return [_without_no_value(item) for item in value if item != _NO_VALUE]
    if isinstance(value, dict):
        return {key: _without_no_value(item) for key, item in value.items() if item != _NO_VALUE}
    return value


def _length(argument: Json, scope: Bindings) -> Json:
    found = resolved(argument, scope)
    if not isinstance(found, list):
        raise TemplateError(
            f"Fn::Length of {argument} is not known before the deployment",
            code="template-extension",
            hint="give it a list, a CommaDelimitedList parameter or Fn::Split",
        )
    return len(found)


def _json_string(argument: Json, scope: Bindings) -> Json:
    """Return JSON text. What is known only later is filled in by Fn::Sub, unescaped: documented, not observed."""
    found = resolved(argument, scope)
    variables: dict[str, Json] = {}
    text = json.dumps(_marked(found, variables), separators=(",", ":"), ensure_ascii=False)
    if not variables:
        return text
    escaped = text.replace("${", "${!")
    for name in variables:
        escaped = escaped.replace("${!" + name + "}", "${" + name + "}")
    return {"Fn::Sub": [escaped, variables]}


def _marked(value: Json, variables: dict[str, Json]) -> Json:
    if is_known(value):
        return value
    if isinstance(value, list):
        return [_marked(item, variables) for item in value]
    assert isinstance(value, dict)
    if not is_intrinsic(value):
        return {key: _marked(item, variables) for key, item in value.items()}
    name = f"Value{len(variables)}"
    variables[name] = value
    return "${" + name + "}"


def _refuse_open_policies(logical_id: str, resource: dict[str, Json]) -> None:
    for name in ("DeletionPolicy", "UpdateReplacePolicy"):
        if not isinstance(resource.get(name, ""), str):
            raise TemplateError(
                f"{name} of {logical_id} is not known before the deployment: {json.dumps(resource[name])}",
                code="template-extension",
                hint="let it depend on parameters and mappings only",
                context={"logical_ids": [logical_id]},
            )
