"""What each gate says: whether it is open, why, and what of it is shown, in every case that it tells apart."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sealift.delivery.gates import GateResult
from sealift.delivery.guard import waiver_key
from sealift.delivery.history import Deployed, Standing
from sealift.delivery.manifest import release_key
from sealift.delivery.override import Override
from sealift.errors import CloudError, Refused, UserError
from sealift.model.app import Freeze, GatesRead, Hooks, StackSpec
from sealift.model.event import HealthJudged, Noted
from sealift.model.stored import canonical_json
from sealift.model.template import Json
from sealift.ports import Ledger
from sealift.usecases.approve import approve
from sealift.usecases.gates.asking import ENTRY, ask
from sealift.usecases.gates.entering import Entering
from sealift.usecases.settings import set_value
from sealift.usecases.site import Site
from sealift.usecases.waive import Waiver, waive
from tests.component.gates.test_asking import built
from tests.component.gates.test_chains import write_anew
from tests.component.usecases.test_data_guard import forget_what_runs
from tests.component.usecases.world import ROLE, URL, World, function, make_world, table
from tests.fakes.clock import START
from tests.fakes.http import answer

ONE, TWO, THREE, LOST = "1" * 40, "2" * 40, "3" * 40, "9" * 40
LOST_COMMIT = Override(gates=frozenset({"reproduced"}), reason="nobody knows the commit")
GATES = {gate.__name__: gate for gate in ENTRY}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.scm.commits = [(ONE, "Begin")]
    return world


def on_laptop(site: Site, local: bool) -> Site:
    return replace(site, cloud=replace(site.cloud, local=local))


def comes(world: World, *, source_local: bool = False, local: bool = False, **fields: Any) -> Entering:
    """Return what staging runs, on its way into production."""
    source = on_laptop(world.site("staging"), source_local)
    current = source.standing().current
    digest = current.release if current is not None else "0" * 64
    site = on_laptop(world.site("production"), local)
    return Entering(**{"site": site, "source": source, "release": digest, **fields})


def deployed(world: World, *, local: bool = False) -> Entering:
    """Return what is in the folder, on its way into staging."""
    made = built(world)
    return replace(made, site=on_laptop(made.site, local))


def asked(name: str, entering: Entering) -> GateResult:
    (said,) = ask([GATES[name]], entering)
    assert said.gate == name
    return said


def says(name: str, entering: Entering) -> tuple[str, str, str]:
    said = asked(name, entering)
    return (said.status, said.message, said.about)


@pytest.fixture
def soaked(world: World) -> World:
    world.deploy()
    world.soak()
    return world


READY = {
    "account": ("the credentials are of the declared account", ""),
    "protected": ("gates read from the work tree", ""),
    "merged": ("nothing unmerged is deployed", ""),
    "release": ("staging runs release DIGEST", "staging"),
    "running": ("the code of 1 function of staging is that of the release", "staging"),
    "anchored": ("no promotion before this one kept where it ended", "staging"),
    "verified": ("verified in staging", "staging"),
    "soak": ("soaked in staging since 2026-01-05 09:00:04 UTC", "staging"),
    "branch": ("no branch is asked for", ""),
    "newer": ("nothing newer runs in production", ""),
    "approval": ("no approval is required", ""),
    "window": ("no window keeps it out", ""),
    "attested": ("what is attested of it holds", ""),
    "evidence": ("it was analysed, and 3 unit tests passed", "staging"),
    "data": ("the change set is judged when it is made", ""),
    "isolation": ("L1 proved from the templates", ""),
    "configuration": ("the parameters fit (CONFIG)", ""),
    "code": ("all code is part of the release", ""),
    "hooks": ("no hook is a command", ""),
    "reproduced": ("commit 11111111 builds the same release, in 0.0 s", ""),
    "health": ("no requests, no alarm declared", "staging"),
}


def test_every_gate_is_open_for_a_release_that_may_come(soaked: World):
    entering = comes(soaked)
    got = {said.gate: (said.status, said.message, said.about) for said in ask(ENTRY, entering)}
    digest, config = entering.release[:12], entering.plan.config[:12]
    wanted = {
        name: ("open", m.replace("DIGEST", digest).replace("CONFIG", config), a) for name, (m, a) in READY.items()
    }
    assert got == wanted


DEPLOYED = {
    **dict.fromkeys(("running", "anchored", "verified", "soak", "release"), ("it is deployed, not promoted", "")),
    **{name: READY[name] for name in ("account", "protected", "merged", "window", "isolation", "code")},
    **{name: READY[name] for name in ("configuration", "branch", "approval")},
    "newer": ("nothing newer runs in staging", ""),
    "data": ("the templates take no data away", ""),
    "attested": ("it is attested when it is stored", ""),
    "evidence": ("it is asked for at the promotion", ""),
    "hooks": ("it is deployed from where it was built", ""),
    "reproduced": ("it was built from its commit just now", ""),
    "health": ("it is deployed, not promoted", ""),
}


def test_the_gates_of_a_promotion_are_open_for_a_deployment(world: World):
    """Even where nothing of it holds for the environment itself: it is the release before that is looked at there."""
    world.change("staging", approvals=1)
    world.app = replace(world.app, gates=GatesRead(reference="origin/main", commit=ONE, merged_to=("main",)))
    world.http.serve(URL, answer(502))
    world.deploy()
    (world.app.root / "src/app.py").write_text("print('two')")
    world.account().functions.set_code(*broken_code(world))
    entering = replace(deployed(world), built_from=TWO)
    got = {said.gate: (said.status, said.message, said.about) for said in ask(ENTRY, entering)}
    config = entering.plan.config[:12]
    assert entering.soaked == world.standing(), "without a source it is the environment itself that is looked at"
    wanted = {name: ("open", message.replace("CONFIG", config), a) for name, (message, a) in DEPLOYED.items()}
    assert got == {**wanted, "protected": ("open", "gates read from origin/main", "")}


def broken_code(world: World) -> tuple[str, str]:
    """Return what the function of staging is called in its account, and the hash of other code."""
    (name,) = (r.physical_id for r in world.site().cloud.stacks.resources("shop-staging") if r.logical_id == "Hello")
    assert name is not None
    return name, "f" * 64


@pytest.mark.parametrize("name", ["staging", "production"])
def test_credentials_of_another_account_close_it(soaked: World, name: str):
    soaked.account(name)
    soaked.change(name, account="999999999999")
    status, message, _ = says("account", comes(soaked))
    assert status == "refused"
    assert message.startswith(f"{name} is declared in account 999999999999")


READ = GatesRead(reference="origin/main", commit=ONE, merged_to=("main",))


@pytest.mark.parametrize(
    ("gates", "local", "status", "message"),
    [
        (READ, False, "refused", "The gates of origin/main changed since this command read them"),
        (replace(READ, reference="trunk"), False, "refused", "The gates of trunk changed since this command read them"),
        (READ, True, "open", "gates read from origin/main"),
        (replace(READ, commit=TWO), False, "open", "gates read from origin/main"),
        (GatesRead(commit=ONE), False, "open", "gates read from the work tree"),
        (replace(READ, problem="no origin/main"), False, "refused", "The gates cannot be relied on: no origin/main"),
    ],
)
def test_gates_count_while_the_protected_branch_has_them(
    soaked: World, gates: GatesRead, local: bool, status: str, message: str
):
    soaked.scm.commit(TWO)
    soaked.scm.configured.add(TWO)
    soaked.scm.branches = {"refs/remotes/origin/main": TWO, "refs/heads/trunk": TWO}
    soaked.app = replace(soaked.app, gates=gates)
    assert says("protected", comes(soaked, local=local))[:2] == (status, message)


def test_an_unmerged_commit_is_not_deployed_and_of_a_promotion_another_gate_asks(world: World):
    world.change("production", branch="main")
    world.deploy()
    world.app = replace(world.app, gates=GatesRead(reference="origin/main", commit=ONE))
    assert says("merged", comes(world))[0] == "open"
    assert says("merged", replace(comes(world), source=None))[0] == "refused"


# What the ledger of the source says.


def test_another_release_than_the_one_that_runs_is_refused_by_every_gate_of_the_ledger(soaked: World):
    other = comes(soaked, release="b" * 64)
    runs = comes(soaked).release[:12]
    hint = f"Promote what staging runs, or deploy {'b' * 12} there first."
    said = [asked(name, other) for name in ("release", "verified", "soak")]
    assert {(one.status, one.hint, one.about) for one in said} == {("refused", hint, "staging")}
    assert [one.message for one in said] == [
        f"Release {'b' * 12} is not what staging runs: it runs {runs}",
        *[f"staging does not run release {'b' * 12}"] * 2,
    ]


def test_a_stack_that_is_gone_closes_the_gate_of_the_release_alone(soaked: World):
    soaked.account("staging").stacks.delete_stack("shop-staging", token="gone")
    soaked.clock.advance(600)
    assert says("release", comes(soaked))[0] == "refused"
    assert says("verified", comes(soaked))[0] == "open"
    assert says("soak", comes(soaked))[0] == "open"


@pytest.mark.parametrize(
    ("soak_s", "local", "status"),
    [
        (None, False, "waiting"),
        (None, True, "waiting"),
        (0.0, False, "waiting"),
        (0.0, True, "open"),
        (9.0, True, "waiting"),
    ],
)
def test_a_shorter_soak_is_for_the_embedded_cloud_alone(world: World, soak_s: float | None, local: bool, status: str):
    world.deploy()
    assert says("soak", comes(world, source_local=local, soak_s=soak_s))[::2] == (status, "staging")


@dataclass
class Late:
    """A ledger whose store got these entries later than they say."""

    ledger: Ledger
    late: dict[int, datetime]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def written_at(self, seq: int) -> datetime | None:
        return self.late.get(seq, START - timedelta(days=9))


@pytest.mark.parametrize("kind", ["verification", "configuration"])
def test_the_soak_counts_from_when_the_store_got_the_entry_that_began_it(world: World, kind: str):
    world.deploy()
    world.clock.advance(3600)
    world.code("print('two')")
    world.deploy()
    if kind == "configuration":
        world.clock.advance(3600)
        set_value(world.app, world.staging, world.services(), "RATE", read=lambda: "19", secret=False)
    since = world.standing().soaking_since
    began = next(e.seq for e in world.entries() if e.record.kind == kind and e.at == since)
    now = world.clock.now() + timedelta(hours=5)
    entering = comes(world)
    assert entering.source is not None
    late = Late(entering.source.ledger, {began: now})
    said = asked("soak", replace(entering, source=replace(entering.source, ledger=late)))
    assert (said.status, said.until) == ("waiting", now + timedelta(seconds=world.staging.soak_s))


TAX = "ssm:/shop/staging/tax"


def reading_tax(world: World) -> World:
    """Let staging soak a release whose template reads a setting, which then is changed in the console."""
    queue: Json = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": {"Fn::Sub": "{{resolve:ssm:/shop/${SealiftEnvironment}/tax}}"}},
    }
    world.write({"Q": queue}, Parameters={"SealiftEnvironment": {"Type": "String"}})
    settings = world.account("staging").settings
    settings.put(TAX, "19")
    world.deploy()
    world.soak()
    settings.put(TAX, "20")
    settings.changed_at[TAX] = world.clock.now()
    return world


def test_a_setting_that_was_changed_without_sealift_starts_the_soak_again(world: World):
    now = reading_tax(world).clock.now()
    said = asked("soak", comes(world))
    assert (said.status, said.until) == ("waiting", now + timedelta(seconds=world.staging.soak_s))
    (event,) = said.events
    assert isinstance(event, Noted)
    assert "tax of staging changed without Sealift" in event.message


def test_a_setting_that_the_release_does_not_read_starts_no_soak_again(world: World):
    settings = reading_tax(world).account("staging").settings
    settings.put("ssm:/shop/staging/other", "1")
    settings.changed_at = {"ssm:/shop/staging/other": world.clock.now()}
    assert asked("soak", comes(world)).status == "open"


def test_a_setting_that_nobody_may_look_for_does_not_hide_that(world: World):
    reading_tax(world).account("staging").settings.denied = "AWS refused"
    said = asked("soak", comes(world))
    (event,) = said.events
    assert isinstance(event, Noted)
    assert (said.status, event.name) == ("open", "settings-not-looked-at")


def test_a_soak_that_has_not_begun_is_refused(world: World):
    world.http.serve(URL, answer(502))
    world.deploy()
    assert asked("verified", comes(world)).status == "refused"
    assert says("soak", comes(world))[0] == "refused"


def test_other_code_than_the_release_closes_it(soaked: World):
    soaked.account("staging").functions.set_code(*broken_code(soaked))
    said = asked("running", comes(soaked))
    assert (said.status, said.about) == ("refused", "staging")
    assert said.message.startswith(f"staging does not run the code of release {comes(soaked).release[:12]}: Hello (")
    assert "sealift deploy staging --force" in said.hint


@pytest.mark.parametrize("functions", [0, 2])
def test_the_functions_that_were_read_are_counted(world: World, functions: int):
    world.write({"Items": table(), **{f"F{number}": function() for number in range(functions)}})
    world.app = replace(world.app, probes=())
    world.deploy()
    assert says("running", comes(world))[1] == f"the code of {functions} functions of staging is that of the release"


# Where a commit stands in the history.


@pytest.mark.parametrize(
    ("gates", "source_local", "promoted"),
    [(GatesRead(), False, True), (READ, True, True), (READ, False, False)],
)
def test_no_branch_is_asked_for_without_a_reference_locally_or_for_a_deployment(
    soaked: World, gates: GatesRead, source_local: bool, promoted: bool
):
    soaked.app = replace(soaked.app, gates=gates)
    entering = comes(soaked, source_local=source_local)
    entering = entering if promoted else replace(entering, source=None, built_from=ONE)
    assert says("branch", entering) == ("open", "no branch is asked for", "")


@pytest.mark.parametrize(
    ("reference", "branch", "tip", "shown"),
    [
        ("origin/trunk", "main", "refs/remotes/origin/main", "origin/main"),
        ("origin/trunk", None, "refs/remotes/origin/trunk", "origin/trunk"),
        ("trunk", "main", "refs/heads/main", "main"),
        ("trunk", None, "refs/heads/trunk", "trunk"),
    ],
)
def test_the_branch_that_staging_is_deployed_from_has_to_have_the_commit(
    world: World, reference: str, branch: str | None, tip: str, shown: str
):
    world.scm.commit(TWO)
    world.deploy()
    world.change("staging", branch=branch)
    world.app = replace(world.app, gates=replace(READ, reference=reference, merged_to=("main", "trunk")))
    assert says("branch", comes(world))[0::2] == ("refused", "staging")
    world.scm.branches = {tip: ONE}
    status, message, _ = says("branch", comes(world))
    assert (status, f"commit {TWO[:8]}, which is not on {shown}:" in message) == ("refused", True)
    world.scm.branches = {tip: TWO}
    assert says("branch", comes(world)) == ("open", f"commit {TWO[:8]} is on {shown}", "staging")


def test_a_commit_that_nobody_recorded_is_on_no_branch(world: World):
    world.scm.commits = []
    world.deploy()
    world.app = replace(world.app, gates=READ)
    assert "a commit that nobody recorded" in says("branch", comes(world))[1]


def from_commits(world: World, running: str | None, entering: str | None) -> Entering:
    """Bring one commit into production, and another one into staging."""
    for commit, text in ((running, "one"), (entering, "two")):
        world.scm.commits = [(commit, "Some")] if commit is not None else []
        world.code(f"print('{text}')")
        world.deploy()
        world.soak()
        if text == "one":
            world.promote(override=LOST_COMMIT if commit is None else Override())
    world.scm.commits = [(ONE, "Begin"), (TWO, "Go on"), (THREE, "Go on")]
    return comes(world)


KNOWN = (ONE, TWO, THREE)


@pytest.mark.parametrize("running", [ONE, THREE, LOST, None])
@pytest.mark.parametrize("commit", [TWO, THREE, LOST, None])
def test_what_comes_is_older_only_when_what_runs_goes_on_from_it(world: World, running: str | None, commit: str | None):
    entering = from_commits(world, running, commit)
    status, message, _ = says("newer", entering)
    if running is None or running == commit:
        assert (status, message) == ("open", "nothing newer runs in production")
    elif commit not in KNOWN or running not in KNOWN:
        assert (status, "cannot determine" in message) == ("refused", True)
    elif KNOWN.index(commit) < KNOWN.index(running):
        assert (status, message.rpartition(" by ")[2]) == ("refused", "1 commits")
    else:
        assert (status, "is not older than" in message) == ("open", True)
    if status == "refused":
        for other in (on_laptop(entering.site, True), entering.site):
            same = entering.standing.current
            assert same is not None
            release = entering.release if other is not entering.site else same.release
            assert says("newer", replace(entering, site=other, release=release))[0] == "open"
        assert says("newer", replace(entering, source=None, built_from=commit))[0] == "open"


# Who lets it in, and when.


def test_an_approval_is_of_the_release_that_comes(soaked: World):
    soaked.change("production", approvals=1)
    status, message, _ = says("approval", comes(soaked))
    assert (status, message.partition(" needs")[0]) == ("waiting", "production")
    digest = comes(soaked).release
    approve(soaked.app, soaked.production, soaked.services(actor="bob@github"), release=digest, reason="seen")
    assert says("approval", comes(soaked))[:2] == ("open", "approved by bob@github")
    soaked.code("print('two')")
    soaked.deploy()
    assert says("approval", comes(soaked))[0] == "waiting"


def frozen(world: World) -> None:
    now = world.clock.now().replace(tzinfo=None)
    held = Freeze(start=now - timedelta(60), end=now + timedelta(60), zone="UTC", reason="the Christmas trade")
    world.change("production", freezes=(held,))


@pytest.mark.parametrize(("rehearsal", "local"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_freeze_is_passed_in_a_rehearsal_on_the_embedded_cloud_alone(soaked: World, rehearsal: bool, local: bool):
    frozen(soaked)
    said = asked("window", comes(soaked, local=local, rehearsal=rehearsal))
    assert "the Christmas trade" in said.message
    if rehearsal and local:
        assert (said.status, said.until) == ("open", None)
        assert said.message.endswith("; on AWS, this would wait")
        note = Noted(name="window-rehearsed", message=said.message, environment="production")
        assert said.events == (note,)
    else:
        assert (said.status, said.until is None, said.events) == ("waiting", False, ())


def test_only_what_came_in_before_is_brought_to_its_end_in_a_freeze(soaked: World):
    def kill(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            raise KeyboardInterrupt

    soaked.account("production").tap.on_call = kill
    with pytest.raises(KeyboardInterrupt):
        soaked.promote()
    frozen(soaked)
    said = asked("window", comes(soaked))
    assert (said.status, said.message, said.until) == ("open", "it entered before, and is completed", None)
    assert asked("window", comes(soaked, release="b" * 64)).status == "waiting"


# What is kept beside the release.


def stated(world: World, commit: str | None) -> None:
    """Let the provenance in staging's bucket name a commit; None: there is no provenance."""
    bucket, key = world.account("staging").bucket, release_key(comes(world).release, "provenance")
    if commit is None:
        bucket.lose(key)
    else:
        body = bucket.peek(key)
        assert body is not None
        bucket.put(key, re.sub(rb"\b([0-9])\1{39}\b", commit.encode(), body))


@pytest.mark.parametrize(
    ("commit", "open_"),
    [(ONE, True), (None, True), (TWO, False), ("0" * 40, True), (LOST, False)],
)
def test_the_provenance_names_a_commit_that_the_release_was_deployed_from_or_an_earlier_one(
    soaked: World, commit: str | None, open_: bool
):
    stated(soaked, commit)
    soaked.scm.commits = [("0" * 40, "Before"), (ONE, "Begin"), (TWO, "Go on")]
    entering = comes(soaked)
    said = asked("attested", entering)
    if open_:
        assert (said.status, said.message) == ("open", "what is attested of it holds")
        return
    assert (said.status, said.about) == ("refused", "staging")
    assert f"its provenance names commit {str(commit)[:8]}, the ledger 11111111" in said.message
    assert said.error is not None
    assert said.error.code == "gate-provenance"
    assert said.error.context == {"environment": "staging", "release": entering.release, "check": "provenance"}
    assert "sealift release verify staging" in said.hint


def test_the_provenance_may_name_any_commit_that_this_content_and_no_other_was_deployed_from(soaked: World):
    soaked.scm.commits = [(TWO, "Again")]
    soaked.deploy(force=True)
    assert comes(soaked).commit == TWO
    assert says("attested", comes(soaked))[0] == "open"
    soaked.scm.commits = [(THREE, "Another content")]
    soaked.code("print('two')")
    soaked.deploy()
    stated(soaked, TWO)
    assert says("attested", comes(soaked))[0] == "refused"


def test_a_damaged_provenance_is_refused_in_its_own_words(soaked: World):
    soaked.account("staging").bucket.put(release_key(comes(soaked).release, "provenance"), b"{}")
    said = asked("attested", comes(soaked))
    assert (said.status, "provenance: " in said.message, "names commit" in said.message) == ("refused", True, False)


def evidence(world: World, **changes: Json) -> None:
    """Change the evidence in staging's bucket; `body` is all of it."""
    bucket, key = world.account("staging").bucket, release_key(comes(world).release, "evidence")
    kept = bucket.peek(key)
    assert kept is not None
    body = changes.pop("body", canonical_json({**json.loads(kept), **changes}).decode())
    if body is None:
        bucket.lose(key)
    else:
        bucket.put(key, str(body).encode())


@pytest.mark.parametrize(
    ("changes", "wanting"),
    [
        ({}, ""),
        ({"body": None}, "nobody recorded that it was analysed and tested"),
        ({"body": "{}"}, "its evidence is unreadable"),
        ({"release": "b" * 64}, "its evidence is about release bbbbbbbbbbbb"),
        ({"tests": "failed"}, "its unit tests failed"),
        ({"failed": 1}, "1 of its unit tests failed"),
        ({"passed": 4}, "its evidence is not the recorded one: the ledger of staging names "),
        ({"commit": "d" * 40}, "its evidence is not the recorded one: the ledger of staging names "),
    ],
)
@pytest.mark.parametrize("local", [False, True])
def test_evidence_has_to_be_there_and_good(soaked: World, changes: dict[str, Json], wanting: str, local: bool):
    evidence(soaked, **changes)
    entering = comes(soaked, source_local=local)
    said, digest = asked("evidence", entering), entering.release[:12]
    assert said.about == "staging"
    if not wanting:
        assert (said.status, said.message, said.events) == ("open", "it was analysed, and 3 unit tests passed", ())
    elif local:
        note = Noted(level="warning", name="no-evidence", message=said.message, environment="staging")
        assert (said.status, said.message.startswith(wanting), said.events) == ("open", True, (note,))
        assert said.message.endswith(f"; on AWS release {digest} would not be promoted")
    else:
        message = f"Release {digest} is not promoted: {wanting}"
        assert (said.status, said.message.startswith(message), said.events) == ("refused", True, ())
        assert "sealift run" in said.hint


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            {"tests": "not tested", "reason": "none there"},
            "it was analysed, and its unit tests were not run: none there",
        ),
        ({"analysis": "not tested"}, "it was not analysed, and 3 unit tests passed"),
    ],
)
def test_what_was_not_looked_at_is_said_where_it_may_enter(world: World, told: dict[str, object], message: str):
    world.evidence = told
    world.deploy()
    world.soak()
    said = asked("evidence", comes(world))
    assert (said.status, said.message) == ("open", message)


@pytest.mark.parametrize(
    ("told", "wanting"),
    [
        ({"dirty": True}, "it was tested on a work tree that differed from the commit"),
        ({"commit": "d" * 40}, "it was tested on commit dddddddd, from which it was not deployed"),
        ({"commit": None}, "it was tested on commit unknown, from which it was not deployed"),
    ],
)
def test_evidence_of_another_tree_is_refused(world: World, told: dict[str, object], wanting: str):
    world.evidence = told
    world.deploy()
    world.soak()
    said = asked("evidence", comes(world))
    assert (said.status, said.message.endswith(f" is not promoted: {wanting}")) == ("refused", True)


# What the release is made of.


CODE = "s3://elsewhere/app.zip"


def stored(key: str) -> dict[str, Json]:
    """Return a function whose code is in a bucket."""
    made = function()
    return {**made, "Properties": {**made["Properties"], "Code": {"S3Bucket": "elsewhere", "S3Key": key}}}  # type: ignore[dict-item]


IMAGE: dict[str, Json] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "PackageType": "Image",
        "Code": {"ImageUri": "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:one"},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    },
}


@pytest.mark.parametrize(
    ("seen", "local", "status", "lacking", "unseen"),
    [
        ({"a": "there", "b": "there", "image": "there"}, False, "open", [], []),
        ({"a": "denied", "b": "there", "image": "unknown"}, False, "open", [], ["A", "I"]),
        ({"a": "missing", "b": "denied", "image": "there"}, False, "refused", ["A"], []),
        ({"a": "missing", "b": "missing", "image": "missing"}, False, "refused", ["A", "B", "I"], []),
        ({"a": "there", "b": "there", "image": "there"}, True, "refused", ["I"], []),
        ({"a": "missing", "b": "there", "image": "there"}, True, "refused", ["A", "I"], []),
    ],
)
def test_code_from_elsewhere_has_to_be_there(
    world: World, seen: dict[str, Any], local: bool, status: str, lacking: list[str], unseen: list[str]
):
    world.write({"A": stored("a"), "B": stored("b"), "I": IMAGE})
    image = IMAGE["Properties"]["Code"]["ImageUri"]  # type: ignore[index,call-overload]
    places = {"A": "s3://elsewhere/a", "B": "s3://elsewhere/b", "I": image}
    world.account().objects.outside |= dict(zip(places.values(), seen.values(), strict=True))
    said = asked("code", deployed(world, local=local))
    assert said.status == status
    if lacking:
        kinds = {"A": "function", "B": "function", "I": "image"}
        listed = "; ".join(f"{name} ({kinds[name]}): {places[name]}" for name in lacking)
        assert said.message == f"staging lacks what the templates read from outside the release: {listed}"
        assert said.details == {"missing": lacking}
        assert said.hint.startswith("The embedded cloud holds nothing" if local else "Copy it there")
    else:
        assert said.message == f"{3 - len(unseen)} of 3 from outside the release are there"
        listed = "; ".join(f"{name} ({places[name]})" for name in unseen)
        assert [(e.name, e.level, e.environment, e.message.rpartition(": ")[2]) for e in said.events] == [  # type: ignore[union-attr]
            ("code-not-looked-at", "warning", "staging", listed)
        ] * bool(unseen)


def test_where_code_is_that_only_a_deployment_decides_is_said_and_not_looked_at(world: World):
    place = {"Bucket": {"Ref": "Place"}, "Key": {"Fn::ImportValue": "key"}}
    state = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionS3Location": place}}
    made = stored("a")
    code = {"S3Bucket": {"Fn::Sub": "${Place}-${AWS::Region}"}, "S3Key": {"Fn::Sub": "${AWS::StackName}.zip"}}
    made["Properties"]["Code"] = code  # type: ignore[index,call-overload]
    world.write({"A": made, "M": state}, Parameters={"Place": {"Type": "String"}})  # type: ignore[dict-item]
    world.change("staging", parameters={"Place": "store"})
    there = "s3://store-eu-west-1/shop-staging.zip"
    world.account().objects.outside[there] = "there"
    said = asked("code", deployed(world))
    assert (said.status, said.message) == ("open", "1 of 2 from outside the release are there")
    (note,) = said.events
    assert isinstance(note, Noted)
    assert "M (" in note.message
    world.account().objects.outside[there] = "missing"
    assert asked("code", deployed(world)).details == {"missing": ["A"]}


def queue(text: str) -> dict[str, Json]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": text}}


def test_settings_that_the_templates_name_have_to_be_there(world: World):
    world.write({"Q": queue("{{resolve:ssm:/shop/tax}}"), "R": queue("{{resolve:ssm:/shop/rate}}")})
    world.account().settings.known.add("ssm:/shop/rate")
    said = asked("configuration", deployed(world))
    assert (said.status, said.details) == ("refused", {"missing": ["ssm:/shop/tax"]})
    assert "staging lacks settings that the template names: ssm:/shop/tax" in said.message
    world.app = replace(world.app, hooks=Hooks(before_deploy=("make settings",)))
    assert says("configuration", deployed(world))[0] == "open"
    world.app = replace(world.app, hooks=Hooks(after_deploy=("make settings",)))
    assert says("configuration", deployed(world))[0] == "refused"


def test_what_a_stack_reads_that_needs_another_one_is_looked_for_later(world: World):
    world.write({"Q": queue("{{resolve:ssm:/shop/tax}}")}, file="later.json")
    stacks = (*world.app.stacks, StackSpec(name="later", template="later.json", needs=("app",)))
    world.app = replace(world.app, stacks=stacks, probes=())
    assert says("configuration", deployed(world))[0] == "open"
    world.app = replace(world.app, stacks=(replace(stacks[1], needs=()), replace(stacks[0], needs=("later",))))
    assert asked("configuration", deployed(world)).details == {"missing": ["ssm:/shop/tax"]}


def test_parameters_that_do_not_fit_close_it(world: World):
    world.write({"Hello": function()}, Parameters={"Level": {"Type": "String"}})
    said = asked("configuration", deployed(world))
    assert (said.status, '"Level"' in said.message) == ("refused", True)


# Hooks, and the commit that is built again.


def test_hooks_of_a_promotion_run_from_the_commit_of_the_release(soaked: World):
    soaked.app = replace(soaked.app, hooks=Hooks(before_deploy=("make migration",)))
    assert says("hooks", comes(soaked))[:2] == ("open", "the hooks are those of the release's commit")
    soaked.scm.commit(TWO)
    entering = comes(soaked)
    assert says("hooks", entering)[0] == "refused"
    assert says("hooks", replace(entering, built=entering.sealed))[0] == "refused"
    deploys = replace(entering, source=None, built_from=ONE)
    assert says("hooks", deploys)[0] == "refused"
    assert says("hooks", replace(deploys, built=entering.sealed))[0] == "open"


def not_rebuilt(entering: Entering, why: str) -> tuple[str, str, str]:
    return ("refused", f"Release {entering.release[:12]} is not verified as merged: {why}", "staging")


def test_the_release_is_what_its_commit_builds(soaked: World):
    entering = comes(soaked)
    assert says("reproduced", replace(entering, rebuilding=False)) == not_rebuilt(
        entering, "it was not built again from its commit"
    )
    for built_here in (
        replace(entering, built=entering.sealed, rebuilding=False),
        replace(entering, source=None, rebuilding=False),
    ):
        assert says("reproduced", built_here) == ("open", "it was built from its commit just now", "")


def test_a_commit_that_builds_another_release_is_refused_with_what_differs(soaked: World):
    entering = comes(soaked)
    (soaked.checkouts.folder / ONE / "src" / "app.py").write_text("print('other')")
    said = asked("reproduced", entering)
    assert (said.status, said.about) == ("refused", "staging")
    assert "its commit 11111111 builds release " in said.message
    assert said.message.endswith(" here; what differs: app/Hello (app.py), the template of stack app")
    assert said.hint.startswith("Find out who wrote to the bucket of staging")


def test_a_commit_that_cannot_be_built_is_refused_with_the_error_and_its_hint(soaked: World):
    soaked.checkouts.folder = soaked.app.root / "nothing"
    entering = comes(soaked)
    why = "its commit 11111111 cannot be built again: This clone does not have commit 111111111111"
    assert says("reproduced", entering) == not_rebuilt(entering, why)
    assert asked("reproduced", entering).hint.startswith("Find out who wrote")


class Failing(Entering):
    """One whose commit cannot be built, with what to do."""

    @property
    def rebuilt(self) -> Any:  # type: ignore[override]
        raise UserError("no", code="no", hint="Do that.")


def test_the_hint_of_a_build_that_failed_is_kept(soaked: World):
    entering = comes(soaked)
    failing = Failing(site=entering.site, source=entering.source, release=entering.release)
    assert asked("reproduced", failing).hint == "Do that."


@pytest.mark.parametrize("gates", [GatesRead(), READ])
def test_a_release_of_a_commit_that_nobody_recorded_is_refused_with_that_reason(world: World, gates: GatesRead):
    world.scm.commits = []
    world.deploy()
    world.app = replace(world.app, gates=gates)
    said = asked("reproduced", comes(world))
    assert (said.status, said.about) == ("refused", "staging")
    assert "nobody recorded" in said.message
    if not gates.reference:
        assert said.hint
    assert says("reproduced", comes(world, source_local=True))[:2] == (
        "open",
        "it was built from a work tree with changes; on AWS it would be refused",
    )


@pytest.mark.parametrize(("dirty", "changed"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_work_tree_with_changes_is_let_in_on_the_embedded_cloud_alone(world: World, dirty: bool, changed: bool):
    world.scm.dirty = dirty
    world.deploy()
    if changed:
        (world.checkouts.folder / ONE / "src" / "app.py").write_text("print('other')")
    local = asked("reproduced", comes(world, source_local=True))
    assert (local.status == "open") == (dirty or not changed)
    assert local.message.startswith("it was built from a work tree") == dirty
    assert (asked("reproduced", comes(world)).status == "open") == (not changed)


def test_a_commit_that_is_not_merged_is_not_built_again(soaked: World):
    soaked.app = replace(soaked.app, gates=READ)
    soaked.scm.branches = {"refs/remotes/origin/main": "0" * 40}
    entering = comes(soaked)
    said, merged = asked("reproduced", entering), asked("branch", entering)
    assert said == replace(merged, gate="reproduced", status="refused")
    assert soaked.checkouts.given == []


# How it does where it soaks, and what the proof says.


@pytest.mark.parametrize(
    ("failures", "verdict"),
    [(0, "healthy"), (50, "unhealthy")],
)
def test_health_is_shown_with_its_evidence(soaked: World, failures: int, verdict: str):
    name, _ = broken_code(soaked)
    soaked.clock.advance(120)
    soaked.account("staging").metrics.put(name, soaked.clock.now(), requests=100, failures=failures, latency_ms=10.0)
    soaked.clock.advance(60)
    entering = comes(soaked)
    said = asked("health", entering)
    assert (said.status, said.about) == ("open" if verdict == "healthy" else "refused", "staging")
    (event,) = said.events
    assert isinstance(event, HealthJudged)
    assert (event.environment, event.verdict) == ("staging", verdict)
    assert f"100 requests, {failures} % errors" in event.summary
    assert said.details == {"evidence": event.evidence}
    assert event.evidence["requests"] == 100


@pytest.mark.parametrize("probing", [True, False])
@pytest.mark.parametrize("probes", [True, False])
def test_traffic_that_did_not_come_is_made_by_probes_and_a_glance_says_how_many(
    soaked: World, probing: bool, probes: bool
):
    soaked.change("staging", health=replace(soaked.staging.health, min_requests=7))
    soaked.app = replace(soaked.app, probes=soaked.app.probes if probes else ())
    sent = len(soaked.http.requests)
    said = asked("health", comes(soaked, probing=probing))
    assert len(soaked.http.requests) - sent == (7 if probing and probes else 0)
    if not probes:
        assert said.status == "waiting"
    elif probing:
        assert (said.status, "7 synthetic" in said.message) == ("open", True)
    else:
        assert said.status == "open"
        assert said.message == "no requests, no alarm declared; a promotion sends 7 probes first"


def test_probes_that_are_answered_wrong_close_it_and_enough_traffic_needs_none(soaked: World):
    soaked.change("staging", health=replace(soaked.staging.health, min_requests=3))
    name, _ = broken_code(soaked)
    soaked.clock.advance(120)
    soaked.account("staging").metrics.put(name, soaked.clock.now(), requests=2, failures=0, latency_ms=10.0)
    soaked.clock.advance(60)
    soaked.http.serve(URL, answer(502))
    said = asked("health", comes(soaked))
    assert (said.status, "answered 502" in said.message) == ("refused", True)
    glance = asked("health", comes(soaked, probing=False))
    assert (glance.status, glance.message.rpartition("; ")[2]) == ("open", "a promotion sends 1 probes first")
    soaked.http.serve(URL, answer(200, "hello"))
    sent = len(soaked.http.requests)
    assert "1 synthetic" in asked("health", comes(soaked)).message
    assert len(soaked.http.requests) - sent == 1
    soaked.account("staging").metrics.put(name, soaked.clock.now(), requests=2, failures=0, latency_ms=10.0)
    soaked.clock.advance(60)
    assert "synthetic" not in asked("health", comes(soaked)).message


def test_a_release_that_does_not_soak_is_looked_at_from_now_on(world: World):
    world.http.serve(URL, answer(502))
    world.deploy()
    said = asked("health", comes(world))
    (event,) = said.events
    assert isinstance(event, HealthJudged)
    assert event.evidence["requests"] == 0


def test_findings_of_the_proof_are_shown_by_the_build_or_else_by_the_gate(world: World):
    reach: dict[str, Json] = {
        "PolicyName": "p",
        "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]},
    }
    role: dict[str, Json] = {**ROLE, "Properties": {**ROLE["Properties"], "Policies": [reach]}}  # type: ignore[dict-item]
    world.change("production", account=world.staging.account)
    world.write({"Hello": function(), "Items": table(), "Other": role})
    entering = deployed(world)
    said = asked("isolation", entering)
    assert (said.status, said.events) == ("refused", ())
    assert asked("isolation", replace(entering, site=on_laptop(entering.site, True))).status == "open"
    assert asked("isolation", replace(entering, site=on_laptop(entering.site, True), strict=True)).status == "refused"


# No data store is lost.


def losing(world: World) -> Entering:
    """Take both tables out of what runs in staging."""
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.deploy()
    world.write({"Hello": function()})
    return deployed(world)


KEYS = ["app/Items:data-removed", "app/Orders:data-removed"]


@pytest.mark.parametrize("waived", [0, 1, 2])
def test_what_is_lost_has_to_be_waived_each_for_itself(world: World, waived: int):
    entering = losing(world)
    for key in KEYS[:waived]:
        allowed = Waiver(key=key, release=entering.release, reason="moved to another table")
        waive(world.app, world.staging, world.services(), allowed)
    said = asked("data", replace(entering))
    if waived == 2:
        assert (said.status, said.message) == ("open", "it is waived")
        return
    assert (said.status, said.details) == ("refused", {"waivers": KEYS[waived:]})
    assert said.error is not None
    assert said.error.code == "data-guard"
    assert [(e.environment, waiver_key(e.finding)) for e in said.events] == [("staging", k) for k in KEYS[waived:]]  # type: ignore[union-attr]


def test_only_the_change_set_says_what_is_lost_of_what_is_not_known(world: World):
    open_ = ("open", "the templates take no data away", "")
    entering = losing(world)
    current = world.standing().current
    assert current is not None
    bucket, key = world.account().bucket, release_key(current.release, "manifest")
    manifest = bucket.peek(key)
    assert manifest is not None
    bucket.put(key, b"{}")
    assert says("data", entering) == open_
    bucket.lose(key)
    assert says("data", entering) == open_
    bucket.put(key, manifest)
    assert says("data", entering)[0] == "refused"
    world.account().stacks.delete_stack("shop-staging", token="gone")
    world.clock.advance(600)
    assert says("data", entering) == open_


def test_what_runs_has_to_be_settled_before_the_gate_says_anything(world: World):
    judged_later = ("open", "the change set is judged when it is made", "")
    assert says("data", deployed(world)) == judged_later
    entering = losing(world)
    world.account().stacks.fail("Hello", "update")
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.code("print('two')")
    with suppress(CloudError):
        world.deploy()
    assert says("data", replace(entering)) == judged_later


GIVEN: dict[str, Json] = {"yes": "yes", "no": "no", "import": {"Fn::ImportValue": "it"}, "list": ["yes"]}
"""What a nested stack may be given for `Named`, by what it is called here."""


def conditional(world: World, named: str | None, *, nested: bool = False) -> None:
    """Write a table that is there when `Named` is yes; `nested`: in a stack of its own, which is given that."""
    declared: dict[str, Json] = {"Named": {"Type": "String", "Default": "no"}}
    wanted: dict[str, Json] = {"Wanted": {"Fn::Equals": [{"Ref": "Named"}, "yes"]}}
    items = {"Items": table(Condition="Wanted")}
    world.change("staging", parameters={"Named": named} if named in {"yes", "no"} else {})
    if not nested:
        world.write({"Hello": function(), **items}, Parameters=declared, Conditions=wanted)
        return
    passed: Json = {"Ref": "Named"} if named in {"yes", "no"} else GIVEN.get(named or "")
    world.write(items, file="inner.json", Parameters=declared, Conditions=wanted)
    inner: dict[str, Json] = {"TemplateURL": "inner.json", "Parameters": {"Named": passed} if passed else {}}
    child: dict[str, Json] = {"Type": "AWS::CloudFormation::Stack", "Properties": inner}
    world.write({"Hello": function(), "Child": child}, Parameters=declared)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("before", ["yes", "no"])
@pytest.mark.parametrize("after", ["yes", "no", None, "import", "list"])
def test_parameters_decide_what_is_lost_as_the_change_set_does(
    world: World, nested: bool, before: str, after: str | None
):
    if after in {"import", "list"} and not nested:
        return
    conditional(world, before, nested=nested)
    world.deploy()
    conditional(world, after, nested=nested)
    key = "app/Child/Items:data-removed" if nested else KEYS[0]
    said = asked("data", deployed(world))
    if before == "yes" and after in {"no", None}:
        assert (said.status, said.details) == ("refused", {"waivers": [key]})
        forget_what_runs(world)
        with pytest.raises(Refused) as refused:
            world.deploy()
        assert (refused.value.code, refused.value.context["waivers"]) == ("data-guard", [key])
    else:
        assert (said.status, said.details) == ("open", {})


def test_without_the_values_that_run_parameters_decide_nothing(world: World):
    conditional(world, "yes")
    world.deploy()
    entries = world.entries()
    conditional(world, "no")
    entering = deployed(world)
    current = world.standing().current
    assert entries
    assert current is not None
    entering.__dict__["standing"] = standing_with(world, replace(current, kept=False))
    assert says("data", entering)[0] == "open"


def standing_with(world: World, current: Deployed) -> Standing:
    return replace(world.standing(), current=current, last=current)


@pytest.mark.parametrize("local", [False, True])
def test_a_ledger_that_was_made_anew_is_let_in_on_the_embedded_cloud_alone(soaked: World, local: bool):
    soaked.promote()
    goes_on = asked("anchored", comes(soaked, source_local=local))
    assert (goes_on.status, goes_on.about) == ("open", "staging")
    assert goes_on.message.endswith("which was seen before")
    write_anew(soaked, tuple(replace(entry, actor="mallory@x") for entry in soaked.entries()))
    said = asked("anchored", comes(soaked, source_local=local))
    assert said.about == "staging"
    assert "was rewritten" in said.message
    assert said.status == ("open" if local else "refused")
    assert said.message.endswith("; on AWS this would be refused") == local


def test_nobody_has_to_approve_what_needs_no_approval_whatever_its_configuration(soaked: World):
    soaked.change("production", parameters={"Levle": "2"})
    assert says("configuration", comes(soaked))[0] == "refused"
    assert says("approval", comes(soaked)) == ("open", "no approval is required", "")


def test_a_stack_that_is_new_takes_nothing_away(soaked: World):
    soaked.write({"Orders": table()}, file="later.json")
    stacks = (*soaked.app.stacks, StackSpec(name="later", template="later.json"))
    soaked.app = replace(soaked.app, stacks=stacks, probes=())
    assert says("data", deployed(soaked)) == ("open", "the templates take no data away", "")


def test_what_is_deleted_already_is_not_lost_any_more(world: World):
    entering = losing(world)
    world.account().stacks.force_resource("shop-staging", "Items", "DELETE_COMPLETE")
    assert asked("data", entering).details == {"waivers": KEYS[1:]}


def test_the_name_of_a_nested_stack_is_not_that_of_the_one_around_it(world: World):
    for name in ({"Fn::Sub": "${AWS::StackName}-items"}, "other"):
        made = table()
        made["Properties"]["TableName"] = name  # type: ignore[index,call-overload]
        world.write({"Items": made}, file="inner.json")
        child: dict[str, Json] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
        world.write({"Hello": function(), "Child": child})
        if name != "other":
            world.deploy()
    assert says("data", deployed(world)) == ("open", "the templates take no data away", "")


def test_a_release_that_comes_from_nowhere_else_is_read_where_it_enters(soaked: World):
    entering = Entering(site=soaked.site("staging"), release=comes(soaked).release)
    assert (entering.plan.kind, comes(soaked).plan.kind) == ("deployment", "promotion")
    names = ("isolation", "configuration", "code", "data")
    assert [asked(name, entering).status for name in names] == ["open"] * len(names)
