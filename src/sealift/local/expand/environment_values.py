"""Environment variables of functions become text, as CloudFormation makes them; the emulator fails at invoke else."""

from sealift.cfn.values import mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import with_properties, with_resources
from sealift.model.template import Json


def environment_values(body: Body, context: Context) -> Expanded:
    """Write numbers and booleans of `Environment.Variables` as text."""
    del context
    changed: dict[str, Json] = {}
    for logical_id, resource in resources(body, "AWS::Lambda::Function"):
        environment = mapping_at(properties(resource).get("Environment"))
        variables = environment.get("Variables")
        if isinstance(variables, dict) and any(_is_bare(v) for v in variables.values()):
            texts: Body = {k: as_text(v) if _is_bare(v) else v for k, v in variables.items()}
            changed[logical_id] = with_properties(resource, {"Environment": {**environment, "Variables": texts}})
    return Expanded(body=with_resources(body, changed))


def as_text(value: Json) -> str:
    """Return a scalar as CloudFormation passes it on."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_bare(value: Json) -> bool:
    return isinstance(value, bool | int | float)
