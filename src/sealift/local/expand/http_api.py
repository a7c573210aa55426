"""HTTP APIs: the OpenAPI document in `Body` becomes Integration, Route and Authorizer resources.

The emulator ignores `Body`: every route would answer 404. `CorsConfiguration` it reads in lower camel case only.
"""

from sealift.cfn.values import list_at, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.openapi import AUTHORIZER, Api, Operation, document_of, operations, requirements, schemes
from sealift.local.expand.shape import capitalized, with_properties, with_resources
from sealift.model.template import Json

_PREFIX = "AWS::ApiGatewayV2::"
SERVED_SUBTYPES = ("SQS", "EventBridge", "Kinesis", "StepFunctions")
"""What an HTTP API calls itself by an `integrationSubtype`."""


def http_api(body: Body, context: Context) -> Expanded:
    """Expand every AWS::ApiGatewayV2::Api that has a document."""
    changed: dict[str, Json] = {}
    notes: list[str] = []
    for logical_id, resource in resources(body, _PREFIX + "Api"):
        document = document_of(resource, body, context)
        cors = mapping_at(properties(resource).get("CorsConfiguration"))
        if document:
            api = Api(logical_id=logical_id, resource=resource, document=document, prefix=_PREFIX, owner="ApiId")
            changed |= _parts(api, notes)
            changed[logical_id] = _without_body(api)
        elif cors:
            changed[logical_id] = _with_cors(resource, cors)
    return Expanded(body=with_resources(body, changed), notes=tuple(notes))


def _without_body(api: Api) -> Body:
    given = properties(api.resource)
    info = mapping_at(api.document.get("info"))
    cors = mapping_at(given.get("CorsConfiguration")) or mapping_at(api.document.get("x-amazon-apigateway-cors"))
    settings: Body = {
        "Name": given.get("Name") or info.get("title") or api.logical_id,
        "ProtocolType": "HTTP",
        "Description": given.get("Description") or info.get("description") or "",
    }
    bare = with_properties(api.resource, settings, without=("Body", "BodyS3Location", "FailOnWarnings", "BasePath"))
    return _with_cors(bare, cors) if cors else bare


def _with_cors(resource: Body, cors: Body) -> Body:
    return with_properties(resource, {"CorsConfiguration": {k[:1].lower() + k[1:]: v for k, v in cors.items()}})


def _parts(api: Api, notes: list[str]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for name, scheme in schemes(api.document).items():
        if scheme.get(AUTHORIZER):
            made[api.id_of("Authorizer", name)] = api.part("Authorizer", _authorizer(name, scheme))
    for operation in operations(api.document):
        key = _route_key(operation)
        if not operation.integration:
            # HTTP APIs answer preflight requests by themselves, SAM writes such methods without an integration.
            if operation.verb != "OPTIONS":
                notes.append(f"{api.logical_id}: the route {key} has no integration and is left out")
            continue
        subtype = operation.integration.get("integrationSubtype")
        if subtype and str(subtype).partition("-")[0] not in SERVED_SUBTYPES:
            notes.append(
                f"{api.logical_id}: the route {key} calls {subtype} directly, which the embedded cloud does not do"
            )
        integration_id = api.id_of("Integration", key)
        made[integration_id] = api.part("Integration", _integration(operation.integration), operation.condition)
        target: Json = {"Fn::Join": ["/", ["integrations", {"Ref": integration_id}]]}
        settings: Body = {"RouteKey": key, "Target": target, **_authorization(api, operation)}
        made[api.id_of("Route", key)] = api.part("Route", settings, operation.condition)
    return made


def _route_key(operation: Operation) -> str:
    is_default = operation.verb == "ANY" and operation.path in ("$default", "/$default")
    return "$default" if is_default else f"{operation.verb} {operation.path}"


def _integration(definition: Body) -> Body:
    kind = str(definition.get("type", "aws_proxy")).upper()
    settings: Body = {
        "IntegrationType": "HTTP_PROXY" if kind == "HTTP" else kind,
        "IntegrationUri": definition.get("uri", ""),
        "IntegrationMethod": definition.get("httpMethod", "POST"),
        "PayloadFormatVersion": str(definition.get("payloadFormatVersion", "1.0")),
    }
    if "credentials" in definition:
        settings["CredentialsArn"] = definition["credentials"]
    names = ("timeoutInMillis", "requestParameters", "responseParameters", "integrationSubtype")
    return settings | capitalized(definition, *names)


def _authorizer(name: str, scheme: Body) -> Body:
    definition = mapping_at(scheme[AUTHORIZER])
    source = definition.get("identitySource")
    sources: list[Json] = [s.strip() for s in source.split(",")] if isinstance(source, str) else list_at(source)
    if definition.get("type") == "jwt":
        jwt = mapping_at(definition.get("jwtConfiguration"))
        return {
            "Name": name,
            "AuthorizerType": "JWT",
            "IdentitySource": sources or ["$request.header.Authorization"],
            "JwtConfiguration": {"Audience": jwt.get("audience", []), "Issuer": jwt.get("issuer", "")},
        }
    return {
        "Name": name,
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": definition.get("authorizerUri", ""),
        "AuthorizerPayloadFormatVersion": str(definition.get("authorizerPayloadFormatVersion", "1.0")),
        "EnableSimpleResponses": definition.get("enableSimpleResponses", False),
        "IdentitySource": sources,
        "AuthorizerResultTtlInSeconds": definition.get("authorizerResultTtlInSeconds", 300 if sources else 0),
    }


def _authorization(api: Api, operation: Operation) -> Body:
    if mapping_at(operation.definition.get("x-amazon-apigateway-auth")).get("type") == "AWS_IAM":
        return {"AuthorizationType": "AWS_IAM"}
    known_schemes = schemes(api.document)
    for name, scopes in requirements(operation, api.document):
        definition = mapping_at(known_schemes.get(name, {}).get(AUTHORIZER))
        if definition:
            kind = "JWT" if definition.get("type") == "jwt" else "CUSTOM"
            settings: Body = {"AuthorizationType": kind, "AuthorizerId": {"Ref": api.id_of("Authorizer", name)}}
            return {**settings, "AuthorizationScopes": scopes} if scopes else settings
    return {}
