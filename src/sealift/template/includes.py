"""Puts local AWS::Include files in place, and refuses what only another account's macros could expand.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sealift.cfn.intrinsics import LONG_FORMS
from sealift.cfn.values import mapping_at
from sealift.errors import TemplateError, did_you_mean
from sealift.model.template import Json, TemplatePath
from sealift.template.choices import Scopes, agreed, differ, listed, texts
from sealift.template.faults import fault, nearest_line, refuse_outside
from sealift.template.reading import Document, Read
from sealift.template.shapes import is_remote

INCLUDE: Final = "AWS::Include"
_OWN: Final = "AWS::"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where in which file we are; `chain` holds the files that are being included."""

    root: Path
    file: str
    lines: Mapping[TemplatePath, int]
    scopes: Scopes
    read: Read
    chain: tuple[str, ...]
    boundary: Path

    def fault(self, path: TemplatePath, message: str, *, code: str, hint: str = "") -> TemplateError:
        return fault(self.file, nearest_line(self.lines, path), message, code=code, hint=hint)


def included(root: Path, document: Document, known: Scopes, read: Read, boundary: Path) -> dict[str, Json]:
    """Return the body of a template with every local include in place.

    Raises TemplateError for a file that is not there, for foreign macros and for functions that do not exist.
    """
    file = document.file
    place = _Place(
        root=root, file=file, lines=document.lines, scopes=known, read=read, chain=(file,), boundary=boundary
    )
    result = _value(document.body, (), place)
    assert isinstance(result, dict)
    return _top_level(result, place)


def _top_level(body: dict[str, Json], place: _Place) -> dict[str, Json]:
    declared = body.get("Transform")
    left: list[Json] = []
    for each in declared if isinstance(declared, list) else [declared] if declared is not None else []:
        snippet = _snippet(each, ("Transform",), place)
        if snippet is None:
            left.append(each)
            continue
        if not isinstance(snippet, dict):
            raise place.fault(("Transform",), "the included file is not a mapping", code="template-include")
        body = _merged(body, snippet)
    if declared is None or left == (declared if isinstance(declared, list) else [declared]):
        return body
    rest = {key: value for key, value in body.items() if key != "Transform"}
    return {"Transform": left[0] if len(left) == 1 else left, **rest} if left else rest


def _merged(body: dict[str, Json], snippet: dict[str, Json]) -> dict[str, Json]:
    """Return the template with a snippet's sections added; what the template says itself stays."""
    result = dict(body)
    for key, value in snippet.items():
        own = result.get(key)
        result[key] = {**value, **own} if isinstance(own, dict) and isinstance(value, dict) else result.get(key, value)
    return result


def _value(value: Json, path: TemplatePath, place: _Place) -> Json:
    if isinstance(value, list):
        return [_value(item, (*path, index), place) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        _refuse_unknown(next(iter(value)), path, place)
    if "Fn::Transform" not in value:
        return {key: _value(item, (*path, key), place) for key, item in value.items()}
    siblings = {k: _value(v, (*path, k), place) for k, v in value.items() if k != "Fn::Transform"}
    declared = value["Fn::Transform"]
    left: list[Json] = []
    result: Json = siblings
    for each in declared if isinstance(declared, list) else [declared]:
        snippet = _snippet(each, (*path, "Fn::Transform"), place)
        if snippet is None:
            left.append(each)
        elif isinstance(snippet, dict):
            result = {**snippet, **mapping_at(result)}
        elif not siblings:
            result = snippet
    if left and isinstance(result, dict):
        return {"Fn::Transform": left if isinstance(declared, list) else left[0], **result}
    return result


def _refuse_unknown(name: str, path: TemplatePath, place: _Place) -> None:
    known = LONG_FORMS.values()
    if name.startswith("Fn::") and name not in known and not name.startswith("Fn::ForEach::"):
        raise place.fault(
            (*path, name),
            f"{name} is not an intrinsic function{did_you_mean(name, known)}",
            code="template-function",
            hint="the functions CloudFormation knows: " + ", ".join(sorted(set(known))),
        )


def _snippet(transform: Json, path: TemplatePath, place: _Place) -> Json:
    """Return the contents of a local include, or None for what CloudFormation is to apply itself."""
    name = transform if isinstance(transform, str) else mapping_at(transform).get("Name")
    if not isinstance(name, str) or not name.startswith(_OWN):
        raise _foreign(name, path, place)
    declared = mapping_at(transform, "Parameters").get("Location")
    found = texts(declared, place.scopes)
    if differ(found) and any(text and not is_remote(text) for text in found.values()):
        raise place.fault(
            path,
            f"AWS::Include is not of the same file in all environments: {listed(found)}",
            code="template-build-differs",
            hint="a release has one template for all of them: give its Location one value",
        )
    location = agreed(found)
    if name != INCLUDE or location is None or is_remote(location):
        return None
    file = posixpath.normpath(posixpath.join(posixpath.dirname(place.file), location))
    if file in place.chain:
        chain = " → ".join([*place.chain, file])
        raise place.fault(path, f"files include each other in a circle: {chain}", code="template-cycle")
    what = f"AWS::Include of {location}"
    refuse_outside(place.root / file, place.boundary, what, file=place.file, line=nearest_line(place.lines, path))
    if not (place.root / file).is_file():
        message = f"AWS::Include of {location}, but there is no file {file}"
        hint = "the path is relative to the file that includes it"
        raise place.fault(path, message, code="template-include", hint=hint)
    document = place.read(place.root / file, file)
    inner = replace(place, file=file, lines=document.lines, chain=(*place.chain, file))
    return _value(document.body, (), inner)


def _foreign(name: Json, path: TemplatePath, place: _Place) -> TemplateError:
    where = f"resource {path[1]}" if path[:1] == ("Resources",) and len(path) > 1 else "the template"
    return place.fault(
        path,
        f"{where} uses the macro {name}, which only an account that has it can expand",
        code="template-macro",
        hint="expand it before: Sealift applies AWS::Include, AWS::LanguageExtensions and AWS::Serverless-2016-10-31",
    )
