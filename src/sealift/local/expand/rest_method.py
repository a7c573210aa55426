"""Settings of one AWS::ApiGateway::Method from an operation of a document."""

from collections.abc import Callable, Iterator

from sealift.cfn.values import list_at, mapping_at
from sealift.local.expand.context import Body
from sealift.local.expand.openapi import Operation, requirements, schemes
from sealift.local.expand.rest_authorizer import authorization_of
from sealift.local.expand.shape import capitalized
from sealift.model.template import Json

PartRef = Callable[[str, str], Json]
"""Returns a reference to a part of the API by kind (Authorizer, Validator) and name."""

_LOCATIONS = {"query": "querystring", "header": "header", "path": "path"}


def method_settings(operation: Operation, document: Body, ref: PartRef) -> Body:
    """Return the properties of the method but for RestApiId and ResourceId."""
    settings: Body = {
        "HttpMethod": operation.verb,
        "MethodResponses": [*_method_responses(operation.definition)],
        **_authorization(operation, document, ref),
        **_request(operation, document, ref),
    }
    if operation.integration:
        settings["Integration"] = _integration(operation.integration)
    return settings


def notes_on(api: str, operation: Operation) -> Iterator[str]:
    """Yield what the embedded cloud does not do for this operation."""
    integration = operation.integration
    where = f"{api}: {operation.verb} {operation.path}"
    if not integration:
        yield f"{where} has no integration and answers 500"
        return
    kind = str(integration.get("type", "")).lower()
    if kind.startswith("http") and integration.get("connectionType") == "VPC_LINK":
        yield f"{where} goes through a VPC link, which the embedded cloud does not have"


def _integration(definition: Body) -> Body:
    settings: Body = {"Type": str(definition.get("type", "aws_proxy")).upper()}
    if "httpMethod" in definition:
        settings["IntegrationHttpMethod"] = definition["httpMethod"]
    names = ("uri", "credentials", "requestParameters", "requestTemplates", "timeoutInMillis", "connectionType")
    settings |= capitalized(definition, *names, "cacheKeyParameters")
    if isinstance(definition.get("passthroughBehavior"), str):
        settings["PassthroughBehavior"] = str(definition["passthroughBehavior"]).upper()
    responses: list[Json] = []
    for pattern, response in mapping_at(definition.get("responses")).items():
        responses.append(_integration_response(pattern, mapping_at(response)))
    if responses:
        settings["IntegrationResponses"] = responses
    return settings


def _integration_response(pattern: str, response: Body) -> Body:
    settings: Body = {
        "StatusCode": str(response.get("statusCode", "200")),
        "ResponseParameters": response.get("responseParameters", {}),
        "ResponseTemplates": response.get("responseTemplates", {}),
    }
    return settings if pattern == "default" else {**settings, "SelectionPattern": pattern}


def _method_responses(definition: Body) -> Iterator[Json]:
    for status, response in mapping_at(definition.get("responses")).items():
        headers = mapping_at(mapping_at(response).get("headers"))
        parameters: Body = {f"method.response.header.{name}": False for name in headers}
        if str(status).isdigit():
            yield {"StatusCode": str(status), "ResponseParameters": parameters}


def _authorization(operation: Operation, document: Body, ref: PartRef) -> Body:
    settings: Body = {"AuthorizationType": "NONE"}
    known_schemes = schemes(document)
    for name, scopes in requirements(operation, document):
        scheme = known_schemes.get(name, {})
        kind = authorization_of(scheme)
        if kind == "API_KEY":
            settings["ApiKeyRequired"] = True
        elif kind == "AWS_IAM":
            settings["AuthorizationType"] = kind
        elif kind:
            settings |= {"AuthorizationType": kind, "AuthorizerId": ref("Authorizer", name)}
            if scopes:
                settings["AuthorizationScopes"] = scopes
    if mapping_at(operation.definition.get("x-amazon-apigateway-auth")).get("type") == "AWS_IAM":
        settings["AuthorizationType"] = "AWS_IAM"
    return settings


def _request(operation: Operation, document: Body, ref: PartRef) -> Body:
    """Return what the request must look like: parameters, the model of its body, and who checks it."""
    parameters: Body = {}
    settings: Body = {}
    model: str | None = None
    for parameter in map(mapping_at, list_at(operation.definition.get("parameters"))):
        location = _LOCATIONS.get(str(parameter.get("in")))
        if location:
            parameters[f"method.request.{location}.{parameter.get('name')}"] = parameter.get("required") is True
        elif parameter.get("in") == "body":
            model = _model_of(parameter.get("schema"))
    content = mapping_at(mapping_at(operation.definition.get("requestBody")).get("content"))
    model = model or _model_of(mapping_at(content.get("application/json")).get("schema"))
    if parameters:
        settings["RequestParameters"] = parameters
    if model:
        settings["RequestModels"] = {"application/json": model}
    named = "x-amazon-apigateway-request-validator"
    validator = operation.definition.get(named, document.get(named))
    if isinstance(validator, str):
        settings["RequestValidatorId"] = ref("Validator", validator)
    return settings


def _model_of(schema: Json) -> str | None:
    reference = mapping_at(schema).get("$ref")
    return reference.rpartition("/")[2] if isinstance(reference, str) else None
