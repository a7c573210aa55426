"""The settings that an environment needs: what its templates, with its values, and their code name. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sealift.cfn.evaluation import Bindings, condition, parameter_values, resolved
from sealift.cfn.intrinsics import walk
from sealift.cfn.references import references, setting_of
from sealift.cfn.substitution import names, replaced
from sealift.cfn.values import mapping_at, scalar_text
from sealift.model.app import Environment
from sealift.model.reads import FunctionReads, Read
from sealift.model.template import Json, Location, Template

THE_TEMPLATE = "the template"
_MADE = {"AWS::SSM::Parameter": "ssm", "AWS::SecretsManager::Secret": "secretsmanager"}
_SSM_VALUE = "AWS::SSM::Parameter::Value<"
_STACKS = {"AWS::CloudFormation::Stack", "AWS::Serverless::Application"}
NOT_STATIC = "reads a setting whose name is not static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A setting that a template or code names."""

    reference: str
    """As a template writes it, with version or JSON key; empty when it is not static."""
    by: str
    location: Location | None
    required: bool
    what: str = NOT_STATIC
    """What is read without a static name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What is needed, without what the templates make themselves; and what cannot be decided, in words."""

    known: Mapping[str, Need]
    undecided: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A template with the values that its parameters have in an environment."""

    template: Template
    values: Mapping[str, str]
    environment: Environment
    stack_name: str
    reads: Callable[[Template], Sequence[FunctionReads]]
    required: bool = True
    opaque: frozenset[str] = frozenset()
    """Parameters whose values the stack that holds this one makes."""

    def pseudo(self) -> dict[str, str]:
        """Return what is known of the pseudo parameters."""
        region = self.environment.region or ""
        partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
        known = {"AWS::Region": region, "AWS::AccountId": self.environment.account or "", "AWS::Partition": partition}
        return {name: value for name, value in (known | {"AWS::StackName": self.stack_name}).items() if value}

    def bindings(self) -> Bindings:
        """Return what is known, secrets too: their values may be references."""
        body = self.template.body
        return Bindings(
            parameters={**parameter_values(body, self.values, with_secrets=True), **self.pseudo()},
            mappings=mapping_at(body, "Mappings"),
            conditions=mapping_at(body, "Conditions"),
        )


def needs_of(scopes: Sequence[Scope]) -> Needs:
    """Return the needs of several stacks of one environment together."""
    every = [inner for scope in scopes for inner in _with_nested(scope)]
    found = [need for scope in every for need in (*_of_template(scope), *_of_code(scope))]
    made = {one for scope in every for one in _made(scope)}
    known: dict[str, Need] = {}
    for need in sorted(found, key=lambda one: not one.required):
        if need.reference and plain(need.reference) not in made:
            known.setdefault(need.reference, need)
    undecided = [f"{need.by} ({need.location}) {need.what}" for need in found if not need.reference]
    unread = [said for scope in every for said in _not_read(scope)]
    return Needs(known=known, undecided=tuple(dict.fromkeys((*undecided, *unread))))


def named_by(template: Template, values: Mapping[str, str], environment: Environment) -> frozenset[str] | None:
    """Return what a template names under the conditions of an environment, plain; None when it has nested stacks."""
    resources = mapping_at(template.body, "Resources").values()
    if any(mapping_at(one).get("Type") in _STACKS for one in resources):
        return None
    scope = Scope(template=template, values=values, environment=environment, stack_name="", reads=lambda _: ())
    return frozenset(map(plain, needs_of([scope]).known))


def plain(reference: str) -> str:
    """Return `ssm:NAME` or `secretsmanager:ID` of a reference."""
    service, _, rest = reference.replace("ssm-secure:", "ssm:", 1).partition(":")
    return f"{service}:{setting_of(service, rest)}"


def setting_name(reference: str) -> str:
    """Return the name that a store knows a setting by."""
    return plain(reference).partition(":")[2]


def _with_nested(scope: Scope) -> Iterator[Scope]:
    yield scope
    bindings = scope.bindings()
    for asset in scope.template.assets:
        nested = scope.template.nested.get(asset.key) if asset.kind == "template" else None
        for logical_id in asset.logical_ids if nested is not None else ():
            resource = mapping_at(scope.template.body, "Resources", logical_id)
            if nested is None or condition(scalar_text(resource.get("Condition")), bindings) is False:
                continue
            given = {k: resolved(v, bindings) for k, v in mapping_at(resource, "Properties", "Parameters").items()}
            texts = {k: scalar_text(v) for k, v in given.items() if isinstance(v, str | int | float)}
            defaults = {p.name: p.default for p in nested.parameters if p.default is not None}
            inner = replace(
                scope,
                template=nested,
                values={**{k: v for k, v in defaults.items() if k not in given}, **texts},
                opaque=frozenset(k for k in given if k not in texts),
                stack_name="",
            )
            yield from _with_nested(inner)


def _of_template(scope: Scope) -> Iterator[Need]:
    """Yield what a template names: in its own text, in values of parameters, and by parameters of an SSM type."""
    template = scope.template

    def need(reference: str, place: Location | None) -> Need:
        return Need(reference=reference, by=THE_TEMPLATE, location=place, required=scope.required)

    for spec in template.parameters:
        value = scope.values.get(spec.name, spec.default)
        if spec.type.startswith(_SSM_VALUE) and value:
            yield need(f"ssm:{value}", spec.location)
    for path, text in _texts(scope):
        place = Location(file=template.file, line=template.line(path))
        for service, rest in references(text):
            open_names = [*names(rest)]
            if not open_names:
                yield need(f"{service}:{rest}", place)
            elif not any(_is_of_stack(name, scope) for name in open_names):
                yield need("", place)


def _texts(scope: Scope) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the texts of a template with its values, without resources that its conditions leave out."""
    body, bindings = scope.template.body, scope.bindings()
    for section in ("Resources", "Outputs"):
        for logical_id, resource in mapping_at(body, section).items():
            name = scalar_text(mapping_at(resource).get("Condition"))
            if name and condition(name, bindings) is False:
                continue
            for path, value in walk(resolved(resource, bindings), (section, logical_id)):
                if isinstance(value, str):
                    yield path, value
                elif isinstance(value, dict) and isinstance(value.get("Fn::Join"), list):
                    yield path, _joined(value["Fn::Join"])
    for path, value in walk(resolved(body.get("Globals"), bindings), ("Globals",)):
        if isinstance(value, str):
            yield path, value


def _joined(argument: Json) -> str:
    """Return the text of an `Fn::Join` with `${Name}` for what is not known."""
    match argument:
        case [str(separator), [*parts]]:
            return separator.join(part if isinstance(part, str) else "${" + _named(part) + "}" for part in parts)
        case _:
            return ""


def _named(value: Json) -> str:
    match value:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
        case _:
            return "?"


def _is_of_stack(name: str, scope: Scope) -> bool:
    """Whether only the stack knows what a name stands for, because it makes it."""
    first = name.partition(".")[0]
    return first in scope.opaque or first in mapping_at(scope.template.body, "Resources")


def _of_code(scope: Scope) -> Iterator[Need]:
    from sealift.analysis.variables import declared_variables  # reads code; `status` does not

    functions = {function.logical_id: function for function in scope.template.functions}
    bindings = scope.bindings()
    for one in scope.reads(scope.template):
        declared = declared_variables(scope.template, functions[one.logical_id]) or {}
        variables = {name: resolved(value, bindings) for name, value in declared.items()}
        variables.setdefault("AWS_REGION", scope.environment.region)
        for read in one.reads:
            if read.kind == "setting":
                yield from _of_read(read, one.logical_id, variables, scope)


def _of_read(read: Read, logical_id: str, variables: Mapping[str, Json], scope: Scope) -> Iterator[Need]:
    """Yield what code needs, variables in its name replaced; what a resource of the stack names is not looked for."""
    place = Location(file=read.file, line=read.line)
    need = Need(reference="", by=logical_id, location=place, required=read.required)

    def value(name: str) -> str | None:
        variable, has_default, default = name.partition("|")
        found = variables.get(variable)
        if isinstance(found, str | int | float):
            return scalar_text(found)
        return default if has_default and found is None else None

    reference = replaced(read.name, value)
    service, _, rest = reference.partition(":")
    given = [variables.get(name.partition("|")[0]) for name in names(reference)]
    if any(isinstance(one, dict) and _is_made(one, scope) for one in given):
        return
    if not read.name or given or "{{resolve:" in reference:
        yield need
    elif service == "ssm-path":
        yield replace(need, what=f"reads every parameter under {rest}: which of them it needs is not known")
    else:
        yield replace(need, reference=reference)


def _is_made(value: Json, scope: Scope) -> bool:
    """Whether a value comes from a resource of the stack."""
    for _, inner in walk(value):
        match inner:
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]} | {"Fn::GetAtt": str(name)}:
                found = [name]
            case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
                found = [*names(text)]
            case {"Fn::ImportValue": _}:
                return True
            case _:
                continue
        if any(_is_of_stack(name, scope) for name in found):
            return True
    return False


def _made(scope: Scope) -> Iterator[str]:
    """Yield the settings that a template makes itself."""
    bindings = scope.bindings()
    for resource in mapping_at(scope.template.body, "Resources").values():
        service = _MADE.get(scalar_text(mapping_at(resource).get("Type")))
        name = resolved(mapping_at(resource, "Properties").get("Name"), bindings)
        if (
            service
            and isinstance(name, str)
            and condition(scalar_text(mapping_at(resource).get("Condition")), bindings) is not False
        ):
            yield f"{service}:{name}"


def _not_read(scope: Scope) -> Iterator[str]:
    """Yield which functions have code that is not read for what it names."""
    read = {one.logical_id for one in scope.reads(scope.template)}
    unread: dict[str, list[str]] = {}
    for function in scope.template.functions:
        if function.logical_id not in read:
            unread.setdefault(function.runtime or "an image", []).append(function.logical_id)
    for runtime, logical_ids in unread.items():
        more = f" and {len(logical_ids) - 3} more" * (len(logical_ids) > 3)
        yield f"what the code of {', '.join(logical_ids[:3])}{more} ({runtime}) reads is not known"
