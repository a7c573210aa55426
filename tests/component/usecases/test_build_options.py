"""What `[build]` changes: shared layers, and commands that build."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.errors import BuildError, ConfigError
from sealift.model.app import BuildOptions
from sealift.model.template import Json
from sealift.system import RealProcess
from sealift.template.templates import SamTemplates
from tests.component.usecases.world import World, function, make_world
from tests.unit.build.tools import FakeUv

LAYER = "SealiftSharedPython313X86"


def options(world: World, *, process: object | None = None, **given: object) -> World:
    world.app = replace(world.app, build=BuildOptions(**given))  # type: ignore[arg-type]
    world.builder = CachedBuilder(world.cache, process or FakeUv())  # type: ignore[assignment, arg-type]
    return world


def sharing(world: World, functions: Mapping[str, str]) -> World:
    for folder, requirements in functions.items():
        world.code(f"NAME = '{folder}'\nhandler = print\n", folder=folder)
        (world.app.root / folder / "requirements.txt").write_text(requirements)
    world.write({folder.title(): function(folder) for folder in functions})
    return options(world, shared_layer=True)


def test_a_release_holds_the_layer_and_its_template_names_it(world: World):
    built = sharing(world, {"one": "alpha\nbeta\n", "two": "alpha\n", "three": ""}).build()
    body = (
        SamTemplates()
        .render(built.files[built.template_sha256].read_bytes(), parameters={}, account="1", region="r", stack_name="s")
        .body["Resources"]
    )
    layers = {name: raw["Properties"].get("Layers") for name, raw in body.items() if name in ("One", "Two", "Three")}
    assert layers == {"One": [{"Ref": LAYER}], "Two": [{"Ref": LAYER}], "Three": None}
    sha256 = body[LAYER]["Properties"]["Content"]["S3Key"].removeprefix("blobs/")
    assert sha256 in built.release.blobs
    assert [a.kind for a in built.release.artifacts if a.logical_ids == (f"app/{LAYER}",)] == ["layer"]


def test_the_same_content_elsewhere_is_the_same_release_with_its_layer(world: World, tmp_path: Path):
    functions = {"one": "alpha\nbeta\n", "two": "alpha\n"}
    (tmp_path / "elsewhere").mkdir()
    other = sharing(make_world(tmp_path / "elsewhere"), functions)
    assert other.build().release.digest == sharing(world, functions).build().release.digest


def test_without_the_option_there_is_no_layer(world: World):
    built = options(sharing(world, {"one": "alpha\n", "two": "alpha\n"}), shared_layer=False).build()
    assert {a.kind for a in built.release.artifacts} == {"function"}


def test_each_nested_template_has_a_layer_of_its_own(world: World):
    sharing(world, {"one": "alpha\n", "two": "alpha\n"})
    (world.app.root / "template.json").rename(world.app.root / "inner.json")
    child: dict[str, Json] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Child": child})
    names = {name for a in world.build().release.artifacts for name in a.logical_ids}
    assert f"app/Child/{LAYER}" in names


def test_a_command_builds_what_it_is_named_for_and_is_cached_by_its_inputs(world: World):
    world.code("handler = 'source'")
    command = 'sed s/source/built/ < app.py > "$ARTIFACTS_DIR/app.py"'
    world.write({"Hello": function()})
    options(world, process=RealProcess(), commands={"Hello": command})
    first, again = world.build(), world.build()
    assert [(a.built, a.reason) for a in again.artifacts] == [(False, "unchanged")]
    assert first.artifacts[0].path.read_bytes().count(b"handler = 'built'") == 1
    options(world, process=RealProcess(), commands={"Hello": f"{command} # other"})
    assert world.build().artifacts[0].reason.startswith("command changed: sed s/source")


def test_a_command_for_what_is_not_there_suggests_the_nearest_name(world: World):
    world.write({"Hello": function()})
    with pytest.raises(ConfigError, match=r'Helo under .build.commands. .*did you mean "Hello"') as caught:
        options(world, commands={"Helo": "true"}).build()
    assert caught.value.code == "build-command-unknown"


def test_two_commands_for_one_artifact_are_refused(world: World):
    world.write({"Hello": function(), "Bye": function()})
    with pytest.raises(ConfigError) as caught:
        options(world, commands={"Hello": "true", "Bye": "false"}).build()
    assert caught.value.code == "build-commands-differ"


def test_a_function_that_does_not_fit_with_its_layer_is_refused_before_anything_is_sealed(world: World):
    world.code("x")
    large = world.app.root / "large"
    large.mkdir()
    for number in range(2):
        with (large / f"{number}.bin").open("wb") as file:
            file.truncate(130 << 20 if number else 119 << 20)
    (world.app.root / "src" / "data.bin").write_bytes(bytes(2 << 20))
    layer: dict[str, Json] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "large"}}
    hello = function()
    hello["Properties"]["Layers"] = [{"Ref": "Large"}]  # type: ignore[index, call-overload]
    world.write({"Hello": hello, "Large": layer})
    with pytest.raises(BuildError, match=r"Hello is 251\.0 MB unzipped with its layers \(Hello 2\.0 MB, Large 249"):
        options(world).build()
