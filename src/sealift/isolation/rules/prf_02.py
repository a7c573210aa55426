"""PRF-02: something of the live account could not be read, so nothing is proved of it."""

from collections.abc import Iterator

from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import World
from sealift.model.template import Json


def check(world: World) -> Iterator[Finding]:
    """Yield everything that could not be read, and, as residuals, declared roles that were not looked at."""
    yield from _undescribed(world)
    for environment in world.environments:
        for unread in environment.view.unread:
            place = next((s.location(unread.logical_id) for s in environment.scopes if unread.logical_id), None)
            message = f"Not proved for {environment.name}: {unread.what} could not be read. {unread.why}"
            yield RULE.finding(environment.name, message, location=place, unproved=True, logical_id=unread.logical_id)


def _undescribed(world: World) -> Iterator[Finding]:
    """Yield declared roles whose policies nobody has read: they stand in no template."""
    for environment in world.environments:
        known = {p.arn for p in environment.view.principals}
        for arn in environment.view.roles:
            if arn not in known and not environment.view.unread:
                message = f"What {arn} may do for {environment.name} is in no template; --live reads it."
                yield RULE.finding(environment.name, message, residual=True)


_UNREAD: Json = {"what": "the policies of the role Worker", "why": "AWS refused: AccessDenied on iam:GetRolePolicy."}
RULE = Rule(
    id="PRF-02",
    title="The live account could not be read",
    severity="high",
    why="An unread policy may contain anything. Sealift names what it could not read, and never ignores it.",
    fix="Allow the call for whoever runs `sealift prove --live`; it only reads.",
    failing=Example(template=TABLE, environment={"unread": [_UNREAD]}),
    passing=Example(template=TABLE, environment={"unread": []}),
    check=check,
    live=True,
)
