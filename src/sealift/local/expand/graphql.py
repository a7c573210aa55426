"""GraphQL APIs: schemas, code and templates that are stored beside the template, which the emulator does not fetch."""

from sealift.cfn.values import properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known, with_properties, with_resources
from sealift.model.template import Json

_STORED = "S3Location"


def graphql(body: Body, context: Context) -> Expanded:
    """Write what stands in stored files into the properties that hold it themselves."""
    changed: dict[str, Json] = {}
    for kind in ("GraphQLSchema", "Resolver", "FunctionConfiguration"):
        for logical_id, resource in resources(body, f"AWS::AppSync::{kind}"):
            read: dict[str, Json] = {}
            for name, value in properties(resource).items():
                where = known(value, body, context) if name.endswith(_STORED) else None
                data = context.read_blob(where.removeprefix("s3://").partition("/")[2]) if where else None
                if data is not None:
                    read[name] = data.decode(errors="replace")
            if read:
                texts = {name.removesuffix(_STORED): text for name, text in read.items()}
                changed[logical_id] = with_properties(resource, texts, without=tuple(read))
    return Expanded(body=with_resources(body, changed))
