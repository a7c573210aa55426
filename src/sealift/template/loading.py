"""Loads a template: reads it, completes it from local files, and finds all it declares and asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from sealift.boundary import repository
from sealift.cfn.evaluation import Bindings, is_known, resolved
from sealift.cfn.intrinsics import walk
from sealift.cfn.values import list_at, mapping_at, mapping_on
from sealift.errors import TemplateError
from sealift.model.template import Asset, Json, Template, TemplatePath
from sealift.template import declared
from sealift.template.assets import Source, find, functions
from sealift.template.choices import Given, handed_down, scopes
from sealift.template.extensions import LANGUAGE_EXTENSIONS
from sealift.template.faults import fault, refuse_outside
from sealift.template.graphql import with_inline_files
from sealift.template.includes import included
from sealift.template.loops import PREFIX, rounds
from sealift.template.nesting import nesting
from sealift.template.reading import Document, Read, read
from sealift.template.setting_versions import versioned
from sealift.template.shapes import FUNCTION_TYPES, SAM, SHAPES


def load(
    root: Path,
    file: str,
    parents: tuple[str, ...] = (),
    *,
    read: Read = read,
    buildable: bool = True,
    given: Given = MappingProxyType({}),
) -> Template:
    """Return the template in `file` with those nested in it. Raises TemplateError with file and line.

    Without `buildable`, code of functions may be missing or be a container image. `given` has the values of parameters
    by environment.
    """
    if file in parents:
        chain = " → ".join([*parents, file])
        raise fault(parents[-1], 0, f"templates nest each other in a circle: {chain}", code="template-cycle")
    boundary = repository(root)
    refuse_outside(root / file, boundary, "the template", file=file, line=0)
    source = replace(_source(root, read(root / file, file), read, given, boundary), buildable=buildable)
    _refuse_missing_transforms(source)
    specs = functions(source)
    found = find(source)
    inner = partial(load, root, parents=(*parents, file), read=read, buildable=buildable)
    nested = {a.key: inner(a.source, given=_handed_down(source, a)) for a in found if a.kind == "template"}
    own = Template(
        file=file,
        body=source.body,
        lines=source.lines,
        parameters=declared.parameters(source.body, source.lines, file),
        assets=found,
        functions=specs,
        transforms=declared.transforms(source.body),
        nested=nested,
    )
    settings = declared.settings(source.body)
    inside = [
        nesting(mapping_at(source.body, "Resources", logical_id), nested[asset.key], own.parameters)
        for asset in found
        for logical_id in (asset.logical_ids if asset.kind == "template" else ())
    ]
    made = {name for one in inside for name in one.above(tuple(declared.made_settings(one.template.body)))}
    made |= {*declared.made_settings(source.body)}
    read_inside = [[name for name in one.above(one.template.settings) if name not in made] for one in inside]
    return replace(
        own,
        exports=_with_nested(declared.exports(source.body), [t.exports for t in nested.values()]),
        imports=_with_nested(declared.imports(source.body), [t.imports for t in nested.values()]),
        settings=_with_nested(settings, read_inside),
        versioned=_with_nested(versioned(source.body, settings), [one.above(one.template.versioned) for one in inside]),
    )


def _handed_down(source: Source, nested: Asset) -> Given:
    path = nested.paths[0]
    resource = mapping_on(path[: path.index("Properties")], source.body)
    return handed_down(mapping_at(resource, "Properties", "Parameters"), source.scopes)


def _source(root: Path, document: Document, read: Read, given: Given, boundary: Path) -> Source:
    file, body = document.file, document.body
    if not isinstance(body, dict):
        raise fault(file, 1, "is not a template: it is not a mapping", code="template-empty")
    lines = dict(document.lines)
    body = included(root, replace(document, lines=lines), scopes(body, given), read, boundary)
    if not mapping_at(body, "Resources"):
        raise fault(
            file,
            lines.get(("Resources",), 0),
            "is not a template: it has no Resources",
            code="template-empty",
            hint="name the right file as template in sealift.toml",
        )
    body = _with_loops_unrolled(body, lines, file)
    source = Source(root=root, file=file, body=body, lines=lines, scopes=scopes(body, given), boundary=boundary)
    return replace(source, body=with_inline_files(source))


def _with_nested(own: tuple[str, ...], inner: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return what a stack with its nested stacks exports, imports or needs, each once."""
    return tuple(dict.fromkeys([*own, *(name for names in inner for name in names)]))


def _refuse_missing_transforms(source: Source) -> None:
    names = declared.transforms(source.body)
    for key, resource in mapping_at(source.body, "Resources").items():
        kind = mapping_at(resource).get("Type")
        needed = LANGUAGE_EXTENSIONS if key.startswith(PREFIX) else SAM
        used = key.startswith(PREFIX) or (isinstance(kind, str) and kind.startswith("AWS::Serverless::"))
        if used and needed not in names:
            raise source.fault(
                ("Resources", key),
                f"{key} needs the transform {needed}, which the template does not name",
                code="template-transform",
                hint=f"add `Transform: {needed}` to the top of the template",
            )


def _with_loops_unrolled(body: dict[str, Json], lines: dict[TemplatePath, int], file: str) -> dict[str, Json]:
    """Unroll the loops over functions and assets: each round may have code of its own.

    Only literal lists and mappings are run over here, since parameters differ between environments.
    """
    if LANGUAGE_EXTENSIONS not in declared.transforms(body):
        return body
    scope = Bindings(mappings=mapping_at(body, "Mappings"))
    resources: dict[str, Json] = {}
    for key, value in mapping_at(body, "Resources").items():
        if not key.startswith(PREFIX) or not _is_unrolled(key, value, scope, (file, lines)):
            resources[key] = value
            continue
        line = lines.get(("Resources", key), 0)
        try:
            made = dict(rounds(key, value, scope))
        except TemplateError as error:
            raise fault(file, line, error.message, code=error.code, hint=error.hint) from None
        lines.update({("Resources", logical_id): line for logical_id in made})
        resources.update(made)
    return {**body, "Resources": resources}


def _is_unrolled(key: str, loop: Json, scope: Bindings, at: tuple[str, Mapping[TemplatePath, int]]) -> bool:
    kinds = {v["Type"] for _, v in walk(loop) if isinstance(v, dict) and isinstance(v.get("Type"), str)}
    if not kinds & set(SHAPES):
        return False
    collection = list_at(loop)[1] if len(list_at(loop)) > 1 else None
    found = resolved(collection, scope)
    if is_known(found):
        return True
    if kinds & set(FUNCTION_TYPES):
        file, lines = at
        raise fault(
            file,
            lines.get(("Resources", key), 0),
            f"{key} makes functions from {collection}, so each environment could have other functions",
            code="template-loop",
            hint="a release has the same functions everywhere: run over a literal list or a mapping",
        )
    return False
