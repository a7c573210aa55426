"""What a template declares beside its resources: parameters, transforms, exports, imports, settings."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from sealift.cfn.intrinsics import walk
from sealift.cfn.references import references, setting_of
from sealift.cfn.substitution import as_sub, joined
from sealift.cfn.substitution import names as placeholders
from sealift.cfn.values import mapping_at, properties, resources, scalar_text
from sealift.model.template import Json, Location, ParameterSpec, TemplatePath
from sealift.template.faults import fault

_SSM_VALUE: Final = "AWS::SSM::Parameter::Value"


def parameters(body: dict[str, Json], lines: Mapping[TemplatePath, int], file: str) -> tuple[ParameterSpec, ...]:
    """Return the parameters in the order written, defaults as text."""
    specs = []
    for name, declared in mapping_at(body, "Parameters").items():
        if name.startswith("Fn::"):
            continue
        line = lines.get(("Parameters", name), 0)
        if not isinstance(declared, dict):
            raise fault(file, line, f"parameter {name} has to be a mapping with a Type", code="template-parameter")
        specs.append(_parameter(name, declared, Location(file=file, line=line)))
    return tuple(specs)


def _parameter(name: str, declared: dict[str, Json], location: Location) -> ParameterSpec:
    allowed = declared.get("AllowedValues")
    return ParameterSpec(
        name=name,
        type=str(declared.get("Type", "String")),
        default=scalar_text(declared["Default"]) if "Default" in declared else None,
        allowed_values=tuple(scalar_text(v) for v in allowed) if isinstance(allowed, list) else (),
        allowed_pattern=_text(declared.get("AllowedPattern")),
        no_echo=scalar_text(declared.get("NoEcho")).lower() == "true",
        min_length=_whole(declared.get("MinLength")),
        max_length=_whole(declared.get("MaxLength")),
        min_value=_number(declared.get("MinValue")),
        max_value=_number(declared.get("MaxValue")),
        constraint_description=_text(declared.get("ConstraintDescription")),
        location=location,
    )


def _text(value: Json) -> str | None:
    return None if value is None else scalar_text(value)


def _number(value: Json) -> float | None:
    try:
        number = float(scalar_text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: Json) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def transforms(body: dict[str, Json]) -> tuple[str, ...]:
    """Return the names of the template's transforms, in the order written."""
    declared = body.get("Transform")
    names = []
    for each in declared if isinstance(declared, list) else [declared]:
        name = each.get("Name") if isinstance(each, dict) else each
        if isinstance(name, str):
            names.append(name)
    return tuple(names)


def exports(body: dict[str, Json]) -> tuple[str, ...]:
    """Return the names that the outputs export, as far as they are literal."""
    names = (mapping_at(output, "Export").get("Name") for output in mapping_at(body, "Outputs").values())
    return tuple(name for name in names if isinstance(name, str))


def imports(body: dict[str, Json]) -> tuple[str, ...]:
    """Return the names that are imported, as far as they are literal, each once."""
    found = (value.get("Fn::ImportValue") for _, value in walk(body) if isinstance(value, dict))
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str)))


def settings(body: dict[str, Json]) -> tuple[str, ...]:
    """Return `ssm:NAME`, `ssm-secure:NAME` and `secretsmanager:ID` for each reference, each once.

    `${Parameter}` stays in a name as it is written; a reference with anything else that is not literal is left out, and
    so is one to what the template makes itself: it is resolved as the resource with the reference is made.
    """
    own = {*made_settings(body)}
    names: dict[str, None] = {}
    plain = {
        name
        for name, parameter in mapping_at(body, "Parameters").items()
        if scalar_text(mapping_at(parameter).get("NoEcho")).lower() != "true"
    }
    for parameter in mapping_at(body, "Parameters").values():
        if isinstance(parameter, dict) and str(parameter.get("Type", "")).startswith(_SSM_VALUE):
            default = scalar_text(parameter.get("Default"))
            if default:
                names[f"ssm:{default}"] = None
    for path, value in walk(body):
        for service, rest in references(_sub_text(value)) if path[-2:] != ("Fn::Sub", 0) else ():
            name = setting_of(service, rest)
            if set(placeholders(name)) <= plain and f"{service}:{name}" not in own:
                names[f"{service}:{name}"] = None
    return tuple(names)


def _sub_text(value: Json) -> str:
    """Return a text, or what `Fn::Sub` or `Fn::Join` makes, with parameters in it as placeholders; else nothing."""
    match value:
        case str(text):
            return text
        case {"Fn::Sub": [*_]}:
            return (as_sub(value) or ("", {}))[0]
        case {"Fn::Join": [str(separator), [*parts]]}:
            return joined(separator, parts) or ""
        case _:
            return ""


def made_settings(body: dict[str, Json]) -> Iterator[str]:
    """Yield the names of the parameters and secrets that the template makes, as `ssm:NAME` or `secretsmanager:NAME`."""
    for kind, service in (("AWS::SecretsManager::Secret", "secretsmanager"), ("AWS::SSM::Parameter", "ssm")):
        for _, resource in resources(body, kind):
            name = properties(resource).get("Name")
            text = name.get("Fn::Sub") if isinstance(name, dict) else name
            if isinstance(text, str):
                yield f"{service}:{text}"
