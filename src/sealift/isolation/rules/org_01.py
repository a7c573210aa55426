"""ORG-01: no organization policy limits the account to its own resources."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield environments whose account was read and has no perimeter."""
    for environment in world.environments:
        if environment.view.perimeter is False:
            message = f"No SCP or RCP keeps the account of {environment.name} to its own resources."
            yield RULE.finding(environment.name, message, target=OUTSIDE)


RULE = Rule(
    id="ORG-01",
    title="No perimeter around the account",
    severity="low",
    why="A perimeter holds when a template or a person errs: nothing in the account can undo it.",
    fix="Add a resource control policy that denies access from outside the organization, or from other accounts.",
    failing=Example(template=TABLE, environment={"perimeter": False}),
    passing=Example(template=TABLE, environment={"perimeter": True}),
    check=check,
    live=True,
)
