"""CloudFormation in one account and region. Calls return at once, but for drift; waiting is the use case's.

Every write is safe to repeat: a change set by its name, the others by their token, and a refusal that means "that was
done already" is a success after looking.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sealift.aws.bucket import AwsBucket
from sealift.aws.change_sets import creation_arguments, read_change_set
from sealift.aws.drift import detect_drift
from sealift.aws.failures import calling
from sealift.aws.lagging import Pause
from sealift.aws.session import AwsSession
from sealift.aws.stack_events import StackEvents
from sealift.aws.validations import failed_validations
from sealift.errors import CloudError
from sealift.model.stack import ChangeSet, ChangeSetRequest, Drift, StackEvent, StackResource, StackState

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_FINAL = frozenset({"CREATE_COMPLETE", "FAILED"})


class AwsStacks:
    """The stacks of one account and region; templates are read from the environment's bucket."""

    def __init__(self, session: AwsSession, *, bucket: AwsBucket, pause: Pause = time) -> None:
        self._session = session
        self._bucket = bucket
        self._pause = pause
        self._events = StackEvents(session)

    def describe(self, stack_name: str) -> StackState | None:
        with calling(f"describe stack {stack_name}", accepted=("stack-not-found",)):
            states = map(_state, self._client.describe_stacks(StackName=stack_name)["Stacks"])
            return next((state for state in states if state.status != "DELETE_COMPLETE"), None)
        return None

    def tagged(self, key: str) -> tuple[StackState, ...]:
        with calling("list the stacks of the account"):
            pages = self._client.get_paginator("describe_stacks").paginate()
            found = [raw for page in pages for raw in page["Stacks"] if not raw.get("ParentId")]
        states = [_state(raw) for raw in found]
        return tuple(s for s in states if key in s.tags and s.status != "DELETE_COMPLETE")

    def create_change_set(self, request: ChangeSetRequest) -> None:
        arguments = creation_arguments(request, self._bucket.url(request.template_key))
        secrets = [request.parameters[name] for name in request.no_echo if name in request.parameters]
        try:
            with calling(f"make a change set for stack {request.stack_name}", secrets=secrets):
                self._client.create_change_set(**arguments)
        except CloudError as error:
            # The stack may be what exists already; only the change set is a success.
            if error.code != "already-exists" or not read_change_set(self._session, request.stack_name, request.name):
                raise

    def change_set(self, stack_name: str, name: str) -> ChangeSet | None:
        found = read_change_set(self._session, stack_name, name)
        if found is None or found.status not in _FINAL:
            return found
        # DescribeChangeSet does not say its type; a stack that only a change set made is under review.
        state = self.describe(stack_name)
        return replace(found, creates_stack=state is not None and state.status == "REVIEW_IN_PROGRESS")

    def execute_change_set(self, stack_name: str, name: str, *, token: str) -> None:
        try:
            with calling(f"execute change set {name} of stack {stack_name}"):
                self._client.execute_change_set(StackName=stack_name, ChangeSetName=name, ClientRequestToken=token)
        except CloudError as error:
            # One that was executed is in another status, and may be gone once its stack has changed.
            done = {"change-set-status", "change-set-not-found", "already-exists"}
            if error.code not in done or not self._was_executed(stack_name, name):
                raise

    def delete_change_set(self, stack_name: str, name: str) -> None:
        try:
            with calling(f"delete change set {name} of stack {stack_name}"):
                self._client.delete_change_set(StackName=stack_name, ChangeSetName=name)
        except CloudError as error:
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteChangeSet.html: the status of
            # one that is being executed, or whose stack moves, is "invalid" for a deletion.
            executed = error.code == "change-set-status" and self._was_executed(stack_name, name)
            if not executed and error.code not in {"change-set-not-found", "stack-not-found"}:
                raise

    def delete_stack(self, stack_name: str, *, token: str) -> None:
        self._events.last(stack_name)  # so that its events can still be asked for when its name is gone
        with calling(f"delete stack {stack_name}", accepted=("stack-not-found", "already-exists")):
            self._client.delete_stack(StackName=stack_name, ClientRequestToken=token)

    def continue_rollback(self, stack_name: str, *, token: str, skip: Sequence[str] = ()) -> None:
        """Continue a rollback that failed. One that goes on already is a success."""
        skipping: Any = {"ResourcesToSkip": list(skip)} if skip else {}
        try:
            with calling(f"continue the rollback of stack {stack_name}"):
                self._client.continue_update_rollback(StackName=stack_name, ClientRequestToken=token, **skipping)
        except CloudError:
            state = self.describe(stack_name)
            if state is None or not state.status.startswith(("UPDATE_ROLLBACK_IN", "UPDATE_ROLLBACK_COMPLETE")):
                raise

    def events(self, stack_name: str, *, after: str | None = None) -> tuple[StackEvent, ...]:
        return self._events.after(stack_name, after)

    def validations(self, stack_name: str, *, change_set: str | None = None) -> tuple[StackEvent, ...]:
        return failed_validations(self._session, stack_name, change_set)

    def last_event(self, stack_name: str) -> str | None:
        """Return the id of the newest event of the stack itself; None when there is no stack."""
        return self._events.last(stack_name)

    def resources(self, stack_name: str) -> tuple[StackResource, ...]:
        with calling(f"list the resources of stack {stack_name}"):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack_name)
            return tuple(_resource(raw) for page in pages for raw in page["StackResourceSummaries"])

    def template(self, stack_name: str, *, change_set: str | None = None) -> str:
        which: Any = {"ChangeSetName": change_set} if change_set else {}
        with calling(f"read the template of stack {stack_name}", accepted=("stack-not-found", "change-set-not-found")):
            answer = self._client.get_template(StackName=stack_name, TemplateStage="Processed", **which)
            body: object = answer.get("TemplateBody", "")
            # botocore parses JSON templates and leaves YAML as text.
            return body if isinstance(body, str) else json.dumps(body)
        return ""

    def protect(self, stack_name: str, *, enabled: bool) -> None:
        with calling(f"change the termination protection of stack {stack_name}"):
            self._client.update_termination_protection(StackName=stack_name, EnableTerminationProtection=enabled)

    def drift(self, stack_name: str) -> tuple[Drift, ...]:
        return detect_drift(self._session, stack_name, self._pause)

    def _was_executed(self, stack_name: str, name: str) -> bool:
        found = read_change_set(self._session, stack_name, name)
        if found is not None:
            return found.execution_status.startswith("EXECUTE_")
        state = self.describe(stack_name)
        return state is not None and state.change_set == name

    @property
    def _client(self) -> "CloudFormationClient":
        return self._session.cloudformation


def _state(raw: Any) -> StackState:
    changed = raw.get("LastUpdatedTime") or raw.get("CreationTime")
    return StackState(
        name=raw["StackName"],
        id=raw["StackId"],
        status=raw["StackStatus"],
        reason=raw.get("StackStatusReason", ""),
        outputs={o["OutputKey"]: o["OutputValue"] for o in raw.get("Outputs", [])},
        parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in raw.get("Parameters", [])},
        tags={t["Key"]: t["Value"] for t in raw.get("Tags", [])},
        termination_protection=raw.get("EnableTerminationProtection", False),
        updated_at=changed.astimezone(UTC) if changed else None,
        change_set=_change_set_name(raw.get("ChangeSetId")),
    )


def _change_set_name(arn: str | None) -> str | None:
    """Return the name in `arn:aws:cloudformation:REGION:ACCOUNT:changeSet/NAME/UUID`."""
    parts = (arn or "").split("/")
    return parts[1] if len(parts) == 3 else None


def _resource(raw: Any) -> StackResource:
    return StackResource(
        logical_id=raw["LogicalResourceId"],
        physical_id=raw.get("PhysicalResourceId") or None,
        type=raw["ResourceType"],
        status=raw["ResourceStatus"],
        reason=raw.get("ResourceStatusReason", ""),
        drift=raw.get("DriftInformation", {}).get("StackResourceDriftStatus", "NOT_CHECKED"),
    )
