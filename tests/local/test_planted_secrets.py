"""A thousand planted secrets, and nothing that Sealift says, records or stores holds one of them.

They are given in every way a secret comes to Sealift: NoEcho parameters, its own environment, Parameter Store and
Secrets Manager of the environments. The run is made by the real commands over the embedded cloud, once well, and once
so that everything fails: the stack, the acceptance tests, the configuration.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sealift.aws.cloud import Access, open_cloud
from sealift.aws.session import AwsSession
from sealift.local.supervisor import LocalCloud
from sealift.model.app import Environment

PARAMETERS, VARIABLES, PARAMETER_STORE, SECRETS_MANAGER = 150, 350, 250, 250
NAMED = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN", "BITBUCKET_STEP_OIDC_TOKEN", "CI_JOB_TOKEN",
    "UV_INDEX_PRIVATE_PASSWORD", "PIP_INDEX_URL", "NPM_TOKEN", "DATABASE_URL",
)  # fmt: skip


@dataclass
class Planted:
    """An application in a folder, and every secret that was planted."""

    root: Path
    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    """Variables that hold a secret inside of an address."""
    command_lines: set[bytes] = field(default_factory=set)
    """Of every process of this machine that was seen while a command ran: any user can list them."""

    @property
    def all(self) -> list[str]:
        return [*self.parameters.values(), *self.variables.values(), *self.settings.values()]

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Call `sealift` with all the secrets in its environment."""
        folder = self.root.parent
        env = {
            **os.environ,
            **self.variables,
            **self.urls,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
            "NO_COLOR": "1",
        }
        done = threading.Event()
        watching = threading.Thread(target=self._watch, args=(done,))
        watching.start()
        try:
            return subprocess.run(
                [sys.executable, "-m", "sealift", *argv, "-C", self.root],
                capture_output=True,
                text=True,
                check=False,
                env=env,
                timeout=300,
            )
        finally:
            done.set()
            watching.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(0.03):
            for process in os.scandir("/proc"):
                if process.name.isdecimal():
                    with suppress(OSError):
                        self.command_lines.add(_whole(f"{process.path}/cmdline"))


def _whole(path: str) -> bytes:
    """Return what a file of /proc holds. Thousands are read a second; objects of Python's take twice as long."""
    file, held = os.open(path, os.O_RDONLY), b""
    try:
        while part := os.read(file, 1 << 14):
            held += part
    finally:
        os.close(file)
    return held


def template(planted: Planted, *, broken: bool) -> str:
    """Return a template that uses parameters and a setting; a broken one quotes a secret in its failure."""
    declared = {name: {"Type": "String", "NoEcho": True} for name in planted.parameters}
    refs = {name: {"Ref": name} for name in list(planted.parameters)[:20]}
    resources: dict[str, object] = {
        "Hello": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": "src",
                "Handler": "app.handler",
                "Runtime": "python3.11",
                "Environment": {
                    "Variables": {**refs, "STORED_TOKEN": "{{resolve:secretsmanager:shop/s1:SecretString}}"}
                },
            },
        },
        "Kept": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": "{{resolve:secretsmanager:shop/s0:SecretString}}"},
        },
    }
    if broken:
        resources["Broken"] = {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "broken",
                "Roles": [{"Ref": "Secret0"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
            },
        }
    outputs = {"Leak": {"Value": {"Ref": "Secret1"}}, "Address": {"Value": {"Fn::Sub": "https://u:${Secret2}@h/"}}}
    body = {"Transform": "AWS::Serverless-2016-10-31", "Parameters": declared, "Resources": resources}
    return json.dumps({**body, "Outputs": outputs}, indent=1)


def configuration(planted: Planted) -> str:
    lines = ['[app]\nname = "shop"', '[environments.staging]\nbranch = "main"\nsoak = "0s"']
    lines += ["[environments.staging.parameters]", *(f'{k} = "{v}"' for k, v in planted.parameters.items())]
    lines += ['[environments.production]\npromotes_from = "staging"']
    lines += ["[environments.production.parameters]", *(f'{k} = "{v}"' for k, v in planted.parameters.items())]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    root = tmp_path_factory.mktemp("secrets") / "shop"
    (root / "src").mkdir(parents=True)
    (root.parent / "tmp").mkdir()

    def new() -> str:
        return f"hunter2-{secrets.token_hex(12)}"

    made = Planted(
        root,
        parameters={f"Secret{n}": new() for n in range(PARAMETERS)},
        variables={name: new() for name in (*NAMED, *(f"TOKEN_{n}" for n in range(VARIABLES - len(NAMED))))},
        settings={
            f"{kind}{n}": new()
            for kind, count in (("p", PARAMETER_STORE), ("s", SECRETS_MANAGER))
            for n in range(count)
        },
    )
    for name, url in (
        ("PIP_INDEX_URL", "https://ci:{}@pypi.example.org/simple"),
        ("DATABASE_URL", "postgres://db:{}@h/shop"),
    ):
        made.urls[name] = url.format(made.variables[name])
    (root / "template.yaml").write_text(template(made, broken=False))
    (root / "sealift.toml").write_text(configuration(made))
    (root / "src" / "app.py").write_text("def handler(event, context):\n    return 'hello'\n")
    cloud = LocalCloud(root / ".sealift" / "local")
    for name in ("staging", "production"):
        endpoint = cloud.up(name, region="us-east-1")
        access = Access(
            region="us-east-1",
            endpoint_url=endpoint.url,
            access_key=endpoint.access_key,
            secret_key=endpoint.secret_key,
        )
        session = AwsSession(access)
        for key, value in made.settings.items():
            if key[0] == "p":
                session.ssm.put_parameter(Name=f"/shop/{key}", Value=value, Type="SecureString")
            else:
                session.secretsmanager.create_secret(Name=f"shop/{key}", SecretString=value)
    yield made
    cloud.down()


def stored(planted: Planted) -> Iterator[tuple[str, bytes]]:
    """Yield everything that Sealift left anywhere: buckets, the cache, tracebacks, the log of the embedded cloud."""
    for folder in (planted.root.parent / "cache", planted.root.parent / "tmp"):
        yield from ((str(p), p.read_bytes()) for p in folder.rglob("*") if p.is_file())
    for status in LocalCloud(planted.root / ".sealift" / "local").status():
        endpoint = status.endpoint
        assert endpoint is not None
        access = Access(
            region="us-east-1",
            endpoint_url=endpoint.url,
            access_key=endpoint.access_key,
            secret_key=endpoint.secret_key,
        )
        environment = Environment(
            name=status.environment,
            region="us-east-1",
            stack_name=f"shop-{status.environment}",
            account=endpoint.account,
        )
        cloud = open_cloud(environment, access=access)
        bodies = {key: cloud.bucket.get(key).body for key in cloud.bucket.keys("")}
        yield from ((f"{status.environment} {key}", body) for key, body in bodies.items())
        yield f"template of {status.environment}", cloud.stacks.template(environment.stack_name).encode()
        assert not [key for key, body in bodies.items() if endpoint.secret_key.encode() in body]


def leaks(planted: Planted, *said: subprocess.CompletedProcess[str]) -> list[str]:
    """Return where a planted secret was found."""
    pattern = re.compile(rb"hunter2-[0-9a-f]{24}")
    known = {secret.encode() for secret in planted.all}
    places = [*stored(planted), *((f"output of {s.args[3]}", (s.stdout + s.stderr).encode()) for s in said)]
    return [f"{where}: …{_around(body, pattern)}…" for where, body in places if known & set(pattern.findall(body))]


def _around(body: bytes, pattern: re.Pattern[bytes]) -> str:
    """Return what stands before and after the first find, without it."""
    found = pattern.search(body)
    assert found is not None
    return f"{body[max(0, found.start() - 90) : found.start()]!r} HERE {body[found.end() : found.end() + 60]!r}"


def test_a_thousand_secrets_are_planted(planted: Planted):
    assert len(set(planted.all)) == 1000


def test_a_run_that_goes_well_tells_and_keeps_no_secret(planted: Planted):
    told = planted.run("run", "--local", "--json", "-v")
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    looked = [
        planted.run(*argv)
        for argv in (
            ("status", "--local"),
            ("status", "--local", "--json", "-v"),
            ("history", "--local", "--json"),
            ("diff", "staging", "production", "--local", "--json"),
            ("drift", "staging", "--local", "--json"),
            ("promote", "production", "--plan", "--local", "--json"),
        )
    ]
    assert leaks(planted, told, *looked) == []


def test_a_stack_that_fails_over_a_secret_tells_and_keeps_none(planted: Planted):
    (planted.root / "template.yaml").write_text(template(planted, broken=True))
    told = [planted.run("run", "--local", "-v"), planted.run("run", "--local", "--json")]
    (planted.root / "template.yaml").write_text(template(planted, broken=False))
    assert {t.returncode for t in told} == {1}
    assert leaks(planted, *told) == []


def test_a_function_that_prints_all_it_knows_tells_no_secret(planted: Planted):
    source, declared = planted.root / "src" / "app.py", planted.root / "sealift.toml"
    kept, before = source.read_text(), declared.read_text()
    source.write_text("import os\nprint(dict(os.environ))\nraise RuntimeError(str(sorted(os.environ.values())))\n")
    told = [planted.run("run", "--local", "-v"), planted.run("run", "--local", "--json")]
    source.write_text(kept)
    assert declared.read_text() == before
    assert {t.returncode for t in told} == {1}
    assert leaks(planted, *told) == []


def test_what_sealift_keeps_is_for_its_user_alone(planted: Planted):
    state = planted.root / ".sealift" / "local"
    open_to_others = [p for p in state.rglob("*") if p.is_file() and p.stat().st_mode & 0o077 and _holds(p, planted)]
    assert open_to_others == []


def _holds(path: Path, planted: Planted) -> bool:
    body = path.read_bytes()
    return any(secret.encode() in body for secret in planted.all)


def test_acceptance_tests_that_print_their_credentials_do_not_spread_them(planted: Planted):
    tests = planted.root / "tests" / "acceptance"
    tests.mkdir(parents=True)
    (tests / "test_it.py").write_text(
        "import os\n\ndef test_it():\n    print(os.environ)\n    assert os.environ['AWS_SECRET_ACCESS_KEY'] == 'x'\n"
    )
    (planted.root / "src" / "app.py").write_text("def handler(event, context):\n    return 'other'\n")
    told = planted.run("run", "--local", "--json")
    assert told.returncode == 1, told.stderr[-2000:]
    assert leaks(planted, told) == []


def test_a_report_of_tests_that_are_named_after_secrets_spreads_none(planted: Planted):
    """Names, properties and the output of tests are in the JUnit report that Sealift reads."""
    tests = planted.root / "tests" / "acceptance"
    tests.mkdir(parents=True, exist_ok=True)
    (tests / "test_it.py").write_text(
        "import os, sys, pytest\n\n"
        "@pytest.mark.parametrize('value', sorted(v for v in os.environ.values() if 'hunter2' in v or len(v) == 40))\n"
        "def test_it(value, record_property):\n"
        "    record_property(value, value)\n"
        "    print(repr(value), file=sys.stderr)\n"
        "    assert {'seen': value} == {}, value\n\n"
        "def test_all():\n    raise RuntimeError(dict(os.environ))\n"
    )
    told = planted.run("run", "--local", "--json")
    assert (told.returncode, "test_all" in told.stdout) == (1, True)
    assert leaks(planted, told) == []


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this machine does not show its processes")
def test_no_command_line_holds_a_secret(planted: Planted):
    if not planted.command_lines:  # this test runs alone
        planted.run("deploy", "staging", "--local")
    assert [line for line in planted.command_lines if b"sealift.local.launcher" in line]
    known = {secret.encode() for secret in planted.all}
    held = [line for line in planted.command_lines if b"hunter2" in line and any(secret in line for secret in known)]
    assert [line.split(b"\0")[:3] for line in held] == []
