"""REST APIs: the document in `Body` becomes resources of its own, so that the id of the API stays when it changes.

Of a `Body` the emulator reads too little (no ANY, no MOCK, so no CORS preflight), and a changed one makes a new API.
"""

from collections.abc import Iterator

from sealift.cfn.values import list_at, mapped, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.openapi import Api, document_of, models, operations, schemes
from sealift.local.expand.rest_authorizer import authorizers
from sealift.local.expand.rest_method import method_settings, notes_on
from sealift.local.expand.shape import with_properties, with_resources
from sealift.model.template import Json

_PREFIX = "AWS::ApiGateway::"
_DROPPED = ("Body", "BodyS3Location", "FailOnWarnings", "Mode", "Parameters", "CloneFrom")


def rest_api(body: Body, context: Context) -> Expanded:
    """Expand every AWS::ApiGateway::RestApi that has a document."""
    changed: dict[str, Json] = {}
    notes: list[str] = []
    for logical_id, resource in resources(body, _PREFIX + "RestApi"):
        document = document_of(resource, body, context)
        if not document:
            continue
        api = Api(logical_id=logical_id, resource=resource, document=document, prefix=_PREFIX, owner="RestApiId")
        parts = dict(_parts(api))
        changed |= parts
        changed[logical_id] = _without_body(api)
        changed |= _deployments_after(api, body, list(parts))
        for operation in operations(document):
            notes += notes_on(logical_id, operation)
    return Expanded(body=with_resources(body, changed), notes=tuple(notes))


def _without_body(api: Api) -> Body:
    given, document = properties(api.resource), api.document
    info = mapping_at(document.get("info"))
    settings: Body = {"Name": given.get("Name") or info.get("title") or api.logical_id}
    extensions = {
        "BinaryMediaTypes": "x-amazon-apigateway-binary-media-types",
        "Policy": "x-amazon-apigateway-policy",
        "ApiKeySourceType": "x-amazon-apigateway-api-key-source",
        "MinimumCompressionSize": "x-amazon-apigateway-minimum-compression-size",
    }
    for name, extension in extensions.items():
        value = given.get(name, document.get(extension))
        if value is not None:
            settings[name] = value
    types = [_unescaped(v) for v in list_at(settings.get("BinaryMediaTypes"))]
    if types:
        settings["BinaryMediaTypes"] = types
    return with_properties(api.resource, settings, without=_DROPPED)


def _unescaped(media_type: Json) -> Json:
    """SAM writes `image~1png` where the property wants `image/png`."""
    return media_type.replace("~1", "/") if isinstance(media_type, str) else media_type


def _parts(api: Api) -> Iterator[tuple[str, Json]]:
    yield from _tree(api)
    for name, schema in models(api.document).items():
        settings: Body = {"Name": name, "ContentType": "application/json", "Schema": _schema(api, schema)}
        yield api.id_of("Model", name), api.part("Model", settings)
    for name, settings in authorizers(schemes(api.document)):
        yield api.id_of("Authorizer", name), api.part("Authorizer", settings)
    for name, validator in mapping_at(api.document.get("x-amazon-apigateway-request-validators")).items():
        flags = mapping_at(validator)
        settings = {
            "Name": name,
            "ValidateRequestBody": flags.get("validateRequestBody", False),
            "ValidateRequestParameters": flags.get("validateRequestParameters", False),
        }
        yield api.id_of("Validator", name), api.part("RequestValidator", settings)
    for kind, response in mapping_at(api.document.get("x-amazon-apigateway-gateway-responses")).items():
        yield (
            api.id_of("Response", kind),
            api.part("GatewayResponse", _gateway_response(kind, mapping_at(response))),
        )
    for operation in operations(api.document):
        settings = {
            "ResourceId": _resource_ref(api, _segments(operation.path)),
            **method_settings(operation, api.document, lambda kind, name: {"Ref": api.id_of(kind, name)}),
        }
        key = api.id_of("Method", operation.verb, operation.path)
        yield key, api.part("Method", settings, operation.condition)


def _schema(api: Api, schema: Body) -> Json:
    """Point references between schemas at models of the API, as an import does."""

    def change(value: Json) -> Json:
        target = mapping_at(value).get("$ref")
        if not isinstance(target, str) or not target.startswith(("#/definitions/", "#/components/schemas/")):
            return value
        name = target.rpartition("/")[2]
        url = f"https://apigateway.amazonaws.com/restapis/${{{api.logical_id}}}/models/{name}"
        return {**mapping_at(value), "$ref": {"Fn::Sub": url}}

    return mapped(schema, change)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _tree(api: Api) -> Iterator[tuple[str, Json]]:
    """Yield a Resource for each segment of each path, parents first."""
    seen: set[tuple[str, ...]] = set()
    for path in mapping_at(api.document.get("paths")):
        segments = _segments(path)
        for depth in range(1, len(segments) + 1):
            here = segments[:depth]
            if here not in seen:
                seen.add(here)
                settings: Body = {"ParentId": _resource_ref(api, here[:-1]), "PathPart": here[-1]}
                yield api.id_of("Path", *here), api.part("Resource", settings)


def _resource_ref(api: Api, segments: tuple[str, ...]) -> Json:
    if not segments:
        return {"Fn::GetAtt": [api.logical_id, "RootResourceId"]}
    return {"Ref": api.id_of("Path", *segments)}


def _gateway_response(kind: str, response: Body) -> Body:
    settings: Body = {
        "ResponseType": kind,
        "ResponseParameters": response.get("responseParameters", {}),
        "ResponseTemplates": response.get("responseTemplates", {}),
    }
    return {**settings, "StatusCode": str(response["statusCode"])} if "statusCode" in response else settings


def _deployments_after(api: Api, body: Body, parts: list[str]) -> dict[str, Json]:
    """Let deployments wait for all parts: gateway responses are taken over at the moment of a deployment."""
    changed: dict[str, Json] = {}
    for logical_id, resource in resources(body, _PREFIX + "Deployment"):
        if properties(resource).get("RestApiId") == {"Ref": api.logical_id}:
            stated = resource.get("DependsOn")
            before = list_at(stated) or ([stated] if stated else [])
            unconditional = [part for part in parts if not _is_conditional(api, part)]
            changed[logical_id] = {**resource, "DependsOn": [*before, *unconditional]}
    return changed


def _is_conditional(api: Api, part: str) -> bool:
    """Say whether a method stands under a condition: depending on what is not made would be refused."""
    return any(
        operation.condition and api.id_of("Method", operation.verb, operation.path) == part
        for operation in operations(api.document)
    )
