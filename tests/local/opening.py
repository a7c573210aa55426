"""An environment of the embedded cloud as LocalStacks sees it: sealed templates go in, change sets come out."""

import hashlib
import io
import json
import time
import zipfile
from dataclasses import dataclass, field

from sealift.aws.cloud import open_cloud
from sealift.aws.session import Access
from sealift.local.endpoint import Endpoint
from sealift.local.stacks import LocalStacks
from sealift.model.app import Environment
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.stack import ChangeSet, ChangeSetRequest, StackState
from sealift.model.template import Json
from sealift.ports import Bucket
from sealift.template.templates import SamTemplates

HANDLER = "def handler(event, context): return {'statusCode': 200, 'body': 'hello from %s'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An environment's stacks and bucket, and the notes it made."""

    stacks: LocalStacks
    bucket: Bucket
    notes: list[str] = field(default_factory=list)

    def blob(self, data: bytes) -> str:
        """Store bytes as a release does and return their key."""
        key = f"blobs/{hashlib.sha256(data).hexdigest()}"
        self.bucket.put(key, data)
        return key

    def code(self, text: str = HANDLER % "a function") -> str:
        """Store a function's zip and return its key."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", text)
        return self.blob(packed.getvalue())

    def change(self, stack: str, template: dict[str, Json], *, create: bool, **parameters: str) -> ChangeSet:
        """Ask for a change set of a template and wait for it."""
        body = {
            "Parameters": {ARTIFACT_BUCKET_PARAMETER: {"Type": "String"}, **template.pop("Parameters", {})},  # type: ignore[dict-item]
            **template,
        }
        key = self.blob(json.dumps(body).encode())
        name = f"c{time.monotonic_ns()}"
        self.stacks.create_change_set(
            ChangeSetRequest(
                name=name,
                stack_name=stack,
                template_key=key,
                parameters={ARTIFACT_BUCKET_PARAMETER: self.bucket.name, **parameters},
                tags={},
                create=create,
            )
        )
        while True:
            found = self.stacks.change_set(stack, name)
            assert found is not None
            if found.status in ("CREATE_COMPLETE", "FAILED"):
                return found
            time.sleep(0.02)

    def deploy(self, stack: str, template: dict[str, Json], **parameters: str) -> StackState:
        """Bring a stack to a template."""
        state = self.stacks.describe(stack)
        found = self.change(stack, template, create=state is None, **parameters)
        assert found.status == "CREATE_COMPLETE", found.reason
        self.stacks.execute_change_set(stack, found.name, token="t" + found.name)
        return self.settled(stack)

    def settled(self, stack: str) -> StackState:
        """Wait until the stack does not move any more."""
        while True:
            state = self.stacks.describe(stack)
            assert state is not None
            if not state.status.endswith("_IN_PROGRESS"):
                return state
            time.sleep(0.02)


def opened_at(endpoint: Endpoint, stack_name: str) -> Opened:
    """Open an environment of an endpoint, with a bucket of its own."""
    environment = Environment(name="shared", region=endpoint.region, account=endpoint.account, stack_name=stack_name)
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    cloud = open_cloud(environment, access=access)
    cloud.bucket.ensure()
    notes: list[str] = []
    stacks = LocalStacks(cloud.stacks, cloud.bucket, SamTemplates().render, endpoint, notes.append)
    return Opened(stacks=stacks, bucket=cloud.bucket, notes=notes)
