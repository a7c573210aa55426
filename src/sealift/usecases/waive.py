"""Waive: allow one dangerous change on one release, once, with a reason that is recorded."""

from dataclasses import dataclass

from sealift.errors import UserError
from sealift.model import records
from sealift.model.app import App, Environment
from sealift.model.ledger import Entry
from sealift.usecases.admission import require_decider
from sealift.usecases.services import Services
from sealift.usecases.site import open_site
from sealift.usecases.store import full_digest
from sealift.usecases.writing import Operation, caller_of, check_account, check_gates, writing

DIGEST_LENGTH = 64
_RULES = """
data-removed data-replaced data-left-behind stack-left-behind identity-removed identity-replaced protection-off
policy-weakened index-lost drifted rollback-skipped
"""
RULES = tuple(_RULES.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What is allowed: `<stack>/<LogicalId>:<rule>` on this release, as the refusal printed it.

    `release` may be the beginning of a digest that the environment's bucket holds.
    """

    key: str
    release: str
    reason: str


def waive(app: App, environment: Environment, services: Services, waiver: Waiver) -> Entry:
    """Record the waiver in the environment's ledger; the next deployment of that release uses it up."""
    resource, _, rule = waiver.key.rpartition(":")
    if not resource or rule not in RULES:
        raise UserError(
            f'"{waiver.key}" names no change that can be waived',
            code="waiver-key",
            hint="Copy it from the refusal: <stack>/<LogicalId>:<rule>.",
        )
    if len(waiver.reason.strip()) < 5:
        raise UserError("A waiver needs a reason", code="waiver-reason", hint="Say why with --reason.")
    site = open_site(app, environment, services)
    check_account(site)
    check_gates(site)
    require_decider(environment, services)
    release = waiver.release if len(waiver.release) == DIGEST_LENGTH else full_digest(waiver.release, site.cloud)
    operation = Operation(id=services.ids.new(), kind="waiver", release=release, commit=None)
    with writing(site, purpose="waiver") as writer:
        return writer.record(
            operation, "succeeded", records.Waiver(waives=waiver.key, reason=waiver.reason, caller=caller_of(site))
        )
