"""The data guard: what a change set would do to data stores and to things with an identity. Pure."""

from collections.abc import Iterator

from sealift.model.finding import Finding
from sealift.model.stack import Change, ChangeSet

STATEFUL = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::DynamoDB::GlobalTable",
        "AWS::S3::Bucket",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBCluster",
        "AWS::SQS::Queue",
        "AWS::Cognito::UserPool",
        "AWS::Kinesis::Stream",
        "AWS::SecretsManager::Secret",
        "AWS::KMS::Key",
        "AWS::EFS::FileSystem",
        "AWS::OpenSearchService::Domain",
    }
)


def judge(change_set: ChangeSet) -> tuple[Finding, ...]:
    """Return what is wrong with executing this change set; findings that stop it are marked."""
    return tuple(finding for change in _all(change_set) for finding in _judge_change(change))


def _all(change_set: ChangeSet) -> Iterator[Change]:
    for change in change_set.changes:
        yield change
        if change.nested is not None:
            yield from _all(change.nested)


def _judge_change(change: Change) -> Iterator[Finding]:
    if change.type not in STATEFUL:
        return
    keeps = change.policy_action in {"Retain", "Snapshot"}
    if change.action == "Remove" and not keeps:
        yield _finding(change, "data-removed", "would be deleted with everything in it")
    elif change.action in {"Modify", "Dynamic"} and change.replacement in {"True", "Conditional"}:
        yield _finding(change, "data-replaced", f"would be replaced by an empty one ({_why(change)})")


def _why(change: Change) -> str:
    names = sorted({d.name for d in change.details if d.name and d.requires_recreation != "Never"})
    return "because of " + ", ".join(names) if names else "its replacement can not be ruled out"


def _finding(change: Change, rule: str, what: str) -> Finding:
    return Finding(
        tool="guard",
        id=rule,
        severity="critical",
        message=f"{change.logical_id} ({change.type}) {what}",
        fix="Keep the resource as it is and add a new one beside it; move the data; remove the old one later.",
        stops=True,
        data={"logical_id": change.logical_id, "type": change.type, "physical_id": change.physical_id or ""},
    )
