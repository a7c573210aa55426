"""PRB-01: what a role could really do is not what the proof says of it."""

from collections.abc import Iterator

from sealift.isolation.model import Attempted, Finding, Witness
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._predicted import may_reach
from sealift.isolation.rules._snippets import role
from sealift.isolation.world import Sealed, World
from sealift.model.template import Json

DENIED_FIX = "Nothing to fix: a condition, a guardrail or a boundary denied what the proof could not rule out."


def check(world: World) -> Iterator[Finding]:
    """Yield every attempt whose outcome differs from what the proof says."""
    for environment in world.environments:
        for attempted in environment.view.attempted:
            if attempted.target == environment.name or attempted.target not in world.by_name:
                continue
            expected = may_reach(world, environment, attempted)
            if attempted.outcome == "allowed" and not expected:
                yield _finding(world, environment, attempted, through=True)
            elif attempted.outcome == "denied" and expected:
                yield _finding(world, environment, attempted, through=False)


def _finding(world: World, environment: Sealed, attempted: Attempted, *, through: bool) -> Finding:
    scope = next((s for s in environment.scopes if s.path == attempted.stack), None)
    shown = scope.origin(attempted.role) if scope else attempted.role
    what = attempted.logical_id or "the stack itself"
    told = (
        f"was not denied {attempted.action} on {what} of {attempted.target} (the answer: {attempted.detail}), which "
        "the proof says it cannot reach"
        if through
        else f"was denied {attempted.action} on {what} of {attempted.target}, which the proof could not rule out"
    )
    principal = next(
        (p.arn for p in environment.principals if p.logical_id == attempted.role and p.scope is scope), attempted.role
    )
    message = f"{shown} of {environment.name} {told}."
    return RULE.finding(
        environment.name,
        message,
        target=attempted.target,
        severity="critical" if through else "info",
        witness=Witness(
            principal=world.symbols.concrete(principal), action=attempted.action, resource=attempted.resource
        ),
        location=scope.location(attempted.role) if scope else None,
        fix=RULE.fix if through else DENIED_FIX,
        logical_id=attempted.role,
    )


def _attempt(outcome: str) -> Json:
    return {
        "stack": "app-{env}",
        "role": "Role",
        "action": "dynamodb:GetItem",
        "target": "{other}",
        "target_stack": "app-{other}",
        "logical_id": "Orders",
        "resource": "app-{other}-Orders-1A2B",
        "outcome": outcome,
        "detail": "ValidationException",
    }


_TEMPLATE = role("{Effect: Allow, Action: 'dynamodb:GetItem', Resource: {'Fn::GetAtt': [Orders, Arn]}}")
RULE = Rule(
    id="PRB-01",
    title="A runtime probe contradicts the proof",
    severity="critical",
    why="The proof reads policies; a probe asks IAM itself. If they differ, one of them is wrong.",
    fix="Check with `sealift prove --live` what is in force; if that has no finding, report it as a fault of the "
    "prover.",
    failing=Example(template=_TEMPLATE, environment={"attempted": [_attempt("allowed")]}),
    passing=Example(template=_TEMPLATE, environment={"attempted": [_attempt("denied")]}),
    check=check,
    live=True,
)
