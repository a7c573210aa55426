"""Back up what a waiver lets a deployment destroy, before anything is executed. Recorded before it is asked for."""

from collections.abc import Iterable
from dataclasses import replace

from sealift.delivery.guard import waiver_key
from sealift.errors import CloudError, Refused
from sealift.model.event import Level, Progressed
from sealift.model.finding import Finding
from sealift.model.records import StoreBackup
from sealift.model.stack import Backup
from sealift.usecases.stacks.polling import poll
from sealift.usecases.writing import Operation, Writer

DESTROYING = frozenset({"data-removed", "data-replaced"})
LONGEST_S = 3600.0


def back_up(losses: Iterable[Finding], operation: Operation, writer: Writer) -> None:
    """Back up each store that will be lost. Raises Refused when one cannot be, but never on the way back."""
    for loss in losses:
        if loss.id not in DESTROYING or not loss.data["physical_id"]:
            continue
        try:
            _back_up(loss, operation, writer)
        except CloudError as error:
            if operation.kind != "rollback":
                raise _refusal(loss, error) from error
            _tell(loss, writer, f"could not be backed up: {error.message}", level="warning")


def _back_up(loss: Finding, operation: Operation, writer: Writer) -> None:
    kind, store = loss.data["type"], loss.data["physical_id"]
    token = f"sealift-{operation.id}-{loss.data['logical_id']}"
    step = StoreBackup(store=waiver_key(loss).rpartition(":")[0], type=kind, backup=token)
    writer.record(operation, "running", step)
    backup = writer.cloud.backups.begin(kind, store, token=token)
    if backup is None:
        writer.record(operation, "running", replace(step, outcome="none"))
        _tell(loss, writer, f"cannot be backed up ({kind}): its content is lost", level="warning")
        return
    doing = Progressed(phase="deploy", environment=writer.cloud.environment, detail=f"backing up {store}")
    writer.site.emit(doing)
    made: Backup = backup
    poll(writer.services, lambda: writer.cloud.backups.ready(made), timeout_s=LONGEST_S, what=f"The backup of {store}")
    writer.record(operation, "running", replace(step, outcome="succeeded", id=made.id))
    _tell(loss, writer, f"was backed up first, as {token}; it stays until somebody deletes it")


def _refusal(loss: Finding, error: CloudError) -> Refused:
    return Refused(
        f"{loss.data['logical_id']} is not touched, because it could not be backed up first: {error.message}",
        code="backup-failed",
        hint=error.hint or "Fix what the message names, then deploy again; the waiver is still open.",
        context={"store": loss.data["physical_id"]},
    )


def _tell(loss: Finding, writer: Writer, what: str, *, level: Level = "info") -> None:
    writer.site.note("backup", f"{loss.data['logical_id']} {what}", level=level)
