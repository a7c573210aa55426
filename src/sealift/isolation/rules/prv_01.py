"""PRV-01: code of a stranger runs in an account with a permanent environment."""

from collections.abc import Iterator

from sealift.isolation.model import Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import World


def check(world: World) -> Iterator[Finding]:
    """Yield untrusted previews that share an account with a permanent environment."""
    for source in world.environments:
        if source.view.kind != "preview" or not source.view.untrusted:
            continue
        for target in world.shared_with(source.name):
            if target.view.kind == "permanent":
                message = f"The preview {source.name} runs code of an untrusted pull request in the account of "
                message += f"{target.name}."
                yield RULE.finding(
                    source.name,
                    message,
                    target=target.name,
                    witness=Witness(
                        principal=source.name, action="lambda:CreateFunction", resource=f"account of {target.name}"
                    ),
                )


RULE = Rule(
    id="PRV-01",
    title="An untrusted preview in production's account",
    severity="critical",
    why="A pull request can change template and code: its author gets the rights of its deployment.",
    fix="Deploy previews of untrusted pull requests to an account of their own, or not at all.",
    failing=Example(template=TABLE, environment={"kind": "preview", "untrusted": True}, only="staging"),
    passing=Example(
        template=TABLE, environment={"kind": "preview", "untrusted": True}, only="staging",
        accounts=("111111111111", "222222222222"),
    ),
    check=check,
)  # fmt: skip
