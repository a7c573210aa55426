"""Finds what a template asks to be built or stored: code, layers, definitions, nested templates.

Sources are read as SAM reads them: relative to the template's folder, CodeUri absent means that folder. What a
parameter decides has to be the same in all environments.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sealift.cfn.intrinsics import walk
from sealift.cfn.values import declarations, list_at, mapping_at, scalar_text
from sealift.errors import TemplateError, did_you_mean
from sealift.model.template import Asset, FunctionSpec, Json, Location, TemplatePath
from sealift.template.choices import Scopes, agreed, depends_on, differ, elements, holds_nowhere, listed, texts
from sealift.template.faults import fault, nearest_line, refuse_outside
from sealift.template.shapes import FUNCTION_TYPES, LAYER_TYPES, SHAPES, Shape, is_remote, of_globals
from sealift.template.sourcemaps import runs_with_source_maps


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A parsed template on disk: `file` is relative to `root`, in POSIX form."""

    root: Path
    file: str
    body: dict[str, Json]
    lines: Mapping[TemplatePath, int]
    scopes: Scopes
    """What is known in each environment."""
    boundary: Path
    """The repository: nothing outside of it enters a release."""
    buildable: bool = True
    """Whether the code of functions has to be there, and be code that Sealift builds."""

    def line(self, path: TemplatePath) -> int:
        """Return the line of the nearest known parent of `path`."""
        return nearest_line(self.lines, path)

    def location(self, path: TemplatePath, logical_id: str) -> Location:
        """Return the place of `path`."""
        return Location(file=self.file, line=self.line(path), logical_id=logical_id)

    def text(self, value: Json) -> str | None:
        """Return the text that a value has in every environment, or None."""
        return agreed(texts(value, self.scopes))

    def decided(self, value: Json, path: TemplatePath, what: str) -> str | None:
        """Return the text of a value that determines a build; None when no environment knows it.

        Raises TemplateError when environments differ.
        """
        found = texts(value, self.scopes)
        if differ(found):
            raise self.differing(found, value, path, what)
        return agreed(found)

    def differing(self, found: Mapping[str, str | None], value: Json, path: TemplatePath, what: str) -> TemplateError:
        """Return the error for a value that determines a build and differs between environments."""
        names = depends_on(value)
        return self.fault(
            path,
            f"{what} is not the same in all environments: {listed(found)}",
            code="template-build-differs",
            hint="a release is built once for all of them: give "
            + (f"{names} the same value everywhere in sealift.toml" if names else "it one value")
            + ", or declare a resource for each value, each under a condition",
        )

    def fault(self, path: TemplatePath, message: str, *, code: str, hint: str = "") -> TemplateError:
        """Return an error at the place of `path`."""
        return fault(self.file, self.line(path), message, code=code, hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource with its path; `properties` are those of SAM after Globals."""

    logical_id: str
    type: str
    path: TemplatePath
    properties: dict[str, Json]
    metadata: dict[str, Json]
    unused: bool = False
    """Whether its Condition holds in no environment."""


def resources(source: Source) -> Iterator[Resource]:
    """Yield every resource in the order written, those inside Fn::ForEach too."""
    for path, declared in declarations(mapping_at(source.body, "Resources"), ("Resources",)):
        logical_id = str(path[-1])
        if not isinstance(declared, dict):
            message = f"resource {logical_id} has to be a mapping with a Type; check its indentation"
            raise source.fault(path, message, code="template-resource")
        if not isinstance(declared.get("Properties", {}), dict | None):
            message = f"Properties of {logical_id} have to be a mapping; check the indentation"
            raise source.fault((*path, "Properties"), message, code="template-resource")
        kind = scalar_text(declared.get("Type"))
        properties = mapping_at(declared, "Properties")
        yield Resource(
            logical_id=logical_id,
            type=kind,
            path=path,
            properties={**of_globals(source.body, kind), **properties},
            metadata=mapping_at(declared, "Metadata"),
            unused=holds_nowhere(declared.get("Condition"), source.scopes),
        )


def functions(source: Source) -> tuple[FunctionSpec, ...]:
    """Return every Lambda function. Raises TemplateError for one that is a container image."""
    specs = []
    for resource in resources(source):
        if resource.type in FUNCTION_TYPES:
            _refuse_image(source, resource)
            specs.append(
                FunctionSpec(
                    logical_id=resource.logical_id,
                    type=resource.type,
                    runtime=source.text(resource.properties.get("Runtime")),
                    handler=source.text(resource.properties.get("Handler")),
                    architecture=agreed(_architectures(source, resource)) or "unknown",
                    location=source.location(resource.path, resource.logical_id),
                    unused=resource.unused,
                )
            )
    return tuple(specs)


def _is_image(source: Source, resource: Resource) -> bool:
    package = source.text(resource.properties.get("PackageType"))
    return package == "Image" or bool(_image(resource))


def _image(resource: Resource) -> Json:
    return resource.properties.get("ImageUri") or mapping_at(resource.properties, "Code").get("ImageUri")


def _refuse_image(source: Source, resource: Resource) -> None:
    """Refuse an image that has to be built; one that is in a registry is code outside the release."""
    image = _image(resource)
    built = not image or "Dockerfile" in resource.metadata or "DockerContext" in resource.metadata
    if _is_image(source, resource) and (built or _is_local_image(source, image)):
        if not source.buildable:
            return
        raise source.fault(
            resource.path,
            f"function {resource.logical_id} is a container image, which Sealift does not build yet",
            code="template-image-function",
            hint="use PackageType: Zip with a Runtime and a Handler, name an image that is in a registry "
            "(ImageUri: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG), or keep this function in a stack of its own",
        )


def _is_local_image(source: Source, image: Json) -> bool:
    found = [text for text in texts(image, source.scopes).values() if text is not None]
    return any(".dkr.ecr." not in text for text in found)


def _declared_architectures(resource: Resource) -> tuple[str, Json]:
    for name in ("Architectures", "CompatibleArchitectures"):
        if resource.properties.get(name):
            return name, resource.properties[name]
    return "Architectures", ["x86_64"]  # https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html


def _architectures(source: Source, resource: Resource) -> dict[str, str | None]:
    _, declared = _declared_architectures(resource)
    found = elements(declared, source.scopes)
    firsts = {name: value[0] if isinstance(value, list) and value else value for name, value in found.items()}
    return {name: first if isinstance(first, str) else None for name, first in firsts.items()}


def _architecture(source: Source, resource: Resource) -> str:
    """Return the processor that code is built for. Raises TemplateError when it differs or is not known."""
    name, declared = _declared_architectures(resource)
    found, path = _architectures(source, resource), (*resource.path, "Properties", name)
    architecture = agreed(found)
    if architecture is None and source.buildable:
        if differ(found):
            raise source.differing(found, declared, path, f"{name} of {resource.logical_id}")
        raise source.fault(
            path,
            f"{name} of {resource.logical_id} is known only during a deployment, but decides what is built",
            code="template-build-unknown",
            hint=f"give {depends_on(declared) or 'it'} a value in sealift.toml, or a Default",
        )
    return architecture or "unknown"


def find(source: Source) -> tuple[Asset, ...]:
    """Return the assets in the order written; functions that would build the same share one."""
    found: dict[str, Asset] = {}
    for resource in resources(source):
        for shape in SHAPES.get(resource.type, ()):
            asset = _asset(source, resource, shape)
            if asset is not None:
                identity = _identity(asset)
                found[identity] = _joined(found[identity], asset) if identity in found else asset
    return tuple(found.values())


def _asset(source: Source, resource: Resource, shape: Shape) -> Asset | None:
    at: TemplatePath = (*resource.path, "Properties", *shape.path)
    *parents, last = shape.path
    value = _packed_by_cdk(source, resource, shape) or mapping_at(resource.properties, *parents).get(last)
    if shape.kind == "function" and ("InlineCode" in resource.properties or _is_image(source, resource)):
        return None
    if value is None or value == "":
        if shape.kind != "function":
            return None
        value = "."  # SAM builds the template's folder for a function that names no code
    text = _place(source, at, resource, value)
    if text is None:
        return None
    location = source.location(at, resource.logical_id)
    what = f"{shape.path[-1]} of {resource.logical_id} ({text})"
    refuse_outside(_local(source, text), source.boundary, what, file=source.file, line=location.line)
    if source.buildable or shape.kind in ("file", "template"):
        _refuse_missing(source, shape, location, text)
    asset = Asset(
        key=".".join([resource.logical_id, *shape.path]),
        kind=shape.kind,
        source=_relative(source, text),
        logical_ids=(resource.logical_id,),
        paths=(at,),
        location=location,
    )
    if shape.kind == "function":
        return _function(source, resource, asset)
    return _layer(source, resource, asset) if resource.type in LAYER_TYPES else asset


def _packed_by_cdk(source: Source, resource: Resource, shape: Shape) -> str | None:
    """Return the path of what the CDK packed beside the template, where it is there.

    https://docs.aws.amazon.com/cdk/v2/guide/assets.html#assets-cfn
    """
    path = resource.metadata.get("aws:asset:path")
    if not isinstance(path, str) or resource.metadata.get("aws:asset:property") != ".".join(shape.path):
        return None
    return path if _is_there(_local(source, path)) else None


def _place(source: Source, at: TemplatePath, resource: Resource, value: Json) -> str | None:
    """Return the local path that a property names; None for what is elsewhere, or known only during a deployment."""
    found = texts(value, source.scopes)
    local = {name: text for name, text in found.items() if text and not is_remote(text)}
    if not local:
        if source.buildable and None in found.values():
            _refuse_choice(source, at, resource, value)
        return None
    if differ(found):
        if source.buildable:
            raise source.differing(found, value, at, f"{at[-1]} of {resource.logical_id}")
        return None
    return agreed(found)


def _refuse_choice(source: Source, at: TemplatePath, resource: Resource, value: Json) -> None:
    """Refuse local code that a condition chooses: a release has the same code in every environment."""
    if not isinstance(value, dict) or "Fn::If" not in value:
        return
    texts = [text for _, text in walk(value) if isinstance(text, str)]
    local = next((t for t in texts if "/" in t and not is_remote(t) and _is_there(_local(source, t))), None)
    if local is not None:
        raise source.fault(
            at,
            f"{at[-1]} of {resource.logical_id} depends on a condition, but names the local {local}",
            code="template-asset-choice",
            hint="a release has the same code in every environment: declare two resources, each under a condition",
        )


def _function(source: Source, resource: Resource, asset: Asset) -> Asset:
    bundled = _build_method(source, resource) == "esbuild"
    return replace(
        asset,
        runtime=_decided(source, resource, "Runtime"),
        handler=_decided(source, resource, "Handler") if bundled else source.text(resource.properties.get("Handler")),
        architecture=_architecture(source, resource),
        build_method=_build_method(source, resource),
        build_properties=_build_properties(source, resource),
    )


def _decided(source: Source, resource: Resource, name: str) -> str | None:
    value = resource.properties.get(name)
    if not source.buildable:
        return source.text(value)
    return source.decided(value, (*resource.path, "Properties", name), f"{name} of {resource.logical_id}")


def _build_properties(source: Source, resource: Resource) -> dict[str, Json]:
    declared = mapping_at(resource.metadata, "BuildProperties")
    if _build_method(source, resource) != "esbuild" or not runs_with_source_maps(resource.properties):
        return declared
    return {"Sourcemap": True, **declared}


def _layer(source: Source, resource: Resource, asset: Asset) -> Asset:
    runtimes = resource.properties.get("CompatibleRuntimes")
    first = runtimes[0] if isinstance(runtimes, list) and runtimes else None
    method = _build_method(source, resource)
    declared = resource.metadata.get("BuildArchitecture")
    return replace(
        asset,
        runtime=method if method and method[-1:].isdigit() else source.text(first),
        architecture=source.text(declared) or _architecture_of_layer(source, resource),
        architectures=() if declared else _undecided(source, resource),
        build_method=method,
        build_properties=mapping_at(resource.metadata, "BuildProperties"),
    )


def _architecture_of_layer(source: Source, resource: Resource) -> str:
    """Return the only processor that a layer is for; of several the one of all functions that use it, or x86_64.

    x86_64 is what SAM builds for without a BuildArchitecture:
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-layers.html
    """
    compatible = resource.properties.get("CompatibleArchitectures")
    if compatible and not (isinstance(compatible, list) and len(compatible) > 1):
        return _architecture(source, resource)
    used = _used_on(source, resource)
    return used.pop() if len(used) == 1 else "x86_64"


def _used_on(source: Source, resource: Resource) -> set[str]:
    """Return the processors of all functions that use a layer."""
    return {
        _architecture(source, one)
        for one in resources(source)
        if one.type in FUNCTION_TYPES
        and {"Ref": resource.logical_id}
        in [*list_at(one.properties.get("Layers")), *list_at(of_globals(source.body, one.type).get("Layers"))]
    }


def _undecided(source: Source, resource: Resource) -> tuple[str, ...]:
    """Return the processors that a layer is declared or used for, when it is one build for several of them."""
    used = _used_on(source, resource)
    if len(used) == 1:
        return ()
    listed = resource.properties.get("CompatibleArchitectures")
    names = {*used, *(text for one in list_at(listed) if (text := source.text(one)))}
    return tuple(sorted(names)) if len(names) > 1 else ()


def _build_method(source: Source, resource: Resource) -> str | None:
    """Return Metadata.BuildMethod, or `skip` where the author says, or the CDK saw to it, that nothing is built."""
    if scalar_text(resource.metadata.get("SkipBuild")).lower() == "true" or "aws:asset:path" in resource.metadata:
        return "skip"
    return source.text(resource.metadata.get("BuildMethod"))


def _local(source: Source, text: str) -> Path:
    return source.root / posixpath.dirname(source.file) / text


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long for a file is not the name of one
        return False


def _relative(source: Source, text: str) -> str:
    path = posixpath.join(posixpath.dirname(source.file), text)
    if posixpath.isabs(path):
        path = posixpath.relpath(path, source.root.absolute().as_posix())
    return posixpath.normpath(path)


def _refuse_missing(source: Source, shape: Shape, location: Location, text: str) -> None:
    path = _local(source, text)
    name = shape.path[-1]
    if not _is_there(path):
        raise fault(
            location.file,
            location.line,
            f"{name} of {location.logical_id} is {text}, but there is no {_relative(source, text)}",
            code="template-asset-missing",
            hint=f"correct the path; it is relative to the template's folder{_near(path) or _BUILT}",
        )
    if shape.kind in ("file", "template") and not path.is_file():
        raise fault(
            location.file,
            location.line,
            f"{name} of {location.logical_id} is {text}, which is a folder and not a file",
            code="template-asset-kind",
            hint="name the file itself",
        )


_BUILT = "; if your own build creates it, run that first"


def _near(path: Path) -> str:
    try:
        if path.is_symlink():
            return f"; {path.name} is a symbolic link to {path.readlink()}, which is not there"
        return did_you_mean(path.name, [entry.name for entry in path.parent.iterdir()])
    except OSError:
        return ""


def _identity(asset: Asset) -> str:
    """Return the key that two properties share when one artifact serves both.

    A makefile builds the target of one logical id, and a nested template belongs to one stack: neither is shared.
    What esbuild bundles is a handler.
    """
    method = (asset.build_method or "").lower()
    makes = method == "makefile" or (method or asset.runtime or "").startswith("provided")
    own = asset.key if makes or asset.kind == "template" else ""
    bundled = asset.handler if method == "esbuild" else None
    parts: list[Json] = [
        asset.kind, asset.source, asset.runtime, asset.architecture, asset.build_method, own, bundled,
        dict(asset.build_properties),
    ]  # fmt: skip
    return json.dumps(parts, sort_keys=True)


def _joined(first: Asset, second: Asset) -> Asset:
    ids = first.logical_ids + tuple(i for i in second.logical_ids if i not in first.logical_ids)
    return replace(first, logical_ids=ids, paths=first.paths + second.paths)
