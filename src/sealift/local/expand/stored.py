"""Definitions and code that lie in stored files, which the emulator does not fetch or does not read."""

import json

from sealift.cfn.values import mapping_at, properties
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.openapi import parsed
from sealift.local.expand.shape import known, rewritten, with_properties
from sealift.model.template import Json

_STORED = "S3Location"


def graphql(body: Body, context: Context) -> Expanded:
    """Write schemas, code and templates of GraphQL APIs into the properties that hold them themselves."""

    def change(_logical_id: str, resource: Body) -> Body | None:
        read: dict[str, Json] = {}
        for name, value in properties(resource).items():
            where = known(value, body, context) if name.endswith(_STORED) else None
            data = context.read_blob(where.removeprefix("s3://").partition("/")[2]) if where else None
            if data is not None:
                read[name] = data.decode(errors="replace")
        texts = {name.removesuffix(_STORED): text for name, text in read.items()}
        return with_properties(resource, texts, without=tuple(read)) if read else None

    kinds = (f"AWS::AppSync::{kind}" for kind in ("GraphQLSchema", "Resolver", "FunctionConfiguration"))
    return Expanded(body=rewritten(body, change, *kinds))


def state_machine(body: Body, context: Context) -> Expanded:
    """Write YAML definitions of state machines into the template, as JSON: the emulator reads no other."""

    def change(_logical_id: str, resource: Body) -> Body | None:
        where = mapping_at(properties(resource).get("DefinitionS3Location"))
        key = known(where.get("Key"), body, context)
        data = context.read_blob(key) if key else None
        definition = None if data is None or data.lstrip().startswith(b"{") else parsed(data)
        if definition is None:
            return None
        text = json.dumps(definition, ensure_ascii=False, default=str)
        return with_properties(resource, {"DefinitionString": text}, without=("DefinitionS3Location",))

    return Expanded(body=rewritten(body, change, "AWS::StepFunctions::StateMachine"))
