"""What a principal may do, as IAM's own simulation says."""

from typing import Literal

from sealift.model.values import value

Decision = Literal["allowed", "explicitDeny", "implicitDeny"]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html"""


@value
class Permission:
    """An action of IAM on a resource."""

    action: str
    """`service:Name`."""
    resource: str
    """An ARN, of something that need not exist; `*` where IAM knows none."""


@value
class Simulated:
    """The result for one permission."""

    permission: Permission
    decision: Decision
    undecided: tuple[str, ...] = ()
    """Condition keys that the policies ask for and the simulation had no value of: the decision may be another one."""
    outside_boundary: bool = False
    """Whether the principal's permissions boundary does not allow it."""
    forbidden_by_organization: bool = False
    """Whether a service control policy over the account does not allow it."""

    @property
    def allowed(self) -> bool:
        """Whether IAM would allow it."""
        return self.decision == "allowed"
