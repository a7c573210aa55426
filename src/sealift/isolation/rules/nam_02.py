"""NAM-02: one stack's name is the beginning of another's."""

from collections.abc import Iterator

from sealift.isolation.model import Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield every ordered pair of environments in one account with such stack names."""
    for source in world.environments:
        for target in world.shared_with(source.name):
            for mine in source.view.stacks:
                for theirs in target.view.stacks:
                    if theirs.name.startswith(f"{mine.name}-"):
                        message = f"{mine.name}-* of {source.name} also names what {theirs.name} of {target.name} owns."
                        yield RULE.finding(
                            source.name,
                            message,
                            target=target.name,
                            witness=Witness(principal=mine.name, action="names", resource=f"{theirs.name}-*"),
                        )


RULE = Rule(
    id="NAM-02",
    title="A stack name is the beginning of another one",
    severity="medium",
    why="Permissions are written as ${AWS::StackName}-*. With app-prod and app-prod-eu, the first one's also name the "
    "second one's resources.",
    fix="Rename one stack so that no name is another's name and a hyphen.",
    failing=Example(template=TABLE, stack_name="app-prod|app-prod-eu"),
    passing=Example(template=TABLE),
    check=check,
)
