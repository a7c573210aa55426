"""Request validators: the emulator checks requests, but its CloudFormation never tells it to."""

import json
from types import ModuleType
from typing import Any

from sealift.local.patches.handlers import after


def request_validators(provisioners: ModuleType) -> None:
    """Let AWS::ApiGateway::RequestValidator and a method's RequestValidatorId take effect."""
    from ministack.services import apigateway_v1

    handlers: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS

    def create(logical_id: str, props: Any, _stack_name: str) -> Any:
        data = {
            "name": props.get("Name", logical_id),
            "validateRequestBody": _is_true(props.get("ValidateRequestBody")),
            "validateRequestParameters": _is_true(props.get("ValidateRequestParameters")),
        }
        answer = apigateway_v1._create_request_validator(props.get("RestApiId", ""), data)
        if answer[0] >= 400:
            raise ValueError(f"AWS::ApiGateway::RequestValidator create failed: {answer[2]!r}")
        made = json.loads(answer[2])["id"]
        return made, {"RequestValidatorId": made}

    def update(physical_id: str, old: Any, new: Any, stack_name: str) -> Any:
        del old
        delete(physical_id, new)
        return create(physical_id, new, stack_name)

    def delete(physical_id: str, props: Any) -> None:
        apigateway_v1._request_validators.get(props.get("RestApiId", ""), {}).pop(physical_id, None)

    def set_validator(_physical_id: str, props: Any) -> None:
        resource = apigateway_v1._resources.get(props.get("RestApiId", ""), {}).get(props.get("ResourceId", ""), {})
        stored = resource.get("resourceMethods", {}).get(props.get("HttpMethod", "ANY"))
        if stored is not None and props.get("RequestValidatorId"):
            stored["requestValidatorId"] = props["RequestValidatorId"]

    handlers["AWS::ApiGateway::RequestValidator"].update(create=create, update=update, delete=delete)
    after(provisioners, "AWS::ApiGateway::Method", set_validator)


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"
