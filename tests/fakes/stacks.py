"""A CloudFormation in memory. CLOUDFORMATION.md says what it does, line by line; its tests are in tests/unit/fakes.

Give it `render` (as `Templates.render` is) and it knows SAM; without, a template with a transform is refused.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sealift.model.stack import (
    Change,
    ChangeSet,
    ChangeSetRequest,
    Drift,
    StackEvent,
    StackResource,
    StackState,
)
from sealift.model.template import Json, Rendered
from sealift.ports import Bucket, Clock
from tests.fakes.cfn_diff import Placed, differences
from tests.fakes.cfn_engine import STACK_TYPE, Deed, Effects, Engine, Stack
from tests.fakes.cfn_template import Goal, Invalid, evaluated, filled
from tests.fakes.cfn_views import View, frozen
from tests.fakes.refusals import invalid, refusal
from tests.fakes.tap import Tap

UPDATABLE = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
READS = ("describe", "tagged", "change_set", "events", "last_event", "resources", "template")
"""What may show what was a while ago."""
KEPT_S = 120.0
"""How long what was is remembered at least."""


class Render(Protocol):
    """What makes plain CloudFormation of a sealed template."""

    def __call__(
        self, body: bytes, *, parameters: Mapping[str, str], account: str, region: str, stack_name: str
    ) -> Rendered:
        """Translate SAM to CloudFormation."""


@dataclass(slots=True)
class _Asked:
    """A change set."""

    id: str
    request: ChangeSetRequest
    stack_id: str
    goal: Goal | None
    changes: tuple[Change, ...]
    reason: str
    ready_at: datetime
    creates: bool
    executed: bool = False


class NoEffects:
    """An account in which resources have no effect on anything."""

    def apply(self, placed: Placed) -> None:
        """Do nothing."""

    def remove(self, placed: Placed) -> None:
        """Do nothing."""


class FakeStacks:
    """The stacks of one account and region. Time passes as the clock does; nothing happens by itself otherwise."""

    def __init__(
        self,
        clock: Clock,
        bucket: Bucket,
        *,
        account: str = "111122223333",
        region: str = "eu-west-1",
        effects: Effects | None = None,
        render: Render | None = None,
        tap: Tap | None = None,
    ) -> None:
        self._clock = clock
        self._bucket = bucket
        self._account = account
        self._region = region
        self._render = render
        self._engine = Engine(clock, effects or NoEffects(), account=account, region=region)
        self._engine.nested_goal = self._nested_goal
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._inner: dict[tuple[str, str], str] = {}
        self._checked: set[str] = set()
        self._altered: dict[tuple[str, str], dict[str, Json]] = {}
        self._tokens: set[str] = set()
        self._lock = threading.RLock()
        self.tap = tap or Tap()
        self._lag: Callable[[str], float] | None = None
        self._history: list[View[_Asked]] = []
        self.change_set_s = 0.5
        """How long a change set takes to be computed."""
        self.executions: list[tuple[str, str]] = []
        """Stack and change set of everything that was really executed, in order."""
        self.roles: dict[str, str | None] = {}
        """The role as which CloudFormation makes each stack, as it was last asked for."""
        self.skipped: list[str] = []
        """What rollbacks were continued without."""
        self.invalid: list[StackEvent] = []
        """What AWS finds wrong before it changes anything. Change sets of these stacks fail."""
        self.deletions: list[str] = []
        """Every stack whose deletion was really begun."""

    def lag(self, seconds: float | Callable[[str], float]) -> None:
        """Let reads show from now on what was that many seconds before, or that many for a call of this name."""
        self._lag = seconds if callable(seconds) else (lambda call: seconds) if seconds else None
        if self._lag is None:
            self._history.clear()
            self._engine.on_step = lambda at: None
        elif not self._history:
            self._history.append(frozen(self._engine, self._asked, self._clock.now()))
            self._engine.on_step = self._remember

    def fail(self, target: str, deed: Deed, reason: str = "Resource handler returned message: it is broken") -> None:
        """Let a resource (a logical id or a type) fail from now on."""
        self._engine.faults[(target, deed)] = reason

    def mend(self, target: str, deed: Deed) -> None:
        """Let it work again."""
        self._engine.faults.pop((target, deed), None)

    def force_status(self, stack_name: str, status: str, reason: str = "") -> None:
        """Put a stack (an empty one is made) into any state, without an operation that would leave it."""
        with self._lock:
            stack = self._engine.find(stack_name) or self._engine.new_stack(stack_name)
            if status == "ROLLBACK_COMPLETE":
                self._engine.empty(stack)
            self._engine.set_status(stack, status, reason)

    def force_resource(self, stack_name: str, logical_id: str, status: str, reason: str = "") -> None:
        """Put a resource into any state."""
        with self._lock:
            stack = self._engine.find(stack_name)
            assert stack is not None
            stack.resources[logical_id] = replace(stack.resources[logical_id], status=status, reason=reason)

    @contextmanager
    def rollback_disabled(self) -> Iterator[None]:
        """Let operations meanwhile preserve what was made, as `sam deploy --disable-rollback` does."""
        self._engine.disable_rollback = True
        yield
        self._engine.disable_rollback = False

    def adopt(self, stack_name: str, tags: Mapping[str, str]) -> None:
        """Set a stack's tags behind everybody's back, as another tool would."""
        with self._lock:
            stack = self._engine.find(stack_name)
            assert stack is not None
            stack.tags = dict(tags)

    def alter(self, stack_name: str, logical_id: str, **properties: Json) -> None:
        """Change a resource by hand, as somebody in the console does."""
        self._altered.setdefault((stack_name, logical_id), {}).update(properties)

    def describe(self, stack_name: str) -> StackState | None:
        """Return the stack, or None when there is none (deleted ones count as none)."""
        with self._call("describe") as view:
            stack = view.find(stack_name)
            return _state(stack) if stack else None

    def tagged(self, key: str) -> tuple[StackState, ...]:
        """Return every stack with this tag, nested and deleted ones left out."""
        with self._call("tagged") as view:
            there = [s for s in view.stacks if s.parent is None and s.status != "DELETE_COMPLETE"]
            return tuple(_state(s) for s in there if key in s.tags)

    def peek(self, stack_name: str) -> StackState | None:
        """Return the stack as it is, behind everybody's back: no call is made."""
        stack = self._engine.find(stack_name)
        return _state(stack) if stack else None

    def change_sets(self, stack_name: str) -> list[str]:
        """Return the names of the stack's change sets, behind everybody's back: no call is made."""
        stack = self._engine.find(stack_name)
        return [name for of, name in self._asked if stack is not None and of == stack.id]

    def create_change_set(self, request: ChangeSetRequest) -> None:
        """Ask for a change set. A change set of the same name that already exists is a success."""
        with self._call("create_change_set"):
            what = f"make a change set for stack {request.stack_name}"
            stack = self._engine.find(request.stack_name)
            if stack is not None and (stack.id, request.name) in self._asked:
                return
            stack = self._check_target(what, request, stack)
            goal = self._checked_goal(what, request, stack)
            stack = stack or self._engine.new_stack(request.stack_name)
            if stack.status == "REVIEW_IN_PROGRESS" and not stack.updated_at:
                self._engine.set_status(stack, "REVIEW_IN_PROGRESS", "User Initiated")
            self.roles[request.stack_name] = request.role_arn
            tags_changed = dict(stack.tags) != dict(goal.tags)
            changes = self._with_nested(stack, goal, differences(stack.resources, goal, tags_changed=tags_changed))
            changes += self._reverted(stack, changes) if request.revert_drift else ()
            self._asked[stack.id, request.name] = _Asked(
                id=f"arn:aws:cloudformation:{self._region}:{self._account}:changeSet/{request.name}/{len(self._asked)}",
                request=request,
                stack_id=stack.id,
                goal=goal,
                changes=changes,
                reason=self._reason(stack, changed=bool(changes) or _outputs_differ(stack, goal)),
                ready_at=self._clock.now() + timedelta(seconds=self.change_set_s),
                creates=request.create,
            )

    def change_set(self, stack_name: str, name: str) -> ChangeSet | None:
        """Return the change set, or None."""
        with self._call("change_set") as view:
            stack = view.find(stack_name)
            asked = view.asked.get((stack.id, name)) if stack else None
            return _change_set(asked, stack, view.at) if stack and asked else None

    def execute_change_set(self, stack_name: str, name: str, *, token: str) -> None:
        """Execute a change set; a second call with the same token does nothing more."""
        with self._call("execute_change_set"):
            what = f"execute change set {name} of stack {stack_name}"
            stack = self._engine.find(stack_name)
            asked = self._asked.get((stack.id, name)) if stack else None
            if asked is not None and asked.executed:
                return
            if stack is None or asked is None:
                raise refusal(what, "ChangeSetNotFound", f"ChangeSet [{name}] does not exist", status=404)
            if self._engine.busy(stack):
                raise invalid(what, f"Stack:{stack.id} is in {stack.status} state and cannot be updated.")
            if asked.reason or asked.goal is None or asked.ready_at > self._clock.now():
                status = _change_set(asked, stack, self._clock.now()).status
                message = f"ChangeSet [{asked.id}] cannot be executed in its current status of [{status}]"
                raise refusal(what, "InvalidChangeSetStatus", message)
            self._execute(stack, asked, asked.goal, token)

    def delete_change_set(self, stack_name: str, name: str) -> None:
        """Delete a change set that was not executed; one that is gone is a success."""
        with self._call("delete_change_set"):
            stack = self._engine.find(stack_name)
            asked = self._asked.get((stack.id, name)) if stack else None
            if stack is not None and asked is not None and not asked.executed:
                del self._asked[stack.id, name]

    def delete_stack(self, stack_name: str, *, token: str) -> None:
        """Begin to delete a stack; one that is gone is a success."""
        with self._call("delete_stack"):
            what = f"delete stack {stack_name}"
            stack = self._engine.find(stack_name)
            if stack is None or token in self._tokens or stack.status == "DELETE_IN_PROGRESS":
                return
            if stack.protected:
                message = f"Stack [{stack_name}] cannot be deleted while TerminationProtection is enabled"
                raise invalid(what, message)
            if self._engine.busy(stack) and stack.status != "CREATE_IN_PROGRESS":
                raise invalid(what, f"Stack:{stack.id} is in {stack.status} state and cannot be deleted.")
            self._check_imports(what, stack)
            self._tokens.add(token)
            self.deletions.append(stack_name)
            stack.token = token
            for key in [key for key in self._asked if key[0] == stack.id]:
                del self._asked[key]
            self._engine.begin(stack, self._engine.delete(stack))

    def continue_rollback(self, stack_name: str, *, token: str, skip: Sequence[str] = ()) -> None:
        """Continue a rollback that failed. One that goes on already is a success."""
        with self._call("continue_rollback"):
            what = f"continue the rollback of stack {stack_name}"
            stack = self._engine.find(stack_name)
            if stack is None:
                raise invalid(what, f"Stack [{stack_name}] does not exist")
            if stack.status.startswith(("UPDATE_ROLLBACK_IN", "UPDATE_ROLLBACK_COMPLETE")):
                return
            if stack.status != "UPDATE_ROLLBACK_FAILED":
                raise invalid(what, f"Stack:{stack.id} is in {stack.status} state and cannot be rolled back.")
            failed = dict(self._engine.failed(stack))
            for name in skip:
                if name not in failed:
                    raise invalid(what, f"Resource {name} cannot be skipped: its rollback did not fail")
            self.skipped += skip
            stack.token = token
            for name in skip:
                self._engine.skip(*failed[name])
            self._engine.begin(stack, self._engine.roll_back(stack))

    def events(self, stack_name: str, *, after: str | None = None) -> tuple[StackEvent, ...]:
        """Return events newer than the one with id `after`, oldest first; nested stacks' events are included."""
        with self._call("events") as view:
            stack = view.known(stack_name) or view.newest_named(stack_name)
            if stack is None:
                return ()
            family = self._engine.family(stack)
            events = [e for e in view.events if e.id.split("#")[0] in family]
            begin = next((i + 1 for i, e in enumerate(events) if e.id == after), len(events) if after else 0)
            return tuple(events[begin:])

    def validations(self, stack_name: str, *, change_set: str | None = None) -> tuple[StackEvent, ...]:
        """Return what a test says that AWS finds wrong."""
        with self._call("validations"):
            del change_set
            return tuple(e for e in self.invalid if e.stack_name == stack_name)

    def last_event(self, stack_name: str) -> str | None:
        """Return the id of the newest event of the stack itself; None when there is no stack."""
        with self._call("last_event") as view:
            stack = view.known(stack_name)
            own = [e for e in view.events if stack and e.id.split("#")[0] == stack.id]
            return own[-1].id if own else None

    def resources(self, stack_name: str) -> tuple[StackResource, ...]:
        """Return every resource of the stack."""
        with self._call("resources") as view:
            stack = view.find(stack_name)
            if stack is None:
                raise invalid(f"list the resources of stack {stack_name}", f"Stack with id {stack_name} does not exist")
            return tuple(
                StackResource(
                    logical_id=name,
                    physical_id=placed.physical_id,
                    type=placed.desired.type,
                    status=placed.status,
                    reason=placed.reason,
                    drift=self._drift_of(stack, name, placed.desired.type),
                )
                for name, placed in sorted(stack.resources.items())
                if "\0" not in name
            )

    def template(self, stack_name: str, *, change_set: str | None = None) -> str:
        """Return the processed template of the stack, or of a change set of it; empty when there is none."""
        with self._call("template") as view:
            stack = view.find(stack_name)
            if stack is None:
                return ""
            if change_set is None:
                return stack.template
            asked = view.asked.get((stack.id, change_set))
            inner = self._inner.get((stack.id, change_set), "")
            return asked.goal.template if asked and asked.goal else inner

    def protect(self, stack_name: str, *, enabled: bool) -> None:
        """Switch termination protection on or off."""
        with self._call("protect"):
            self._found(f"change the termination protection of stack {stack_name}", stack_name).protected = enabled

    def drift(self, stack_name: str) -> tuple[Drift, ...]:
        """Return what was altered by hand."""
        with self._call("drift"):
            stack = self._found(f"detect drift of stack {stack_name}", stack_name)
            self._checked.add(stack.id)
            return tuple(
                Drift(
                    logical_id=logical_id,
                    type=stack.resources[logical_id].desired.type,
                    status="MODIFIED",
                    differences=tuple(
                        (f"/{name}", stack.resources[logical_id].properties.get(name), value)
                        for name, value in properties.items()
                    ),
                )
                for (name, logical_id), properties in self._altered.items()
                if name == stack.name and logical_id in stack.resources
            )

    def _drift_of(self, stack: Stack, logical_id: str, kind: str) -> str:
        if stack.id not in self._checked or kind.startswith("Custom::"):
            return "NOT_CHECKED"
        return "MODIFIED" if (stack.name, logical_id) in self._altered else "IN_SYNC"

    @contextmanager
    def _call(self, name: str) -> Iterator[View[_Asked]]:
        with self.tap.call(f"stacks.{name}"), self._lock:
            self._engine.tick()
            yield self._view(name)
            self._engine.tick()
            if self._history:
                self._remember(self._clock.now())

    def _view(self, name: str) -> View[_Asked]:
        now = self._clock.now()
        lag_s = self._lag(name) if self._lag is not None else 0.0
        if lag_s <= 0:
            return View(at=now, stacks=self._engine.stacks, events=self._engine.events, asked=self._asked)
        then = now - timedelta(seconds=lag_s)
        was = next((view for view in reversed(self._history) if view.at <= then), self._history[0])
        return replace(was, at=then)

    def _remember(self, at: datetime) -> None:
        self._history.append(frozen(self._engine, self._asked, at))
        while len(self._history) > 1 and (at - self._history[1].at).total_seconds() > KEPT_S:
            del self._history[0]

    def _reason(self, stack: Stack, *, changed: bool) -> str:
        """Return why a change set fails, or nothing."""
        count = sum(e.stack_name == stack.name for e in self.invalid)
        if count:
            return f"Validation failed with {count} error(s). Call DescribeEvents to retrieve the full list of issues."
        return "" if changed else NO_CHANGES

    def _found(self, what: str, name: str) -> Stack:
        stack = self._engine.find(name)
        if stack is None:
            raise invalid(what, f"Stack with id {name} does not exist")
        return stack

    def _check_target(self, what: str, request: ChangeSetRequest, stack: Stack | None) -> Stack | None:
        if request.create:
            if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
                message = f"Stack [{request.stack_name}] already exists and cannot be created again with the changeSet"
                raise invalid(what, f"{message} [{request.name}].")
            return stack
        if stack is None:
            raise invalid(what, f"Stack [{request.stack_name}] does not exist")
        if stack.status not in UPDATABLE or self._engine.busy(stack):
            raise invalid(what, f"Stack:{stack.id} is in {stack.status} state and cannot be updated.")
        return stack

    def _checked_goal(self, what: str, request: ChangeSetRequest, stack: Stack | None) -> Goal:
        body = (request.template_body or "").encode()
        if not body:
            stored = self._bucket.get(request.template_key)
            if stored is None:
                raise invalid(what, "S3 error: The specified key does not exist.")
            body = stored.body
        previous = {key: stack.parameters[key] for key in request.use_previous if stack and key in stack.parameters}
        try:
            goal = self._goal(body, request.stack_name, {**previous, **request.parameters})
        except Invalid as error:
            raise invalid(what, str(error)) from error
        return replace(goal, tags=dict(request.tags))

    def _goal(self, body: bytes, stack_name: str, parameters: Mapping[str, str]) -> Goal:
        try:
            plain: dict[str, Json] = json.loads(body)
        except ValueError as error:
            raise Invalid("Template format error: JSON not well-formed.") from error
        if "Transform" in plain:
            if self._render is None:
                raise Invalid("Transform AWS::Serverless-2016-10-31 failed with: the fake was given no `render`")
            plain = self._render(
                body, parameters=parameters, account=self._account, region=self._region, stack_name=stack_name
            ).body
            left = plain.get("Parameters")
            parameters = {k: v for k, v in parameters.items() if isinstance(left, dict) and k in left}
        pseudo = {
            "AWS::AccountId": self._account,
            "AWS::Partition": "aws",
            "AWS::Region": self._region,
            "AWS::StackName": stack_name,
            "AWS::StackId": f"arn:aws:cloudformation:{self._region}:{self._account}:stack/{stack_name}/0",
            "AWS::URLSuffix": "amazonaws.com",
        }
        return evaluated(plain, parameters=parameters, pseudo=pseudo, exports=self._exports())

    def _nested_goal(self, stack: Stack, properties: Mapping[str, Json]) -> Goal:
        """Return the goal of a nested stack, its template read from the bucket that its URL names."""
        key = str(properties.get("TemplateURL", "")).split(f"{self._bucket.name}/")[-1].split(".amazonaws.com/")[-1]
        stored = self._bucket.get(key)
        if stored is None:
            raise Invalid(f"S3 error: The specified key does not exist. ({key})")
        given = properties.get("Parameters")
        parameters = {k: str(v) for k, v in given.items()} if isinstance(given, dict) else {}
        return self._goal(stored.body, stack.name, parameters)

    def _with_nested(self, stack: Stack, goal: Goal, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Add the change set of each nested stack; one in which nothing changes is not shown as changed."""
        shown: dict[str, Change] = {change.logical_id: change for change in changes}
        for name, desired in goal.resources.items():
            if desired.type != STACK_TYPE:
                continue
            there = stack.resources.get(name)
            child = self._engine.known(there.physical_id or "") if there else None
            look = self._engine.lookup(stack)
            try:
                properties = filled(dict(desired.properties), look)
                assert isinstance(properties, dict)
            except KeyError:
                continue  # it refers to what is not there yet
            inner = self._nested_goal(stack, properties)
            nested = differences(child.resources if child else {}, inner, tags_changed=False)
            if name not in shown and nested:
                shown[name] = Change(
                    action="Modify",
                    logical_id=name,
                    physical_id=there.physical_id if there else None,
                    type=STACK_TYPE,
                    replacement="False",
                )
            if name in shown:
                shown[name] = replace(shown[name], nested=_nested_set(name, child, nested))
                if child is not None:
                    self._inner[child.id, f"nested-{name}"] = inner.template
        return tuple(shown[name] for name in sorted(shown))

    def _execute(self, stack: Stack, asked: _Asked, goal: Goal, token: str) -> None:
        self.executions.append((stack.name, asked.request.name))
        stack.change_set, stack.token = asked.request.name, token
        stack.imports = asked.request.import_existing
        if asked.request.revert_drift:
            self._altered = {key: value for key, value in self._altered.items() if key[0] != stack.name}
        asked.executed = True
        for key in [key for key, other in self._asked.items() if key[0] == stack.id and other is not asked]:
            del self._asked[key]
        steps = self._engine.create(stack, goal) if asked.creates else self._engine.update(stack, goal)
        self._engine.begin(stack, steps)

    def _reverted(self, stack: Stack, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Return the changes of what was altered by hand and does not change otherwise."""
        known = {change.logical_id for change in changes}
        names = [name for at, name in self._altered if at == stack.name and name in stack.resources]
        return tuple(
            Change(
                action="Modify",
                logical_id=name,
                physical_id=stack.resources[name].physical_id,
                type=stack.resources[name].desired.type,
                replacement="False",
            )
            for name in names
            if name not in known
        )

    def _exports(self) -> dict[str, str]:
        return {k: v for s in self._engine.stacks if s.status != "DELETE_COMPLETE" for k, v in s.exports.items()}

    def _check_imports(self, what: str, stack: Stack) -> None:
        for other in self._engine.stacks:
            if other.status == "DELETE_COMPLETE" or other is stack:
                continue
            for name in stack.exports:
                if f'"Fn::ImportValue": "{name}"' in other.template:
                    raise invalid(what, f"Export {name} cannot be deleted as it is in use by {other.name}")


def _state(stack: Stack) -> StackState:
    return StackState(
        name=stack.name,
        id=stack.id,
        status=stack.status,
        reason=stack.reason,
        outputs=dict(stack.outputs),
        parameters=dict(stack.parameters),
        tags=dict(stack.tags),
        termination_protection=stack.protected,
        updated_at=stack.updated_at,
        change_set=stack.change_set,
    )


def _outputs_differ(stack: Stack, goal: Goal) -> bool:
    before = json.loads(stack.template).get("Outputs") if stack.template else None
    return bool(before != json.loads(goal.template).get("Outputs"))


def _change_set(asked: _Asked, stack: Stack, now: datetime) -> ChangeSet:
    ready = now >= asked.ready_at
    status = "CREATE_IN_PROGRESS" if not ready else "FAILED" if asked.reason else "CREATE_COMPLETE"
    return ChangeSet(
        name=asked.request.name,
        id=asked.id,
        stack_name=stack.name,
        status=status,
        execution_status=_execution_status(asked, stack) if status == "CREATE_COMPLETE" else "UNAVAILABLE",
        reason=asked.reason if ready else "",
        changes=asked.changes if ready else (),
        empty=ready and asked.reason == NO_CHANGES,
        creates_stack=ready and stack.status == "REVIEW_IN_PROGRESS",
        stack_id=stack.id,
    )


def _execution_status(asked: _Asked, stack: Stack) -> str:
    if not asked.executed:
        return "AVAILABLE"
    if stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return "EXECUTE_COMPLETE"
    return "EXECUTE_FAILED" if stack.status.endswith(("_COMPLETE", "_FAILED")) else "EXECUTE_IN_PROGRESS"


def _nested_set(name: str, child: Stack | None, changes: tuple[Change, ...]) -> ChangeSet:
    return ChangeSet(
        name=f"nested-{name}",
        id=f"nested-{name}",
        stack_name=child.name if child else name,
        status="CREATE_COMPLETE",
        execution_status="AVAILABLE",
        changes=changes,
        creates_stack=child is None,
    )
