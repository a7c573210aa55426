"""Puts each function together with its layers, as Lambda will, so that it can be looked at before it is sealed."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sealift.cfn.values import function_properties, mapping_at
from sealift.model.release import STAND_IN, BuiltArtifact, Finished
from sealift.model.template import FunctionSpec, Json, Template


def finished(scope: str, template: Template, built: Mapping[str, BuiltArtifact]) -> Iterator[Finished]:
    """Yield every function with code of its own, those of nested stacks too; `built` is by scope and asset key."""
    code = {i: asset for asset in template.assets if asset.kind == "function" for i in asset.logical_ids}
    layers = {i: asset for asset in template.assets if asset.kind == "layer" for i in asset.logical_ids}
    for function in template.functions:
        asset = code.get(function.logical_id)
        one = built.get(f"{scope}:{asset.key}") if asset else None
        inline = _inline(template, function) if asset is None else None
        if one is None and inline is None:
            continue
        named, foreign = _layers(template, function)
        known = [built.get(f"{scope}:{layers[name].key}") if name in layers else None for name in named]
        shared = built.get(one.layer) if one and one.layer else None
        paths = [layer.path for layer in (*known, shared) if layer is not None]
        yield Finished(
            logical_id=function.logical_id,
            handler=function.handler,
            runtime=one.artifact.runtime if one else function.runtime,
            architecture=one.artifact.architecture if one else function.architecture,
            package=one.path if one else Path(),
            layers=tuple(dict.fromkeys(paths)),
            foreign=foreign or None in known or _has_file_system(template, function),
            own=one.own if one else (),
            variables=_variables(template, function),
            unused=function.unused,
            inline=inline,
        )
    for asset in template.assets:
        if asset.kind == "template":
            yield from finished(f"{scope}/{asset.logical_ids[0]}", template.nested[asset.key], built)


def _inline(template: Template, function: FunctionSpec) -> str | None:
    """Return the code that the template holds, where it is written out."""
    properties = function_properties(template.body, function.logical_id)
    code = properties.get("InlineCode") or mapping_at(properties, "Code").get("ZipFile")
    return code if isinstance(code, str) else None


def _layers(template: Template, function: FunctionSpec) -> tuple[list[str], bool]:
    """Return the logical ids of a function's layers, and whether it may have others."""
    declared = function_properties(template.body, function.logical_id).get("Layers", [])
    listed = declared if isinstance(declared, list) else [None]
    named = [each["Ref"] if isinstance(each, dict) and isinstance(each.get("Ref"), str) else None for each in listed]
    return [str(name) for name in named if name is not None], None in named


def _has_file_system(template: Template, function: FunctionSpec) -> bool:
    """Whether modules of a function may be on a file system that only a deployment mounts."""
    return "FileSystemConfigs" in function_properties(template.body, function.logical_id)


def _variables(template: Template, function: FunctionSpec) -> dict[str, str]:
    """Return the environment variables of a function, with a stand-in for each that is not written out."""
    declared = mapping_at(function_properties(template.body, function.logical_id), "Environment", "Variables")
    return {name: _text(value) for name, value in declared.items() if not name.startswith("Fn::")}


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else STAND_IN
