"""Why a stack failed: the first real cause among its events, not the cascade that follows it."""

from collections.abc import Sequence

from sealift.model.stack import StackEvent

_CASCADE = (
    "Resource creation cancelled",
    "Resource update cancelled",
    "The following resource(s) failed",
)


def first_cause(events: Sequence[StackEvent]) -> StackEvent | None:
    """Return the first failure (oldest first) that is neither a cancellation nor a stack that reports its parts."""
    failed = [e for e in events if e.status.endswith("_FAILED")]
    own = [e for e in failed if not e.reason.startswith(_CASCADE) and "cancelled" not in e.reason.lower()]
    deepest = [e for e in own if e.type != "AWS::CloudFormation::Stack"]
    return next(iter(deepest or own or failed), None)
