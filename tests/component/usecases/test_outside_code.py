"""Code that is stored elsewhere is named, looked for before anything is written, and never called checked."""

from dataclasses import replace

import pytest

from sealift.errors import Refused
from sealift.model.event import Noted
from sealift.model.finding import SuiteResult
from sealift.model.template import Json
from tests.component.usecases.world import World, function, table


def stored(bucket: str = "elsewhere", key: str = "app.zip") -> dict[str, Json]:
    """Return a function whose code is in a bucket."""
    one = function()
    properties = one["Properties"]
    assert isinstance(properties, dict)
    properties["Code"] = {"S3Bucket": bucket, "S3Key": key}
    return one


def said(world: World, name: str) -> list[str]:
    """Return the messages of a note."""
    return [note.message for note in world.events.of(Noted) if note.name == name]


def test_a_build_names_functions_whose_code_is_elsewhere(world: World):
    world.write({"Hello": function(), "Old": stored(), "Older": stored()})
    world.build()
    assert said(world, "code-outside") == ["2 functions have code outside the release: Old, Older"]


def test_code_that_is_not_there_is_refused_before_anything_is_written(world: World):
    world.write({"Hello": function(), "Old": stored()})
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert refused.value.code == "gate-code"
    assert "Old (function): s3://elsewhere/app.zip" in refused.value.message
    assert world.writes("staging") == []
    assert world.entries() == ()


def test_what_staging_has_is_looked_for_in_production_again(world: World):
    world.write({"Hello": function(), "Old": stored("x")})
    world.account("staging").objects.outside["s3://x/app.zip"] = "there"
    world.account("staging").bucket.ensure()
    world.account("staging").bucket.put("app.zip", b"zip")
    world.deploy()
    world.soak()
    with pytest.raises(Refused, match="production lacks"):
        world.promote()
    assert world.writes() == []


def test_what_may_not_be_looked_at_is_said_and_goes_on(world: World):
    world.write({"Hello": function(), "Old": stored()})
    world.account().objects.outside["s3://elsewhere/app.zip"] = "denied"
    world.account().bucket.ensure()
    world.account().bucket.put("app.zip", b"zip")
    assert world.deploy().status == "succeeded"
    assert "Old (s3://elsewhere/app.zip)" in said(world, "code-not-looked-at")[0]


def test_only_the_hashes_that_were_compared_are_counted(world: World):
    world.tester.acceptance_result = lambda _: SuiteResult(name="acceptance", status="not tested", reason="none")
    world.app = replace(world.app, probes=())
    inline = function()
    properties = inline["Properties"]
    assert isinstance(properties, dict)
    properties["Code"] = {"ZipFile": "x"}
    world.write({"Hello": function(), "Inline": inline})
    world.deploy()
    assert "only the code hashes of 1 of 2 functions were checked" in said(world, "verified-by-hash-only")[0]
    world.write({"Items": table()})
    world.deploy()
    assert "nothing was checked" in said(world, "verified-by-hash-only")[1]


def test_a_build_names_files_of_a_package_that_no_commit_has(world: World):
    world.write({"Hello": function(), "Again": function()})
    (world.app.root / "src" / "local.json").write_text("{}")
    world.scm.stray = ("notes.txt", "src/not-packed.txt")
    world.build()
    assert said(world, "untracked-files") == []
    world.scm.stray = ("src/local.json", "notes.txt")
    world.build()
    assert said(world, "untracked-files") == ["Files of app/Hello, app/Again are in no commit: local.json"]
