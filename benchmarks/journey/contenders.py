"""Sealift and SAM, each taking the same application from a commit to production, on the same two emulators."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.build.apps import AppShape, change_one_file, write_app
from benchmarks.build.peers import environment, installed, sealift
from benchmarks.build.timing import Run, timed
from sealift.local.endpoint import Endpoint
from sealift.local.supervisor import LocalCloud

ENVIRONMENTS = ("staging", "production")
REGION = "eu-west-1"
SEALIFT = "sealift run --local"
SAM = "sam build, 2 × sam deploy"
SAM_CACHED = "sam build --cached --parallel, 2 × sam deploy"
_BUCKET = "sam-packages"
_DECLARED = f"""\
[app]
name = "bench"

[environments.staging]
region = "{REGION}"
branch = "main"
soak = "0s"

[environments.production]
region = "{REGION}"
promotes_from = "staging"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to production: the commands of one journey, each with the environment it gets."""

    name: str
    root: Path
    steps: Sequence[tuple[str, Sequence[str], Mapping[str, str]]]

    def journey(self) -> dict[str, Run]:
        """Run the steps one after the other; return the time of each. Raises RuntimeError when one fails."""
        return {step: timed(argv, cwd=self.root, env=env) for step, argv, env in self.steps}

    def commit_a_change(self, turn: int) -> None:
        """Change one file of one function and commit it."""
        change_one_file(self.root, turn)
        _commit(self.root, f"Change {turn}")


@dataclass(frozen=True, slots=True)
class Ring:
    """A folder with the applications, and the two emulators that all contenders deploy to."""

    home: Path

    @property
    def sealift_root(self) -> Path:
        """Where Sealift's copy of the application is; its emulators are the ones that are used."""
        return self.home / "sealift"

    def sealift_environment(self) -> dict[str, str]:
        """Return the environment of Sealift, with an empty cache of its own."""
        return environment(self.home, sealift().parent)

    def cloud(self) -> LocalCloud:
        """Return the embedded cloud of Sealift's copy."""
        return LocalCloud(self.sealift_root / ".sealift" / "local")

    def start(self) -> dict[str, Endpoint]:
        """Start both emulators, empty: their start is in nobody's time."""
        return {name: self.cloud().up(name, region=REGION) for name in ENVIRONMENTS}

    def enter(self, shape: AppShape, peers: Path, *, cached: bool) -> list[Contender]:
        """Write the applications afresh, start empty emulators and return the contenders, with cold caches."""
        self.cloud().down()
        shutil.rmtree(self.home, ignore_errors=True)
        ours = self._write(shape, "sealift")
        endpoints = self.start()
        for endpoint in endpoints.values():
            client("s3", endpoint).create_bucket(
                Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        run = [str(sealift()), "run", "--local", "--branch", "main"]
        contenders = [Contender(name=SEALIFT, root=ours, steps=[("run", run, self.sealift_environment())])]
        contenders.append(self._sam(SAM, self._write(shape, "sam"), endpoints, peers))
        if cached:
            contenders.append(self._sam(SAM_CACHED, self._write(shape, "sam-cached"), endpoints, peers))
        return contenders

    def _write(self, shape: AppShape, name: str) -> Path:
        root = write_app(shape, self.home / name)
        (root / ".gitignore").write_text(".bench-output\n.aws-sam/\n.sealift/\n")
        (root / "sealift.toml").write_text(_DECLARED)
        _commit(root, "Declare the environments")
        return root

    def _sam(self, name: str, root: Path, endpoints: Mapping[str, Endpoint], peers: Path) -> Contender:
        folder = installed("sam", peers)
        env = environment(self.home, folder)
        build = [str(folder / "sam"), "build", *(["--cached", "--parallel"] if name == SAM_CACHED else [])]
        steps: list[tuple[str, Sequence[str], Mapping[str, str]]] = [("build", build, env)]
        for environment_name, endpoint in endpoints.items():
            deploy = [str(folder / "sam"), "deploy", "--stack-name", f"{root.name}-{environment_name}"]
            deploy += ["--s3-bucket", _BUCKET, "--s3-prefix", root.name, "--region", REGION]
            deploy += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset"]
            steps.append((f"deploy {environment_name}", deploy, {**env, **endpoint.credentials()}))
        return Contender(name=name, root=root, steps=steps)


def functions_in(endpoint: Endpoint) -> dict[str, str]:
    """Return the hash of the code of every function that runs there, by name."""
    pages = client("lambda", endpoint).get_paginator("list_functions").paginate()
    return {found["FunctionName"]: found["CodeSha256"] for page in pages for found in page["Functions"]}


def client(service: str, endpoint: Endpoint) -> Any:
    """Return a boto3 client for an emulator."""
    import boto3

    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint.url,
        region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
    )


def _commit(root: Path, message: str) -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=root, check=True)
