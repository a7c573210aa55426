"""The attested gate: provenance and signature of the release are valid and name the commit that the ledger names."""

from sealift.delivery.gates import GateResult, refused_by
from sealift.delivery.manifest import release_key
from sealift.delivery.provenance import stated_commit
from sealift.errors import Refused
from sealift.usecases.attest import attestation_gate, load_keys
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site


def attested(entering: Entering) -> GateResult:
    """Return whether the stored attestations are valid; a release that was just built is attested at its upload."""
    source = entering.source
    if source is None:
        return GateResult(gate="attested", status="open", message="it is attested when it is stored")
    result = attestation_gate(entering.sealed, source, load_keys(entering.site.app))
    commit = entering.commit
    if commit is None or result.status != "open":
        return result
    strange = _strange_commit(entering.release, commit, source)
    if strange is None:
        return result
    refusal = Refused(
        f"Release {entering.release[:12]} in {source.name} is not promoted: its provenance names commit {strange[:8]}, "
        f"the ledger {commit[:8]}",
        code="gate-provenance",
        hint=f"Look at it: `sealift release verify {source.name}`. Then deploy its commit again.",
        context={"environment": source.name, "release": entering.release, "check": "provenance"},
    )
    return refused_by(refusal, "attested", about=source.name)


def _strange_commit(release: str, commit: str, source: Site) -> str | None:
    """Return the commit of the provenance when the release was deployed neither from it nor from a later one.

    The first provenance of a release stays when a later commit has the same content.
    """
    statement = source.cloud.bucket.get(release_key(release, "provenance"))
    stated = stated_commit(statement.body) if statement is not None else None
    recorded = {e.record.commit for e in source.ledger.entries() if e.record.release == release}
    if stated is None or stated in recorded:
        return None
    return None if source.services.scm.commits_between(source.app.root, commit, stated) == () else stated
