"""Who may call: the emulator takes any account number, `test` and the right key with a wrong secret for its root.

Its own checks of signatures are used for the root, too. Who does not sign has of S3 what bucket policies give to all.
"""

import contextvars
import os
from typing import Any


def own_credentials() -> None:
    """Know one root key, check its signatures, and give nothing to a caller without a key.

    Has to come first: modules of the emulator take copies of what it replaces.
    """
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id

    root = os.environ["AWS_ACCESS_KEY_ID"]
    resolve, enforce = iam_evaluator.resolve_principal, iam_evaluator.enforce
    identity_of = iam_evaluator.resolve_caller_identity
    looks_itself: contextvars.ContextVar[bool] = contextvars.ContextVar("looks_itself", default=True)

    def enforced(access_key_id: str, iam_action: str, service: str, *more: Any, **named: Any) -> Any:
        # API Gateway and function URLs look at their callers themselves; so does S3 at who writes an object, because a
        # form of a browser (presigned POST) holds its signature in its fields.
        token = looks_itself.set(service != "s3" or iam_action == "s3:PutObject")
        try:
            found = enforce(access_key_id, iam_action, service, *more, **named)
        finally:
            looks_itself.reset(token)
        return None if iam_action == "sts:AssumeRole" and _is_trusted(found) else found

    def resolved(access_key_id: str, account_id: str, *more: Any) -> Any:
        if access_key_id:
            return resolve(access_key_id, account_id, *more)
        policies: list[Any] | None = None if looks_itself.get() else []
        return iam_evaluator.PrincipalInfo(arn="anonymous", type="Anonymous", account=account_id, policies=policies)

    def caller(access_key_id: str) -> Any:
        if access_key_id != root:
            return identity_of(access_key_id)
        account = get_account_id()
        known = {"accessKey": root, "accountId": account, "userId": account, "userArn": f"arn:aws:iam::{account}:root"}
        return {**known, "principalOrgId": None, "session": None}

    iam_evaluator.resolve_caller_identity = caller
    iam_evaluator.is_root_access_key = lambda access_key_id: access_key_id == root
    iam_evaluator._is_root_key = lambda _access_key_id: False
    iam_evaluator.resolve_principal = resolved
    iam_evaluator.enforce = enforced


def _is_trusted(refusal: Any) -> bool:
    """Say whether a role names the caller as one to trust, who needs no right of his own then.

    The emulator looks at the role's trust itself, later; here it would refuse before.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
    """
    from ministack.services import iam

    if getattr(refusal, "decision", "") != "ImplicitDeny":
        return False
    role = str(refusal.principal_arn).split("/")[1:2]
    named = iam._roles.get(role[0]) if role else None
    return named is not None and any(
        named["Arn"] in str(one["AssumeRolePolicyDocument"]) for one in iam._roles.values()
    )
