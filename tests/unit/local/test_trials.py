"""Each finished function is loaded once in a process of its own, and only what is certain stops a build."""

import fcntl
import os
import platform
import shutil
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sealift.build.cache.store import Cache
from sealift.build.inspection.trying import tried
from sealift.errors import BuildError
from sealift.local.functions.runtimes import bring, node_flags
from sealift.local.functions.trials import Trials, own_folder, swept
from sealift.local.interpreters import Places, find
from sealift.model.app import SandboxOptions
from sealift.model.loading import Loading
from sealift.model.release import STAND_IN, Finished
from sealift.sandbox import SandboxedProcess
from sealift.system import RealProcess

HERE = Places(programs=tuple(Path(p).parent for p in (shutil.which("python3"), shutil.which("node")) if p), versions=())
OURS = f"python{platform.python_version().rpartition('.')[0]}"
BOTH = "--experimental-detect-module --experimental-require-module"
HANDLER = "def handler(event, context): ...\n"


def zipped(path: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def finished(folder: Path, files: Mapping[str, str], **fields: object) -> Finished:
    number = len(list(folder.glob("*.zip")))
    given = {"runtime": OURS, "architecture": "x86_64", "handler": "app.handler", **fields}
    package = zipped(folder / f"{number}.zip", files)
    return Finished(logical_id=f"F{number}", package=package, **given)  # type: ignore[arg-type]


def trials(folder: Path) -> Trials:
    env = {"PATH": "/usr/bin:/bin", "AWS_SECRET_ACCESS_KEY": "hunter2", "HOME": str(folder)}
    process = SandboxedProcess(RealProcess(), env, folder / "homes", options=SandboxOptions(), offline=True)
    return Trials(process, folder / "trials", HERE, machine=platform.machine())


pytestmark = pytest.mark.skipif(find(tuple(map(int, OURS[6:].split("."))), HERE) is None, reason="no such Python")  # type: ignore[arg-type]


def test_everything_that_is_certain_is_told_from_what_is_not(tmp_path: Path) -> None:
    cases = {
        "import missing_thing\n" + HANDLER: "Runtime.ImportModuleError",
        "import os\nos.environ['TABLE']\n" + HANDLER: "KeyError",
        "def handler(event, context) ...\n": "Runtime.UserCodeSyntaxError",
        "def other(event, context): ...\n": "Runtime.HandlerNotFound",
        "h = undefined\n" + HANDLER: "NameError",
        "import urllib.request\nurllib.request.urlopen('http://198.51.100.1', timeout=5)\n" + HANDLER: "URLError",
        "raise ImportError('no libfoo here')\n": "ImportError",
        "from .other import x\n" + HANDLER: "Runtime.ImportModuleError",
        "import sys\nsys.exit(3)\n": "SystemExit",
        "import os\nos._exit(3)\n": "Runtime.ExitError",
        "import boto3\nboto3.client('s3')\n" + HANDLER: "",
        "import os\nassert 'hunter2' not in str(os.environ)\n" + HANDLER: "",
        "print('noise', flush=True)\n" + HANDLER: "",
    }
    functions = [finished(tmp_path, {"app.py": text}) for text in cases]
    found = trials(tmp_path).load(functions)
    assert [one.error_type for one in found] == list(cases.values()), found
    assert not list((tmp_path / "trials").iterdir())


def test_layers_and_files_are_where_lambda_has_them(tmp_path: Path) -> None:
    layer = zipped(tmp_path / "layer", {"python/shared.py": "X = 1\n", "data.txt": "hello"})
    text = "import os, shared\nopen(os.environ['LAMBDA_TASK_ROOT'] + '/a.txt').read()\n" + HANDLER
    (found,) = trials(tmp_path).load([finished(tmp_path, {"app.py": text, "a.txt": "x"}, layers=(layer,))])
    assert found.error_type == "", found


def test_a_handler_in_a_folder_and_a_declared_variable_are_there(tmp_path: Path) -> None:
    files = {"pkg/fn/app.py": "import os\nint(os.environ['LIMIT'])\n" + HANDLER}
    found = trials(tmp_path).load([finished(tmp_path, files, handler="pkg/fn/app.handler", variables={"LIMIT": "3"})])
    assert found[0].error_type == "", found


def test_a_trial_has_what_the_runtime_has(tmp_path: Path) -> None:
    interpreter = find(tuple(map(int, OURS[6:].split("."))), HERE)  # type: ignore[arg-type]
    assert interpreter is not None
    (tmp_path / "brought").mkdir()
    bring(tmp_path / "brought", interpreter, tmp_path)
    there = "pkg_resources" in {path.name for path in (tmp_path / "brought").iterdir()}
    (found,) = trials(tmp_path).load([finished(tmp_path, {"app.py": "import pkg_resources\n" + HANDLER})])
    assert (found.error_type == "") == there, found


def test_a_runtime_that_is_not_here_is_said(tmp_path: Path) -> None:
    (found,) = trials(tmp_path).load([finished(tmp_path, {"app.py": HANDLER}, runtime="python3.99")])
    assert found.skipped == "python3.99 is not on this machine"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_functions_of_node_are_loaded_too(tmp_path: Path) -> None:
    process = RealProcess()
    version = process.run(["node", "--version"], cwd=tmp_path).stdout[1:].partition(".")[0]
    cases = {
        "exports.handler = async () => 1": "",
        "const {S3Client} = require('@aws-sdk/client-s3'); new S3Client({}); exports.handler = async () => 1": "",
        "require('not-there'); exports.handler = async () => 1": "Runtime.ImportModuleError",
        "exports.handler = async () => {": "Runtime.UserCodeSyntaxError",
        "exports.other = async () => 1": "Runtime.HandlerNotFound",
        "throw new Error('no table'); exports.handler = 1": "Error",
        "exports.handler = awslambda.streamifyResponse(async (event, stream) => stream.end())": "",
        "exports.handler = undefinedThing": "ReferenceError",
    }
    functions = [finished(tmp_path, {"app.js": text}, runtime=f"nodejs{version}.x") for text in cases]
    modern = finished(tmp_path, {"app.mjs": "import x from 'gone'"}, runtime=f"nodejs{version}.x")
    text = (
        "import sdk, { S3Client } from '@aws-sdk/client-s3'\nnew S3Client({})\nexport const handler = async () => sdk"
    )
    with_sdk = finished(tmp_path, {"app.mjs": text}, runtime=f"nodejs{version}.x")
    found = trials(tmp_path).load([*functions, modern, with_sdk])
    assert [one.error_type for one in found] == [*cases.values(), "Runtime.ImportModuleError", ""], found


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
@pytest.mark.parametrize("text", ["require('not-there')", "require('./gone')", "exports.other = async () => 1"])
def test_what_fails_on_any_node_is_found_on_another_major(tmp_path: Path, text: str) -> None:
    function = finished(tmp_path, {"app.js": text}, runtime="nodejs99.x")
    with pytest.raises(BuildError, match="cannot be loaded"):
        tried([function], trials(tmp_path), Cache(tmp_path / "cache"))


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
@pytest.mark.parametrize(
    "text", ["require('node:of-99'); exports.handler = 1", "exports.handler = 1; new Of99()", "exports.handler = of 99"]
)
def test_what_another_node_may_know_is_not_decided(tmp_path: Path, text: str) -> None:
    good = finished(tmp_path, {"app.js": "exports.handler = async () => 1"}, runtime="nodejs99.x")
    newer = finished(tmp_path, {"app.js": text}, runtime="nodejs99.x")
    seen = tried([good, newer], trials(tmp_path), Cache(tmp_path / "cache"))
    assert [line.partition(" (")[0] for line in seen.warnings] == ["Undecided whether it can be loaded: F1"]
    assert seen.unseen[0].startswith("Loaded on nodejs")
    assert seen.unseen[0].endswith("before the deployment: F0, F1 (nodejs99.x is not on this machine)")


@pytest.mark.parametrize(
    ("runtime", "options", "said", "flags"),
    [
        ("nodejs22.x", "", "v22.9.0 require-module,detect-module\n",
         ("--no-experimental-require-module", "--no-experimental-detect-module")),
        ("nodejs20.x", "", "v20.20.2 require-module,detect-module", ("--no-experimental-require-module",)),
        ("nodejs22.x", "--no-warnings --experimental-detect-module", "v22.9.0 require-module,detect-module",
         ("--no-experimental-require-module",)),
        ("nodejs22.x", "", "v18.1.0 ", ()),
        ("nodejs24.x", "", "v24.1.0 require-module,detect-module", ()),
        ("nodejs22.x", "", "", ()),
    ],
)  # fmt: skip
def test_lambda_switches_features_of_node_off(runtime: str, options: str, said: str, flags: tuple[str, ...]) -> None:
    assert node_flags(runtime, options, said) == flags


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_a_module_that_node_would_only_guess_to_be_one_is_not_loaded(tmp_path: Path) -> None:
    code = {"app.js": "export const handler = async () => 1"}
    plain = finished(tmp_path, code, runtime="nodejs22.x")
    asked = finished(tmp_path, code, runtime="nodejs22.x", variables={"NODE_OPTIONS": BOTH})
    found = trials(tmp_path).load([plain, asked])
    assert [one.error_type for one in found] == ["Runtime.UserCodeSyntaxError", ""]


class Counted:
    """Trials that say what they are told to, and count."""

    def __init__(self, *found: Loading) -> None:
        self.found = found
        self.loads = 0

    def runtime(self, name: str) -> str:
        return name

    def load(self, functions: Sequence[Finished]) -> tuple[Loading, ...]:
        self.loads += len(functions)
        return tuple(self.found[: len(functions)])


def test_what_was_loaded_is_not_loaded_again(tmp_path: Path) -> None:
    counted, function = Counted(Loading(name="F0")), finished(tmp_path, {"app.py": HANDLER})
    cache = Cache(tmp_path / "cache")
    assert tried([function], counted, cache) == tried([function], counted, cache)
    assert counted.loads == 1


def test_a_failure_that_is_certain_stops_and_names_the_line(tmp_path: Path) -> None:
    trace = ('  File "/var/task/app.py", line 3, in <module>\n',)
    said = Loading(
        name="F0", error_type="Runtime.ImportModuleError", message="x: No module named 'requests'", trace=trace
    )
    with pytest.raises(BuildError, match=r"F0 \(app.py:3\).*requests") as caught:
        tried([finished(tmp_path, {"app.py": HANDLER})], Counted(said), Cache(tmp_path / "cache"))
    assert caught.value.code == "function-not-loaded"


@pytest.mark.parametrize("error_type", ["KeyError", "ValueError", "EndpointConnectionError", "ImportError"])
def test_what_may_be_a_setting_or_the_network_is_a_warning(tmp_path: Path, error_type: str) -> None:
    said = Loading(name="F0", error_type=error_type, message="x")
    seen = tried([finished(tmp_path, {"app.py": HANDLER})], Counted(said), Cache(tmp_path / "cache"))
    assert "Undecided" in seen.warnings[0]


def test_a_module_that_a_foreign_layer_may_bring_is_a_warning(tmp_path: Path) -> None:
    said = Loading(
        name="F0", error_type="Runtime.ImportModuleError", message="No module named 'x'", absent_layers=("one",)
    )
    seen = tried([finished(tmp_path, {"app.py": HANDLER}, foreign=True)], Counted(said), Cache(tmp_path / "cache"))
    assert "layer" in seen.warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "import os, importlib\nimportlib.import_module('config.' + os.environ['STAGE'])\n" + HANDLER,
        "import os\nif os.environ['STAGE'] == 'dev':\n    level = 1\nprint(level)\n" + HANDLER,
        "import os\nif os.environ['STAGE'] == 'dev':\n    def handler(event, context): ...\n",
        "import os\nif os.environ['STAGE'] != 'dev':\n    import special\n" + HANDLER,
    ],
)
def test_what_depends_on_a_value_of_the_deployment_stops_nothing(tmp_path: Path, text: str) -> None:
    files = {"app.py": text, "config/__init__.py": "", "config/dev.py": ""}
    function = finished(tmp_path, files, variables={"STAGE": STAND_IN})
    assert "Undecided" in tried([function], trials(tmp_path), Cache(tmp_path / "cache")).warnings[0]


def test_a_value_of_the_deployment_does_not_hide_a_module_that_is_missing(tmp_path: Path) -> None:
    function = finished(tmp_path, {"app.py": "import gone\n" + HANDLER}, variables={"STAGE": STAND_IN})
    with pytest.raises(BuildError, match="gone"):
        tried([function], trials(tmp_path), Cache(tmp_path / "cache"))


def test_modules_are_found_where_the_function_says(tmp_path: Path) -> None:
    files = {"app.py": "import inner\n" + HANDLER, "lib/inner.py": ""}
    (found,) = trials(tmp_path).load([finished(tmp_path, files, variables={"PYTHONPATH": "/var/task/lib"})])
    assert found.error_type == "", found


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_node_takes_its_own_path_and_the_third_sdk_alone(tmp_path: Path) -> None:
    version = RealProcess().run(["node", "--version"], cwd=tmp_path).stdout[1:].partition(".")[0]
    files = {"app.js": "require('inner'); exports.user = {handler: async () => 1}", "lib/inner/index.js": ""}
    runtime, path = f"nodejs{version}.x", {"NODE_PATH": "/var/task/lib"}
    second = {"app.js": "require('aws-sdk'); exports.handler = async () => 1"}
    staged = {"app.js": "require('./config/' + process.env.STAGE); exports.handler = async () => 1"}
    functions = [
        finished(tmp_path, files, runtime=runtime, handler="app.user.handler", variables=path),
        finished(tmp_path, second, runtime=runtime),
        finished(tmp_path, staged, runtime=runtime, variables={"STAGE": STAND_IN}),
    ]
    old = finished(tmp_path, second, runtime="nodejs16.x")
    own, sdk, stage, second_sdk = trials(tmp_path).load([*functions, old])
    assert (own.error_type, sdk.error_type, second_sdk.error_type) == ("", "Runtime.ImportModuleError", "")
    assert "Undecided" in tried(functions[2:], Counted(stage), Cache(tmp_path / "cache")).warnings[0]


def test_what_a_killed_command_left_is_swept_and_what_another_holds_is_not(tmp_path: Path) -> None:
    left, held = tmp_path / "trials" / "trial-left", tmp_path / "trials" / "trial-held"
    for folder in (left, held):
        (folder / "code").mkdir(parents=True)
    handle = os.open(held, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert trials(tmp_path).load([finished(tmp_path, {"app.py": HANDLER})])[0].error_type == ""
    os.close(handle)
    assert [path.name for path in (tmp_path / "trials").iterdir()] == ["trial-held"]


def test_a_folder_is_never_swept_while_its_command_is_at_work(tmp_path):
    over = threading.Event()

    def sweep():
        while not over.is_set():
            swept(tmp_path)

    others = [threading.Thread(target=sweep) for _ in range(3)]
    for one in others:
        one.start()
    try:
        for _ in range(200):
            folder, held = own_folder(tmp_path)
            (folder / "job.json").write_text("{}")
            os.close(held)
    finally:
        over.set()
        for one in others:
            one.join()
    swept(tmp_path)
    assert [*tmp_path.iterdir()] == []
