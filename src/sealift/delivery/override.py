"""Which closed gates a person may pass nevertheless, and with what kind of reason. Pure."""

from collections.abc import Iterable

from sealift.delivery.gates import GateResult
from sealift.model.values import value

NOT_YET = ("window", "soak")
"""Gates that say *not yet*. *Not this* stays: release, branch, verified, health, approval, isolation, data."""
NOT_KNOWN = ("reproduced", "anchored", "newer", "evidence")
"""Gates that compare with what is known, and that stay closed for good when that is lost."""
OVERRIDABLE = (*NOT_YET, *NOT_KNOWN)
SHORTEST_REASON = 10


@value
class Override:
    """Closed gates that are passed, with the reason."""

    gates: frozenset[str] = frozenset()
    reason: str = ""

    def covers(self, result: GateResult) -> bool:
        """Return whether this closed gate may be passed."""
        closed = result.status == "waiting" or result.gate in NOT_KNOWN
        return result.gate in self.gates and result.gate in OVERRIDABLE and closed


def override_problem(wanted: Iterable[str], reason: str) -> str:
    """Return why these gates cannot be overridden with this reason; empty when they can."""
    stubborn = sorted(set(wanted) - set(OVERRIDABLE))
    if stubborn:
        return f"{', '.join(stubborn)} cannot be overridden; {', '.join(OVERRIDABLE)} can"
    if len(reason.strip()) < SHORTEST_REASON:
        return f"an override needs a reason of at least {SHORTEST_REASON} characters"
    return ""
