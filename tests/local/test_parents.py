"""Functions are copies of an interpreter that has loaded boto3, wherever that makes no difference to them."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import boto3
import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.functions.parents import Child, Parent, Parents, Start
from sealift.local.functions.runtimes import Runtimes
from sealift.local.interpreters import Places, ours
from tests.local.deploying import ROLE, client, deploy, function

LOOK = """
import os, sys
LOADED = "boto3" in sys.modules
def handler(event, context):
    return {"loaded": LOADED, "parent": os.getppid(), "mine": os.environ.get("MINE"), "other": os.environ.get("OTHER")}
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of what Lambda's runtime brings."""
    folder = tmp_path_factory.mktemp("runtimes")
    where = Places(programs=(), versions=())
    return str(Runtimes(folder / "here", where, Path(boto3.__file__).parent.parent, "").brought(ours()))


@pytest.fixture(scope="module")
def parent() -> Iterator[Parent]:
    """One parent for the tests that do not end it."""
    with closing(Parent(Path(sys.executable))) as parent:
        yield parent


@pytest.fixture
def run(parent: Parent, tmp_path: Path) -> Iterator[Any]:
    """Return a function that runs a program text in a copy; what still runs is ended."""
    children: list[Child] = []

    def start(text: str, **env: str) -> Child:
        argv = (sys.executable, "-c", text)
        children.append(parent.start(Start(argv=argv, cwd=str(tmp_path), env=env)))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def test_what_a_parent_loads_is_compiled_for_the_next_one(tmp_path: Path) -> None:
    session = "class Session:\n    def create_client(self, *given, **named): ...\n"
    files = {"boto3.py": "", "simplejson.py": "", "snapshot_restore_py.py": ""}
    for name, text in {**files, "botocore/handlers.py": "", "botocore/session.py": session}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    Parent(Path(sys.executable), str(tmp_path)).close()
    assert Path(cache_from_source(str(tmp_path / "boto3.py"))).is_file()


def _said(child: Child) -> str:
    with os.fdopen(child.output) as file:
        return file.read()


def _gone(pid: int, timeout_s: float = 20.0) -> bool:
    until = time.monotonic() + timeout_s
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_what_a_copy_prints_is_read_and_it_has_no_input(run: Any, tmp_path: Path) -> None:
    child = run("import sys, os\nprint(os.getcwd(), repr(sys.stdin.read()), flush=True)\nprint('oh', file=sys.stderr)")
    assert _said(child) == f"{tmp_path} ''\noh\n"
    assert child.wait(timeout=10) is not None


def test_a_copy_has_its_own_variables_and_nothing_of_the_one_before(run: Any) -> None:
    text = "import os\nprint(sorted(set(os.environ) - {'LC_CTYPE'}))"
    assert _said(run(text, ONE="1")) == "['ONE']\n"
    assert _said(run(text, TWO="2")) == "['TWO']\n"


def test_a_copy_that_is_no_program_says_why(parent: Parent, tmp_path: Path) -> None:
    child = parent.start(Start(argv=(str(tmp_path / "none"),), cwd=str(tmp_path), env={}))
    assert "No such file or directory" in _said(child)


def test_a_copy_may_run_programs_and_learn_how_they_ended(run: Any) -> None:
    text = "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'exit(3)']).returncode)"
    assert _said(run(text)) == "3\n"


def test_a_copy_that_runs_is_told_from_one_that_was_ended(run: Any) -> None:
    child = run("import time\nprint('up', flush=True)\ntime.sleep(60)")
    assert os.read(child.output, 10) == b"up\n"
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.01)
    child.terminate()
    assert child.wait(timeout=10) is not None
    assert child.poll() is not None
    os.close(child.output)


def test_copies_that_ended_leave_no_zombie(run: Any) -> None:
    child = run("pass")
    child.wait(timeout=10)
    assert _gone(child.pid)
    os.close(child.output)


def test_the_parent_ends_with_the_process_that_wanted_it() -> None:
    text = (
        "import sys, pathlib\nfrom sealift.local.functions.parents import Parent\n"
        "print(Parent(pathlib.Path(sys.executable))._process.pid)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert _gone(int(done.stdout))


@pytest.mark.parametrize(
    ("modules", "variables", "copied"),
    [
        (["app", "orders_core"], {"TABLE": "t"}, True),
        (["start", "mounts", "parent"], {}, True),
        (["app", "botocore"], {}, False),
        (["app", "queue"], {}, False),
        (["app"], {"PYTHONHASHSEED": "0"}, False),
        (["app"], {"LD_LIBRARY_PATH": "/opt/lib"}, False),
    ],
)
def test_only_a_function_that_cannot_tell_the_difference_is_a_copy(
    packages: str, modules: list[str], variables: dict[str, str], copied: bool
) -> None:
    with closing(Parents()) as parents:
        assert (parents.of(Path(sys.executable), packages, modules, variables) is not None) is copied


def test_without_boto3_there_is_no_parent(tmp_path: Path) -> None:
    assert Parents().of(Path(sys.executable), str(tmp_path), [], {}) is None


def _looking(name: str, **variables: str) -> dict[str, Any]:
    return {"Role": ROLE, "Look": function(LOOK, FunctionName=name, Environment={"Variables": dict(variables)})}


def _invoke(endpoint: Endpoint, name: str) -> Any:
    return json.loads(client(endpoint, "lambda").invoke(FunctionName=name, Payload=b"{}")["Payload"].read())


def test_functions_of_the_embedded_cloud_are_copies_and_a_parent_that_was_killed_is_replaced(
    endpoint: Endpoint,
) -> None:
    for name, variable in (("copy-1", "MINE"), ("copy-2", "OTHER"), ("copy-3", "MINE")):
        deploy(endpoint, name, {"Resources": _looking(name, **{variable: name})})
    one, two = _invoke(endpoint, "copy-1"), _invoke(endpoint, "copy-2")
    assert (one["loaded"], one["mine"], one["other"]) == (True, "copy-1", None)
    assert (two["loaded"], two["mine"], two["other"]) == (True, None, "copy-2")
    assert one["parent"] == two["parent"]
    os.kill(one["parent"], signal.SIGKILL)
    assert _invoke(endpoint, "copy-3")["mine"] == "copy-3"
    assert _invoke(endpoint, "copy-1")["mine"] == "copy-1"


def test_a_function_with_a_module_that_boto3_loads_has_its_own(endpoint: Endpoint) -> None:
    deploy(endpoint, "own-queue", {"Resources": {"Role": ROLE}, "Outputs": {"R": {"Value": {"Ref": "Role"}}}})
    role = client(endpoint, "iam").list_roles()["Roles"][0]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "import jmespath\ndef handler(event, context): return jmespath.MINE")
        archive.writestr("jmespath.py", "MINE = 'mine'")
    client(endpoint, "lambda").create_function(
        FunctionName="own-module",
        Runtime="python3.11",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    assert _invoke(endpoint, "own-module") == "mine"
