"""REF-06: one secret has the same value in two environments."""

from collections.abc import Iterator

from sealift.isolation.model import Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield secrets whose salted hashes are equal."""
    for left, right in world.pairs():
        theirs = {digest: name for name, digest in right.view.secret_digests.items()}
        for name, digest in left.view.secret_digests.items():
            if digest in theirs:
                message = f"Secret {name} of {left.name} and {theirs[digest]} of {right.name} have one value."
                yield RULE.finding(
                    left.name,
                    message,
                    target=right.name,
                    witness=Witness(principal=name, action="has the value of", resource=theirs[digest]),
                )


RULE = Rule(
    id="REF-06",
    title="The same secret value in two environments",
    severity="medium",
    why="Whoever learns staging's password has production's.",
    fix="Give each environment credentials of its own.",
    failing=Example(template=TABLE, environment={"secret_digests": {"app-{env}/key": "3f2a"}}),
    passing=Example(template=TABLE, environment={"secret_digests": {"app-{env}/key": "{env}"}}),
    check=check,
    live=True,
)
