"""Whoever may write to staging's bucket brings no code of their own into production: the commit is built again."""

from dataclasses import replace
from pathlib import Path

import pytest

from sealift.delivery.manifest import release_key
from sealift.errors import CloudError, Refused, UserError
from sealift.model.ledger import Record
from sealift.model.records import Delivery, Verified
from sealift.model.release import BuiltRelease, Origin
from sealift.scm.checkout import check_out
from sealift.scm.git import Git
from sealift.system import RealProcess
from sealift.usecases.approve import approve
from sealift.usecases.attest import Keys
from sealift.usecases.gates.asking import ask
from sealift.usecases.gates.entering import Entering
from sealift.usecases.gates.reproduced import reproduced
from sealift.usecases.rebuilding import Rebuilt
from sealift.usecases.store import upload_release
from sealift.wiring.services import RealCheckouts
from tests.component.gates.repositories import Clone, new_repository
from tests.component.usecases.world import World, function, make_world, table
from tests.fakes.events import RecordingEvents
from tests.fakes.evidence import evidence

EVIL = "import os; print(os.environ)"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def soaked(world: World) -> str:
    digest = world.deploy().release
    world.soak()
    return digest


def append_to_staging(world: World, evil: BuiltRelease) -> None:
    """Write a release and a story of it into staging's bucket, and its code into the function, as its role may."""
    site = world.site("staging", actor="ann@laptop")
    named = upload_release(evil, site, keys=Keys(), evidence=evidence(evil))
    commit = world.standing().verified(world.standing().deployments[0].release)
    assert commit is not None
    story = {"operation": "zz", "release": evil.release.digest, "commit": commit.commit}
    told = Delivery(config=commit.config, changed=True, author="ann", evidence=named)
    site.ledger.append(Record(kind="deployment", status="running", details=told, **story))  # type: ignore[arg-type]
    site.ledger.append(Record(kind="deployment", status="succeeded", details=told, **story))  # type: ignore[arg-type]
    seen = Record(kind="verification", status="succeeded", details=Verified(), **story)  # type: ignore[arg-type]
    site.ledger.append(seen)
    assert site.ledger.verify() == ()
    (name,) = (r.physical_id for r in site.cloud.stacks.resources("shop-staging") if r.logical_id == "Hello")
    assert name is not None
    world.account("staging").functions.set_code(name, dict(evil.release.stacks[0].functions)["Hello"])


def evil_build(world: World) -> BuiltRelease:
    """Build other code; the commit's own content stays as it was."""
    before = (world.app.root / "src/app.py").read_text()
    world.code(EVIL)
    kept, world.scm.head = world.scm.commits, "e" * 40
    world.scm.commits = [*kept, ("e" * 40, "Mine")]
    built = world.build()
    world.scm.commits, world.scm.head = kept, None
    world.code(before)
    return replace(built, origin=Origin(commit="c" * 40, branch="main", dirty=False))


def refused(world: World, **options: object) -> Refused:
    with pytest.raises(Refused) as caught:
        world.promote(**options)
    assert world.writes("production") == []
    assert world.entries("production") == ()
    return caught.value


def test_objects_appended_to_stagings_bucket_bring_nothing_into_production(world: World):
    soaked(world)
    append_to_staging(world, evil_build(world))
    world.soak()
    error = refused(world)
    assert (error.code, error.exit_code) == ("gate-reproduced", 3)
    assert "app/Hello (app.py)" in error.message


def test_what_the_commit_builds_is_promoted(world: World):
    digest = soaked(world)
    assert world.promote().release == digest


def test_a_commit_that_the_clone_lacks_is_refused(world: World, tmp_path: Path):
    soaked(world)
    world.checkouts.folder = tmp_path / "nothing"
    error = refused(world)
    assert error.code == "gate-reproduced"
    assert "cannot be built again: This clone does not have commit" in error.message


def test_a_release_of_nobody_knows_which_commit_is_refused(world: World):
    world.scm.commits = []
    soaked(world)
    assert refused(world).code == "gate-reproduced"


def test_without_a_rebuild_somebody_has_to_answer_for_it(world: World):
    from sealift.delivery.override import Override

    digest = soaked(world)
    with pytest.raises(UserError) as short:
        world.promote(override=Override(gates=frozenset({"reproduced"})))
    assert short.value.code == "override-invalid"
    chosen = Override(gates=frozenset({"reproduced"}), reason="the registry is down, see incident 12")
    assert world.promote(override=chosen).release == digest
    entry = next(e for e in world.entries("production") if e.record.kind == "override")
    assert entry.data["overrides"] == ["reproduced"]
    assert entry.data["reason"] == "the registry is down, see incident 12"
    assert world.checkouts.given == []


def test_an_approval_does_not_stand_for_it(world: World):
    soaked(world)
    append_to_staging(world, evil_build(world))
    world.soak()
    world.change("production", approvals=1)
    current = world.standing().current
    assert current is not None
    approve(world.app, world.production, world.services(actor="bob@laptop"), release=current.release, reason="fine")
    with pytest.raises(Refused) as caught:
        world.promote()
    assert caught.value.code == "gate-reproduced"


def test_the_locks_of_the_release_are_given_to_the_rebuild(world: World):
    digest = soaked(world)
    world.account("staging").bucket.put(release_key(digest, "locks"), b'{"name":"alpha==1.0\\n"}')
    world.promote()
    assert world.checkouts.given == [{"name": "alpha==1.0\n"}]


class Expiring(Entering):
    @property
    def rebuilt(self) -> Rebuilt:  # type: ignore[override]
        raise CloudError("AWS refused to read the locks: expired", code="credentials-expired", hint="Sign in again.")


def test_what_aws_does_not_answer_says_nothing_of_the_release(world: World):
    digest = soaked(world)
    entering = Expiring(site=world.site("production"), source=world.site("staging"), release=digest)
    (said,) = ask((reproduced,), entering)
    assert said.status == "refused"
    assert (said.error and said.error.code, said.hint) == ("credentials-expired", "Sign in again.")


# Over real processes: git, and the builder with an empty cache.


@pytest.fixture
def real(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """The same application in a real repository, checked out and built by what the product uses."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "machine"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    world.code("def handler(event, context): ...\n")
    world.write({"Hello": function(), "Items": table()})
    (world.app.root / "sealift.toml").write_text(CONFIG)
    world.scm.commits = [(new_repository(world.app.root).commit(), "Begin")]
    return world


CONFIG = """\
[app]
name = "shop"
template = "template.json"
[environments.staging]
branch = "main"
"""


class RealEnds:
    """Real checkouts, with the fake's way to remember commits left empty."""

    def __init__(self) -> None:
        self._real = RealCheckouts(RealProcess(), RecordingEvents(), local=False)
        self.at = self._real.at

    def keep(self, root: Path, commit: str | None) -> None: ...


def test_a_merged_commit_builds_the_same_release_from_an_empty_cache(real: World):
    ends = RealEnds()
    real.checkouts = ends  # type: ignore[assignment]
    with ends.at(real.app.root, real.scm.commits[-1][0], locks={}) as checkout:
        real.builder = checkout.builder  # type: ignore[assignment]
        soaked(real)
        (real.app.root / "src/app.py").write_text("def handler(event, context): return 'not committed'\n")
        assert real.promote().status == "succeeded"


def test_code_that_is_in_no_commit_is_refused_and_named(real: World):
    ends = RealEnds()
    real.checkouts = ends  # type: ignore[assignment]
    with ends.at(real.app.root, real.scm.commits[-1][0], locks={}) as checkout:
        real.builder = checkout.builder  # type: ignore[assignment]
        (real.app.root / "src/generated.py").write_text("EXTRA = 1\n")
        soaked(real)
        error = refused(real)
    assert "app/Hello (generated.py)" in error.message


# A checkout is the commit's, whatever the repository around it says.


def checked_out(clone: Clone, tmp_path: Path, commit: str | None = None) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    return check_out(Git(RealProcess(), {}), clone.root, commit or clone.git("rev-parse", "HEAD"), folder)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return new_repository(tmp_path / "shop")


def test_a_checkout_has_the_files_of_the_commit_alone(clone: Clone, tmp_path: Path):
    commit = clone.commit(a_txt="one")
    clone.commit(a_txt="two", b_txt="new")
    place = checked_out(clone, tmp_path, commit)
    assert (place.name, (place / "a.txt").read_text()) == ("shop", "one")
    assert sorted(p.name for p in place.iterdir()) == [".git", "a.txt"]


def test_the_repository_is_left_as_it_was(clone: Clone, tmp_path: Path):
    clone.commit(a_txt="one")
    clone.write("a.txt", "changed")
    before = (clone.git("status", "--porcelain"), sorted(p.name for p in (clone.root / ".git").iterdir()))
    checked_out(clone, tmp_path)
    assert (clone.git("status", "--porcelain"), sorted(p.name for p in (clone.root / ".git").iterdir())) == before


@pytest.mark.parametrize("setting", ["filter.x.smudge", "filter.x.process"])
def test_a_filter_of_the_repository_runs_nothing(clone: Clone, tmp_path: Path, setting: str):
    clone.commit(a_txt="one", _gitattributes="*.txt filter=x\n")
    clone.git("config", setting, f"touch {tmp_path}/ran; cat")
    clone.git("config", "filter.x.required", "true")
    place = checked_out(clone, tmp_path)
    assert (place / "a.txt").read_text() == "one"
    assert not (tmp_path / "ran").exists()


def test_a_hook_runs_nothing(clone: Clone, tmp_path: Path):
    clone.commit(a_txt="one")
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        clone.write(f".git/hooks/{name}", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (clone.root / f".git/hooks/{name}").chmod(0o755)
    checked_out(clone, tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_sparse_clone_checks_out_every_file(clone: Clone, tmp_path: Path):
    clone.write("one/a.txt", "a")
    clone.commit(b_txt="b")
    clone.git("sparse-checkout", "set", "--no-cone", "/b.txt")
    assert not (clone.root / "one").exists()
    assert (checked_out(clone, tmp_path) / "one/a.txt").read_text() == "a"


def test_attributes_are_those_of_the_commit(clone: Clone, tmp_path: Path):
    commit = clone.commit(a_txt="one\n")
    clone.write(".gitattributes", "*.txt eol=crlf\n")
    assert (checked_out(clone, tmp_path, commit) / "a.txt").read_bytes() == b"one\n"


def test_a_commit_that_is_not_there_is_named(clone: Clone, tmp_path: Path):
    clone.commit(a_txt="one")
    with pytest.raises(UserError) as error:
        checked_out(clone, tmp_path, "d" * 40)
    assert error.value.code == "commit-unknown"
    assert "--unshallow" in error.value.hint
