"""What a plan says of an asset, and how long what was read for it is believed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.build.cache.keys import digest
from sealift.build.cache.stat_index import StatIndex
from sealift.build.cache.store import Cache
from sealift.build.dependencies.resolutions import Resolutions
from sealift.build.dependencies.uv import Uv
from sealift.build.javascript.npm_settings import settings_of_npm
from sealift.build.planning import Planner
from sealift.build.zips.deflating import compressor
from sealift.errors import BuildError
from sealift.model.template import Asset, Location
from sealift.ports import Completed
from tests.unit.build.tools import FakeUv, NoTools, function, write

NPM = {"npm_config_registry": "https://one.example"}


def planner(root: Path, programs: FakeUv | NoTools | None = None, **more: object) -> Planner:
    """Return a planner of a repository, with an empty cache beside it."""
    cache = Cache(root.parent / "cache")
    (root / ".git").mkdir(exist_ok=True, parents=True)
    resolutions = Resolutions(cache, Uv(programs or FakeUv(), cache), left_out=())
    index = StatIndex(cache, "x", trusted=False)
    given = {"settings": "", "tool": lambda name: f"{name} 1", "variables": NPM, **more}
    return Planner(root, index, resolutions, **given)  # type: ignore[arg-type]


def package(**tables: Mapping[str, str]) -> str:
    return json.dumps({"name": "fn", "version": "1.0.0", **tables})


class Answering(FakeUv):
    """uv that resolves everything to the same."""

    def run(self, argv: Sequence[str], **_: object) -> Completed:  # type: ignore[override]
        text = "uv 1" if argv[1:] == ["--version"] else f"six==1 --hash=sha256:{'0' * 64}\n"
        return Completed(returncode=0, stdout=text, stderr="")


INSTALLED = {"npm": "npm 1", "node": "node 1", **settings_of_npm(NPM)}
ASKED = {"dependencies": {"left-pad": "1"}}
NODE = {"runtime": "nodejs22.x"}
ESBUILD = {**NODE, "build_method": "esbuild", "handler": "app.handler"}
OWN_ESBUILD = {"devDependencies": {"esbuild": "0.25.5"}}


@pytest.mark.parametrize(
    ("asset", "files", "method", "expected"),
    [
        ({"kind": "layer", "runtime": None}, {}, "copy", {}),
        ({"runtime": "python3.12"}, {}, "python", {}),
        ({"build_properties": {"x": 1}}, {}, "python", {"build properties": digest({"x": 1})[:12]}),
        (
            {"build_method": "command", "build_properties": {"command": "make it", "x": 1}},
            {},
            "command",
            {"command": "make it"},
        ),
        ({"build_method": "makefile"}, {"Makefile": ""}, "makefile", {"target": "Fn"}),
        (NODE, {}, "node", {}),
        (NODE, {"package.json": package()}, "node", {}),
        (NODE, {"package.json": package(**ASKED)}, "node", INSTALLED),
        (NODE, {"package.json": package(**OWN_ESBUILD)}, "node", {}),
        (ESBUILD, {}, "esbuild", {"handler": "app.handler", "esbuild": "esbuild 1"}),
        ({**ESBUILD, "handler": None}, {}, "esbuild", {"handler": "", "esbuild": "esbuild 1"}),
        (ESBUILD, {"package.json": package()}, "esbuild", {"handler": "app.handler", "esbuild": "esbuild 1"}),
        (ESBUILD, {"package.json": package(**OWN_ESBUILD)}, "esbuild", {"handler": "app.handler", **INSTALLED}),
        (
            ESBUILD,
            {"package.json": package(**ASKED)},
            "esbuild",
            {"handler": "app.handler", "esbuild": "esbuild 1", **INSTALLED},
        ),
    ],
)
def test_a_plan_names_every_setting_and_tool_that_its_method_depends_on_and_no_other(
    tmp_path: Path, asset: dict[str, object], files: dict[str, str], method: str, expected: dict[str, str]
):
    root = write(tmp_path / "app", {f"fn/{name}": text for name, text in {"app.py": "", **files}.items()})
    made = function("fn", **asset)
    plan = planner(root, NoTools()).plan(made)
    assert plan.method == method
    assert dict(plan.ingredients.settings) == {
        "method": method,
        "kind": made.kind,
        "runtime": made.runtime or "",
        "architecture": "x86_64",
        "compressor": compressor(),
        **expected,
    }


def test_a_plan_names_files_and_pins(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"fn/app.py": "1", "fn/requirements.txt": "alpha==1.0\n"})
    (root / "fn/app.py").chmod(0o755)
    plan = planner(root).plan(function("fn"))
    assert {name: value[64:] for name, value in plan.ingredients.files.items()} == {
        "app.py": "+x",
        "requirements.txt": "",
    }
    assert dict(plan.ingredients.pins) == {"alpha": "1.0"}
    assert (plan.name, plan.project, plan.prefix) == ("Fn", root, "")


def test_a_plan_names_what_dependencies_are_made_from_outside_of_the_source(tmp_path: Path) -> None:
    project = '[project]\nname = "pack"\nversion = "1"\n'
    files = {
        "fn/requirements.txt": "../pack\n./own\n",
        "pack/pyproject.toml": project,
        "fn/own/pyproject.toml": project,
    }
    root = write(tmp_path / "app", files)
    plans = planner(root, Answering())
    plan = plans.plan(function("fn"))
    assert plan.wanted is not None
    digests = {one.path.name: one.digest[:12] for one in plan.wanted.inputs if one.package}
    settings = plan.ingredients.settings
    assert settings["../pack"] == digests["pack"]
    assert not [name for name in settings if "own" in name], "what is in the source is named there"
    assert set(digests) == {"pack", "own"}


def test_files_beside_the_source_are_in_the_plan_and_in_its_key(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"fn/Makefile": "build-Fn:\n\tcp ../shared/a.txt .\n", "shared/a.txt": "a"})
    asset = function("fn", build_method="makefile")
    first = planner(root).plan(asset)
    assert first.ingredients.settings["files beside the source"] == first.beside.digest[:12]
    write(root, {"shared/a.txt": "b"})
    assert planner(root).plan(asset).key != first.key


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as error:
        planner(tmp_path / "app").plan(function("fn", logical_ids=("One", "Two")))
    assert error.value.message == "One, Two: there is no fn"
    assert error.value.context == {"logical_ids": ["One", "Two"], "source": "fn"}


# What was read is believed until it is forgotten.


def test_a_source_is_read_once_until_it_is_forgotten_and_the_others_stay(tmp_path: Path) -> None:
    root = write(
        tmp_path / "app",
        {
            **{f"{name}/app.py": "1" for name in ("a", "b")},
            **{f"{name}/requirements.txt": "../pack\n" for name in ("a", "b")},
            "pack/pyproject.toml": '[project]\nname = "pack"\nversion = "1"\n',
            "pack/pack.py": "1",
        },
    )
    plans = planner(root)
    a, b = function("a"), function("b")

    def seen() -> tuple[str, str, str | None, str | None]:
        return (plans.tree(a).digest, plans.tree(b).digest, plans.dependency_key(a), plans.dependency_key(b))

    first = seen()
    assert first[0] == first[1]
    assert first[2] == first[3]
    write(root, {"a/app.py": "22", "b/app.py": "22", "pack/pack.py": "22"})
    assert seen() == first
    plans.forget(a)
    then = seen()
    assert [one != other for one, other in zip(first, then, strict=True)] == [True, False, True, False]
    plans.forget(b)
    assert seen() == (then[0], then[0], then[2], then[2])


def test_dependencies_are_asked_for_by_source_runtime_processor_and_method(tmp_path: Path) -> None:
    files = {"pyproject.toml": '[project]\nname = "fn"\nversion = "1"\ndependencies = ["alpha"]\n'}
    root = write(
        tmp_path / "app", {f"fn/{name}": text for name, text in {"requirements.txt": "beta\n", **files}.items()}
    )
    write(root, {"other/requirements.txt": "alpha\n"})
    plans = planner(root, NoTools())
    assets = [
        function("fn"),
        function("fn", runtime="python3.13"),
        function("fn", architecture="arm64"),
        function("fn", build_method="python-uv"),
        function("other"),
    ]
    wanted = [plans.wanted(asset) for asset in assets]
    keys = [plans.dependency_key(asset) for asset in assets]
    assert len(set(keys)) == len(assets)
    assert all(plans.wanted(asset) is one for asset, one in zip(assets, wanted, strict=True))
    assert plans.wanted(function("fn", build_method="python3.12")) is not wanted[0]
    assert plans.dependency_key(function("fn", build_method="python3.12")) == keys[0]


@pytest.mark.parametrize("asset", [{"build_method": "makefile"}, {"runtime": "nodejs22.x"}, {"kind": "layer"}, {}])
def test_without_dependencies_there_is_no_key_of_them_and_nothing_to_resolve(tmp_path: Path, asset: dict[str, str]):
    root = write(tmp_path / "app", {"fn/app.py": "", "fn/Makefile": ""})
    plans = planner(root, NoTools())
    made = function("fn", **asset)
    assert (plans.dependency_key(made), plans.wanted(made), plans.ready(made)) == (None, None, True)


def test_a_plan_is_ready_when_its_dependencies_are_resolved(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"fn/requirements.txt": "alpha\n"})
    assert not planner(root).ready(function("fn"))
    planner(root).plan(function("fn"))
    assert planner(root).ready(function("fn"))


def test_what_npm_installs_is_known_by_declarations_and_processor_alone(tmp_path: Path) -> None:
    files = {"fn/package.json": package(**ASKED), "fn/app.js": "1", "fn/.npmrc": "", "package.json": "{}"}
    root = write(tmp_path / "app", files)
    asset = function("fn", runtime="nodejs22.x")
    key = planner(root).dependency_key(asset)
    assert key is not None
    write(root, {"fn/app.js": "2"})
    assert planner(root).dependency_key(asset) == key
    assert planner(root).dependency_key(replace(asset, architecture="arm64")) != key
    for name in ("fn/package.json", "fn/.npmrc"):
        write(root, {name: files[name] + "\n"})
        assert planner(root).dependency_key(asset) != key
        write(root, {name: files[name]})
        assert planner(root).dependency_key(asset) == key
    write(root, {"fn/package-lock.json": '{"lockfileVersion": 3, "packages": {}}'})
    assert planner(root).dependency_key(asset) != key


def at(file: str) -> Location:
    return Location(file=file, line=1)


@pytest.mark.parametrize("location", [None, at("template.yaml"), at("fn/template.yaml")])
def test_the_template_in_the_folder_of_a_function_is_left_out_and_no_other_file_of_that_name(
    tmp_path: Path, location: Location | None
):
    root = write(tmp_path / "app", {"fn/app.py": "", "fn/template.yaml": "", "fn/deep/template.yaml": "", "app.py": ""})
    write(root, {"template.yaml": ""})
    names = {file.name for file in planner(root).tree(function("fn", location=location)).files}
    left_out = location is not None and location.file.startswith("fn/")
    assert names == {"app.py", "deep/template.yaml", *([] if left_out else ["template.yaml"])}
    whole = {file.name for file in planner(root).tree(function(".", location=location)).files}
    assert ("template.yaml" in whole) == left_out
    assert planner(root).plan(function("fn", location=location)).project == (root / "fn" if left_out else root)


def modules(root: Path, asset: Asset) -> set[str]:
    return {file.name for file in planner(root).tree(asset).files}


def test_installed_modules_are_left_out_where_they_are_installed_again(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"fn/app.js": "", "fn/node_modules/x/index.js": ""})
    installed = "node_modules/x/index.js"
    assert installed in modules(root, function("fn", runtime="nodejs22.x"))
    assert installed not in modules(root, function("fn"))
    write(root, {"fn/package.json": package()})
    assert installed not in modules(root, function("fn", runtime="nodejs22.x"))


@pytest.mark.parametrize(
    ("file", "requires", "asset", "refused"),
    [
        ("pyproject.toml", ">=3.13", {"runtime": "python3.12"}, True),
        ("pyproject.toml", ">=3.12", {"runtime": "python3.12"}, False),
        ("pyproject.toml", "", {"runtime": "python3.12"}, False),
        ("pyproject.toml", ">=3.13", {"runtime": "python3.12", "declared_runtime": "python3.13"}, False),
        ("pyproject.toml", ">=3.13", {"runtime": "python3.13", "declared_runtime": "python3.12"}, True),
        ("Pipfile.lock", "3.13", {"runtime": "python3.12"}, False),
    ],
)
def test_dependencies_are_not_installed_for_a_python_that_the_project_is_not_for(
    tmp_path: Path, file: str, requires: str, asset: dict[str, str], refused: bool
):
    project = '[project]\nname = "fn"\nversion = "1"\ndependencies = ["alpha"]\n'
    project += f'requires-python = "{requires}"\n' if requires else ""
    pipfile = {"_meta": {"requires": {"python_version": requires}}, "default": {"alpha": {"version": "==1.0"}}}
    root = write(tmp_path / "app", {f"fn/{file}": json.dumps(pipfile) if file == "Pipfile.lock" else project})
    plans = planner(root, NoTools())
    if not refused:
        assert plans.wanted(function("fn", **asset)) is not None
        return
    with pytest.raises(BuildError) as error:
        plans.wanted(function("fn", **asset))
    runtime = asset.get("declared_runtime") or asset["runtime"]
    assert error.value.code == "runtime-not-required"
    assert error.value.message == f"Fn: {file} is for Python {requires}, and the Runtime is {runtime}"
