"""Code of a pull request that every tool would run, looking for credentials by every door: it finds none."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealift.checks.analyzer import RealAnalyzer
from sealift.checks.tester import RealTester
from sealift.errors import UserError
from sealift.model.app import App, Environment, SandboxOptions, StackSpec, SuiteSpec
from sealift.model.template import Template
from sealift.ports import Completed
from sealift.sandbox import SandboxedProcess
from sealift.system import RealProcess

PLANTED = "planted-credential-0123"
LOOK = """
import glob, os, pathlib, socket
def look():
    found = dict(os.environ)
    for name in (".aws/credentials", ".netrc", ".ssh/id_rsa"):
        try: found[name] = pathlib.Path({home!r}, name).read_text()
        except OSError: pass
    for name in ("agent", "step"):
        try:
            place = pathlib.Path({home!r}, name)
            with socket.socket(socket.AF_UNIX) as agent:
                agent.connect(str(place)) if name == "agent" else place.read_text() or 1 / 0
            found["." + name] = {planted!r}
        except (OSError, ZeroDivisionError): pass
    for name in glob.glob("/proc/[0-9]*/environ"):
        try: found[name] = pathlib.Path(name).read_bytes().decode(errors="replace")
        except OSError: pass
    pathlib.Path({out!r}).write_text(repr([k for k, v in found.items() if {planted!r} in v] + ["looked"]))
look()
"""
ENV = (
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_URL",
    "DEPLOY_KEY",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "UV_INDEX_OURS_PASSWORD",
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the attack writes what it found; below the folder of the cache, as a network would be anywhere."""
    return tmp_path / "found"


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The environment of a job that has credentials in every place, an agent that hands them out, and later steps."""
    home = Path(tempfile.mkdtemp(prefix="person"))  # the path of a socket has to be short
    for name in (".aws/credentials", ".netrc", ".ssh/id_rsa"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(PLANTED)
    # What this machine needs to install anything at all.
    shared = {name: value for name, value in os.environ.items() if name.endswith(("_CERT_FILE", "_CERT_DIR", "_PROXY"))}
    shared["UV_CACHE_DIR"] = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    (home / "step").write_text(PLANTED)
    places = {"SSH_AUTH_SOCK": str(home / "agent"), "GITHUB_ENV": str(home / "step")}
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(places["SSH_AUTH_SOCK"])
        agent.listen()
        yield {"PATH": os.environ["PATH"], "HOME": str(home), **shared, **places, **dict.fromkeys(ENV, PLANTED)}
    shutil.rmtree(home)


def app(root: Path, **suite: object) -> App:
    return App(
        name="shop",
        root=root,
        config_path=None,
        stacks=(StackSpec(name="app", template="template.yaml"),),
        environments=(Environment(name="staging", region="eu-central-1", stack_name="shop-staging"),),
        unit_tests=SuiteSpec(**suite),  # type: ignore[arg-type]
    )


def attack(out: Path, env: Mapping[str, str]) -> str:
    return LOOK.format(out=str(out), home=env["HOME"], planted=PLANTED)


def sandboxed(
    env: Mapping[str, str], tmp_path: Path, *, offline: bool = False, required: bool = False
) -> SandboxedProcess:
    options = SandboxOptions()
    return SandboxedProcess(RealProcess(), env, tmp_path / "homes", options=options, offline=offline, required=required)


def found(out: Path, process: SandboxedProcess) -> list[str]:
    """Return where the attack found what was planted; without namespaces files and processes are within its reach."""
    assert out.exists(), "the attack did not run, so it shows nothing"
    places = [place for place in out.read_text()[1:-1].replace("'", "").split(", ") if place != "looked"]
    return places if process.closed else [place for place in places if not place.startswith((".", "/proc/"))]


def test_a_conftest_finds_no_credential(tmp_path: Path, out: Path, env: Mapping[str, str]) -> None:
    root = tmp_path / "tree"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "conftest.py").write_text(attack(out, env))
    (root / "tests" / "test_a.py").write_text("def test_a(): pass\n")
    process = sandboxed(env, tmp_path)
    result = RealTester(process, tmp_path / "cache", env=env).unit(app(root))
    assert result.status == "succeeded", result
    assert found(out, process) == []


def test_a_test_cannot_leave_in_the_cache_what_a_later_commit_believes(tmp_path: Path, env: Mapping[str, str]) -> None:
    root, given = tmp_path / "tree", {**env, "XDG_CACHE_HOME": str(tmp_path / "xdg")}
    cache = tmp_path / "xdg" / "sealift"
    believed = [cache / name for name in ("checks/reports", "parsed", "rendered", "ledgers")]
    for folder in (root / "tests", *believed):
        folder.mkdir(parents=True)
    forge = "".join(f"Path({str(folder)!r}, 'forged').write_text('passed')\n" for folder in believed)
    (root / "tests" / "test_a.py").write_text(f"from pathlib import Path\n{forge}def test_a(): pass\n")
    process = sandboxed(given, tmp_path)
    assert RealTester(process, cache / "checks", env=given).unit(app(root)).status == "succeeded"
    assert [(folder / "forged").exists() for folder in believed] == [not process.closed] * len(believed)


def test_the_setup_py_of_a_requirement_finds_no_credential(tmp_path: Path, out: Path, env: Mapping[str, str]) -> None:
    root = tmp_path / "tree"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_a.py").write_text("def test_a(): pass\n")
    (root / "evil").mkdir()
    (root / "evil" / "setup.py").write_text(f"{attack(out, env)}\nfrom setuptools import setup\nsetup(name='evil')\n")
    (root / "requirements-dev.txt").write_text("./evil\n")
    process = sandboxed(env, tmp_path)
    RealTester(process, tmp_path / "cache", env=env).unit(app(root))
    assert found(out, process) == []


def test_a_rule_that_cfn_lint_is_told_to_load_finds_no_credential(
    tmp_path: Path, out: Path, env: Mapping[str, str]
) -> None:
    root = tmp_path / "tree"
    (root / "rules").mkdir(parents=True)
    (root / "rules" / "evil.py").write_text(attack(out, env))
    (root / ".cfnlintrc").write_text("append_rules: [rules]\n")
    (root / "template.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}\n")
    template = Template(
        file="template.yaml",
        body={"Resources": {"A": {"Type": "AWS::SNS::Topic"}}},
        lines={},
        parameters=(),
        assets=(),
        functions=(),
        transforms=(),
    )
    offline = sandboxed(env, tmp_path, offline=True)
    analyzer = RealAnalyzer(sandboxed(env, tmp_path), tmp_path / "cache", offline=offline)
    analyzer.analyse(app(root), {"app": template}, local=False)
    assert found(out, offline) == []


def test_a_program_without_network_has_this_machine_s_addresses_alone(tmp_path: Path, env: Mapping[str, str]) -> None:
    process = sandboxed(env, tmp_path, offline=True)
    if not process.closed:
        with pytest.raises(UserError) as caught:
            sandboxed(env, tmp_path, offline=True, required=True).run(["true"], cwd=tmp_path)
        assert caught.value.code == "sandbox-network"
        return
    reach = (
        "import socket\n"
        "own = socket.create_server(('127.0.0.1', 0)); socket.create_connection(own.getsockname()).close()\n"
        "try: socket.create_connection(('169.254.169.254', 80), 2)\n"
        "except OSError as error: print(error.errno)\n"
    )
    done = process.run([sys.executable, "-c", reach], cwd=tmp_path)
    assert done.stdout.strip() == "101", done  # ENETUNREACH


def test_covers_cannot_be_taken_off(tmp_path: Path, env: Mapping[str, str]) -> None:
    process = sandboxed(env, tmp_path)
    aws = f"{env['HOME']}/.aws"
    done = process.run(["sh", "-c", f"umount {aws}; unshare -rm umount {aws}; cat {aws}/credentials"], cwd=tmp_path)
    assert (PLANTED in done.stdout) is not process.closed


def test_a_program_that_is_not_there_is_named_and_its_home_is_gone_afterwards(
    tmp_path: Path, env: Mapping[str, str]
) -> None:
    process = sandboxed(env, tmp_path)
    with pytest.raises(UserError) as caught:
        process.run(["no-such-program"], cwd=tmp_path)
    assert caught.value.code == "program-not-found"
    home = process.run(["sh", "-c", "echo $HOME; touch $HOME/x"], cwd=tmp_path).stdout.strip()
    assert home.startswith(str(tmp_path / "homes"))
    assert not Path(home).exists()


class Kernel:
    """Counts how often it is asked what it lets programs do."""

    def __init__(self, *, closes_network: bool) -> None:
        self.closes_network = closes_network
        self.asked: list[bool] = []

    def run(self, argv: Sequence[str], **_: object) -> Completed:
        offline = "offline" in argv
        self.asked.append(offline)
        return Completed(returncode=125 if offline and not self.closes_network else 0, stdout="", stderr="")


@pytest.mark.parametrize("closes_network", [True, False])
@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_kernel_is_asked_once_by_all_sandboxes_of_a_command(tmp_path: Path, closes_network: bool) -> None:
    kernel = Kernel(closes_network=closes_network)
    boxes = [
        SandboxedProcess(kernel, {}, tmp_path, options=SandboxOptions(), offline=offline)
        for offline in (False, True, False, True)
    ]
    with ThreadPoolExecutor(len(boxes)) as pool:
        assert list(pool.map(lambda box: box.closed, boxes)) == [True, closes_network] * 2
    assert sorted(kernel.asked) == ([True] if closes_network else [False, True])
