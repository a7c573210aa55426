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
from pathlib import Path
from typing import Any

import boto3
import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.patches.parents import Child, Parent, Parents
from tests.local.deploying import ROLE, client, deploy, function

PACKAGES = str(Path(boto3.__file__).parent.parent)
LOOK = """
import os, sys
LOADED = "boto3" in sys.modules
def handler(event, context):
    return {"loaded": LOADED, "parent": os.getppid(), "mine": os.environ.get("MINE"), "other": os.environ.get("OTHER")}
"""


@pytest.fixture(scope="module")
def parent() -> Iterator[Parent]:
    """One parent for the tests that do not end it."""
    with closing(Parent(Path(sys.executable), PACKAGES)) as parent:
        yield parent


@pytest.fixture
def run(parent: Parent, tmp_path: Path) -> Iterator[Any]:
    """Return a function that runs a program text in a copy; what still runs is ended."""
    children: list[Child] = []

    def start(text: str, **env: str) -> Child:
        program = tmp_path / f"program{len(children)}.py"
        program.write_text(text)
        children.append(parent.start(str(program), cwd=str(tmp_path), env=env))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.close()


def _gone(pid: int, timeout_s: float = 20.0) -> bool:
    until = time.monotonic() + timeout_s
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_a_copy_reads_and_writes_as_a_program_of_its_own_would(run: Any, tmp_path: Path) -> None:
    child = run("import sys, os\nprint(input(), os.getcwd(), sys.argv[0])\nprint('oh', file=sys.stderr)")
    child.stdin.write("hello\n")
    assert child.stdout.read() == f"hello {tmp_path} {tmp_path / 'program0.py'}\n"
    assert child.stderr.read() == "oh\n"
    assert child.wait(timeout=10) is not None


def test_a_copy_has_its_own_variables_and_nothing_of_the_one_before(run: Any) -> None:
    text = "import os\nprint(sorted(os.environ))"
    assert run(text, ONE="1").stdout.read() == "['ONE']\n"
    assert run(text, TWO="2").stdout.read() == "['TWO']\n"


def test_a_copy_looks_for_modules_beside_its_program_first(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("NAME = 'mine'")
    assert run("import mine, __main__\nprint(mine.NAME, __main__.__file__[-11:])").stdout.read() == "mine program0.py\n"


def test_random_numbers_of_two_copies_differ(run: Any) -> None:
    text = "import random\nprint(random.random())"
    assert run(text).stdout.read() != run(text).stdout.read()


def test_a_copy_that_fails_says_why(run: Any) -> None:
    assert run("1 / 0").stderr.read().endswith("ZeroDivisionError: division by zero\n")


def test_a_copy_may_run_programs_and_learn_how_they_ended(run: Any) -> None:
    text = "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'exit(3)']).returncode)"
    assert run(text).stdout.read() == "3\n"


def test_a_copy_that_runs_is_told_from_one_that_was_ended(run: Any) -> None:
    child = run("import time\nprint('up', flush=True)\ntime.sleep(60)")
    assert child.stdout.readline() == "up\n"
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.01)
    child.terminate()
    assert child.wait(timeout=10) is not None
    assert child.poll() is not None


def test_copies_that_ended_leave_no_zombie(run: Any) -> None:
    child = run("pass")
    child.wait(timeout=10)
    assert _gone(child.pid)


def test_the_parent_ends_with_the_process_that_wanted_it() -> None:
    text = (
        "import sys, pathlib\nfrom sealift.local.patches.parents import Parent\n"
        f"print(Parent(pathlib.Path(sys.executable), {PACKAGES!r})._process.pid)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert _gone(int(done.stdout))


@pytest.mark.parametrize(
    ("modules", "variables", "copied"),
    [
        (["app", "orders_core"], {"TABLE": "t"}, True),
        (["app", "botocore"], {}, False),
        (["app", "queue"], {}, False),
        (["app"], {"PYTHONHASHSEED": "0"}, False),
        (["app"], {"LD_LIBRARY_PATH": "/opt/lib"}, False),
    ],
)
def test_only_a_function_that_cannot_tell_the_difference_is_a_copy(
    modules: list[str], variables: dict[str, str], copied: bool
) -> None:
    with closing(Parents(PACKAGES)) as parents:
        assert (parents.of(Path(sys.executable), modules, variables) is not None) is copied


def test_without_boto3_there_is_no_parent(tmp_path: Path) -> None:
    assert Parents(str(tmp_path)).of(Path(sys.executable), [], {}) is None


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
