"""Request validators: the emulator checks requests, but its CloudFormation never tells it to."""

import json
from types import ModuleType
from typing import Any


def request_validators(provisioners: ModuleType) -> None:
    """Let AWS::ApiGateway::RequestValidator and a method's RequestValidatorId take effect."""
    from ministack.services import apigateway_v1

    handlers: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
    validator, method = handlers["AWS::ApiGateway::RequestValidator"], handlers["AWS::ApiGateway::Method"]
    create_method, update_method = method["create"], method["update"]

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

    def set_validator(props: Any) -> None:
        resource = apigateway_v1._resources.get(props.get("RestApiId", ""), {}).get(props.get("ResourceId", ""), {})
        stored = resource.get("resourceMethods", {}).get(props.get("HttpMethod", "ANY"))
        if stored is not None and props.get("RequestValidatorId"):
            stored["requestValidatorId"] = props["RequestValidatorId"]

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        answer = create_method(logical_id, props, stack_name)
        set_validator(props)
        return answer

    def updated(physical_id: str, old: Any, new: Any, stack_name: str) -> Any:
        answer = update_method(physical_id, old, new, stack_name)
        set_validator(new)
        return answer

    validator.update(create=create, update=update, delete=delete)
    method.update(create=created, update=updated)


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"
