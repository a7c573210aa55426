"""Many processes that deploy to one environment at once, each its own commit: `make crowd`.

python -m tests.chaos.crowd [--processes N] [--kills K]

Each process has a clone of its own that knows no newer commit than its own, as a pipeline has. What has to hold: one
deployment at a time, by the ledger and by the emulator's stack events; the newest commit runs in the end; an older one
never follows a newer one; each process that lives ends in a named state.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from sealift.delivery.history import standing
from sealift.model.app import App
from sealift.model.ledger import Entry
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.run import commit_of, deploy_built
from sealift.usecases.services import Services
from tests.chaos.laboratory import Laboratory, forked, laboratory, waited
from tests.fakes.events import RecordingEvents
from tests.fakes.evidence import evidence
from tests.fakes.scm import FakeSourceControl

TIMEOUT_S = 1500.0
ENDED = {"succeeded", "skipped"}


@dataclass(frozen=True)
class Crowd:
    """What became of a crowd: how each process ended, by the number of its commit, and what is wrong."""

    statuses: dict[int, str]
    deployed: tuple[int, ...]
    """The commits that were really deployed, in order."""
    wrong: tuple[str, ...]


def gather(lab: Laboratory, *, processes: int, kills: int = 0, seed: int = 1) -> Crowd:
    """Let so many processes deploy at once, and kill some of them; return what became of it."""
    lab.reset(forget=False)
    gate = lab.root.parent / "gate"
    gate.unlink(missing_ok=True)
    files = {n: lab.root.parent / f"crowd-{n}.json" for n in range(processes)}
    children = {n: forked(lambda n=n: _push(lab, n, gate), file) for n, file in files.items()}
    for n in children:
        _wait_for(lab.root.parent / f"ready-{n}")
    gate.touch()
    killed = _kill_some(children, kills, random.Random(seed))
    statuses = {}
    for n, child in children.items():
        waited(child, TIMEOUT_S)
        statuses[n] = "killed" if n in killed else _said(files[n])
    entries, code, events = _seen(lab)
    wrong = tuple(_wrong(statuses, entries, code, events))
    return Crowd(statuses, tuple(int(e.record.commit or "0", 16) for e in _deployed(entries)), wrong)


def _push(lab: Laboratory, number: int, gate: Path) -> str:
    """Build a commit, wait for the gate, deploy; return the status."""
    lab.points.begin(kill_at=None, log=Path(os.devnull))
    app = _clone(lab, number)
    commits = [(f"{n:040x}", f"Change {n}") for n in range(number + 1)]
    services = replace(lab.services, scm=FakeSourceControl(commits=commits), events=RecordingEvents())
    templates = load_templates(app, services)
    built = build_release(app, services, templates=templates, origin=commit_of(app, services, local=True))
    proof = prove_built(app, built, services, templates=templates, local=True)
    (lab.root.parent / f"ready-{number}").touch()
    _wait_for(gate)
    return deploy_built(app, app.environments[0], built, services, proof=proof, evidence=evidence(built)).status


def _clone(lab: Laboratory, number: int) -> App:
    root = lab.root.parent / f"clone-{number}"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(lab.root, root, ignore=shutil.ignore_patterns(".sealift"))
    (root / "src" / "app.py").write_text(code_of(number))
    return replace(lab.app, root=root)


def code_of(number: int) -> str:
    """Return the code of a commit."""
    return f"def handler(event, context):\n    return {number}\n"


def _kill_some(children: dict[int, int], kills: int, seeded: random.Random) -> set[int]:
    """Kill some of the processes at some time, but never the newest."""
    victims = seeded.sample(sorted(children)[:-1], kills)
    for victim in victims:
        time.sleep(seeded.uniform(0.1, 2.0))
        os.kill(children[victim], signal.SIGKILL)
    return set(victims)


def _said(file: Path) -> str:
    said = json.loads(file.read_text()) if file.exists() else "nothing"
    return str(said)


def _seen(lab: Laboratory) -> tuple[Sequence[Entry], str, list[str]]:
    """Return the ledger, what runs (as JSON), and the events of the stack itself, oldest first."""
    file = lab.root.parent / "seen.json"

    def look() -> list[object]:
        services: Services = replace(lab.services, events=RecordingEvents())
        lab.points.begin(kill_at=None, log=Path(os.devnull))
        environment = lab.app.environments[0]
        cloud = services.clouds.open(environment)
        names = [r.physical_id or "" for r in cloud.stacks.resources(environment.stack_name) if "Function" in r.type]
        (state,) = cloud.functions.state(names)
        events = [
            e.status for e in cloud.stacks.events(environment.stack_name) if e.logical_id == environment.stack_name
        ]
        faults = services.ledgers.ledger(cloud).verify()
        held = services.ledgers.leases(cloud).current() is not None
        return [state.code_sha256, events, [f.reason for f in faults] + ["a lease is held"] * held]

    waited(forked(look, file))
    code, events, faults = json.loads(file.read_text())
    entries = _entries(lab)
    return entries, json.dumps([code, faults]), events


def _entries(lab: Laboratory) -> Sequence[Entry]:
    """Read the ledger in a process of its own, through the bytes of its entries."""
    from sealift.ledger.codec import decode_entry

    file = lab.root.parent / "entries.json"

    def look() -> list[str]:
        lab.points.begin(kill_at=None, log=Path(os.devnull))
        cloud = lab.services.clouds.open(lab.app.environments[0])
        return [e.stored.decode() for e in lab.services.ledgers.ledger(cloud).entries()]

    waited(forked(look, file))
    return [decode_entry(text.encode()) for text in json.loads(file.read_text())]


def _deployed(entries: Sequence[Entry]) -> list[Entry]:
    return [e for e in entries if e.record.kind == "deployment" and e.record.status == "succeeded"]


def _wrong(statuses: dict[int, str], entries: Sequence[Entry], seen: str, events: Sequence[str]) -> Iterator[str]:
    code, faults = json.loads(seen)
    newest = max(statuses)
    yield from faults
    for number, status in statuses.items():
        if status not in ENDED and status != "killed":
            yield f"process {number} ended with {status}"
    current = standing(entries).current
    if current is None or current.commit != f"{newest:040x}":
        yield f"the newest commit does not run, but {current.commit if current else None}"
    order = [int(e.record.commit or "0", 16) for e in _deployed(entries)]
    if order != sorted(order):
        yield f"an older commit followed a newer one: {order}"
    operations = [e.record.operation for e in entries]
    if len([o for o, before in zip(operations, ["", *operations], strict=False) if o != before]) != len(
        set(operations)
    ):
        yield "two operations wrote at the same time"
    moving = [
        status.endswith("_IN_PROGRESS") and "CLEANUP" not in status for status in events if "REVIEW" not in status
    ]
    if any(a and b for a, b in pairwise(moving)):
        yield f"two executions overlap: {events}"
    ended = {e.record.commit for e in entries if e.record.status in {"succeeded", "skipped"}}
    lost = [n for n, status in statuses.items() if status in ENDED and f"{n:040x}" not in ended]
    if lost:
        yield f"commits {lost} are in no record"
    recorded = next((e.data.get("code_sha256") for e in reversed(_deployed(entries))), None)
    if not isinstance(recorded, dict) or code not in recorded.values():
        yield f"the function runs {code[:12]}, the ledger says {recorded}"


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{file} did not come")
        time.sleep(0.01)


def main() -> int:
    """Print how the processes ended; exit 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sealift-crowd-") as folder, laboratory(Path(folder)) as lab:
        started = time.monotonic()
        crowd = gather(lab, processes=chosen.processes, kills=chosen.kills, seed=chosen.seed)
    took_s = time.monotonic() - started
    ended = ", ".join(f"{count} {status}" for status, count in Counter(crowd.statuses.values()).most_common())
    print(f"{chosen.processes} processes, {took_s:.0f} s: {ended}")
    print(f"deployed, in this order: {', '.join(map(str, crowd.deployed))} (the newest is {max(crowd.statuses)})")
    for sentence in crowd.wrong:
        print(f"WRONG: {sentence}")
    return 1 if crowd.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
