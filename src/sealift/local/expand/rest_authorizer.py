"""Who may call a REST API: authorizers, API keys and signed requests, from the security schemes of a document."""

from collections.abc import Iterator, Mapping
from typing import Literal

from sealift.cfn.values import mapping_at
from sealift.local.expand.context import Body
from sealift.local.expand.openapi import AUTHORIZER
from sealift.local.expand.shape import capitalized

Authorization = Literal["AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM", "API_KEY"]


def authorization_of(scheme: Body) -> Authorization | None:
    """Return how a security scheme lets callers in, or None when API Gateway makes nothing of it."""
    kind = str(scheme.get("x-amazon-apigateway-authtype", "")).lower()
    definition = mapping_at(scheme.get(AUTHORIZER))
    if kind == "awssigv4":
        return "AWS_IAM"
    if definition:
        is_cognito = definition.get("type") == "cognito_user_pools" or kind == "cognito_user_pools"
        return "COGNITO_USER_POOLS" if is_cognito else "CUSTOM"
    if scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
        return "API_KEY"
    return None


def authorizers(schemes: Mapping[str, Body]) -> Iterator[tuple[str, Body]]:
    """Yield name and settings of each scheme that needs an AWS::ApiGateway::Authorizer."""
    for name, scheme in schemes.items():
        if authorization_of(scheme) in ("COGNITO_USER_POOLS", "CUSTOM"):
            yield name, _settings(name, scheme)


def _settings(name: str, scheme: Body) -> Body:
    definition = mapping_at(scheme[AUTHORIZER])
    kind = {"request": "REQUEST", "cognito_user_pools": "COGNITO_USER_POOLS"}.get(str(definition.get("type")), "TOKEN")
    source = definition.get("identitySource")
    if kind != "REQUEST" and not source:
        source = f"method.request.header.{scheme.get('name', 'Authorization')}"
    settings: Body = {"Name": name, "Type": kind}
    if source:
        settings["IdentitySource"] = source
    elif kind == "REQUEST":
        # Without this the emulator would look at the Authorization header.
        settings["IdentitySource"] = ""
    names = ("authorizerUri", "authorizerCredentials", "authorizerResultTtlInSeconds", "identityValidationExpression")
    return settings | capitalized(definition, *names, "providerARNs")
