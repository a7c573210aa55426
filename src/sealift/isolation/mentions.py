"""Every text of an environment's resources that may name something, each with its place.

Only what holds is read: the branch of an `Fn::If` that is false is none. Policy documents are not here; the rules on
permissions read them. Texts for people (descriptions, tags) name nothing.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from sealift.isolation.resolving import Resolved
from sealift.isolation.scope import Scope
from sealift.model.template import Json

SAY_NOTHING = frozenset(
    {
        *("Tags", "Description", "AlarmDescription", "Comment", "Metadata", "Handler", "Runtime", "DisplayName"),
        *("ZipFile", "InlineCode", "description", "summary", "title", "comment", "DashboardBody", "Title", "Label"),
        *("$comment", "example", "examples", "operationId", "tags", "AttributeName", "ColumnName", "ContainerName"),
        *("StatementId", "SelectionName", "TargetOriginId", "PortName", "HeaderName", "SetIdentifier"),
    }
)
_LABELS = re.compile(
    r"(Origins|Items|Metrics|Rules|Configurations)\.Id$|(Stages|Actions|Rules|ContainerDefinitions)\.Name$|Rule\.RuleName$"
    r"|^Content\.flags\.|(^|\.)MetricName$|(^|\.)StartAt$|States\..*\.(Next|Default)$"
    r"|(Entries|EventBridgeEventBusParameters)\.(Source|DetailType)$"
)
"""Places of names that hold within one resource."""
_TABLES = frozenset({"RequestItems", "tables"})
"""Keys of what has the names of tables as its own keys: a batch of DynamoDB's."""
_INIT = "AWS::CloudFormation::Init"
"""What a host does when it starts: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-init.html"""
_VALUES = frozenset({"Value", "ValueFrom", "HeaderValue", "ParameterValue"})
"""Keys of what stands beside its name."""
_KEPT = frozenset({"PARAMETER_STORE", "SECRETS_MANAGER"})
"""Types of a build's variables whose values are names of what is read."""
_ASKING = re.compile(
    r"(?m)^(.*?)(parameter-store|secrets-manager):[ \t]*(\{[^}]*\}|(?:\n\1[ \t]+[\w-]+:[ \t]*[^\s#]+)+)"
)
_ASKED = re.compile(r"([\w-]+):[ \t]*[\"']?([^\s,}\"']+)")
_MADE = frozenset(
    {
        *("Ref", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::FindInMap", "Fn::ImportValue", "Fn::GetAtt"),
        *("Fn::Split", "Fn::Cidr"),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a resource by which it names another one; `path` is for people, `at` has its keys and indexes."""

    scope: Scope
    logical_id: str
    path: str
    value: Resolved
    at: str = ""
    parameter: str = ""
    """The parameter whose value it is, when it is nothing else."""

    @property
    def type(self) -> str:
        """Return the type of the resource."""
        return self.scope.type_of(self.logical_id)

    @property
    def key(self) -> str:
        """Return the last step of the path."""
        return self.path.rpartition(".")[2]


def mentions(scopes: list[Scope]) -> Iterator[Place]:
    """Yield the texts of every resource of an environment."""
    for scope in scopes:
        for logical_id, body in scope.resources.items():
            yield from _texts(scope, logical_id, scope.properties(logical_id), ("", ""))
            started = body.get("Metadata")
            if isinstance(started, dict) and _INIT in started:
                yield from _texts(scope, logical_id, started[_INIT], (_INIT, f"/{_INIT}"))
            if "UpdatePolicy" in body:
                yield from _texts(scope, logical_id, body["UpdatePolicy"], ("UpdatePolicy", "/UpdatePolicy"))
        if "Hooks" in scope.view.body:
            yield from _texts(scope, "Hooks", scope.view.body["Hooks"], ("", ""))


def values_at(scope: Scope, logical_id: str, *paths: str) -> Iterator[Place]:
    """Yield the texts at property paths such as `Targets.*.Arn`. Lists are searched with or without `*`."""
    properties = scope.properties(logical_id)
    for path in paths:
        keys = _keys(path)
        for at, value in _reach(scope, properties, keys) if keys[0] in properties else ():
            for item in scope.resolver.many(value):
                yield Place(scope, logical_id, path, item, at)


@lru_cache(maxsize=256)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _reach(scope: Scope, value: Json, keys: tuple[str, ...], at: str = "") -> Iterator[tuple[str, Json]]:
    if not keys:
        yield at, value
        return
    if isinstance(value, dict) and "Fn::If" in value:
        for part in scope.branches(value["Fn::If"]):
            yield from _reach(scope, part, keys, at)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _reach(scope, part, keys[1:] if keys[0] == "*" else keys, f"{at}/{index}")
    elif isinstance(value, dict):
        if keys[0] == "*":
            for name, part in value.items():
                yield from _reach(scope, part, keys[1:], f"{at}/{name}")
        elif keys[0] in value:
            yield from _reach(scope, value[keys[0]], keys[1:], f"{at}/{keys[0]}")


def texts_of(scope: Scope, logical_id: str, value: Json, path: str) -> Iterator[Place]:
    """Yield the texts of one value; a number is one, too."""
    if isinstance(value, (int, float)):
        value = str(value)
    return _texts(scope, logical_id, value, (path, f"/{path}"))


def _texts(scope: Scope, logical_id: str, value: Json, at: tuple[str, str]) -> Iterator[Place]:
    path, where = at
    if isinstance(value, str):
        if value[:1] in "{[" and value[-1:] in "]}":
            parsed = _parsed(value)
            if parsed is not None:
                yield from _texts(scope, logical_id, parsed, at)
                return
        found = scope.resolver.one(_filled(scope, logical_id, value))
        yield from _placed(Place(scope, logical_id, path, found, where))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(scope, logical_id, part, (path, f"{where}/{index}"))
    elif isinstance(value, dict) and not _is_policy(value):
        yield from _in_object(scope, logical_id, value, at)


def _filled(scope: Scope, logical_id: str, text: str) -> Json:
    """Return a text of a state machine with its placeholders substituted."""
    put = scope.properties(logical_id).get("DefinitionSubstitutions") if "${" in text else None
    return {"Fn::Sub": [text, put]} if isinstance(put, dict) else text


def _is_policy(value: dict[str, Json]) -> bool:
    """Return whether an object is a policy document; a rule of a firewall has a `Statement`, too."""
    said = value.get("Statement")
    return "Statement" in value and not (isinstance(said, dict) and any(key.endswith("Statement") for key in said))


def _in_object(scope: Scope, logical_id: str, value: dict[str, Json], at: tuple[str, str]) -> Iterator[Place]:
    path, where = at
    if len(value) == 1:
        (name, body), *_ = value.items()
        if name == "Fn::If":
            for part in scope.branches(body):
                yield from _texts(scope, logical_id, part, at)
            return
        if name in ("Fn::Base64", "Fn::ToJsonString"):
            yield from _texts(scope, logical_id, body, at)
            return
        if name in _MADE:
            yield from _made(scope, logical_id, (name, body), at)
            return
    said = value.get("Name", value.get("HeaderName", value.get("ParameterKey")))
    named = f"{path}.{said}" if isinstance(said, str) and value.keys() & _VALUES else ""
    if named and value.get("Type") in _KEPT:
        named = f"{path}.{value['Type']}.{said}"
    for key, part in value.items():
        inner = named if named and key in _VALUES else f"{path}.{key}".lstrip(".")
        if key in _TABLES and isinstance(part, dict):
            yield from _texts(scope, logical_id, list(part), (inner, f"{where}/{key}"))
        if key not in SAY_NOTHING and not _is_label(scope, logical_id, inner):
            yield from _texts(scope, logical_id, part, (inner, f"{where}/{key}"))


def _is_label(scope: Scope, logical_id: str, path: str) -> bool:
    if path.endswith("PolicyName"):
        return not scope.type_of(logical_id).startswith("AWS::IoT::")
    if path.endswith("Description"):
        return not path.endswith("StageDescription")
    if path.endswith("Prefix") and not path.startswith("Parameters.") and "Variables." not in path:
        return True
    if path == "Targets.Id":
        return scope.type_of(logical_id) == "AWS::Events::Rule"
    return _LABELS.search(path) is not None


def _made(scope: Scope, logical_id: str, call: tuple[str, Json], at: tuple[str, str]) -> Iterator[Place]:
    """Yield the values of an intrinsic function. A reference to a resource of the same stack yields nothing."""
    name, body = call
    parameter = ""
    if name == "Ref":
        if not isinstance(body, str) or body in scope.resources or body.startswith("AWS::"):
            return
        parameter = body
    elif name == "Fn::GetAtt" and ".Outputs." not in (body if isinstance(body, str) else f".{'.'.join(_words(body))}"):
        return
    for found in scope.resolver.many({name: body}):
        only = found.only
        if only is not None and only[:1] in ("{", "[") and (parsed := _parsed(only)) is not None:
            yield from _texts(scope, logical_id, parsed, at)
        else:
            yield from _placed(Place(scope, logical_id, at[0], found, at[1], parameter))


def _placed(place: Place) -> Iterator[Place]:
    """Yield a place; for a build, also the values that its commands read from a store."""
    if place.key != "BuildSpec":
        yield place
        return
    exact = place.value.exact
    yield replace(place, value=Resolved(tuple(_ASKING.sub("", text) for text in place.value.values), exact))
    for _, store, listed in (asking for text in place.value.values for asking in _ASKING.findall(text)):
        for name, asked in _ASKED.findall(listed):
            yield replace(place, path=f"{place.path}.{store}.{name}", value=Resolved((asked,), exact))


def _words(value: Json) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _parsed(text: str) -> Json:
    if text.startswith("{{"):
        return None
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None
