"""CloudFormation of the embedded cloud: templates are rendered and expanded before the emulator sees them."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.delivery.stateful import STORES
from sealift.delivery.states import in_progress
from sealift.errors import CloudError
from sealift.local.endpoint import Endpoint
from sealift.local.interpreters import Places, places
from sealift.local.runtimes import report
from sealift.local.urls import rewrite
from sealift.model.stack import ChangeSet, ChangeSetRequest, StackState
from sealift.ports import Bucket, Stacks

if TYPE_CHECKING:
    from sealift.local.preparing import Render

_NOT_UPDATABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


def _nobody(sentence: str) -> None:
    del sentence


def _nowhere(sha256: str) -> Path | None:
    del sha256
    return None


@dataclass(eq=False)
class LocalStacks:
    """The Stacks port over one emulator; `inner` is the AWS adapter pointed at it.

    `note` takes each sentence about what the embedded cloud leaves out or does otherwise. `blob_file` may find a stored
    file on this machine by its SHA-256, which saves reading it from the bucket. `where` says where interpreters are.
    """

    inner: Stacks
    bucket: Bucket
    render: "Render"
    endpoint: Endpoint
    note: Callable[[str], None] = _nobody
    blob_file: Callable[[str], Path | None] = _nowhere
    where: Places = field(default_factory=lambda: places(os.environ, Path.home()))

    def __post_init__(self) -> None:
        self.execute_change_set = self.inner.execute_change_set
        self.delete_change_set = self.inner.delete_change_set
        self.continue_rollback = self.inner.continue_rollback
        self.events = self.inner.events
        self.validations = self.inner.validations
        self.last_event = self.inner.last_event
        self.resources = self.inner.resources
        self.template = self.inner.template
        self.protect = self.inner.protect
        self.drift = self.inner.drift

    def describe(self, stack_name: str) -> StackState | None:
        """Return the stack, with URLs in its outputs that reach the emulator."""
        state = self.inner.describe(stack_name)
        return self._reachable(state) if state is not None else None

    def tagged(self, key: str) -> tuple[StackState, ...]:
        """Return every stack with this tag, with URLs in their outputs that reach the emulator."""
        return tuple(self._reachable(state) for state in self.inner.tagged(key))

    def _reachable(self, state: StackState) -> StackState:
        outputs = {key: rewrite(value, self.endpoint.port) for key, value in state.outputs.items()}
        return replace(state, outputs=outputs)

    def create_change_set(self, request: ChangeSetRequest) -> None:
        """Render and expand the template, then ask the emulator for a change set of the result."""
        from sealift.local.preparing import Preparation, prepared  # who only looks expands nothing

        if request.template_body is not None:  # Sealift's own: there is nothing to expand
            self.inner.create_change_set(request)
            return
        state = self.inner.describe(request.stack_name)
        if state is not None and not request.create:
            _refuse_update(state)
        previous = {n: state.parameters[n] for n in request.use_previous if state and n in state.parameters}
        preparation = Preparation(
            bucket=self.bucket,
            render=self.render,
            endpoint=self.endpoint,
            stack_name=request.stack_name,
            parameters={**previous, **request.parameters},
            blob_file=self.blob_file,
            where=self.where,
        )
        result = prepared(preparation, request.template_key)
        runtimes = report(result.packages, self.where, machine=platform.machine())
        if runtimes.errors:
            raise _cannot_run(runtimes.errors, request.stack_name)
        for sentence in (*result.notes, *runtimes.notes):
            self.note(sentence)
        self.inner.create_change_set(
            replace(
                request,
                template_key=result.key,
                parameters={k: v for k, v in request.parameters.items() if k in result.parameters},
                use_previous=tuple(k for k in request.use_previous if k in result.parameters),
            )
        )

    def change_set(self, stack_name: str, name: str) -> ChangeSet | None:
        """Return the change set, and tell of stores that only the embedded cloud would empty."""
        found = self.inner.change_set(stack_name, name)
        for change in found.changes if found else ():
            if change.type in STORES and change.action == "Modify" and change.replacement in ("True", "Conditional"):
                self.note(
                    f"{change.logical_id}: the embedded cloud loses the {STORES[change.type].removeprefix('a ')} of "
                    "what it replaces, even when the deployment is rolled back; AWS keeps the old one until the end"
                )
        return found

    def delete_stack(self, stack_name: str, *, token: str) -> None:
        """Begin to delete a stack, and tell of buckets that AWS would not delete unless they are empty."""
        for resource in self.inner.resources(stack_name) if self.inner.describe(stack_name) else ():
            if resource.type == "AWS::S3::Bucket" and not resource.status.startswith("DELETE"):
                self.note(
                    f"{resource.logical_id}: the embedded cloud deletes a bucket with what it holds; "
                    "AWS refuses unless it is empty"
                )
        self.inner.delete_stack(stack_name, token=token)


def _cannot_run(errors: tuple[str, ...], stack_name: str) -> CloudError:
    return CloudError(
        "Functions that the embedded cloud cannot run:\n" + "\n".join(f"  - {error}" for error in errors),
        code="local-runtime",
        hint="On AWS they would run; nothing was changed here",
        context={"stack": stack_name},
    )


def _refuse_update(state: StackState) -> None:
    """Refuse what CloudFormation refuses and the emulator would accept."""
    if state.status in _NOT_UPDATABLE or in_progress(state.status):
        raise CloudError(
            f"Stack {state.name} is in {state.status} state and cannot be updated",
            code="stack-not-updatable",
            hint="Delete the stack, then deploy again" if state.status == "ROLLBACK_COMPLETE" else "Look at its events",
            context={"stack": state.name, "status": state.status},
        )
