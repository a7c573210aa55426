"""The reproduced gate: the release is what a merged commit builds, whoever wrote to the bucket of its source."""

from dataclasses import replace

from sealift.delivery.gates import GateResult
from sealift.delivery.rebuilt import shown
from sealift.errors import CloudError, SealiftError
from sealift.usecases.gates.branch import branch
from sealift.usecases.gates.entering import Entering
from sealift.usecases.store import stored_origin


def reproduced(entering: Entering) -> GateResult:
    """Return whether the commit of the release, which has to be merged, builds the same release again here."""
    source = entering.source
    if source is None or entering.built is not None:
        return _open("it was built from its commit just now")
    if not entering.rebuilding:
        return _refused(entering, "it was not built again from its commit")
    commit = entering.commit
    if source.cloud.local and (commit is None or stored_origin(entering.release, source.cloud).dirty):
        return _open("it was built from a work tree with changes; on AWS it would be refused")
    merged = branch(entering)
    if merged.status != "open":
        return replace(merged, gate="reproduced")
    if commit is None:
        return _refused(entering, "nobody recorded the commit that it was built from")
    try:
        rebuilt = entering.rebuilt
    except CloudError:
        raise  # that says nothing of the release
    except SealiftError as error:
        return _refused(entering, f"its commit {commit[:8]} cannot be built again: {error.message}", error.hint)
    if rebuilt.release == entering.release:
        return _open(f"commit {commit[:8]} builds the same release, in {rebuilt.duration_s:.1f} s")
    what = f"its commit {commit[:8]} builds release {rebuilt.release[:12]} here; what differs: "
    return _refused(entering, what + shown(rebuilt.differences))


def _open(message: str) -> GateResult:
    return GateResult(gate="reproduced", status="open", message=message)


def _refused(entering: Entering, why: str, hint: str = "") -> GateResult:
    source = entering.source
    assert source is not None
    again = (
        f"Find out who wrote to the bucket of {source.name}, and deploy the commit there again. If its build gives "
        "other bytes each time, `sealift build --verify` says where."
    )
    return GateResult(
        gate="reproduced",
        status="refused",
        message=f"Release {entering.release[:12]} is not verified as merged: {why}",
        hint=hint or again,
        about=source.name,
    )
