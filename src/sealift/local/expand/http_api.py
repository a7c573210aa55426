"""HTTP APIs: the OpenAPI document in `Body` becomes Integration, Route and Authorizer resources.

The emulator ignores `Body`: every route would answer 404. `CorsConfiguration` it reads in lower camel case only.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import (
    as_list,
    as_object,
    child_id,
    inherited,
    of_type,
    properties,
    with_properties,
    with_resources,
)
from sealift.model.template import Json

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Api:
    logical_id: str
    resource: Body
    document: Body

    def part(self, kind: str, settings: Body) -> Body:
        """Return a resource that belongs to this API."""
        return {
            **inherited(self.resource),
            "Type": f"AWS::ApiGatewayV2::{kind}",
            "Properties": {"ApiId": {"Ref": self.logical_id}, **settings},
        }


def http_api(body: Body, context: Context) -> Expanded:
    """Expand every AWS::ApiGatewayV2::Api that has a Body."""
    del context
    changed: dict[str, Json] = {}
    notes: list[str] = []
    for logical_id, resource in of_type(body, "AWS::ApiGatewayV2::Api"):
        document = properties(resource).get("Body")
        if isinstance(document, dict) and "paths" in document:
            api = _Api(logical_id=logical_id, resource=resource, document=document)
            changed |= _parts(api, notes)
            changed[logical_id] = _without_body(api)
        elif properties(resource).get("CorsConfiguration"):
            changed[logical_id] = _with_cors(resource, as_object(properties(resource)["CorsConfiguration"]))
    return Expanded(body=with_resources(body, changed), notes=tuple(notes))


def _without_body(api: _Api) -> Body:
    given = properties(api.resource)
    info = as_object(api.document.get("info"))
    cors = as_object(given.get("CorsConfiguration")) or as_object(api.document.get("x-amazon-apigateway-cors"))
    settings: Body = {
        "Name": given.get("Name") or info.get("title") or api.logical_id,
        "ProtocolType": "HTTP",
        "Description": given.get("Description") or info.get("description") or "",
    }
    bare = with_properties(api.resource, settings, without=("Body", "BodyS3Location", "FailOnWarnings", "BasePath"))
    return _with_cors(bare, cors) if cors else bare


def _with_cors(resource: Body, cors: Body) -> Body:
    return with_properties(resource, {"CorsConfiguration": {k[:1].lower() + k[1:]: v for k, v in cors.items()}})


def _parts(api: _Api, notes: list[str]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    authorizers: dict[str, str] = {}
    for name, scheme in _schemes(api.document):
        definition = as_object(scheme.get(_AUTHORIZER))
        if definition:
            authorizers[name] = child_id(api.logical_id, "Authorizer", name)
            made[authorizers[name]] = api.part("Authorizer", _authorizer(name, scheme, definition))
    for key, operation in _operations(api.document):
        integration = as_object(operation.get(_INTEGRATION))
        if not integration:
            if not _is_preflight(key):
                notes.append(f"{api.logical_id}: the route {key} has no integration and is left out")
            continue
        integration_id = child_id(api.logical_id, "Integration", key)
        made[integration_id] = api.part("Integration", _integration(integration))
        made[child_id(api.logical_id, "Route", key)] = api.part(
            "Route",
            {
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration_id}]]},
                **_authorization(api, operation, authorizers),
            },
        )
    return made


def _is_preflight(key: str) -> bool:
    return key.startswith("OPTIONS ")


def _operations(document: Body) -> Iterator[tuple[str, Body]]:
    for path, item in as_object(document.get("paths")).items():
        for method, operation in as_object(item).items():
            if not isinstance(operation, dict):
                continue
            if method == _ANY:
                yield ("$default" if path in ("$default", "/$default") else f"ANY {path}"), operation
            elif method.lower() in METHODS:
                yield f"{method.upper()} {path}", operation


def _schemes(document: Body) -> Iterator[tuple[str, Body]]:
    """Yield security schemes of OpenAPI 3, and the definitions of Swagger 2."""
    found = as_object(as_object(document.get("components")).get("securitySchemes"))
    for name, scheme in (found or as_object(document.get("securityDefinitions"))).items():
        if isinstance(scheme, dict):
            yield name, scheme


def _integration(definition: Body) -> Body:
    kind = str(definition.get("type", "aws_proxy")).upper()
    settings: Body = {
        "IntegrationType": "HTTP_PROXY" if kind == "HTTP" else kind,
        "IntegrationUri": definition.get("uri", ""),
        "IntegrationMethod": definition.get("httpMethod", "POST"),
        "PayloadFormatVersion": str(definition.get("payloadFormatVersion", "1.0")),
    }
    if "timeoutInMillis" in definition:
        settings["TimeoutInMillis"] = definition["timeoutInMillis"]
    if "requestParameters" in definition:
        settings["RequestParameters"] = definition["requestParameters"]
    return settings


def _authorizer(name: str, scheme: Body, definition: Body) -> Body:
    source = definition.get("identitySource")
    sources: list[Json] = [s.strip() for s in source.split(",")] if isinstance(source, str) else as_list(source)
    if definition.get("type") == "jwt":
        jwt = as_object(definition.get("jwtConfiguration"))
        return {
            "Name": name,
            "AuthorizerType": "JWT",
            "IdentitySource": sources or ["$request.header.Authorization"],
            "JwtConfiguration": {"Audience": jwt.get("audience", []), "Issuer": jwt.get("issuer", "")},
        }
    if not sources and scheme.get("in") == "header":
        sources = [f"$request.header.{scheme.get('name', 'Authorization')}"]
    settings: Body = {
        "Name": name,
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": definition.get("authorizerUri", ""),
        "AuthorizerPayloadFormatVersion": str(definition.get("authorizerPayloadFormatVersion", "1.0")),
        "EnableSimpleResponses": definition.get("enableSimpleResponses", False),
        "IdentitySource": sources,
        "AuthorizerResultTtlInSeconds": definition.get("authorizerResultTtlInSeconds", 300 if sources else 0),
    }
    return settings


def _authorization(api: _Api, operation: Body, authorizers: dict[str, str]) -> Body:
    auth = operation.get("x-amazon-apigateway-auth")
    if as_object(auth).get("type") == "AWS_IAM":
        return {"AuthorizationType": "AWS_IAM"}
    security = operation["security"] if "security" in operation else api.document.get("security")
    for requirement in as_list(security):
        for name, scopes in as_object(requirement).items():
            if name in authorizers:
                kind = "JWT" if _is_jwt(api.document, name) else "CUSTOM"
                settings: Body = {"AuthorizationType": kind, "AuthorizerId": {"Ref": authorizers[name]}}
                return {**settings, "AuthorizationScopes": scopes} if scopes else settings
    return {}


def _is_jwt(document: Body, name: str) -> bool:
    return as_object(dict(_schemes(document))[name].get(_AUTHORIZER)).get("type") == "jwt"
