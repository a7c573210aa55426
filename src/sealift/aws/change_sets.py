"""Change sets as DescribeChangeSet shows them, read into our types: every page, every nested change set."""

from collections.abc import Iterator, Mapping
from typing import Any

from sealift.aws.failures import calling, says_nothing_changes
from sealift.aws.session import AwsSession
from sealift.model.stack import Change, ChangeDetail, ChangeSet, ChangeSetRequest

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
"""What the change set shows before it is executed is the acknowledgement; these say that it was given."""


def creation_arguments(request: ChangeSetRequest, template_url: str) -> dict[str, Any]:
    """Return the arguments of CreateChangeSet."""
    parameters: list[dict[str, object]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(request.parameters.items())
    ]
    parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in request.use_previous]
    optional = {"Description": request.description, "RoleARN": request.role_arn}
    return {
        "StackName": request.stack_name,
        "ChangeSetName": request.name,
        "ChangeSetType": "CREATE" if request.create else "UPDATE",
        "ClientToken": request.name,
        **({"TemplateURL": template_url} if request.template_body is None else {"TemplateBody": request.template_body}),
        **({"ImportExistingResources": True} if request.import_existing else {}),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
        **({"DeploymentMode": "REVERT_DRIFT"} if request.revert_drift else {}),
        "Parameters": parameters,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(request.tags.items())],
        "Capabilities": list(CAPABILITIES),
        "IncludeNestedStacks": True,
        **{key: value for key, value in optional.items() if value},
    }


def read_change_set(session: AwsSession, stack_name: str, name: str) -> ChangeSet | None:
    """Return the change set, or None when it or its stack is not there."""
    with calling(f"read change set {name}", accepted=("change-set-not-found", "stack-not-found")):
        return _read(session, {"StackName": stack_name, "ChangeSetName": name})
    return None


def _read(session: AwsSession, which: Mapping[str, str]) -> ChangeSet:
    pages = list(_pages(session, which))
    first = pages[0]
    return ChangeSet(
        name=first["ChangeSetName"],
        id=first["ChangeSetId"],
        stack_name=first["StackName"],
        stack_id=first.get("StackId", ""),
        status=first["Status"],
        execution_status=first.get("ExecutionStatus", "UNAVAILABLE"),
        reason=first.get("StatusReason", ""),
        changes=tuple(
            _change(session, change["ResourceChange"])
            for page in pages
            for change in page.get("Changes", [])
            if "ResourceChange" in change
        ),
        empty=first["Status"] == "FAILED" and says_nothing_changes(first.get("StatusReason", "")),
    )


def _pages(session: AwsSession, which: Mapping[str, str]) -> Iterator[Any]:
    token: dict[str, Any] = {}
    while True:
        with calling(f"read change set {which['ChangeSetName'].split('/')[-1]}"):
            page = session.cloudformation.describe_change_set(**which, IncludePropertyValues=True, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _change(session: AwsSession, raw: Any) -> Change:
    nested_id = raw.get("ChangeSetId")
    return Change(
        action=raw["Action"],
        logical_id=raw["LogicalResourceId"],
        physical_id=raw.get("PhysicalResourceId"),
        type=raw["ResourceType"],
        replacement=raw.get("Replacement"),
        policy_action=raw.get("PolicyAction"),
        scope=tuple(raw.get("Scope", [])),
        details=tuple(_detail(detail) for detail in raw.get("Details", [])),
        # The ARN of a nested stack's change set names its stack too.
        nested=_read(session, {"ChangeSetName": nested_id}) if nested_id else None,
    )


def _detail(raw: Any) -> ChangeDetail:
    target = raw.get("Target", {})
    return ChangeDetail(
        attribute=target.get("Attribute", ""),
        name=target.get("Name"),
        path=target.get("Path"),
        requires_recreation=target.get("RequiresRecreation", "Never"),
        before=target.get("BeforeValue"),
        after=target.get("AfterValue"),
    )
