"""Resource types that the emulator's services have, and that its CloudFormation lacks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Type:
    """How a type is made by the functions of a service, which take and return what its API does."""

    service: str
    create: str
    delete: str
    takes: Callable[[Given, str], tuple[Any, ...]]
    """Its properties, and a name of its own, as the arguments of `create`."""
    names: Callable[[Given, Given], str]
    """Its properties with a name, and the answer of `create`, as what `Ref` gives."""
    leaves: Callable[[Given, str], tuple[Any, ...]]
    """Its properties, and what `Ref` gives, as the arguments of `delete`."""
    attributes: Mapping[str, str]
    """For each attribute the key of the answer; an empty key is what `Ref` gives."""


def more_types(provisioners: ModuleType) -> None:
    """Let templates make every type of `TYPES`."""
    for kind, type_ in TYPES.items():
        provisioners._RESOURCE_HANDLERS[kind] = _handler(type_, provisioners._physical_name)


def _handler(type_: _Type, name_of: Callable[..., str]) -> dict[str, Any]:
    service = import_module(f"ministack.services.{type_.service}")

    def create(logical_id: str, props: Any, stack_name: str) -> Any:
        name = str(props.get("Name") or name_of(stack_name, logical_id, max_len=64))
        status, _headers, body = getattr(service, type_.create)(*type_.takes(props, name))
        if status >= 400:
            raise ValueError(body.decode(errors="replace") if isinstance(body, bytes) else str(body))
        answer = json.loads(body) if body and not body.startswith(b"<") else {}
        found = type_.names({**props, "Name": name}, answer)
        return found, {key: answer.get(of) if of else found for key, of in type_.attributes.items()}

    def delete(physical_id: str, props: Any) -> None:
        getattr(service, type_.delete)(*type_.leaves(props, physical_id))

    def update(physical_id: str, old: Any, new: Any, stack_name: str, logical_id: str | None = None) -> Any:
        delete(physical_id, old)
        return create(logical_id or physical_id, new, stack_name)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def _lowered(given: Given, *without: str) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in given.items() if name not in without}


def _routing(given: Given) -> list[dict[str, Any]]:
    """Return to which version an alias of a state machine leads: at once, there is no gradual deployment."""
    gradual = given.get("DeploymentPreference") or {}
    if gradual:
        return [{"stateMachineVersionArn": gradual.get("StateMachineVersionArn"), "weight": 100}]
    return [_lowered(one) for one in given.get("RoutingConfiguration") or []]


def _mail(template: Given, name: str) -> dict[str, list[str]]:
    parts = {"TemplateName": name, **template}
    return {f"Template.{key}": [str(value)] for key, value in parts.items()}


def _last(physical_id: str) -> str:
    return str(physical_id).rpartition("/")[2]


TYPES: Mapping[str, _Type] = {
    "AWS::ApiGatewayV2::RouteResponse": _Type(
        service="apigateway",
        create="_create_route_response",
        delete="_delete_route_response",
        takes=lambda given, _: (given["ApiId"], _last(given["RouteId"]), _lowered(given, "ApiId", "RouteId")),
        names=lambda _, answer: str(answer["routeResponseId"]),
        leaves=lambda given, name: (given["ApiId"], _last(given["RouteId"]), name),
        attributes={"RouteResponseId": ""},
    ),
    "AWS::ApiGatewayV2::IntegrationResponse": _Type(
        service="apigateway",
        create="_create_integration_response",
        delete="_delete_integration_response",
        takes=lambda given, _: (
            given["ApiId"], _last(given["IntegrationId"]), _lowered(given, "ApiId", "IntegrationId")
        ),
        names=lambda _, answer: str(answer["integrationResponseId"]),
        leaves=lambda given, name: (given["ApiId"], _last(given["IntegrationId"]), name),
        attributes={"IntegrationResponseId": ""},
    ),
    "AWS::Cognito::UserPoolUser": _Type(
        service="cognito",
        create="_admin_create_user",
        delete="_admin_delete_user",
        takes=lambda given, name: ({"Username": name, **given},),
        names=lambda _, answer: str(answer["User"]["Username"]),
        leaves=lambda given, name: ({"UserPoolId": given["UserPoolId"], "Username": name},),
        attributes={},
    ),
    "AWS::Cognito::UserPoolUserToGroupAttachment": _Type(
        service="cognito",
        create="_admin_add_user_to_group",
        delete="_admin_remove_user_from_group",
        takes=lambda given, _: (given,),
        names=lambda given, _: "|".join(str(given[key]) for key in ("UserPoolId", "GroupName", "Username")),
        leaves=lambda given, _: (given,),
        attributes={},
    ),
    "AWS::Events::ApiDestination": _Type(
        service="eventbridge",
        create="_create_api_destination",
        delete="_delete_api_destination",
        takes=lambda given, name: ({**given, "Name": name},),
        names=lambda given, _: str(given["Name"]),
        leaves=lambda _, name: ({"Name": name},),
        attributes={"Arn": "ApiDestinationArn", "ArnForPolicy": "ApiDestinationArn"},
    ),
    "AWS::Events::Connection": _Type(
        service="eventbridge",
        create="_create_connection",
        delete="_delete_connection",
        takes=lambda given, name: ({**given, "Name": name},),
        names=lambda given, _: str(given["Name"]),
        leaves=lambda _, name: ({"Name": name},),
        attributes={"Arn": "ConnectionArn", "ArnForPolicy": "ConnectionArn", "SecretArn": "ConnectionArn"},
    ),
    "AWS::Kinesis::StreamConsumer": _Type(
        service="kinesis",
        create="_register_consumer",
        delete="_deregister_consumer",
        takes=lambda given, _: (given,),
        names=lambda _, answer: str(answer["Consumer"]["ConsumerARN"]),
        leaves=lambda _, name: ({"ConsumerARN": name},),
        attributes={"ConsumerARN": ""},
    ),
    "AWS::SES::Template": _Type(
        service="ses",
        create="_create_template",
        delete="_delete_template",
        takes=lambda given, name: (_mail(given["Template"], name),),
        names=lambda given, _: str(given["Template"].get("TemplateName") or given["Name"]),
        leaves=lambda _, name: ({"TemplateName": [name]},),
        attributes={"Id": ""},
    ),
    "AWS::StepFunctions::Activity": _Type(
        service="stepfunctions",
        create="_create_activity",
        delete="_delete_activity",
        takes=lambda _, name: ({"name": name},),
        names=lambda _, answer: str(answer["activityArn"]),
        leaves=lambda _, name: ({"activityArn": name},),
        attributes={"Arn": ""},
    ),
    "AWS::StepFunctions::StateMachineAlias": _Type(
        service="stepfunctions",
        create="_create_state_machine_alias",
        delete="_delete_state_machine_alias",
        takes=lambda given, name: ({"name": name, "routingConfiguration": _routing(given)},),
        names=lambda _, answer: str(answer["stateMachineAliasArn"]),
        leaves=lambda _, name: ({"stateMachineAliasArn": name},),
        attributes={"Arn": ""},
    ),
    "AWS::StepFunctions::StateMachineVersion": _Type(
        service="stepfunctions",
        create="_publish_state_machine_version",
        delete="_delete_state_machine_version",
        takes=lambda given, _: ({"stateMachineArn": given["StateMachineArn"]},),
        names=lambda _, answer: str(answer["stateMachineVersionArn"]),
        leaves=lambda _, name: ({"stateMachineVersionArn": name},),
        attributes={"Arn": ""},
    ),
}  # fmt: skip
"""What is made beyond the emulator's own types. Who writes a type here adds it to `known_types`, too."""
