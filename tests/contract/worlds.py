"""The two worlds that every contract test runs in: the fakes, and the real adapters against the embedded cloud."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sealift.delivery.states import in_progress
from sealift.model.stack import ChangeSet, ChangeSetRequest, StackState
from sealift.model.template import Json
from sealift.ports import Clock, Cloud
from tests.fakes.cloud import FakeAccount

PATIENCE_S = 60.0
BROKEN = "Broken"
"""A resource of this logical id can be neither made nor changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A cloud, its clock, and what only the outside can do to it."""

    kind: str
    cloud: Cloud
    clock: Clock
    broken: Callable[[str], dict[str, Json]]
    """Returns a resource that fails; the text makes one that differs."""
    alter_parameter: Callable[[str, str, str], None]
    """Sets the value of an SSM parameter of a stack (stack, logical id, value) by hand."""
    lose: Callable[[str], None]
    """Removes an object from the bucket by hand."""
    fill: Callable[[str, Sequence[str]], None]
    """Puts objects of these keys into a bucket of the application."""
    account: FakeAccount | None = None
    patience_s: float = PATIENCE_S
    pause_s: float = 0.02
    """Between two looks."""
    prefix: str = ""
    """What the name of every stack begins with."""
    names: list[str] = field(default_factory=list)
    """Every stack name that was given out."""

    def name(self, word: str = "app") -> str:
        """Return a stack name that no other test uses."""
        self.names.append(f"{self.prefix}{word}-{uuid.uuid4().hex[:10]}")
        return self.names[-1]

    def wait(self, look: Callable[[], bool]) -> None:
        """Let time pass until `look` returns true."""
        deadline = time.monotonic() + self.patience_s
        while not look():
            assert time.monotonic() < deadline, "it took too long"
            self.clock.sleep(self.pause_s)

    def settled(self, stack: str) -> StackState | None:
        """Wait until the stack does not move any more and return it."""
        found: list[StackState | None] = [None]

        def look() -> bool:
            found[0] = self.cloud.stacks.describe(stack)
            return found[0] is None or not in_progress(found[0].status)

        self.wait(look)
        return found[0]

    def ask(self, stack: str, body: dict[str, Json], *, create: bool, name: str = "", **fields: object) -> ChangeSet:
        """Ask for a change set and wait until it is computed."""
        request = self.request(stack, body, create=create, name=name or f"set-{uuid.uuid4().hex[:8]}", **fields)
        self.cloud.stacks.create_change_set(request)
        found: list[ChangeSet] = []

        def look() -> bool:
            change_set = self.cloud.stacks.change_set(stack, request.name)
            if change_set is None or change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
                return False
            found.append(change_set)
            return True

        self.wait(look)
        return found[0]

    def request(
        self, stack: str, body: dict[str, Json], *, create: bool, name: str, **fields: object
    ) -> ChangeSetRequest:
        """Store a template and return a request for it."""
        self.cloud.bucket.ensure()
        key = f"blobs/{uuid.uuid4().hex}"
        self.cloud.bucket.put(key, json.dumps(body).encode())
        given: dict[str, object] = {"parameters": {}, "tags": {"owner": "contract"}, **fields}
        return ChangeSetRequest(name=name, stack_name=stack, template_key=key, create=create, **given)  # type: ignore[arg-type]

    def deploy(self, stack: str, body: dict[str, Json], **fields: object) -> StackState:
        """Bring a stack to a template and return it."""
        create = self.cloud.stacks.describe(stack) is None
        change_set = self.ask(stack, body, create=create, name="", **fields)
        assert change_set.status == "CREATE_COMPLETE", change_set.reason
        return self.execute(stack, change_set)

    def execute(self, stack: str, change_set: ChangeSet) -> StackState:
        """Execute a change set and return the stack when it is at rest."""
        last = self.cloud.stacks.last_event(stack)
        self.cloud.stacks.execute_change_set(stack, change_set.name, token=change_set.name)
        self.wait(lambda: self.cloud.stacks.last_event(stack) != last)
        state = self.settled(stack)
        assert state is not None
        return state


def template(
    *, outputs: dict[str, Json] | None = None, parameters: dict[str, Json] | None = None, **resources: Json
) -> dict[str, Json]:
    """Return a template with these resources."""
    body: dict[str, Json] = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    if parameters:
        body["Parameters"] = parameters
    if outputs:
        body["Outputs"] = outputs
    return body


def parameter(value: Json = "one", **attributes: Json) -> dict[str, Json]:
    """Return an SSM parameter: a resource that every world makes quickly."""
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **attributes}


def table(name: Json, *, key: str = "id", **attributes: Json) -> dict[str, Json]:
    """Return a DynamoDB table of this name with one key."""
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        },
        **attributes,
    }


def nested(world: World, body: dict[str, Json]) -> dict[str, Json]:
    """Return a nested stack of this template."""
    request = world.request("unused", body, create=True, name="unused")
    bucket, endpoint = world.cloud.bucket.name, world.cloud.endpoint
    base = f"{endpoint}/{bucket}" if endpoint else f"https://{bucket}.s3.amazonaws.com"
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{base}/{request.template_key}"}}
