"""Puts the local files of AWS::Serverless::GraphQLApi into the template itself.

SAM takes nothing but a literal text for SchemaUri, and a literal bucket would tie a release to one environment.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sealift.cfn.values import mapping_at, scalar_text
from sealift.model.template import Json, TemplatePath
from sealift.template.assets import Source
from sealift.template.faults import refuse_outside
from sealift.template.shapes import is_remote

_TYPE: Final = "AWS::Serverless::GraphQLApi"


def with_inline_files(source: Source) -> dict[str, Json]:
    """Return the template with SchemaUri and CodeUri of GraphQL APIs as SchemaInline and InlineCode."""
    resources: dict[str, Json] = {}
    for logical_id, declared in mapping_at(source.body, "Resources").items():
        resources[logical_id] = declared
        if isinstance(declared, dict) and declared.get("Type") == _TYPE:
            path: TemplatePath = ("Resources", logical_id, "Properties")
            resources[logical_id] = {
                **declared,
                "Properties": _properties(source, path, mapping_at(declared, "Properties")),
            }
    return {**source.body, "Resources": resources}


def _properties(source: Source, path: TemplatePath, properties: dict[str, Json]) -> dict[str, Json]:
    result = _inlined(source, path, properties, ("SchemaUri", "SchemaInline"))
    code = ("CodeUri", "InlineCode")
    if "Functions" in result:
        at: TemplatePath = (*path, "Functions")
        functions = mapping_at(result, "Functions")
        result["Functions"] = {k: _inlined(source, (*at, k), v, code) for k, v in _mappings(functions)}
    if "Resolvers" in result:
        at = (*path, "Resolvers")
        result["Resolvers"] = {
            operation: {k: _inlined(source, (*at, operation, k), v, code) for k, v in _mappings(fields)}
            for operation, fields in _mappings(mapping_at(result, "Resolvers"))
        }
    return result


def _mappings(section: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    for key, value in section.items():
        yield key, mapping_at(value)


def _inlined(source: Source, path: TemplatePath, section: dict[str, Json], names: tuple[str, str]) -> dict[str, Json]:
    uri, inline = names
    location = section.get(uri)
    if not isinstance(location, str) or is_remote(location):
        return dict(section)
    file = Path(source.root, source.file).parent / location
    what = f"{uri} of {scalar_text(path[1])} ({location})"
    refuse_outside(file, source.boundary, what, file=source.file, line=source.line((*path, uri)))
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise source.fault(
            (*path, uri),
            f"{uri} of {scalar_text(path[1])} is {location}, but that is not a file that can be read: {_reason(error)}",
            code="template-asset-missing",
            hint="correct the path; it is relative to the template's folder",
        ) from None
    return {(inline if key == uri else key): (text if key == uri else value) for key, value in section.items()}


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror if isinstance(error, OSError) else error.reason)
