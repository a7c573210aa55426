"""What has to hold after every command, whatever struck it. Each returns what is wrong, in sentences."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from sealift.delivery.history import DEPLOYING, Standing, standing
from sealift.ledger.chain import judge_chain
from sealift.ledger.ledger import HEAD_KEY, PREFIX
from sealift.model.ledger import ChainFault, Entry
from sealift.usecases.store import stored_release
from tests.component.usecases.world import World
from tests.fakes.cloud import FakeAccount

ENVIRONMENTS = ("staging", "production")


def broken(world: World, *, secrets: Sequence[str], precious: Mapping[str, str]) -> Iterator[str]:
    """Yield every invariant that does not hold. `precious` is what is in data stores, by physical id."""
    ledgers: dict[str, list[Entry]] = {}
    for name in ENVIRONMENTS:
        account = world.account(name)
        found, faults = chain_of(account)
        entries = ledgers[name] = list(found)
        yield from (f"the chain of {name} does not hold at {f.seq}: {f.reason}" for f in faults)
        yield from _one_writer(name, entries)
        yield from _only_recorded_executions(name, account, entries)
        yield from _as_the_ledger_says(world, name, entries)
        yield from _data_is_there(name, account, precious)
        yield from _no_secret(name, account, secrets)
    yield from _verified_before_production(ledgers["staging"], ledgers["production"])
    for event in world.events.events:
        if any(secret in repr(event) for secret in secrets):
            yield f"a secret is in an event: {type(event).__name__}"


def chain_of(account: FakeAccount) -> tuple[tuple[Entry, ...], tuple[ChainFault, ...]]:
    """Return the entries of a ledger and its faults, behind everybody's back."""
    keys = [k for k in account.bucket.everything() if k.startswith(PREFIX) and k != HEAD_KEY]
    bodies = tuple((int(k.removeprefix(PREFIX).removesuffix(".json")), account.bucket.peek(k) or b"") for k in keys)
    return _judged(bodies, account.bucket.peek(HEAD_KEY))


@lru_cache(maxsize=16)
def _judged(
    bodies: tuple[tuple[int, bytes], ...], head: bytes | None
) -> tuple[tuple[Entry, ...], tuple[ChainFault, ...]]:
    """Judge a chain once, however often it is looked at."""
    return judge_chain(dict(bodies), head)


def entries_of(account: FakeAccount) -> tuple[Entry, ...]:
    """Return the entries that can be read."""
    return chain_of(account)[0]


def unfinished(entries: Sequence[Entry]) -> list[str]:
    """Return the deploying operations that have no outcome."""
    last = {e.record.operation: e.record.status for e in entries if e.record.kind in DEPLOYING}
    return [operation for operation, status in last.items() if status == "running"]


def _one_writer(name: str, entries: Sequence[Entry]) -> Iterator[str]:
    """No operation writes again once another one has begun, and no lease follows a newer one.

    While a deployment is watched others may write; only the watch of what was deployed last is concluded after that.
    """
    closed: set[str] = set()
    current = deployed = ""
    for entry in entries:
        if entry.record.kind in (*DEPLOYING, "teardown"):
            deployed = entry.record.operation
        elif entry.record.kind == "watch" and entry.record.operation == deployed:
            closed.discard(deployed)
        if entry.record.operation != current:
            closed.add(current)
            current = entry.record.operation
        if current in closed:
            yield f"two operations write to {name} at once: {current} goes on at entry {entry.seq}"


def _only_recorded_executions(name: str, account: FakeAccount, entries: Sequence[Entry]) -> Iterator[str]:
    """Only the declared stack is executed, nothing twice, and nothing that was not recorded before."""
    recorded = [str(e.data.get("change_set")) for e in entries if e.data.get("step") == "execute"]
    executed = [change_set for _, change_set in account.stacks.executions]
    for stack, change_set in account.stacks.executions:
        if stack != f"shop-{name}":
            yield f"{name} wrote to stack {stack}"
        if change_set not in recorded:
            yield f"{change_set} was executed in {name} without being recorded"
    if len(executed) != len(set(executed)):
        yield f"something was executed twice in {name}: {executed}"
    strangers = [s for s in account.stacks.deletions if not s.startswith((f"shop-{name}", "arn:"))]
    if strangers:
        yield f"{name} deleted {strangers}"


def _as_the_ledger_says(world: World, name: str, entries: Sequence[Entry]) -> Iterator[str]:
    """What the ledger calls deployed is what the functions run."""
    now = standing(entries)
    account = world.account(name)
    if now.current is None or now.last is not now.current:
        return
    stack = account.stacks.describe(f"shop-{name}")
    if stack is None or stack.status.endswith("_IN_PROGRESS"):
        yield f"{name} runs release {now.current.release[:12]} by its ledger, but its stack is {stack and stack.status}"
        return
    physical = {r.logical_id: r.physical_id for r in account.stacks.resources(f"shop-{name}")}
    for sealed in stored_release(now.current.release, account.cloud).stacks:
        for logical_id, sha256 in sealed.functions:
            (state,) = account.functions.state([str(physical[logical_id])])
            if state.code_sha256 != sha256:
                yield f"{name} runs other code than its ledger says ({now.current.release[:12]})"
    yield from _configured_as_the_ledger_says(name, account, now)


def _configured_as_the_ledger_says(name: str, account: FakeAccount, now: Standing) -> Iterator[str]:
    """The stack has the values of the configuration that its ledger names; one gone back to was there before."""
    current = now.current
    state = account.stacks.describe(f"shop-{name}")
    assert current is not None
    assert state is not None
    body = account.bucket.peek(f"configurations/{current.config}.json") or b""
    if hashlib.sha256(body).hexdigest() != current.config:
        yield f"{name} does not keep the configuration that it runs: {body!r}"
        return
    values = json.loads(body)["parameters"]["app"]
    there = {key: value for key, value in state.parameters.items() if key not in {"Password", "SealiftArtifactBucket"}}
    if values != there:
        yield f"{name} runs with {there}, its ledger says {values}"
    before = {(d.release, d.config) for d in now.deployments if d.kind != "rollback" and d.verified == "succeeded"}
    if current.kind == "rollback" and (current.release, current.config) not in before:
        yield f"{name} went back to a release and configuration that was never verified there"


def _data_is_there(name: str, account: FakeAccount, precious: Mapping[str, str]) -> Iterator[str]:
    """A table that holds data still holds it."""
    for store, item in precious.items():
        if store.startswith(f"shop-{name}-") and account.contents.get(store) != [item]:
            yield f"data of {store} in {name} is lost"


def _verified_before_production(staging: Sequence[Entry], production: Sequence[Entry]) -> Iterator[str]:
    """Nothing enters production that was not verified in staging before."""
    verified: dict[str, Entry] = {}
    for entry in staging:
        if entry.record.kind == "verification" and entry.record.status == "succeeded" and entry.record.release:
            verified.setdefault(entry.record.release, entry)
    for entry in production:
        if entry.record.kind == "promotion" and entry.record.release not in verified:
            yield f"release {(entry.record.release or '')[:12]} entered production and was never verified in staging"


def _no_secret(name: str, account: FakeAccount, secrets: Sequence[str]) -> Iterator[str]:
    for key in account.bucket.everything():
        body = account.bucket.peek(key) or b""
        if any(secret.encode() in body for secret in secrets):
            yield f"a secret is in {key} of {name}"
    for template in (account.stacks.template(f"shop-{name}"), json.dumps(account.stacks.executions)):
        if any(secret in template for secret in secrets):
            yield f"a secret is in a template of {name}"
