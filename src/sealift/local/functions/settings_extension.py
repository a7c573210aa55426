"""The AWS Parameters and Secrets Lambda Extension, which functions ask on port 2773 of their own machine.

It is answered by the emulator, with the rights of the function that asks; nothing is cached.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html and
https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
(documented, not observed)
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

PATHS = ("/secretsmanager/get", "/systemsmanager/parameters/get")
TOKEN_HEADER = "x-aws-parameters-secrets-token"
LAYER = re.compile(r":layer:AWS-Parameters-and-Secrets-Lambda-Extension(-Arm64)?:")
_OF_A_SECRET = {"secretId": "SecretId", "versionId": "VersionId", "versionStage": "VersionStage"}


def answered(path: str, query: Mapping[str, Sequence[str]], token: str) -> tuple[int, Any]:
    """Return status and body for a request of a function with this session token."""
    config = _caller(token)
    if config is None:
        return 401, "the header X-Aws-Parameters-Secrets-Token is not the AWS_SESSION_TOKEN of a function"
    if not any(LAYER.search(str(layer)) for layer in config.get("Layers") or ()):
        return 404, "the function has no AWS Parameters and Secrets Lambda Extension among its layers"
    given = {name: values[-1] for name, values in query.items()}
    region = str(config["FunctionArn"]).split(":")[3]
    try:
        found = _secret(config, region, given) if path == PATHS[0] else _parameter(config, region, given)
    except Exception as error:  # whatever the service refuses
        return 400, f"operation error: {error}"
    return 200, {**{k: v for k, v in found.items() if k != "ResponseMetadata"}, "ResultMetadata": {}}


def _secret(config: Mapping[str, Any], region: str, given: Mapping[str, str]) -> dict[str, Any]:
    asked = {_OF_A_SECRET[name]: value for name, value in given.items() if name in _OF_A_SECRET}
    found: dict[str, Any] = _client(config, "secretsmanager", region).get_secret_value(**asked)
    return found


def _parameter(config: Mapping[str, Any], region: str, given: Mapping[str, str]) -> dict[str, Any]:
    selector = given.get("version") or given.get("label")
    name = f"{given.get('name', '')}:{selector}" if selector else given.get("name", "")
    decrypts = given.get("withDecryption", "").lower() == "true"
    found: dict[str, Any] = _client(config, "ssm", region).get_parameter(Name=name, WithDecryption=decrypts)
    return found


def _client(config: Mapping[str, Any], service: str, region: str) -> Any:
    from sealift.local.patches.clients import client_as  # patches know the gateway, which asks this module

    return client_as(config, service, region)


def written(value: object) -> str:
    """Return a body as it is sent."""
    return value if isinstance(value, str) else json.dumps(value, default=_text)


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _caller(token: str) -> dict[str, Any] | None:
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    for _, func in lambda_svc._functions.all_items():
        config: dict[str, Any] = func["config"]
        if token and lambda_runtime.execution_credentials(config)["AWS_SESSION_TOKEN"] == token:
            return config
    return None
