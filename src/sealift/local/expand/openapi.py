"""Reads the OpenAPI and Swagger documents that API Gateway takes, with the intrinsics that templates put into them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sealift.cfn.values import list_at, mapping_at, properties
from sealift.local.expand.context import Body, Context
from sealift.local.expand.shape import child_id, inherited, known
from sealift.model.template import Json

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
_IF = "Fn::If"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API with its document; `prefix` begins the types of its parts, `owner` is their property that names it."""

    logical_id: str
    resource: Body
    document: Body
    prefix: str
    owner: str

    def part(self, kind: str, settings: Body, condition: str | None = None) -> Body:
        """Return a resource that belongs to this API, under its condition or one of its own."""
        under: Body = {"Condition": condition} if condition else inherited(self.resource)
        owner: Body = {self.owner: {"Ref": self.logical_id}}
        return {**under, "Type": self.prefix + kind, "Properties": {**owner, **settings}}

    def id_of(self, kind: str, *parts: str) -> str:
        """Return the logical id of a part."""
        return child_id(self.logical_id, kind, *parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `condition` names the template condition that it stands under, if any."""

    path: str
    verb: str
    """In capitals; ANY for all of them."""
    definition: Body
    condition: str | None = None

    @property
    def integration(self) -> Body:
        """What answers."""
        return mapping_at(self.definition.get(INTEGRATION))


def document_of(resource: Body, body: Body, context: Context) -> Body | None:
    """Return the document of an API, read from the artifacts bucket when it lies there; None when there is none."""
    given = properties(resource)
    if isinstance(given.get("Body"), dict):
        return mapping_at(given["Body"])
    where = mapping_at(given.get("BodyS3Location"))
    key = known(where.get("Key"), body, context)
    data = context.read_blob(key) if key else None
    return parsed(data) if data else None


def parsed(data: bytes) -> Body | None:
    """Return the object in a JSON or YAML file, or None when it holds none."""
    import yaml

    from sealift.cfn.loader import with_loader

    try:
        value = with_loader(lambda loader: yaml.load(data, loader))
    except (yaml.YAMLError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def operations(document: Body) -> Iterator[Operation]:
    """Yield every method of every path, in the document's order."""
    for path, item in mapping_at(document.get("paths")).items():
        for condition, methods in _branches(item, None):
            for method, wrapped in methods.items():
                verb = "ANY" if method == ANY else method.upper() if method.lower() in METHODS else ""
                for inner, definition in _branches(wrapped, condition) if verb else ():
                    yield Operation(path=path, verb=verb, definition=definition, condition=inner)


def _branches(value: Json, condition: str | None) -> Iterator[tuple[str | None, Body]]:
    """Yield the value, or the first branch of the Fn::If around it with its condition.

    SAM writes `Fn::If: [Condition, definition, AWS::NoValue]` for events of a function that has a condition.
    """
    if isinstance(value, dict) and set(value) == {_IF}:
        parts = list_at(value[_IF])
        if len(parts) == 3 and isinstance(parts[1], dict):
            yield str(parts[0]), parts[1]
    elif isinstance(value, dict):
        yield condition, value


def schemes(document: Body) -> dict[str, Body]:
    """Return security schemes of OpenAPI 3, or the definitions of Swagger 2, by name."""
    found = mapping_at(mapping_at(document.get("components")).get("securitySchemes"))
    return {n: s for n, s in (found or mapping_at(document.get("securityDefinitions"))).items() if isinstance(s, dict)}


def models(document: Body) -> dict[str, Body]:
    """Return the schemas that the document names."""
    found = mapping_at(mapping_at(document.get("components")).get("schemas"))
    return {n: s for n, s in (found or mapping_at(document.get("definitions"))).items() if isinstance(s, dict)}


def requirements(operation: Operation, document: Body) -> list[tuple[str, list[Json]]]:
    """Return the security schemes, with scopes, that guard an operation."""
    stated = operation.definition["security"] if "security" in operation.definition else document.get("security")
    return [
        (name, list_at(scopes)) for requirement in list_at(stated) for name, scopes in mapping_at(requirement).items()
    ]
