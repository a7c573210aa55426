"""Reads only the parameters of a template, leniently: what is wrong with it is not for `sealift init` to say."""

from collections.abc import Mapping
from pathlib import Path

from sealift.cfn.documents import mapping_in
from sealift.model.values import value


@value
class TemplateParameter:
    """A parameter of the template, as `sealift init` shows it."""

    name: str
    type: str
    required: bool
    secret: bool
    default: str = ""
    description: str = ""
    allowed: tuple[str, ...] = ()


def template_parameters(path: Path) -> tuple[TemplateParameter, ...]:
    """Return the parameters in order; empty when the template cannot be read."""
    declared = _document(path).get("Parameters")
    if not isinstance(declared, dict):
        return ()
    return tuple(_parameter(str(name), spec) for name, spec in declared.items() if isinstance(spec, dict))


def _parameter(name: str, spec: Mapping[str, object]) -> TemplateParameter:
    allowed = spec.get("AllowedValues")
    return TemplateParameter(
        name=name,
        type=str(spec.get("Type", "String")),
        required=spec.get("Default") is None,
        secret=str(spec.get("NoEcho", "false")).lower() == "true",
        default="" if spec.get("Default") is None else str(spec["Default"]),
        description=" ".join(str(spec.get("Description", "")).split()),
        allowed=tuple(str(one) for one in allowed) if isinstance(allowed, list) else (),
    )


def _document(path: Path) -> Mapping[object, object]:
    try:
        return mapping_in(path.read_text(encoding="utf-8-sig"), file=path.name)
    except (OSError, ValueError):
        return {}
