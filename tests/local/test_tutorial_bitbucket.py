"""The tutorial for Bitbucket, followed word by word: its files, its commands, and what it says to do in Bitbucket.

The embedded cloud stands for AWS: commands that would write there work in the clone of the agent, with `--local`. A
`pip` that installs nothing stands for the index. Everything else is as the page has it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from examples.bitbucket import Bitbucket, PullRequest, Run, signing_proxy
from sealift.local.supervisor import LocalCloud
from tests.local.following import PATIENCE_S, Reader, command, follow, parts, reader_env, understood
from tests.long import nightly

PAGE = "tutorials/bitbucket.md"
AWS = """\
#!/bin/sh
case " $* " in
  *" --local "*|*" --print "*) ;;
  *" bootstrap "*) git archive HEAD | tar -x -C "{agent}"; cd "{agent}"; set -- "$@" --local;;
  *" run "*) cd "{agent}"; shift; set -- deploy staging "$@" --local;;
  *" promote "*|*" rollback "*|*" status "*|*" changelog "*) cd "{agent}"; set -- "$@" --local;;
esac
exec "{python}" -m sealift "$@"
"""


@dataclass(kw_only=True)
class Developer(Reader):
    """A reader whose pushes reach a small Bitbucket."""

    service: Bitbucket
    runs: list[Run] = field(default_factory=list)
    request: PullRequest | None = None

    def does(self, line: str) -> None:
        super().does(line)
        if line.startswith("git push"):
            self.runs.append(self.service.pushed(line.split()[-1]))

    def watches_main(self) -> None:
        names = [step["name"] for group in self.runs[-1].waiting for step in group]
        assert names == ["Update PROD"]

    def creates_a_pull_request(self) -> None:
        self.request = PullRequest(number=1, branch="friendlier")
        self.service.opened(self.request)

    def merges(self) -> None:
        assert self.request is not None
        self.does("git fetch -q && git checkout -q -B main origin/main")
        self.does(f"git merge -q --no-ff -m 'Merged in {self.request.branch} (pull request #1)' friendlier")
        self.does("git push -q origin main")

    def pushes_the_button(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (code := self.service.push_the_button(self.runs[-1])) == 4 and time.monotonic() < deadline:
            time.sleep(1)
        assert code == 0


THERE: dict[str, Callable[[Developer], None]] = {
    "create the repository": lambda _: None,
    "under *Repository settings → Pipelines → Settings*": lambda _: None,
    "under *Repository settings → Pipelines → Deployments*": lambda _: None,
    "under *Repository settings → Pipelines → OpenID Connect*": lambda _: None,
    "under *Pipelines*, watch": Developer.watches_main,
    "push *Run* at *Update PROD*": Developer.pushes_the_button,
    "create a pull request": Developer.creates_a_pull_request,
    "merge it": Developer.merges,
    "in the pipeline of the merge, push *Run*": Developer.pushes_the_button,
}
"""What the page has its readers do in Bitbucket, by how it begins; the settings have no counterpart here."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Developer]:
    """A reader with an empty repository."""
    agent, origin = tmp_path / "agent", tmp_path / "origin.git"
    command(tmp_path, "sealift", AWS.format(agent=agent, python=sys.executable))
    command(tmp_path, "pip", "#!/bin/sh\n")
    # What Bitbucket is called on the page is the bare repository here.
    config = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{origin}.insteadOf"}
    config["GIT_CONFIG_VALUE_0"] = "git@bitbucket.org:acme/hello.git"
    env = reader_env(tmp_path, **config)
    for argv in (["init", "-q", "--bare", "-b", "main", str(origin)], ["clone", "-q", str(origin), str(agent)]):
        subprocess.run(["git", *argv], env=env, check=True, capture_output=True)
    lines: list[str] = []
    service = Bitbucket(agent=agent, env=env, say=lines.append, bb_run=None)
    with signing_proxy(service) as proxy:
        service.env = {**env, "SEALIFT_BITBUCKET_PROXY": proxy}
        yield Developer(folder=tmp_path, env=env, service=service)
    print("\n".join(lines))
    for folder in (agent, tmp_path / "hello"):
        LocalCloud(folder / ".sealift" / "local").down()


@nightly
def test_the_tutorial_for_bitbucket_goes_as_it_is_told(reader: Developer) -> None:
    follow(reader, parts(PAGE), {begin: partial(act, reader) for begin, act in THERE.items()})
    template = reader.said["sealift bootstrap staging --print"]
    for part in ("AWS::IAM::OIDCProvider", "RoleName: hello-staging-deploy", "RoleName: hello-staging-cloudformation"):
        assert part in template
    assert "Say it to a friend" in reader.said["sealift changelog production"]
    assert "succeeded" in reader.said["sealift rollback production"]


def test_all_that_the_tutorial_says_to_write_and_to_do_is_understood() -> None:
    files = [part["file"] for part in parts(PAGE) if part["file"]]
    assert files == ["template.yaml", "hello/app.py", "tests/unit/test_hello.py", ".gitignore", "sealift.toml"]
    assert understood(PAGE)
