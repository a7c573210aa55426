"""Seeded schedules over the fakes: a few commands, each struck by some fault, then calm; invariants after each command.

`run_schedule(folder, seed)` returns what broke. The same seed makes the same schedule, up to the order in which threads
of one command make their calls.
"""

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sealift.delivery.history import DEPLOYING, standing
from sealift.errors import SealiftError
from sealift.ledger.ledgers import BucketLedgers
from sealift.model.app import Environment, Health, Hooks
from sealift.model.ledger import Record
from sealift.model.records import HookStep
from sealift.ports import Completed
from sealift.usecases.approve import approve
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.destroy import destroy
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from sealift.usecases.run import commit_of, deploy_built
from sealift.usecases.services import Services
from sealift.usecases.store import stored_release
from sealift.usecases.waive import Waiver, waive
from tests.chaos.invariants import ENVIRONMENTS, broken, entries_of, unfinished
from tests.chaos.weather import Faults, Killed, SkewedClock, draw_faults
from tests.component.usecases.world import URL, Body, World, function, make_world, table
from tests.fakes.evidence import evidence
from tests.fakes.http import answer
from tests.fakes.ids import FakeIds
from tests.fakes.process import Run, completed
from tests.fakes.stacks import READS

COMMANDS = (
    "deploy",
    "deploy",
    "deploy again",
    "promote",
    "promote",
    "roll back",
    "resume",
    "approve",
    "waive",
    "destroy",
    "flip",
    "set",
    "set",
)
PROMOTIONS = ("promote",) * 6
"""What is added where production is watched."""
MOST_COMMANDS = 5
WATCH_S = 45.0
BAD = "bad"
"""How the modes begin with which production does not answer."""
LONGEST_ILLNESS_S = 450.0
LAGGING = 0.4
"""The share of commands whose reads lag, whatever else the weather is."""
EXPECTED = (SealiftError, Killed, KeyboardInterrupt)


@dataclass(slots=True)
class Outcomes:
    """What happened in one schedule, or in many."""

    seed: int
    commands: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Schedule:
    """One world and one generator."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.world: World = make_world(folder)
        self.secret = f"hunter-{self.random.randrange(16)}-dfd3a1b0c4e2"
        self.precious: dict[str, str] = {}
        self.said = Outcomes(seed)
        self._version = 0
        self._versions_of_mode = 0
        self._queues: list[str] = []
        self._actors = 0
        self._spell: tuple[datetime, datetime] | None = None
        """From when to when production does not do well."""
        self._failing_hooks = 0.0
        self._cache = folder / "ledger-cache"
        for name in ENVIRONMENTS:
            self._set(name, "plain")
        if self.random.random() < 0.3:
            self.world.change("production", approvals=1)
        if self.random.random() < 0.15:
            self.world.change("production", watch_s=WATCH_S, health=Health(max_latency_ms=500))
        self.world.http.serve(f"{URL}/shop-production", lambda _: answer(500 if self._is_ill() else 200))
        if self.random.random() < 0.15:
            self.world.app = replace(self.world.app, hooks=Hooks(before_deploy=("migrate",), after_deploy=("fill",)))
            for program in ("migrate", "fill"):
                self.world.process.install(program, does=self._hook)
        self._write()

    def run(self) -> Outcomes:
        """Make a few commands in bad weather, then bring the newest code everywhere in calm."""
        if self.random.random() < 0.7:
            self._calm()
        for _ in range(self.random.randint(1, MOST_COMMANDS)):
            name = self.random.choice(COMMANDS + PROMOTIONS if self.world.production.watch_s else COMMANDS)
            if name == "flip":
                self._flip()
            else:
                self._in_weather(name)
            self._check()
        self._calm()
        return self.said

    def _in_weather(self, name: str) -> None:
        command = self._command(name)
        faults = draw_faults(self.random, self.world.clock, self._take_over)
        services = self._services(skewed=faults.weather == "skewed")
        self._failing_hooks = 0.1
        if name == "promote" and self.world.production.watch_s and self.random.random() < 0.7:
            self._fall_ill()
        self._expose(faults)
        lagging = self._let_lag()
        known = len(entries_of(self.world.account("production")))
        said, clean = "", True
        try:
            said = command(services) or "done"
        except EXPECTED as error:
            said = getattr(error, "code", type(error).__name__)
            clean = not isinstance(error, Killed)
        except OSError as error:
            said = "disk full"
            if error.errno != errno.ENOSPC or faults.weather != "disk-full":
                self._broke(f"{name} ended with {error!r}")
        except Exception as error:
            self._broke(f"{name} ended with {error!r}, which is not a state")
        finally:
            self._shelter()
        self.said.commands.append(
            f"{name} in {lagging}{faults.weather} weather ({'; '.join(faults.struck[:2])}): {said}"
        )
        self._spell, self._failing_hooks = None, 0.0
        if name in {"promote", "set"} and faults.weather != "taken-over" and self._went_back_for_nothing(known):
            self._broke("production went back though nothing spoke against its release")
        if clean and not faults.struck:
            self._nothing_left(name)

    def _hook(self, run: Run) -> Completed:
        """Run as a hook, which the ledger has to know of by then; fail now and then."""
        name = str((run.env or {})["SEALIFT_ENV"])
        record = entries_of(self.world.account(name))[-1].record
        begun = isinstance(record.details, HookStep) and record.details.outcome == "running"
        if not begun or record.kind == "rollback":
            self._broke(f"a hook of {name} ran after {record.kind} {record.details}")
        return completed(returncode=int(self.random.random() < self._failing_hooks))

    def _fall_ill(self) -> None:
        """Let production answer badly for a while, some time from now: its probes, its metrics or both."""
        start = self.world.clock.now() + timedelta(seconds=self.random.uniform(0.0, 90.0))
        self._spell = (start, start + timedelta(seconds=self.random.choice((2.0, 60.0, 300.0))))
        account = self.world.account("production")
        there = account.stacks.describe("shop-production") is not None
        for resource in account.stacks.resources("shop-production") if there else ():
            if resource.type == "AWS::Lambda::Function" and resource.physical_id and self.random.random() < 0.5:
                for minute in range(5):
                    at = start + timedelta(minutes=minute)
                    account.metrics.put(resource.physical_id, at, requests=100, failures=50, latency_ms=900.0)

    def _is_ill(self) -> bool:
        state = self.world.account("production").stacks.peek("shop-production")
        if state is not None and state.parameters.get("Mode", "").startswith(BAD):
            return True
        return self._spell is not None and self._spell[0] <= self.world.clock.now() < self._spell[1]

    def _set(self, name: str, mode: str) -> None:
        """Declare another value of a parameter."""
        self.world.change(name, parameters={"Password": self.secret, "Mode": mode})

    def _set_anew(self) -> None:
        """Declare another value for production, which may be a bad one."""
        self._versions_of_mode += 1
        kind = BAD if self.random.random() < 0.4 else "good"
        self._set("production", f"{kind}-{self._versions_of_mode}")

    def _went_back_for_nothing(self, before: int) -> bool:
        """Return whether production was taken back, since it had so many entries, though only AWS had broken."""
        last: Record | None = None
        for entry in entries_of(self.world.account("production")):
            record = entry.record
            new = last is None or record.operation != last.operation
            if entry.seq > before and record.kind == "rollback" and new and last is not None:
                return last.status == "errored" and last.kind == "promotion"
            last = record if record.kind in (*DEPLOYING, "verification", "watch") else last
        return False

    def _command(self, name: str) -> Callable[[Services], str | None]:
        world, production = self.world, self.world.production
        match name:
            case "deploy":
                self._write(losing_data=self.random.random() < 0.1)
                return lambda services: deploy(world, services)
            case "deploy again":
                return lambda services: deploy(world, services)
            case "set":
                self._set_anew()
                world.soak()
                return lambda services: promote(world.app, world.production, services, PromotionOptions()).status
            case "promote":
                if production.watch_s and self.random.random() < 0.7:
                    self._renew()
                world.soak()
                return lambda services: promote(world.app, production, services, PromotionOptions()).status
            case "roll back":
                where = world.production if self.random.random() < 0.6 else world.staging
                return lambda services: rollback(world.app, where, services, to=None).status
            case "resume":
                where = world.production if self.random.random() < 0.6 else world.staging
                return lambda services: resume(world.app, where, services).status
            case "approve":
                return lambda services: self._approve(services)
            case "waive":
                release = self.random.choice(self._releases() or ["0" * 64])
                waiver = Waiver(key="app/Nothing:data-removed", release=release, reason="a schedule of faults")
                return lambda services: waive(self.world.app, production, services, waiver).record.status
            case _:
                return self._destroyed

    def _renew(self) -> None:
        """Have something new in staging, so that there is something to promote and to watch."""
        self._write()
        with suppress(SealiftError):
            deploy(self.world, self._services())

    def _destroyed(self, services: Services) -> str:
        """Take staging down; its data is lost then, and that was wanted."""
        self.precious = {k: v for k, v in self.precious.items() if not k.startswith("shop-staging")}
        destroy(self.world.app, self.world.staging, services, confirmed_name="staging")
        return "succeeded"

    def _approve(self, services: Services) -> str:
        newest = (self._releases() or ["0" * 64])[-1]
        return approve(
            self.world.app, self.world.production, services, release=newest, reason="fine"
        ).entry.record.status

    def _calm(self) -> None:
        """One ordinary command per environment brings everything to where it belongs, bad values mended."""
        self._versions_of_mode += 1
        self._set("production", f"good-{self._versions_of_mode}")
        self.world.clock.advance(LONGEST_ILLNESS_S)
        self._write()
        try:
            statuses = [deploy(self.world, self._services())]
            self._store_data()
            self.world.soak()
            if self.world.production.approvals:
                self._approve(self._services())
            promotion = promote(self.world.app, self.world.production, self._services(), PromotionOptions())
            statuses.append(promotion.status)
        except Exception as error:
            self._broke(f"the calm commands at the end: {error!r}")
            return
        if statuses != ["succeeded", "succeeded"]:
            self._broke(f"the calm commands at the end: {statuses}")
        now = [standing(entries_of(self.world.account(name))).current for name in ENVIRONMENTS]
        if len({d.release if d else None for d in now}) != 1:
            self._broke("staging and production do not run the same in the end")
        self._check()
        self._nothing_left("the calm commands", unfinished_too=True)

    def _flip(self) -> None:
        """Flip one bit somewhere: whatever command comes refuses or does not care, and nothing is written to stacks."""
        name = self.random.choice(ENVIRONMENTS)
        bucket = self.world.account(name).bucket
        keys = [k for k in bucket.everything() if k.startswith(("ledger/", "blobs/", "releases/", "configurations/"))]
        cached = sorted(p for p in self._cache.rglob("*") if p.is_file())
        if cached and self.random.random() < 0.2:
            file = self.random.choice(cached)
            file.write_bytes(flipped(file.read_bytes(), self.random))
            self.said.commands.append("flip a bit of the cache of a ledger")
            return
        if not keys:
            return
        key = self.random.choice(keys)
        whole = bucket.peek(key) or b""
        bucket.corrupt(key, flipped(whole, self.random))
        before = list(self.world.account("production").stacks.executions)
        known = len(entries_of(self.world.account("production")))
        command = "promote" if self.random.random() < 0.7 else "deploy again"
        said = self._try(command)
        executed = self.world.account("production").stacks.executions != before
        if executed and command == "promote" and name == "staging" and bucket.peek(key) != whole:
            self._used(key, known)
        bucket.corrupt(key, whole)
        self.said.commands.append(f"flip a bit of {key} in {name}: {said}")

    def _used(self, key: str, known: int) -> None:
        """Production changed while this object of staging was damaged: it may not be part of what was promoted.

        What production goes back to comes from its own bucket.
        """
        new = (e.record for e in entries_of(self.world.account("production"))[known:])
        for release in {str(record.release) for record in new if record.kind == "promotion"}:
            if key.removeprefix("blobs/") in self._blobs(release) or key == f"releases/{release}/manifest.json":
                self._broke(f"production got {release[:12]} while {key} was damaged")

    def _blobs(self, release: str) -> tuple[str, ...]:
        return stored_release(release, self.world.account("production").cloud).blobs

    def _try(self, name: str) -> str:
        command = self._command(name)
        try:
            return command(self._services()) or "done"
        except SealiftError as error:
            return error.code
        except Exception as error:
            self._broke(f"{name} after a flipped bit ended with {error!r}, which is not a state")
            return "crashed"

    def _take_over(self, environment: str) -> None:
        """Let somebody on another machine bring something newer, or the code before, or go back."""
        services, way = self._services(cached=False), self.random.random()
        try:
            if environment == "staging":
                if way < 0.5:
                    self._write()
                else:
                    self.world.code(f"print({self._version - 1})")
                deploy(self.world, services)
            elif way < 0.5:
                promote(self.world.app, self.world.production, services, PromotionOptions())
            else:
                rollback(self.world.app, self.world.production, services, to=None)
        except (SealiftError, OSError):
            return

    def _services(self, *, skewed: bool = False, cached: bool = True) -> Services:
        """Return services of a process of its own."""
        self._actors += 1
        actor = f"actor{self._actors}@machine"
        services = self.world.services(actor=actor)
        skew = timedelta(hours=self.random.choice((-1, 1))) if skewed else timedelta(0)
        clock = SkewedClock(self.world.clock, skew) if skewed else self.world.clock
        ids = FakeIds(f"id{self._actors:03d}")
        ledgers = BucketLedgers(clock=clock, ids=ids, actor=actor, cache=self._cache if cached else None)
        return replace(services, clock=clock, ids=ids, ledgers=ledgers)

    def _expose(self, faults: Faults) -> None:
        for name in ENVIRONMENTS:
            strike = lambda call, moment, name=name: faults.strike(name, call, moment)  # noqa: E731
            self.world.account(name).tap.on_call = strike

    def _let_lag(self) -> str:
        """Let reads of CloudFormation be older than writes now and then, each kind of read by its own time."""
        if self.random.random() >= LAGGING:
            return ""
        for name in ENVIRONMENTS:
            lags = {call: self.random.choice((0.0, 0.0, 2.0, 12.0, 25.0)) for call in READS}
            self.world.account(name).stacks.lag(lambda call, lags=lags: lags.get(call, 0.0))
        return "lagging "

    def _shelter(self) -> None:
        for name in ENVIRONMENTS:
            self.world.account(name).tap.on_call = None
            self.world.account(name).stacks.lag(0.0)

    def _write(self, *, losing_data: bool = False) -> None:
        """Write the next version of the application: other code, sometimes another resource, or one that is missing."""
        self._version += 1
        self.world.code(f"print({self._version})")
        if self._version > 1:
            self.world.scm.commit(f"{self._version:040x}")
        if self.random.random() < 0.3:
            self._queues.append(f"Queue{self._version}")
        hello = function()
        hello["Properties"]["Environment"] = {"Variables": {"MODE": {"Ref": "Mode"}}}  # type: ignore[index,call-overload]
        resources: Body = {"Hello": hello, "Items": table(DeletionPolicy="Retain")}
        resources |= {name: {"Type": "AWS::SQS::Queue"} for name in self._queues}
        if losing_data:
            del resources["Items"]
        parameters: Body = {"Password": {"Type": "String", "NoEcho": True}, "Mode": {"Type": "String"}}
        self.world.write(resources, Parameters=parameters)

    def _store_data(self) -> None:
        """Put data into the tables that are there."""
        for name in ENVIRONMENTS:
            account = self.world.account(name)
            if account.stacks.describe(f"shop-{name}") is None:
                continue
            for resource in account.stacks.resources(f"shop-{name}"):
                if resource.type == "AWS::DynamoDB::Table" and resource.physical_id:
                    account.contents[resource.physical_id] = ["precious"]
                    self.precious[resource.physical_id] = "precious"

    def _releases(self) -> list[str]:
        """Return the releases that staging was ever asked to run, oldest first."""
        seen = [e.record.release for e in entries_of(self.world.account("staging")) if e.record.release]
        return list(dict.fromkeys(seen))

    def _check(self) -> None:
        for sentence in broken(self.world, secrets=[self.secret], precious=self.precious):
            self._broke(sentence)
        self._store_data()

    def _nothing_left(self, name: str, *, unfinished_too: bool = False) -> None:
        """After a command that nothing struck: no lease is held, and every operation has an outcome."""
        for environment in ENVIRONMENTS:
            account = self.world.account(environment)
            if self.world.services().ledgers.leases(account.cloud).current() is not None and unfinished_too:
                self._broke(f"{name} left a lease in {environment}")
            left = unfinished(entries_of(account))
            if unfinished_too and left and standing(entries_of(account)).unfinished:
                self._broke(f"{name} left {left} in {environment} without an outcome")

    def _broke(self, sentence: str) -> None:
        self.said.broken.append(sentence)


def deploy(world: World, services: Services) -> str:
    """Build what is in the folder and deploy it to staging."""
    environment: Environment = world.staging
    origin = commit_of(world.app, services, local=True)
    world.checkouts.keep(world.app.root, origin.commit)
    templates = load_templates(world.app, services)
    built = build_release(world.app, services, templates=templates, origin=origin)
    proof = prove_built(world.app, built, services, templates=templates, local=False)
    return deploy_built(world.app, environment, built, services, proof=proof, evidence=evidence(built)).status


def flipped(data: bytes, random: Random) -> bytes:
    """Return the bytes with one bit changed."""
    if not data:
        return b"\x01"
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def run_schedule(folder: Path, seed: int) -> Outcomes:
    """Make one schedule and return what happened."""
    folder.mkdir(parents=True, exist_ok=True)
    return Schedule(folder, seed).run()
