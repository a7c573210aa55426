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

    root = os.environ["AWS_ACCESS_KEY_ID"]
    resolve, enforce = iam_evaluator.resolve_principal, iam_evaluator.enforce
    of_service: contextvars.ContextVar[str] = contextvars.ContextVar("of_service", default="")

    def enforced(access_key_id: str, iam_action: str, service: str, *more: Any, **named: Any) -> Any:
        token = of_service.set(service)
        try:
            return enforce(access_key_id, iam_action, service, *more, **named)
        finally:
            of_service.reset(token)

    def resolved(access_key_id: str, account_id: str, *more: Any) -> Any:
        if access_key_id:
            return resolve(access_key_id, account_id, *more)
        # API Gateway and function URLs look at their callers themselves.
        policies: list[Any] | None = [] if of_service.get() == "s3" else None
        return iam_evaluator.PrincipalInfo(arn="anonymous", type="Anonymous", account=account_id, policies=policies)

    iam_evaluator.is_root_access_key = lambda access_key_id: access_key_id == root
    iam_evaluator._is_root_key = lambda _access_key_id: False
    iam_evaluator.resolve_principal = resolved
    iam_evaluator.enforce = enforced
