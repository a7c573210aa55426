"""GraphQL APIs: the emulator's CloudFormation makes no functions, so that every pipeline lacks its parts."""

import json
from types import ModuleType
from typing import Any


def pipeline_functions(provisioners: ModuleType) -> None:
    """Let AWS::AppSync::FunctionConfiguration make a function that resolvers run."""
    from ministack.services import appsync

    def given(props: Any) -> dict[str, Any]:
        without = ("ApiId", "CodeS3Location", "RequestMappingTemplateS3Location", "ResponseMappingTemplateS3Location")
        return {
            name[:1].lower() + name[1:]: provisioners._pascal_to_camel(value)
            for name, value in props.items()
            if name not in without
        }

    def made(answer: Any, api: str, props: Any) -> Any:
        if answer[0] >= 400:
            raise ValueError(f"AWS::AppSync::FunctionConfiguration: {answer[2]!r}")
        number = json.loads(answer[2])["functionConfiguration"]["functionId"]
        attributes = provisioners._appsync_function_attributes(api, number, props)
        return attributes["FunctionArn"], attributes

    def create(_logical_id: str, props: Any, _stack_name: str) -> Any:
        api = props.get("ApiId", "")
        return made(appsync._create_function(api, given(props)), api, props)

    def update(physical_id: str, old: Any, new: Any, stack_name: str) -> Any:
        api = new.get("ApiId", "")
        if api != old.get("ApiId"):
            return create("", new, stack_name)
        return made(appsync._update_function(api, physical_id.rpartition("/")[2], given(new)), api, new)

    def delete(physical_id: str, props: Any) -> None:
        appsync._delete_function(props.get("ApiId", ""), physical_id.rpartition("/")[2])

    kind = "AWS::AppSync::FunctionConfiguration"
    provisioners._RESOURCE_HANDLERS[kind] = {"create": create, "update": update, "delete": delete}
