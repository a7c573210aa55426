"""DEP-05: a deployment may adopt what another environment owns."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_symbol, intersects, is_wild
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield explicit names in stacks that import what exists, which another environment has or may have."""
    for source in world.environments:
        for entry in source.owned:
            if not entry.scope.view.import_existing or not entry.explicit or not entry.logical_id:
                continue
            for other in world.shared_with(source.name):
                met = next((o for o in other.owned if o.explicit and _same(entry.term, o.term)), None)
                if met is not None:
                    message = f"Deploying {source.name} would adopt {met.logical_id} of {other.name}: it imports "
                    message += "existing resources by name."
                    yield RULE.on_resource(
                        entry.scope,
                        entry.logical_id,
                        message,
                        target=other.name,
                        principal=f"stack {entry.scope.view.name}",
                        action="cloudformation:CreateChangeSet",
                        resource=world.symbols.concrete(entry.term),
                    )


def _same(left: str, right: str) -> bool:
    if has_symbol(left) or has_symbol(right):
        return False
    return left == right or ((is_wild(left) or is_wild(right)) and intersects(left, right))


RULE = Rule(
    id="DEP-05",
    title="ImportExistingResources adopts another environment's resource",
    severity="critical",
    why="With it, an existing name is no failure: CloudFormation imports the resource into this stack.",
    fix="Do not import existing resources where names are fixed, or build the names from ${AWS::StackName}.",
    failing=Example(template=resource("AWS::DynamoDB::Table", "{TableName: orders}"), stack={"import_existing": True}),
    passing=Example(
        template=resource("AWS::DynamoDB::Table", "{TableName: {'Fn::Sub': '${AWS::StackName}-orders'}}"),
        stack={"import_existing": True},
    ),
    check=check,
)
