"""What a release is made of, and that the same content is the same release."""

from dataclasses import replace
from pathlib import Path

import pytest

from sealift.errors import BuildError, ConfigError, TemplateError
from sealift.model.app import StackSpec
from sealift.model.event import ArtifactBuilt, PhaseFinished
from sealift.model.template import Json
from tests.component.usecases.world import World, function, make_world, table


def nested(template: str) -> dict[str, Json]:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": template}}


def two_stacks(world: World) -> None:
    """Let the application have a stack of data and one of functions."""
    world.write({"Items": table()}, file="data.json")
    world.write({"Hello": function()}, file="api.json")
    stacks = (
        StackSpec(name="api", template="api.json", needs=("data",)),
        StackSpec(name="data", template="data.json"),
    )
    world.app = replace(world.app, stacks=stacks)


def test_the_same_content_elsewhere_is_the_same_release(world: World, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    other = make_world(tmp_path / "elsewhere")
    other.clock.advance(3600)
    other.scm.commit("d" * 40)
    assert other.build().release.digest == world.build().release.digest


def test_other_code_is_another_release(world: World):
    first = world.build().release.digest
    world.code("print('two')")
    assert world.build().release.digest != first


def test_building_again_builds_nothing(world: World):
    world.build()
    again = world.build()
    assert [(a.built, a.reason) for a in again.artifacts] == [(False, "nothing changed")]


def test_functions_with_the_same_bytes_share_one_blob(world: World):
    world.code("print('one')", folder="copy")
    world.write({"Hello": function(), "Bye": function("copy")})
    artifacts = world.build().release.artifacts
    assert [a.logical_ids for a in artifacts] == [("app/Bye", "app/Hello")]


def test_a_nested_template_is_sealed_before_the_one_that_names_it(world: World):
    world.write({"Inner": function()}, file="inner.json")
    world.write({"Child": nested("inner.json")})
    release = world.build().release
    assert [(a.kind, a.logical_ids) for a in release.artifacts if a.kind == "template"] == [
        ("template", ("app/Child",))
    ]
    assert [name for name, _ in release.stacks[0].functions] == ["Child/Inner"]


def test_a_function_two_templates_deep_is_named_by_its_way(world: World):
    world.write({"Deep": function()}, file="deep.json")
    world.write({"Middle": nested("deep.json")}, file="inner.json")
    world.write({"Child": nested("inner.json")})
    assert [name for name, _ in world.build().release.stacks[0].functions] == ["Child/Middle/Deep"]


def test_every_blob_of_a_release_is_on_this_machine(world: World):
    world.write({"Inner": function()}, file="inner.json")
    world.write({"Child": nested("inner.json"), "Hello": function()})
    built = world.build()
    assert {sha for sha, path in built.files.items() if path.is_file()} >= set(built.release.blobs)


def test_stacks_stand_in_the_order_of_their_deployment(world: World):
    two_stacks(world)
    assert [s.name for s in world.build().release.stacks] == ["data", "api"]


def test_stacks_that_need_each_other_are_refused(world: World):
    two_stacks(world)
    api, data = world.app.stacks
    world.app = replace(world.app, stacks=(api, replace(data, needs=("api",))))
    with pytest.raises(ConfigError) as refused:
        world.build()
    assert refused.value.code == "stack-cycle"


def test_a_parameter_that_the_template_does_not_declare_is_refused(world: World):
    (stack,) = world.app.stacks
    world.app = replace(world.app, stacks=(replace(stack, parameters={"Size": "1"}),))
    with pytest.raises(ConfigError) as refused:
        world.build()
    assert (refused.value.code, "Size" in refused.value.message) == ("unknown-parameter", True)


def test_a_code_folder_that_is_not_there_is_named(world: World):
    world.write({"Hello": function("gone")})
    with pytest.raises(TemplateError) as refused:
        world.build()
    assert "gone" in refused.value.message


def test_a_build_that_fails_ends_its_phase_as_errored(world: World):
    world.builder.broken = {f"app:{key}": "it does not resolve" for key in ("Hello", "Hello.Code")}
    asset_key = world.services().templates.load(world.app.root, "template.json").assets[0].key
    world.builder.broken[f"app:{asset_key}"] = "it does not resolve"
    with pytest.raises(BuildError):
        world.build()
    assert [(p.phase, p.status) for p in world.events.of(PhaseFinished)] == [("build", "errored")]


def test_each_artifact_is_told_with_its_size(world: World):
    built = world.build()
    told = world.events.of(ArtifactBuilt)
    assert [(a.sha256, a.size_bytes) for a in told] == [
        (a.artifact.sha256, a.path.stat().st_size) for a in built.artifacts
    ]
