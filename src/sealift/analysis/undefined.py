"""References to logical ids, parameters and conditions that a template does not define. Pure.

AWS refuses such a template when it is asked for a change set. cfn-lint does not see all of them in large templates,
and the embedded cloud deploys the text as it stands.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sealift.cfn.pseudo import PSEUDO_PARAMETERS
from sealift.cfn.substitution import names, text_and_variables
from sealift.errors import did_you_mean
from sealift.model.finding import Finding
from sealift.model.template import Json, Location, Template, TemplatePath

RULE = "undefined"
_EXPANDED = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::Include")
_SECTIONS = ("Globals", "Conditions", "Resources", "Outputs")
_LOOP = "Fn::ForEach::"

Made = Callable[[], Collection[str] | None]
"""Every logical id that transforms make of a template, None when that is not known; asked for only when needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A name that the template uses, and where."""

    name: str
    path: TemplatePath
    kind: str
    """`resource`, `value` (a resource or a parameter) or `condition`."""


def undefined(template: Template, made: Made) -> tuple[Finding, ...]:
    """Return a finding per name and line that a template uses and does not define, nested templates left out.

    Nothing is known of templates with a macro of the team's, or with parts that only AWS includes.
    """
    if any(name not in _EXPANDED for name in template.transforms) or _has(template.body, "Fn::Transform"):
        return ()
    known = _known(template.body)
    suspects = [r for r in references(template.body) if r.name not in known[r.kind]]
    if not suspects:
        return ()
    after = made() if template.transforms else ()
    if after is None:
        return ()  # what keeps the template from being rendered is told where it is rendered
    found = {(r.name, template.line(r.path)): r for r in suspects if not _is_made(r, known, after)}
    return tuple(
        _finding(template, line, reference, known)
        for (_, line), reference in sorted(found.items(), key=lambda one: one[0][::-1])
    )


def _is_made(reference: Reference, known: Mapping[str, Collection[str]], after: Collection[str]) -> bool:
    """Return whether a transform makes it: SAM's `Function.Alias` and `Api.Stage` too."""
    base, dot, _ = reference.name.partition(".")
    named = reference.name in after or (bool(dot) and base in known["resource"])
    return reference.kind != "condition" and named


def references(body: Mapping[str, Json]) -> Iterator[Reference]:
    """Yield every name that the sections of a template use."""
    for section in _SECTIONS:
        value = body.get(section)
        if section in {"Resources", "Outputs"} and isinstance(value, dict):
            for logical_id, one in value.items():
                yield from _attributes((section, logical_id), one)
        yield from _calls(value, (section,), in_conditions=section == "Conditions")


def _attributes(path: TemplatePath, resource: Json) -> Iterator[Reference]:
    """Yield what stands beside the type of a resource, or the value of an output."""
    if not isinstance(resource, dict):
        return
    condition = resource.get("Condition")
    if isinstance(condition, str):
        yield Reference(name=condition, path=(*path, "Condition"), kind="condition")
    if path[0] != "Resources":
        return
    needs = resource.get("DependsOn")
    for index, name in enumerate(needs if isinstance(needs, list) else [needs]):
        if isinstance(name, str) and "${" not in name:
            at = (*path, "DependsOn", index) if isinstance(needs, list) else (*path, "DependsOn")
            yield Reference(name=name, path=at, kind="resource")


def _calls(value: Json, path: TemplatePath, *, in_conditions: bool) -> Iterator[Reference]:
    """Yield the names in calls of intrinsic functions, wherever they stand."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _calls(inner, (*path, index), in_conditions=in_conditions)
    elif isinstance(value, dict):
        if len(value) == 1:
            ((function, argument),) = value.items()
            yield from _names(function, argument, (*path, function), in_conditions=in_conditions)
        for key, inner in value.items():
            if not (path[0] == "Resources" and len(path) == 2 and key == "Metadata"):
                yield from _calls(inner, (*path, key), in_conditions=in_conditions)


def _names(function: str, argument: Json, path: TemplatePath, *, in_conditions: bool) -> Iterator[Reference]:
    match function, argument:
        case "Ref", str(name) if "${" not in name:
            yield Reference(name=name, path=path, kind="value")
        case "Fn::GetAtt", [str(name), *_] if "${" not in name:
            yield Reference(name=name, path=path, kind="resource")
        case "Fn::GetAtt", str(name) if "${" not in name:
            yield Reference(name=name.partition(".")[0], path=path, kind="resource")
        case "Fn::Sub", _:
            text, given = text_and_variables(argument)
            yield from _places(text or "", path, given=given)
        case "Fn::If", [str(name), *_]:
            yield Reference(name=name, path=path, kind="condition")
        case "Condition", str(name) if in_conditions:
            yield Reference(name=name, path=path, kind="condition")


def _places(text: str, path: TemplatePath, *, given: Collection[str]) -> Iterator[Reference]:
    """Yield the names in `${Name}` and `${Name.Attribute}`; `${!Literal}` is none."""
    for name in names(text):
        if name in given:
            continue
        base, dot, _ = name.partition(".")
        yield Reference(name=base, path=path, kind="resource" if dot else "value")


def _known(body: Mapping[str, Json]) -> dict[str, frozenset[str]]:
    """Return what a template defines, by kind of reference."""
    resources = frozenset(_keys(body, "Resources"))
    loops = frozenset(_loop_names(body))
    values = resources | loops | frozenset(_keys(body, "Parameters")) | PSEUDO_PARAMETERS
    return {
        "resource": resources | loops,
        "value": values,
        "condition": frozenset(_keys(body, "Conditions")) | loops,
    }


def _keys(body: Mapping[str, Json], section: str) -> Iterator[str]:
    found = body.get(section)
    yield from found if isinstance(found, dict) else ()


def _loop_names(value: object) -> Iterator[str]:
    """Yield the identifiers of every `Fn::ForEach`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key.startswith(_LOOP) and isinstance(inner, list) and inner and isinstance(inner[0], str):
                yield inner[0]
            yield from _loop_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _loop_names(inner)


def _has(value: Json, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_has(inner, key) for inner in value.values())
    return isinstance(value, list) and any(_has(inner, key) for inner in value)


def _finding(template: Template, line: int, reference: Reference, known: Mapping[str, frozenset[str]]) -> Finding:
    what = {"value": "resource or parameter", "resource": "resource", "condition": "condition"}[reference.kind]
    near = did_you_mean(reference.name, sorted(known[reference.kind] - PSEUDO_PARAMETERS))
    place = reference.path[1] if reference.path[0] == "Resources" and len(reference.path) > 1 else None
    return Finding(
        tool="sealift",
        id=RULE,
        severity="high",
        message=f"{reference.name} is no {what} of this template{near}",
        location=Location(file=template.file, line=line, logical_id=str(place) if place else None),
        fix="AWS refuses the template: correct the name, or declare it.",
        stops=True,
        data={"name": reference.name},
    )
