"""Credentials that expire, and reads that lag, at every point of every command over the fakes: `make chaos`.

A command is counted once undisturbed: each call of a fake is a point. Then, for each point, the same begins in a new
world, and from that point on either every call is refused, as AWS does when the credentials have expired, or every read
of CloudFormation is older than the writes before it. What has to hold: a command whose credentials expired says so, and
repeated with new ones ends as the undisturbed one did; one whose reads lag ends so by itself.

python -m tests.chaos.disturbances [--every N]
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from sealift.errors import CloudError, SealiftError
from sealift.usecases.destroy import destroy
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from tests.chaos.invariants import ENVIRONMENTS
from tests.component.usecases.world import World, function, make_world, table
from tests.fakes.stacks import READS
from tests.fakes.tap import Moment

Disturbance = Literal["expired", "lagging"]
LAGS_S = (0.0, 3.0, 12.0, 25.0)
FAILED_BY_ITSELF = {"stack-failed", "stack-state"}
CLOSED = {"gate-health"}
"""What cannot be seen closes this gate, whose message has the reason."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command with what was there before it, and what repeats it."""

    name: str
    prepare: Callable[[World], object]
    act: Callable[[World], object]
    again: Callable[[World], object]


def _nothing(world: World) -> None:
    del world


def _new_code(world: World) -> None:
    world.deploy()
    world.code("print('two')")


def _two_releases(world: World) -> None:
    _new_code(world)
    world.deploy()


def _soaked(world: World) -> None:
    world.deliver("print('one')")
    world.code("print('two')")
    world.deploy()
    world.soak()


def _remains(world: World) -> None:
    world.account().stacks.fail("Items", "create")
    try:
        world.deploy()
    except CloudError:
        world.account().stacks.mend("Items", "create")


def _failing(world: World) -> None:
    _new_code(world)
    world.account().stacks.fail("Hello", "update", "no memory left")


def _stuck(world: World) -> None:
    world.write({"Hello": function(), "Items": {**table(), "DependsOn": ["Hello"]}})
    world.deploy()
    world.code("print('bad')")
    changed = table()
    changed["Properties"]["BillingMode"] = "PROVISIONED"  # type: ignore[index,call-overload]
    world.write({"Hello": function(), "Items": {**changed, "DependsOn": ["Hello"]}})
    stacks = world.account().stacks
    stacks.fail("Items", "update")
    stacks.fail("Hello", "rollback")
    try:
        world.deploy()
    except CloudError:
        stacks.mend("Items", "update")
        stacks.mend("Hello", "rollback")


def _deploy(world: World) -> object:
    return world.deploy()


def _promote(world: World) -> object:
    return promote(world.app, world.production, world.services(), PromotionOptions())


def _roll_back(world: World) -> object:
    return rollback(world.app, world.staging, world.services(), to=None)


def _resume(world: World) -> object:
    return resume(world.app, world.staging, world.services())


def _destroy(world: World) -> object:
    return destroy(world.app, world.staging, world.services(), confirmed_name="staging")


COMMANDS = (
    Command("first deployment", _nothing, _deploy, _deploy),
    Command("second deployment", _new_code, _deploy, _deploy),
    Command("second deployment, resumed", _new_code, _deploy, lambda world: _resume(world) and _deploy(world)),
    Command("failing deployment", _failing, _deploy, _deploy),
    Command("promotion", _soaked, _promote, _promote),
    Command("rollback", _two_releases, _roll_back, lambda world: _once_more(world)),
    Command("stuck rollback", _stuck, _resume, _resume),
    Command("remains of a creation", _remains, _deploy, _deploy),
    Command("teardown", _two_releases, _destroy, _destroy),
)


def _once_more(world: World) -> object:
    """Repeat a rollback that broke off; one that came to its end and is repeated would go further back."""
    last = world.standing().last
    if last is None or last.kind != "rollback" or last.is_good:
        return _roll_back(world) if last and last.kind != "rollback" else None
    return _roll_back(world)


def points(folder: Path, command: Command) -> tuple[int, object]:
    """Return how many calls the command makes undisturbed, and how it ends."""
    world = _prepared(folder, command)
    calls: list[str] = []
    _tap(world, lambda call, moment: calls.append(call) if moment == "before" else None)
    _try(world, command.act)
    _tap(world, None)
    return len(calls), end_of(world)


def disturb(folder: Path, command: Command, disturbance: Disturbance, at: int, wanted: object) -> Iterator[str]:
    """Yield what did not hold when the command was disturbed from a call on."""
    world = _prepared(folder, command)
    calls, moment = [0], "before" if at % 2 else "after"
    lags = {call: Random(f"{command.name} {at} {call}").choice(LAGS_S) for call in READS}

    def strike(call: str, when: Moment) -> None:
        calls[0] += when == "before"
        if calls[0] < at or (calls[0] == at and when != moment):
            return
        if disturbance == "expired":
            raise CloudError(f"AWS refused to {call}: expired", code="credentials-expired", retryable=True)
        for name in ENVIRONMENTS:
            world.account(name).stacks.lag(lambda read: lags.get(read, 0.0))

    _tap(world, strike)
    said = _try(world, command.act)
    _tap(world, None)
    if disturbance == "expired":
        if said not in {"", "credentials-expired", *FAILED_BY_ITSELF, *CLOSED}:
            yield f"it said {said}"
        world.clock.advance(3600)  # the lease of who could not give it back has run out
        _try(world, command.again)
    for name in ENVIRONMENTS:
        world.account(name).stacks.lag(0.0)
    found = end_of(world)
    if found != wanted:
        yield f"it said {said or 'nothing wrong'} and ended as {found} instead of {wanted}"


def end_of(world: World) -> object:
    """Return all that a person would look at after a command, names made by chance left out."""
    ends = []
    for name in ENVIRONMENTS:
        account = world.account(name)
        state = account.stacks.peek(f"shop-{name}")
        resources = account.stacks.resources(f"shop-{name}") if state else ()
        code = {
            r.logical_id: account.functions.state([str(r.physical_id)])[0].code_sha256
            for r in resources
            if r.type == "AWS::Lambda::Function" and r.physical_id and r.status != "DELETE_COMPLETE"
        }
        standing = world.standing(name)
        runs = standing.current and (standing.current.release, standing.current.verified)
        executed = [change_set for _, change_set in account.stacks.executions]
        twice = len(executed) - len(set(executed))
        free = world.is_free(name) if account.bucket.exists else True
        ends.append((state and state.status, code, runs, standing.unfinished is None, twice, free))
    return ends


def _prepared(folder: Path, command: Command) -> World:
    folder.mkdir(parents=True)
    world = make_world(folder)
    command.prepare(world)
    world.clock.advance(120)
    return world


def _tap(world: World, on_call: Callable[[str, Moment], None] | None) -> None:
    for name in ENVIRONMENTS:
        world.account(name).tap.on_call = on_call


def _try(world: World, act: Callable[[World], object]) -> str:
    try:
        act(world)
    except SealiftError as error:
        return error.code
    return ""


def sweep(folder: Path, command: Command, *, every: int = 1, first: int = 1) -> Iterator[tuple[str, str]]:
    """Disturb a command at every point, or at every Nth; yield each disturbance with what did not hold, or nothing."""
    count, wanted = points(folder / "undisturbed", command)
    for disturbance in ("expired", "lagging"):
        for at in range(first, count + 1, every):
            broken = "; ".join(disturb(folder / f"{disturbance}-{at}", command, disturbance, at, wanted))
            yield f"{command.name}, {disturbance} from call {at} of {count} on", broken


def main() -> int:
    """Print points and what did not hold; return 1 when something did not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every Nth point")
    chosen = parser.parse_args()
    failed = 0
    for command in COMMANDS:
        started, said = time.monotonic(), Counter[bool]()
        with tempfile.TemporaryDirectory(prefix="sealift-chaos-") as folder:
            for what, broken in sweep(Path(folder), command, every=chosen.every):
                said[not broken] += 1
                if broken:
                    print(f"  {what}: {broken}", flush=True)
        failed += said[False]
        took_s = time.monotonic() - started
        print(f"{command.name}: {sum(said.values())} disturbances, {said[False]} not survived, {took_s:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
