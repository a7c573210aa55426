"""DEP-04: what is deployed is not what was declared: account, tags or role differ."""

from collections.abc import Iterator

from sealift.isolation.model import OUTSIDE, Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import TABLE
from sealift.isolation.world import Sealed, World


def check(world: World) -> Iterator[Finding]:
    """Yield live accounts and tags that differ from the declared ones."""
    for environment in world.environments:
        view = environment.view
        if view.live_account is not None and view.account not in (None, view.live_account):
            target = next((e.name for e in world.others(view.name) if e.view.account == view.live_account), OUTSIDE)
            yield _finding(environment, target, f"is declared in account {view.account}, but the credentials are of "
                        f"{view.live_account}", view.live_account)  # fmt: skip
        for stack in view.stacks:
            if stack.live_tags is None:
                continue
            for key, value in {**view.tags, **stack.tags}.items():
                live = stack.live_tags.get(key)
                if live is not None and live != value:
                    target = next((e.name for e in world.others(view.name) if e.view.tags.get(key) == live), OUTSIDE)
                    message = f"declares the tag {key}={value}, but its stack {stack.name} has {key}={live}"
                    yield _finding(environment, target, message, stack.name)


def _finding(environment: Sealed, target: str, message: str, resource: str) -> Finding:
    message = f"{environment.name} {message}."
    return RULE.finding(
        environment.name,
        message,
        target=target,
        witness=Witness(principal=environment.name, action="cloudformation:UpdateStack", resource=resource),
    )


RULE = Rule(
    id="DEP-04",
    title="Account, tags or role differ from what was declared",
    severity="critical",
    why="A deployment with the wrong credentials is staging in production's account.",
    fix="Use the credentials of the declared account, or declare the account that is meant.",
    failing=Example(
        template=TABLE, accounts=("111111111111", "222222222222"), only="staging",
        environment={"live_account": "222222222222"},
    ),
    passing=Example(
        template=TABLE, accounts=("111111111111", "222222222222"), only="staging",
        environment={"live_account": "111111111111"},
    ),
    check=check,
    live=True,
)  # fmt: skip
