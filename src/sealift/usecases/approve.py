"""Approve a release for an environment that requires approvals. The approval is recorded in its ledger.

What is approved is the release with the configuration that it would get: when that changes, it is approved anew.
"""

from dataclasses import dataclass, replace

from sealift.delivery.approval import Subject, approval_gate
from sealift.delivery.gates import GateResult
from sealift.delivery.history import approvals, authors
from sealift.errors import UserError
from sealift.model.app import App, Environment
from sealift.model.ledger import Entry
from sealift.model.records import Approval
from sealift.usecases.admission import require_decider
from sealift.usecases.deploy import plan_deployment
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.store import full_digest, stored_release
from sealift.usecases.writing import (
    Operation,
    caller_of,
    check_account,
    check_gates,
    gates_record,
    writing,
)

_ASKED_EACH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The entry of an approval, and what the gate says with it."""

    entry: Entry
    gate: GateResult


def approve(app: App, environment: Environment, services: Services, *, release: str, reason: str) -> Approved:
    """Record an approval of the release whose digest starts with `release`; the release must be in the source."""
    source = app.environment(environment.promotes_from or "")
    if source is None or not environment.approvals:
        raise UserError(
            f"{environment.name} needs no approval",
            code="approval-needless",
            hint=f"Set `approval = true` under [environments.{environment.name}] when it should.",
        )
    from_site, site = open_site(app, source, services), open_site(app, environment, services)
    digest = full_digest(release, from_site.cloud)
    check_account(site)
    check_gates(site)
    require_decider(environment, services)
    subject = subject_of(site, digest, from_site)
    deployed = from_site.standing().newest(digest)
    commit = deployed.commit if deployed else None
    people = _people(site, commit)
    operation = Operation(id=services.ids.new(), kind="approval", release=digest, commit=commit)
    with writing(site, purpose=f"approval of {digest[:12]}") as writer:
        caller, gates = caller_of(site), gates_record(app)
        said = replace(people, reason=reason, config=subject.config, gates=gates, caller=caller)
        entry = writer.record(operation, "succeeded", said)
        given = approvals(writer.ledger.entries(), release=digest)
    return Approved(entry=entry, gate=approval_gate(environment, given, subject))


def subject_of(site: Site, digest: str, source: Site) -> Subject:
    """Return the subject of an approval: the release in `source` with the configuration that it gets in the target.

    Whose it is says the ledger of the source: `origin.json` is a note that no hash covers.
    """
    plan = plan_deployment(site, stored_release(digest, source.cloud), commit=None, kind="promotion")
    wrote = authors(source.ledger.entries(), release=digest)
    return Subject(release=digest, config=plan.identity, authors=wrote, known_people=not site.cloud.local)


def _people(site: Site, commit: str | None) -> Approval:
    """Return the accounts of the approver and of the authors of the commits; none on the embedded cloud.

    What comes are the commits that the environment does not run yet. Each is asked for, because the author of a commit
    can be made up, but not who opened its pull request; of very many the older ones are asked for once an author.
    """
    if site.cloud.local or commit is None:
        return Approval()
    services, current = site.services, site.standing().current
    running = current.commit if current is not None and current.commit != commit else None
    wrote = services.scm.written_by(site.app.root, running, commit)
    if wrote is None:
        return Approval(account=services.accounts.mine(), authors=(), unknown=(f"the commits up to {commit[:8]}",))
    older = {email: (one, email) for one, email in reversed(wrote[_ASKED_EACH:])}
    asked = (*wrote[:_ASKED_EACH], *older.values()) or ((commit, commit[:8]),)
    found = services.accounts.authors([one for one, _ in asked])
    return Approval(
        account=services.accounts.mine(),
        authors=tuple(sorted({account for accounts in found.values() for account in accounts})),
        unknown=tuple(sorted({email for one, email in asked if not found.get(one)})),
    )
