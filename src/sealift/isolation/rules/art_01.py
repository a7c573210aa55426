"""ART-01: two environments take their code from one bucket, and one may write to it."""

from collections.abc import Iterator

from sealift.isolation.decide import may
from sealift.isolation.model import Finding
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.world import Sealed, World

_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy", "s3:DeleteBucket")


def check(world: World) -> Iterator[Finding]:
    """Yield principals that may write to the bucket that another environment's code comes from."""
    for source in world.environments:
        for target in world.others(source.name):
            bucket = target.view.artifact_bucket
            if bucket is None or bucket != source.view.artifact_bucket:
                continue
            yield from _writers(world, source, target, bucket)


def _writers(world: World, source: Sealed, target: Sealed, bucket: str) -> Iterator[Finding]:
    term = f"arn:{source.setting.partition}:s3:::{bucket}"
    for principal in source.principals:
        for action in _WRITES:
            on = f"{term}/*" if action.endswith("Object") else term
            if may(principal.statements, action, on, limits=principal.limits):
                message = f"may write to {bucket}, which {target.name}'s code comes from."
                yield RULE.on_principal(
                    world, principal, message, action=action, resource=on.replace("*", "x"), target=target.name
                )
                break


_WRITE = "{Effect: Allow, Action: 's3:PutObject', Resource: 'arn:aws:s3:::shop-artifacts-BUCKET/*'}"
RULE = Rule(
    id="ART-01",
    title="A shared artifacts bucket that one environment can write to",
    severity="high",
    why="A role that can replace the code of production's next deployment needs no other access.",
    fix="Give each environment an artifacts bucket of its own.",
    failing=Example(
        template=role(_WRITE.replace("BUCKET", "all")), environment={"artifact_bucket": "shop-artifacts-all"}
    ),
    passing=Example(
        template=role(_WRITE.replace("BUCKET", "staging")),
        production=role(_WRITE.replace("BUCKET", "production")),
        environment={"artifact_bucket": "shop-artifacts-{env}"},
    ),
    check=check,
)
