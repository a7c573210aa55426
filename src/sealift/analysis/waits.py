"""How long the APIs of a template wait for a function that they call, however they are declared. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sealift.cfn.sources import names_function
from sealift.cfn.values import function_properties, mapping_at, properties, resources
from sealift.model.template import Json

REST_MS, HTTP_MS = 29_000, 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of API: its name, how long it waits when nothing is said, and what can make it wait longer."""

    name: str
    default_ms: int
    more: str
    fixed: bool = True
    """Whether it never waits longer than its default."""


REST: Final = Kind(
    name="a REST API",
    default_ms=REST_MS,
    more="A quota of the account can let it wait longer, with TimeoutInMillis at the event or integration",
    fixed=False,
)
EDGE: Final = Kind(
    name="an edge-optimized REST API", default_ms=REST_MS, more="An edge-optimized API never waits longer than 29 s"
)
HTTP: Final = Kind(name="an HTTP API", default_ms=HTTP_MS, more="An HTTP API never waits longer than 30 s")
SOCKET: Final = Kind(name="a WebSocket API", default_ms=REST_MS, more="A WebSocket API never waits longer than 29 s")
_BODIES: Final = {
    "AWS::Serverless::Api": "DefinitionBody",
    "AWS::Serverless::HttpApi": "DefinitionBody",
    "AWS::ApiGateway::RestApi": "Body",
    "AWS::ApiGatewayV2::Api": "Body",
}
_INTEGRATION: Final = "x-amazon-apigateway-integration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long an API of a kind waits for the answer of a function."""

    kind: Kind
    wait_ms: int


def waits(body: object, logical_id: str) -> Iterator[Wait]:
    """Yield how long each API waits that calls the function and wants its answer; none where that is not known."""
    for kind, given in (*_events(body, logical_id), *_integrations(body, logical_id)):
        wait = _milliseconds(given, kind.default_ms)
        if wait is not None:
            yield Wait(kind=kind, wait_ms=min(wait, kind.default_ms) if kind.fixed else wait)


def _milliseconds(value: Json, otherwise: int) -> int | None:
    if value is None:
        return otherwise
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _events(body: object, logical_id: str) -> Iterator[tuple[Kind, Json]]:
    for event in mapping_at(function_properties(body, logical_id), "Events").values():
        kind, said = mapping_at(event).get("Type"), properties(event)
        if kind not in ("Api", "HttpApi"):
            continue
        named = said.get("RestApiId" if kind == "Api" else "ApiId")
        api = _referred(body, named) if named is not None else ""
        definition = mapping_at(body, "Resources", api) if api else {}
        if any(_in_definition(body, definition, logical_id)):
            continue  # SAM leaves an integration of the definition as it is
        yield HTTP if kind == "HttpApi" else _rest(body, api, known=named is None), said.get("TimeoutInMillis")


def _integrations(body: object, logical_id: str) -> Iterator[tuple[Kind, Json]]:
    for _, one in resources(body, "AWS::ApiGateway::Method"):
        said = mapping_at(properties(one), "Integration")
        if _waits_for(body, said, "Uri", "RequestParameters", logical_id):
            api = _referred(body, properties(one).get("RestApiId"))
            yield REST if _streams(said) else _rest(body, api), said.get("TimeoutInMillis")
    for _, one in resources(body, "AWS::ApiGatewayV2::Integration"):
        said = properties(one)
        if _waits_for(body, said, "IntegrationUri", "RequestParameters", logical_id):
            yield _v2(mapping_at(body, "Resources", _referred(body, said.get("ApiId")))), said.get("TimeoutInMillis")
    for api, one in resources(body, *_BODIES):
        for said in _in_definition(body, one, logical_id):
            old = one["Type"] in ("AWS::Serverless::Api", "AWS::ApiGateway::RestApi")
            kind = REST if _streams(said) else _rest(body, api) if old else _v2(one)
            yield kind, said.get("timeoutInMillis")
        if names_function(body, properties(one).get("Target"), logical_id):
            yield _v2(one), None


def _in_definition(body: object, api: Mapping[str, Json], logical_id: str) -> Iterator[dict[str, Json]]:
    """Yield each integration of an OpenAPI definition that waits for the function."""
    waiting: list[Json] = [properties(api).get(_BODIES.get(str(api.get("Type")), ""))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found = [mapping_at(value, _INTEGRATION), *map(mapping_at, mapping_at(value, f"{_INTEGRATION}s").values())]
            yield from (one for one in found if _waits_for(body, one, "uri", "requestParameters", logical_id))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _waits_for(body: object, said: Mapping[str, Json], uri: str, parameters: str, logical_id: str) -> bool:
    """Whether an integration calls the function, and not as an event that is only handed over.

    How long one waits that streams, when nothing is said, is not documented.
    """
    asynchronous = any(
        name.lower().endswith(".x-amz-invocation-type") and "Event" in str(value)
        for name, value in mapping_at(said, parameters).items()
    )
    unknown = _streams(said) and said.get("TimeoutInMillis", said.get("timeoutInMillis")) is None
    return not asynchronous and not unknown and names_function(body, said.get(uri), logical_id)


def _streams(said: Mapping[str, Json]) -> bool:
    """Whether an integration hands the answer on as it comes, for up to 15 minutes whatever the kind of the API.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
    """
    return "STREAM" in (said.get("ResponseTransferMode"), said.get("responseTransferMode"))


def _referred(body: object, value: Json) -> str:
    """Return the logical id of an API that a value refers to."""
    if isinstance(value, str):
        return value if value in mapping_at(body, "Resources") else ""
    return str(mapping_at(value).get("Ref", ""))


def _rest(body: object, api: str, *, known: bool = False) -> Kind:
    """Return the kind of a REST API: edge-optimized where nothing is said. `known` is SAM's own, without a resource."""
    resource = mapping_at(body, "Resources", api) if api else {}
    if not resource and not known:
        return REST
    shared = {} if resource.get("Type") == "AWS::ApiGateway::RestApi" else mapping_at(body, "Globals", "Api")
    said = {**shared, **properties(resource)}.get("EndpointConfiguration", "EDGE")
    if isinstance(said, dict):
        types = said.get("Types", said.get("Type", "EDGE"))
        said = types[0] if isinstance(types, list) and types else types
    return EDGE if said == "EDGE" else REST


def _v2(api: Mapping[str, Json]) -> Kind:
    return SOCKET if properties(api).get("ProtocolType") == "WEBSOCKET" else HTTP
