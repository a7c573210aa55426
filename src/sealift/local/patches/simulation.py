"""IAM's simulation: the emulator looks at the first resource alone, and at neither boundaries, paths nor context.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterator
from html import escape
from typing import Any

_ABOUT = ("PolicySourceArn", "OpenIDConnectProviderArn")
_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}


def simulations() -> None:
    """Simulate each action on each resource, with the context that is given, within the principal's boundary."""
    from ministack.core import iam_actions
    from ministack.services import iam

    find = iam_actions.extract_resource_arn

    def found(service: str, *args: Any) -> Any:
        """Hold the request against the principal or the identity provider that it is about."""
        named = (one[key][0] for one in args if isinstance(one, dict) for key in _ABOUT if one.get(key))
        return (next(named, None) if service == "iam" else None) or find(service, *args)

    iam_actions.extract_resource_arn = found
    iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = _answer


def _answer(given: Any) -> Any:
    from ministack.core import iam_evaluator as iam
    from ministack.core.responses import get_account_id
    from ministack.services.iam import _error, _roles, _users, _xml

    source, account = str(_listed(given, "PolicySourceArn")[0]), get_account_id()
    kind, _, path = source.rpartition(":")[2].partition("/")
    name, store = path.rpartition("/")[2], {"role": _roles, "user": _users}.get(kind, {})
    if name not in store or store[name]["Arn"] != source:
        return _error(404, "NoSuchEntity", f"The {kind} with ARN {source} cannot be found.", ns="iam")
    gather = iam._gather_role_policies if kind == "role" else iam._gather_user_policies
    principal = (source, gather(name, account), *iam._permissions_boundary(store, name, account))
    context = {
        _listed(given, f"ContextEntries.member.{n}.ContextKeyName")[0].lower(): _listed(
            given, f"ContextEntries.member.{n}.ContextKeyValues"
        )[0]
        for n in _numbers(given, "ContextEntries.member.{}.ContextKeyName")
    }
    resources = _listed(given, "ResourceArns") or ["*"]
    results = "".join(
        f"<member><EvalActionName>{action}</EvalActionName>{_top(found)}<ResourceSpecificResults>{_each(found)}"
        "</ResourceSpecificResults></member>"
        for action in _listed(given, "ActionNames")
        for found in [{arn: _evaluated(principal, action, arn, context) for arn in resources}]
    )
    body = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
    whole = f"<SimulatePrincipalPolicyResult>{body}</SimulatePrincipalPolicyResult>"
    return _xml(200, "SimulatePrincipalPolicyResponse", whole, ns="iam")


def _numbers(given: Any, name: str) -> Iterator[int]:
    number = 1
    while name.format(number) in given:
        yield number
        number += 1


def _listed(given: Any, name: str) -> list[str]:
    if name in given:
        return list(given[name])
    return [given[f"{name}.member.{n}"][0] for n in _numbers(given, name + ".member.{}")]


def _evaluated(principal: Any, action: str, arn: str, context: dict[str, str]) -> tuple[str, bool, list[str]]:
    """Return the decision, whether the boundary allows it, and the condition keys without a value."""
    from ministack.core import iam_evaluator as iam
    from ministack.core.responses import get_account_id, get_region

    source, policies, *limits = principal
    asked = iam.EvalContext(
        principal_arn=source,
        principal_type="User",
        principal_account=get_account_id(),
        action=action,
        resource_arn=arn,
        region=get_region(),
        service_context={"aws:tagkeys": None, **context},
    )
    missing = {
        key
        for layer in (policies, *limits)
        for document in layer
        for one in document
        if iam._action_matches(action, one.actions, one.not_actions)
        and iam._resource_matches(arn, one.resources, one.not_resources)
        for keys in one.conditions.values()
        for key in keys
        if iam._resolve_condition_key(key, asked) is None
    }
    within = all(iam.evaluate(asked, layer).decision == "Allow" for layer in limits)
    decision = iam.evaluate(asked, policies, *limits).decision
    return _DECISIONS.get(decision, "implicitDeny"), within, sorted(missing)


def _top(found: dict[str, tuple[str, bool, list[str]]]) -> str:
    decisions = [one[0] for one in found.values()]
    worst = next(d for d in ("explicitDeny", "implicitDeny", "allowed") if d in decisions)
    return f"<EvalResourceName>*</EvalResourceName><EvalDecision>{worst}</EvalDecision>"


def _each(found: dict[str, tuple[str, bool, list[str]]]) -> str:
    return "".join(
        f"<member><EvalResourceName>{escape(arn)}</EvalResourceName>"
        f"<EvalResourceDecision>{decision}</EvalResourceDecision>"
        f"<MissingContextValues>{''.join(f'<member>{escape(key)}</member>' for key in missing)}</MissingContextValues>"
        "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
        f"{str(within).lower()}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>"
        for arn, (decision, within, missing) in found.items()
    )
