"""State machines whose definition is a stored YAML file: the emulator reads stored definitions as JSON only."""

import json

from sealift.cfn.values import mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.openapi import parsed
from sealift.local.expand.shape import known, with_properties, with_resources
from sealift.model.template import Json


def state_machine(body: Body, context: Context) -> Expanded:
    """Write YAML definitions that the release carries into the template, as JSON."""
    changed: dict[str, Json] = {}
    for logical_id, resource in resources(body, "AWS::StepFunctions::StateMachine"):
        where = mapping_at(properties(resource).get("DefinitionS3Location"))
        key = known(where.get("Key"), body, context)
        data = context.read_blob(key) if key else None
        if data is None or data.lstrip().startswith(b"{"):
            continue
        definition = parsed(data)
        if definition is not None:
            text: Json = json.dumps(definition, ensure_ascii=False, default=str)
            changed[logical_id] = with_properties(
                resource, {"DefinitionString": text}, without=("DefinitionS3Location",)
            )
    return Expanded(body=with_resources(body, changed))
