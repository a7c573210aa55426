"""Weighted aliases: the emulator stores the weights and sends all traffic to one version."""

import contextvars
import random
from collections.abc import Callable
from typing import Any


def weighted_aliases() -> None:
    """Send the share of invocations that an alias's RoutingConfig says to its other version."""
    from ministack.services import lambda_svc

    invoking: contextvars.ContextVar[bool] = contextvars.ContextVar("invoking", default=False)
    resolve, by_ref, in_scope, invoke = (
        lambda_svc._effective_func_record_for_qualifier,
        lambda_svc._get_func_record_for_ref,
        lambda_svc._get_func_record_for_ref_in_scope,
        lambda_svc._invoke,
    )

    def picking(lookup: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            token = invoking.set(True)
            try:
                return lookup(*args, **kwargs)
            finally:
                invoking.reset(token)

        return wrapped

    def resolved(func: Any, qualifier: str | None) -> Any:
        picked = _picked(func, qualifier) if invoking.get() else None
        return resolve(func, picked or qualifier)

    async def invoked(
        name: str, event: Any, headers: Any, path_qualifier: str | None = None, query_params: Any = None
    ) -> Any:
        asked = path_qualifier or ((query_params or {}).get("Qualifier") or [None])[0]
        picked = _picked(lambda_svc._functions.get(name), asked)
        return await invoke(name, event, headers, picked or path_qualifier, query_params)

    lambda_svc._effective_func_record_for_qualifier = resolved
    lambda_svc._get_func_record_for_ref = picking(by_ref)
    lambda_svc._get_func_record_for_ref_in_scope = picking(in_scope)
    lambda_svc._invoke = invoked


def _picked(func: Any, qualifier: str | None) -> str | None:
    """Return the version that the weights of an alias choose this time; None to leave the choice as it is."""
    alias = (func or {}).get("aliases", {}).get(qualifier) or {}
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    point = random.random()
    for version, weight in weights.items():
        point -= float(weight)
        if point < 0:
            return str(version)
    return None
