"""Renders a sealed template for one environment: language extensions, then SAM, in the order AWS applies them.

What was rendered is kept by what it was made from, so that the translator need not be loaded again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sealift.cfn.evaluation import Bindings, parameter_values
from sealift.cfn.pseudo import pseudo_parameters
from sealift.cfn.values import mapping_at, scalar_text
from sealift.errors import TemplateError
from sealift.model.template import Json, Rendered, Template
from sealift.template import kept
from sealift.template.codeless import neutral, put_back
from sealift.template.declared import transforms
from sealift.template.extensions import LANGUAGE_EXTENSIONS, extended
from sealift.template.shapes import SAM
from sealift.template.translation import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderTarget:
    """What a template is rendered for."""

    parameters: Mapping[str, str]
    account: str
    region: str
    stack_name: str


def rendered(
    body: bytes, target: RenderTarget, *, cache: Path | None = None, source: Template | None = None
) -> Rendered:
    """Return plain CloudFormation. Raises TemplateError where a transform refuses.

    `source` is the template that `body` was sealed from, so that errors can name lines.
    """
    taken = neutral(body, target.parameters)
    where = (target.region,) if taken.placeless else (target.account, target.region, target.stack_name)
    key = entry_name(taken.body, taken.parameters, where)
    if cache is not None:
        known = _known(cache, key)
        if known is not None:
            return put_back(known, taken)
    try:
        result = _rendered(json.loads(taken.body), replace(target, parameters=taken.parameters))
    except TemplateError as error:
        raise _located(error, source) from None
    if cache is not None:
        kept.put(cache, key, {"body": result.body, "origins": dict(result.origins)})
    return put_back(result, taken)


def entry_name(body: bytes, parameters: Mapping[str, str], target: tuple[str, ...]) -> str:
    """Return the name that a result is kept by: template, values, target, translator's version, and our own code."""
    import samtranslator  # only its version; the translator itself is in submodules

    version = str(samtranslator.__version__)
    described = json.dumps([sorted(parameters.items()), target, version, kept.code_digest()])
    digest = hashlib.sha256()
    for part in (body, described.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _known(folder: Path, name: str) -> Rendered | None:
    """Return what is kept; a damaged entry counts as absent."""
    try:
        stored = kept.get(folder, name)
        return Rendered(body=stored["body"], origins=stored["origins"])
    except (KeyError, TypeError):
        return None


def _rendered(template: dict[str, Json], target: RenderTarget) -> Rendered:
    names = transforms(template)
    values = parameter_values(template, target.parameters)
    origins = {i: i for i in mapping_at(template, "Resources")}
    if LANGUAGE_EXTENSIONS in names:
        template = extended(template, _scope(template, values, target))
        origins = {i: i for i in mapping_at(template, "Resources")}
    if SAM not in names:
        return Rendered(body=_with_transforms(template, names), origins=origins)
    result = translate(_without_stored_defaults(template), values, region=target.region)
    return Rendered(body=_with_transforms(_with_parameters(result.body, template), names), origins=result.origins)


def _scope(template: dict[str, Json], values: Mapping[str, Json], target: RenderTarget) -> Bindings:
    pseudo = pseudo_parameters(account=target.account, region=target.region, stack_name=target.stack_name)
    return Bindings(parameters={**pseudo, **values}, mappings=mapping_at(template, "Mappings"))


def _without_stored_defaults(template: dict[str, Json]) -> dict[str, Json]:
    """Hide the defaults that name an entry of Parameter Store; the translator takes the name for the value."""
    parameters: dict[str, Json] = {}
    for name, declared in mapping_at(template, "Parameters").items():
        spec = mapping_at(declared)
        stored = scalar_text(spec.get("Type")).startswith("AWS::SSM::Parameter::Value")
        parameters[name] = {k: v for k, v in spec.items() if k != "Default"} if stored else declared
    return {**template, "Parameters": parameters} if parameters else dict(template)


def _with_parameters(body: dict[str, Json], template: dict[str, Json]) -> dict[str, Json]:
    return {**body, "Parameters": template["Parameters"]} if "Parameters" in template else body


def _with_transforms(body: dict[str, Json], names: tuple[str, ...]) -> dict[str, Json]:
    """Put back the transforms that were not applied here; SAM's translator removes them all."""
    left: list[Json] = [name for name in names if name not in (SAM, LANGUAGE_EXTENSIONS)]
    plain = {key: value for key, value in body.items() if key != "Transform"}
    return {"Transform": left[0] if len(left) == 1 else left, **plain} if left else plain


def _located(error: TemplateError, source: Template | None) -> TemplateError:
    """Return the error with the user's file and the lines of the resources it names."""
    if source is None:
        return error
    named = error.context.get("logical_ids")
    ids = [str(i) for i in named] if isinstance(named, list) else []
    lines = {i: source.line(("Resources", i)) for i in ids}
    first = min((line for line in lines.values() if line), default=0)
    place = f"{source.file}:{first}" if first else source.file
    context = {**error.context, "file": source.file, "line": first, "lines": lines}
    return TemplateError(f"{place}: {error.message}", code=error.code, hint=error.hint, context=context)
