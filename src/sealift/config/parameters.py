"""Reads only the parameters of a template, leniently: what is wrong with it is not for `sealift init` to say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
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


def _document(path: Path) -> dict[object, object]:
    import yaml

    class Loader(yaml.SafeLoader):
        """Takes CloudFormation's short intrinsics as nothing: no parameter has one."""

    Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)
    try:
        text = path.read_text(encoding="utf-8-sig")
        if len(text) > MAX_BYTES:
            return {}
        document = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader)  # noqa: S506
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
