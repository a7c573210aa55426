"""One stack of one environment as the proof knows it: parameters, conditions, and the names of its resources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from sealift.cfn.pseudo import partition_of, pseudo_parameters
from sealift.cfn.values import mapping_at, value_at
from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.patterns import TAIL, has_outside, has_symbol, is_wild, plain
from sealift.isolation.resolving import NOTHING, UNKNOWN, Resolved, Resolver, joined, no_value, text, union
from sealift.isolation.switches import Conditions
from sealift.isolation.symbols import NUMBERED, Outside, Symbols
from sealift.isolation.types import ALSO, TypeFacts, facts, has_parts
from sealift.model.app import PREVIEW
from sealift.model.template import Json, Location

DEEPEST = 12
PATH = ("ssm", "parameter#path")
_TABLE, _INDEXES = ("dynamodb", "table"), ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
REFERENCE, PRINCIPAL, IMPORT, OUTPUT = "{{resolve:", "Principal", "Fn::ImportValue", "Fn::GetStackOutput"
MACRO, LOOP = "Fn::Transform", "Fn::ForEach"
MARKS = frozenset({PRINCIPAL, "NotPrincipal", IMPORT, OUTPUT, MACRO})


@dataclass(frozen=True, slots=True)
class Named:
    """How a resource is called. `explicit` says that the template gives the name; `arn` is empty when it has none."""

    name: Resolved
    arn: Resolved
    explicit: bool
    facts: TypeFacts | None


@dataclass(slots=True)
class Setting:
    """The settings that all stacks of one environment share. `account` is a text for ARNs; `exports` are by name."""

    view: EnvironmentView
    account: str
    symbols: Symbols
    collapse_accounts: bool = False
    exports: dict[str, Resolved] = field(default_factory=dict)

    def in_account(self, arn: str) -> str:
        """Return an ARN that was read live in the account of this proof, which may be one for all environments."""
        parts = arn.split(":", 5)
        if not self.collapse_accounts or len(parts) != 6 or not parts[4].isdigit():
            return arn
        return ":".join((*parts[:4], self.account, parts[5]))

    def numbered(self, given: str) -> str:
        """Return a text that was given from outside, with the number of the pull request in it as a wildcard."""
        return given.replace(PREVIEW, NUMBERED) if self.view.kind == "preview" else given

    @property
    def partition(self) -> str:
        """Return the AWS partition of the region."""
        return partition_of(self.view.region)


_STEM = re.compile("(Name|Id|Identifier|Arn|ARN)$")
"""What the name of a variable or a property ends with."""


@lru_cache(maxsize=4096)
def _pieces(pattern: str, partition: str, region: str, account: str) -> tuple[Resolved | str, ...]:
    """Return an ARN format as literals and, between them, the keys in braces that depend on the resource."""
    filled = pattern.replace("{p}", partition).replace("{r}", region).replace("{a}", account)
    found: list[Resolved | str] = []
    while filled:
        before, opened, rest = filled.partition("{")
        found.append(Resolved((before,)))
        key, _, filled = rest.partition("}")
        if opened:
            found.append(key)
    return tuple(found)


class Scope:
    """The names of one stack. Built once per proof; values are resolved on demand and cached."""

    def __init__(self, setting: Setting, view: StackView, *, parent: "Scope | None" = None, given: object = None):
        self.setting = setting
        self.view = view
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self._given: Mapping[str, Json] = mapping_at(given)
        self.resolver = Resolver(self)
        self.conditions = Conditions(mapping_at(view.body.get("Conditions")), self._condition_texts)
        self._named: dict[str, Named] = {}
        self._marks: dict[str, frozenset[str]] = {}
        self._open: set[str] = set()
        self.unknown_nested: list[str] = []

    @property
    def top(self) -> "Scope":
        """Return the stack that it is nested in, at the top; itself when it is nested in none."""
        return self if self.parent is None else self.parent.top

    # What stands in the template

    @cached_property
    def resources(self) -> dict[str, dict[str, Json]]:
        """Return the resources that exist or may exist, by logical id."""
        found = mapping_at(self.view.body.get("Resources"))
        return {
            logical_id: body
            for logical_id, body in found.items()
            if isinstance(body, dict) and self.conditions.value(body.get("Condition")) is not False
        }

    @property
    def unread(self) -> Iterator[str]:
        """Yield the parts of the template whose resources cannot be known: macros, loops, malformed entries."""
        named = self.view.body.get("Transform")
        for part in named if isinstance(named, list) else [named]:
            if part is not None and part != "AWS::LanguageExtensions":
                yield f"the transform {part.get('Name') if isinstance(part, dict) else part}, which may write anything"
        found = self.view.body.get("Resources")
        if found is not None and not isinstance(found, dict):
            yield "Resources, which is not an object"
        for logical_id, body in mapping_at(found).items():
            if not isinstance(body, dict):
                yield f"{logical_id}, which is not an object"
            elif self.mentions(logical_id, MACRO) or self.mentions(logical_id, LOOP):
                yield f"{logical_id}, in which a macro or loop may write anything"

    @cached_property
    def nested(self) -> dict[str, "Scope"]:
        """Return the scopes of nested stacks by logical id; too deep and missing ones are noted as unknown."""
        found: dict[str, Scope] = {}
        for logical_id, body in self.resources.items():
            if body.get("Type") not in ("AWS::CloudFormation::Stack", "AWS::Serverless::Application"):
                continue
            view = self.view.nested.get(logical_id)
            if view is None or self.depth >= DEEPEST:
                self.unknown_nested.append(logical_id)
            else:
                given = mapping_at(body, "Properties", "Parameters")
                found[logical_id] = Scope(self.setting, view, parent=self, given=given)
        return found

    def walk(self) -> Iterator["Scope"]:
        """Yield this scope and every nested one."""
        yield self
        for scope in self.nested.values():
            yield from scope.walk()

    def properties(self, logical_id: str) -> dict[str, Json]:
        """Return the properties of a resource, none when they have no shape."""
        return mapping_at(self.resources.get(logical_id, {}).get("Properties"))

    def type_of(self, logical_id: str) -> str:
        """Return the type of a resource, or an empty text."""
        return self._types.get(logical_id, "")

    @cached_property
    def _types(self) -> dict[str, str]:
        types = ((logical_id, body.get("Type")) for logical_id, body in self.resources.items())
        return {logical_id: cfn_type for logical_id, cfn_type in types if isinstance(cfn_type, str)}

    def mentions(self, logical_id: str, mark: str) -> bool:
        """Return whether a resource contains this mark as a key or in a text. All MARKS are searched for at once."""
        known = self._marks.get(logical_id)
        if known is None:
            known = self._marks[logical_id] = frozenset(_marks(self.resources.get(logical_id, {})))
        return mark in known

    @property
    def name(self) -> str:
        """Return the stack's name, with a symbol at its end when it is nested."""
        if self.parent is None:
            return self.setting.numbered(plain(self.view.name))
        if self.view.physical_id is not None:
            return plain(self.view.physical_id).split("/")[1]
        return f"{self.parent.name}-{self.view.name}-{self._symbol('AWS::StackName', 'name')}"

    def origin(self, logical_id: str) -> str:
        """Return the logical id in the user's template."""
        return self.view.origins.get(logical_id, logical_id)

    def location(self, logical_id: str) -> Location | None:
        """Return the place in the user's template."""
        return self.view.locations.get(self.origin(logical_id)) or self.view.locations.get(logical_id)

    def named_at(self, logical_id: str) -> Location | None:
        """Return the place where the template gives the resource its name, or the resource's own."""
        known = facts(self.type_of(logical_id))
        return self.place(logical_id, (known.name or "") if known else "")

    def place(self, logical_id: str, path: str) -> Location | None:
        """Return the place of a property path such as `Policies/0/Statement/1`, or the nearest known one."""
        whole = self.location(logical_id)
        if whole is None or not self.view.lines:
            return whole
        at = f"{whole.logical_id}/{path.lstrip('/')}"
        while at and at not in self.view.lines:
            at = at.rpartition("/")[0]
        return replace(whole, line=self.view.lines[at]) if at else whole

    # Names, as the resolver asks for them

    def ref(self, name: str) -> Resolved:
        """Return what `Ref` gives."""
        if name.startswith("AWS::"):
            return self._pseudo(name)
        if name in self.resources:
            return self._ref_of_resource(name)
        if self.is_parameter(name):
            return self.parameter(name)
        return UNKNOWN

    def is_parameter(self, name: str) -> bool:
        """Return whether the template declares a parameter of this name."""
        return name in mapping_at(self.view.body, "Parameters")

    def parameter(self, name: str) -> Resolved:
        """Return the value of a parameter: given, by its default, or unknown."""
        declared = mapping_at(self.view.body, "Parameters", name)
        stored = str(declared.get("Type", "")).startswith("AWS::SSM::Parameter::Value")
        if self.parent is not None and name in self._given:
            given = self._given[name]
            if isinstance(given, list):
                return joined(self.parent.resolver.many(given), ",")
            value = self.parent.resolver.one(given)
            return self._stored(value) if stored else value
        if stored:
            asked = self.view.parameters.get(name, declared.get("Default"))
            return self._stored(text(asked)) if isinstance(asked, str) else UNKNOWN
        if name in self.view.parameters:
            value = text(self.view.parameters[name])
            return Resolved(tuple(self.setting.numbered(v) for v in value.values), value.exact)
        default = declared.get("Default")
        return text(default) if isinstance(default, (str, int, float, bool)) else UNKNOWN

    def _stored(self, name: Resolved) -> Resolved:
        """Return the value of the SSM parameter of this name."""
        return Resolved(tuple(self.outside("ssm", value) for value in name.values), name.exact)

    def outside(self, kind: str, name: str) -> str:
        """Return the term of a value from outside the templates."""
        if kind not in ("ssm", "ssm-secure", "secretsmanager", "export") or is_wild(name):
            return "*"
        source = Outside(kind, _unversioned(kind, name), self.setting.account, self.setting.view.region)
        return self.setting.symbols.outside(source)

    def attribute(self, logical_id: str, name: str) -> Resolved:
        """Return what `Fn::GetAtt` gives."""
        if logical_id not in self.resources:
            return UNKNOWN
        if name.startswith("Outputs.") and logical_id in self.nested:
            return self.nested[logical_id].output(name.removeprefix("Outputs."))
        if name.startswith("Outputs.") or not has_parts(self.type_of(logical_id)):
            return self._attribute_without_arn(logical_id, name)
        named = self.named(logical_id)
        known = named.facts
        if known is None:
            return UNKNOWN
        if name in known.attributes:
            return self._formatted(logical_id, known.attributes[name], named, attribute=name)
        if known.known and name in ("Arn", f"{known.kind.title()}Arn", "TableArn", "TopicArn") and named.arn.values:
            return named.arn
        return Resolved((self._symbol(logical_id, name),))

    def _attribute_without_arn(self, logical_id: str, name: str) -> Resolved:
        """Return an attribute that is not an ARN. Custom resources and unknown nested stacks may return anything."""
        cfn_type = self.type_of(logical_id)
        if cfn_type.startswith("Custom::") or "CloudFormation" in cfn_type or "Application" in cfn_type:
            return UNKNOWN
        return Resolved((self._symbol(logical_id, name),))

    def output(self, name: str) -> Resolved:
        """Return an output of this stack."""
        body = mapping_at(self.view.body, "Outputs", name)
        return self.resolver.one(body.get("Value")) if "Value" in body else UNKNOWN

    def imported(self, export: Resolved) -> Resolved:
        """Return what `Fn::ImportValue` gives: an export of the same environment, else a value from outside."""
        found = [self.setting.exports.get(name) for name in export.values]
        if found and export.exact and all(f is not None for f in found):
            return Resolved(
                tuple(v for f in found if f is not None for v in f.values), all(f.exact for f in found if f)
            )
        if found and export.exact and not any(found):
            return Resolved(tuple(self.outside("export", name) for name in export.values))
        return UNKNOWN

    def holds(self, condition: Json) -> bool | None:
        """Return whether a condition holds, or None."""
        return self.conditions.value(condition)

    def branches(self, body: Json) -> list[Json]:
        """Return the parts of an `Fn::If` that hold or may hold."""
        if not isinstance(body, list) or len(body) != 3:
            return []
        holds = self.holds(body[0])
        kept = ((body[1], True), (body[2], False))
        return [part for part, wanted in kept if holds in (None, wanted) and not no_value(part)]

    def mapping(self, *keys: str) -> Json:
        """Return an entry of Mappings, or None."""
        return value_at(self.view.body, "Mappings", *keys)

    def named(self, logical_id: str) -> Named:
        """Return how a resource is called, before or after its deployment."""
        known = self._named.get(logical_id)
        if known is not None:
            return known
        if logical_id in self._open:
            return Named(UNKNOWN, UNKNOWN, explicit=False, facts=facts(self.type_of(logical_id)))
        self._open.add(logical_id)
        try:
            found = self._name(logical_id)
        finally:
            self._open.discard(logical_id)
        self._named[logical_id] = found
        return found

    def parts(self, logical_id: str) -> Iterator[tuple[str, str, Resolved]]:
        """Yield service, resource type and ARN of a resource and of everything that is deleted with it."""
        named = self.named(logical_id)
        if named.facts is None or not named.arn.values:
            return
        first = (named.facts.service, named.facts.kind)
        yield *first, named.arn
        for service_name, kind in ALSO.get(first, ()):
            yield service_name, kind, named.arn
        if first == ("ssm", "parameter"):
            yield from ((*PATH, Resolved((above,), named.arn.exact)) for v in named.arn.values for above in _above(v))
        for key, pattern in named.facts.parts.items():
            kind = key.partition("#")[0]
            if first == _TABLE and kind == "index":
                yield from self._indexes(logical_id, named)
                continue
            service_name, dot, rest = kind.partition(".")
            service_name, kind = (service_name, rest) if dot else (named.facts.service, kind)
            yield service_name, kind, self._formatted(logical_id, pattern, named)

    def _indexes(self, logical_id: str, named: Named) -> Iterator[tuple[str, str, Resolved]]:
        """Yield the indexes of a table by the names that they are declared with."""
        properties = self.properties(logical_id)
        listed = [properties[key] for key in _INDEXES if key in properties]
        for index in (part for found in listed for part in (found if isinstance(found, list) else [found])):
            name = self.resolver.one(mapping_at(index).get("IndexName", {"Unknown": ""}))
            end = name if name.exact else Resolved((TAIL,), exact=False)
            yield "dynamodb", "index", joined([named.arn, text("/index/"), end])

    # How names come about

    def _name(self, logical_id: str) -> Named:
        known = facts(self.type_of(logical_id))
        if known is None:
            return Named(UNKNOWN, NOTHING, explicit=False, facts=None)
        name, explicit = self._given_name(logical_id, known)
        live = self._live_id(logical_id)
        if live is not None:
            there = Resolved((_name_in(live, known),))
            # A name that the template gives and the account does not have yet comes with the next deployment.
            name = union([there, name]) if name is not None and _is_plain(name) else there
        elif name is None:
            name = Resolved((self._generated(logical_id, known),))
        if known.arn == "":
            arn = self._arn_of_child(logical_id)
        elif live is not None and live.startswith("arn:") and known.ref == "arn" and name.only is not None:
            arn = Resolved((live,))
        else:
            arn = self._formatted(logical_id, known.arn, Named(name, NOTHING, explicit, known))
        return Named(name, arn, explicit, known)

    def _live_id(self, logical_id: str) -> str | None:
        found = self.view.physical_ids.get(logical_id)
        return None if found is None else self.setting.in_account(plain(found))

    def _given_name(self, logical_id: str, known: TypeFacts) -> tuple[Resolved | None, bool]:
        properties = self.properties(logical_id)
        for key in (known.name or "").split(","):
            value = properties.get(key)
            if key and value is not None:
                found = self.resolver.one(value)
                if found.values:
                    return found, True
        return None, False

    def _generated(self, logical_id: str, known: TypeFacts) -> str:
        if known.style == "id":
            return self._symbol(logical_id, "id")
        symbol = self._symbol(logical_id, "lower" if known.style == "lower" else "name")
        if known.style == "logical":
            return f"{logical_id}-{symbol}"
        whole = f"{self.name}-{logical_id}"
        if known.max_name and len(whole) + 13 > known.max_name:
            # How CloudFormation cuts is not documented; the random end stays, and so does some of the beginning.
            whole = whole[: max(1, known.max_name // 3)] + self._symbol(logical_id, str(known.max_name), "cut")
            return (whole.lower() if known.style == "lower" else whole) + symbol
        return f"{whole.lower() if known.style == 'lower' else whole}-{symbol}"

    def _ref_of_resource(self, logical_id: str) -> Resolved:
        named = self.named(logical_id)
        if named.facts is None:
            unknown = self.type_of(logical_id).startswith("Custom::") or "CustomResource" in self.type_of(logical_id)
            return UNKNOWN if unknown else Resolved((self._symbol(logical_id, "Ref"),))
        if named.facts.ref == "arn":
            return named.arn if named.arn.values else Resolved((self._symbol(logical_id, "Ref"),))
        if named.facts.ref == "url":
            return self._formatted(logical_id, named.facts.attributes["QueueUrl"], named)
        return named.name

    def _arn_of_child(self, logical_id: str) -> Resolved:
        """Return the ARN of a version or alias: the function's ARN with a qualifier."""
        properties = self.properties(logical_id)
        function = self.resolver.one(properties.get("FunctionName"))
        qualifier = self.resolver.one(properties["Name"]) if "Name" in properties else None
        end = qualifier if qualifier and qualifier.values else Resolved((self._symbol(logical_id, "Version"),))
        if "StageName" in properties or not function.values:
            return NOTHING
        whole = [f if f.startswith("arn:") else self._arn(f"lambda:{{r}}:{{a}}:function:{f}") for f in function.values]
        return joined([Resolved(tuple(whole), function.exact), text(":"), end])

    def _arn(self, pattern: str) -> str:
        return f"arn:{self.setting.partition}:" + pattern.replace("{r}", self.setting.view.region).replace(
            "{a}", self.setting.account
        )

    def _formatted(self, logical_id: str, pattern: str, named: Named, *, attribute: str = "arn") -> Resolved:
        return joined(
            [
                piece if isinstance(piece, Resolved) else self._part(logical_id, piece, named, attribute)
                for piece in _pieces(pattern, self.setting.partition, self.setting.view.region, self.setting.account)
            ]
        )

    def _part(self, logical_id: str, key: str, named: Named, attribute: str) -> Resolved:
        if key == "n":
            return named.name
        if key == "arn":
            return named.arn
        if key == "t":
            return Resolved((self._symbol(logical_id, "tail"),))
        if key == "s":
            return Resolved((self._symbol(logical_id, attribute),))
        if key == "path":
            given = self.properties(logical_id).get("Path")
            return text("/") if given is None else self.resolver.one(given)
        if key == "bus":
            bus = self.resolver.one(self.properties(logical_id).get("EventBusName"))
            names = (v.rpartition("event-bus/")[2] for v in bus.values)
            return (
                Resolved(tuple("" if n == "default" else f"{n}/" for n in names), bus.exact) if bus.values else text("")
            )
        if key[0] == "@":
            return Resolved((self._symbol(logical_id, key[1:]),))
        if key[0] == "=":
            return self._within(logical_id, key[1:])
        if key == "slash":
            return text("" if all(v.startswith("/") for v in named.name.values) else "/")
        asked = {"group": "GroupName", "app": "ApplicationName"}[key]
        given = self.properties(logical_id).get(asked)
        return text("default") if given is None else self.resolver.one(given)

    def _within(self, logical_id: str, variable: str) -> Resolved:
        """Return the parent of a resource, by the property with the name of the variable in its ARN format.

        Without such a property it is an id that AWS makes.
        """
        stem = _STEM.sub("", variable)
        for key, value in self.properties(logical_id).items():
            if key == variable or (stem and stem == _STEM.sub("", key)):
                found = self.resolver.one(value)
                return Resolved(tuple(re.split("[:/]", v)[-1] for v in found.values) or ("*",), found.exact)
        return Resolved((self._symbol(logical_id, variable),))

    def _pseudo(self, name: str) -> Resolved:
        view = self.setting.view
        given = pseudo_parameters(account=self.setting.account, region=plain(view.region), stack_name=self.name)
        known = {**given, "AWS::StackId": self.stack_arn}
        if name == "AWS::NoValue":
            return NOTHING
        return Resolved((str(known[name]),)) if name in known else UNKNOWN

    @property
    def stack_arn(self) -> str:
        """Return the ARN of the stack itself."""
        if self.view.physical_id is not None:
            return self.setting.in_account(plain(self.view.physical_id))
        return self._arn("cloudformation:{r}:{a}:stack/") + f"{self.name}/{self._uuid()}"

    def _uuid(self) -> str:
        """Return what AWS chooses at the end of a stack's id, whose parts templates take for names of their own."""
        return "-".join(self._symbol("AWS::StackId", str(part), "lower") for part in range(5))

    def _symbol(self, logical_id: str, *attribute: str) -> str:
        return self.setting.symbols.of(self.setting.view.name, self.path, logical_id, *attribute)

    @cached_property
    def path(self) -> str:
        """Return the stack's name after those of the stacks that contain it."""
        return self.view.name if self.parent is None else f"{self.parent.path}/{self.view.name}"

    def _condition_texts(self, value: Json) -> tuple[tuple[str, ...], bool, bool]:
        found = self.resolver.one(value)
        # Which account it will be is not known when none is declared, so nothing can be decided by it.
        open_ended = self.setting.view.account is None and any(self.setting.account in v for v in found.values)
        open_ended = open_ended or any(has_outside(v) for v in found.values)
        return found.values, found.exact, open_ended


def _marks(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if "{{resolve:" in value:
            yield REFERENCE
        if PRINCIPAL in value:
            yield PRINCIPAL
    elif isinstance(value, dict):
        for key, part in value.items():
            if key in MARKS:
                yield key.removeprefix("Not")
            elif key.startswith(LOOP):
                yield LOOP
            yield from _marks(part)
    elif isinstance(value, list):
        for part in value:
            yield from _marks(part)


def _above(arn: str) -> list[str]:
    """Return the paths above a parameter: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html

    Who may read a path by GetParametersByPath reads everything under it.
    """
    steps = arn.split("/")
    return ["/".join(steps[:end]) for end in range(2, len(steps))] + [f"{steps[0]}/"]


def _name_in(live: str, known: TypeFacts) -> str:
    """Return the name in a physical id that may be an ARN or a URL."""
    if known.ref == "url" or (known.ref == "arn" and live.startswith("arn:")):
        end = live.rsplit("/", 1)[-1] if known.ref == "url" else live.split(":", 5)[-1]
        return end.rsplit(":", 1)[-1].rsplit("/", 1)[-1] if known.ref == "arn" else end
    return live


def _is_plain(name: Resolved) -> bool:
    return name.exact and not any(is_wild(value) or has_symbol(value) for value in name.values)


def _unversioned(kind: str, name: str) -> str:
    """Return the name of what a dynamic reference reads, without the version and stage; the key in a secret stays.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    if kind != "secretsmanager":
        return name.split(":", 1)[0] if not name.startswith("arn:") else name
    head, separator, rest = name.partition(":SecretString")
    if not separator:
        return ":".join(name.split(":")[:7]) if name.startswith("arn:") else name.split(":", 1)[0]
    key = rest.split(":")[1] if rest.startswith(":") else ""
    return f"{head}:{key}" if key else head
