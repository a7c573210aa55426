"""Renders a sealed template for one environment: language extensions, then SAM, in the order AWS applies them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sealift.model.template import Json, Rendered
from sealift.template.declared import transforms
from sealift.template.known import mapping_at, scalar_text
from sealift.template.translation import SAM, translate

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
_SSM = "AWS::SSM::Parameter::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a template is rendered for."""

    parameters: Mapping[str, str]
    account: str
    region: str
    stack_name: str


def rendered(body: bytes, target: Target) -> Rendered:
    """Return plain CloudFormation. Raises TemplateError where the translator refuses."""
    template: dict[str, Json] = json.loads(body)
    names = transforms(template)
    values = parameter_values(template, target.parameters)
    if SAM in names:
        result = translate(template, values, region=target.region)
    else:
        result = Rendered(body=template, origins={i: i for i in mapping_at(template, "Resources")})
    return _with_transforms(result, names)


def _with_transforms(result: Rendered, names: tuple[str, ...]) -> Rendered:
    """Put back the transforms that were not applied here; SAM's translator removes them all."""
    left = [name for name in names if name not in (SAM, LANGUAGE_EXTENSIONS)]
    body = {key: value for key, value in result.body.items() if key != "Transform"}
    if left:
        body = {"Transform": left[0] if len(left) == 1 else list[Json](left), **body}
    return Rendered(body=body, origins=result.origins)


def parameter_values(template: dict[str, Json], given: Mapping[str, str]) -> dict[str, Json]:
    """Return the value of each parameter as a transform sees it: given or default, lists as lists.

    A parameter that names an entry of Parameter Store has no value here, only CloudFormation reads it.
    """
    values: dict[str, Json] = {}
    for name, declared in mapping_at(template, "Parameters").items():
        spec = mapping_at(declared)
        kind = scalar_text(spec.get("Type"))
        if name not in given and "Default" not in spec:
            continue
        text = given[name] if name in given else scalar_text(spec["Default"])
        if kind.startswith(_SSM + "Value"):
            spec.pop("Default", None)  # the translator would take the entry's name for its value
            continue
        is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
        values[name] = [part.strip() for part in text.split(",")] if is_list else text
    return values
