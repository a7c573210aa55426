"""The account gate: the credentials in use belong to the accounts that are declared."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.writing import check_account


def account(entering: Entering) -> GateResult:
    """Return whether the credentials belong to the declared accounts of the environment and of its source."""
    for site in (entering.source, entering.site):
        if site is not None:
            check_account(site)
    return GateResult(gate="account", status="open", message="the credentials are of the declared account")
