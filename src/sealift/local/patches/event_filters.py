"""Filters of event sources: the emulator knows a few of the operators, and its EventBridge knows all."""

import json
from functools import cache
from typing import Any


def event_filters() -> None:
    """Match records as events are matched: the two take the same patterns.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
    """
    from ministack.services import eventbridge, lambda_svc

    @cache
    def compiled(pattern: str) -> Any:
        return eventbridge._compile_pattern(json.loads(pattern))

    def matches(record: Any, pattern: Any) -> bool:
        return any(eventbridge._matches_detail(record, one) for one in compiled(json.dumps(pattern)))

    lambda_svc._match_esm_filter = matches
