"""The tutorial for Bitbucket, followed word by word: its files, its commands, and what it says to do in Bitbucket.

The embedded cloud stands for AWS: commands that would write there work in the clone of the agent, with `--local`. A
`pip` that installs nothing stands for the index. Everything else is as the page has it.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from examples.bitbucket import Bitbucket, PullRequest, Run, path_with, signing_proxy
from sealift.local.supervisor import LocalCloud

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "bitbucket.md").read_text()
PARTS = re.compile(
    r"`(?P<file>[\w./-]+)`(?:,[^`\n]*)?[^`]*?:\n\n```\w*\n(?P<text>.*?)^```"
    r"|^```console\n(?P<console>.*?)^```"
    r"|^\*\*In Bitbucket\*\*: (?P<there>.*?)(?=\n\n)",
    re.MULTILINE | re.DOTALL,
)
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
PATIENCE_S = 300


@dataclass(kw_only=True)
class Reader:
    """Somebody who does what the page says."""

    folder: Path
    env: Mapping[str, str]
    service: Bitbucket
    said: dict[str, str] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    request: PullRequest | None = None

    def does(self, command: str) -> None:
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        self.said[command] = done.stdout + done.stderr
        if command.startswith("git push"):
            self.runs.append(self.service.pushed(command.split()[-1]))

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


THERE: dict[str, Callable[[Reader], None]] = {
    "create the repository": lambda _: None,
    "under *Repository settings → Pipelines → Settings*": lambda _: None,
    "under *Repository settings → Pipelines → Deployments*": lambda _: None,
    "under *Repository settings → Pipelines → OpenID Connect*": lambda _: None,
    "under *Pipelines*, watch": Reader.watches_main,
    "push *Run* at *Update PROD*": Reader.pushes_the_button,
    "create a pull request": Reader.creates_a_pull_request,
    "merge it": Reader.merges,
    "in the pipeline of the merge, push *Run*": Reader.pushes_the_button,
}
"""What the page has its readers do in Bitbucket, by how it begins; the settings have no counterpart here."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader with an empty repository."""
    agent, commands, origin = tmp_path / "agent", tmp_path / "bin", tmp_path / "origin.git"
    commands.mkdir()
    for name, text in (("sealift", AWS.format(agent=agent, python=sys.executable)), ("pip", "#!/bin/sh\n")):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    foreign = ("AWS_", "CI", "GIT", "BITBUCKET_", "SEALIFT_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    author = {f"GIT_{who}_{what}": f"ada@{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    # What Bitbucket is called on the page is the bare repository here.
    config = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{origin}.insteadOf"}
    config["GIT_CONFIG_VALUE_0"] = "git@bitbucket.org:acme/hello.git"
    env = {**ours, **author, **config, "NO_COLOR": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env["PATH"] = path_with(commands, env)
    for argv in (["init", "-q", "--bare", "-b", "main", str(origin)], ["clone", "-q", str(origin), str(agent)]):
        subprocess.run(["git", *argv], env=env, check=True, capture_output=True)
    lines: list[str] = []
    service = Bitbucket(agent=agent, env=env, say=lines.append, bb_run=None)
    with signing_proxy(service) as proxy:
        service.env = {**env, "SEALIFT_BITBUCKET_PROXY": proxy}
        yield Reader(folder=tmp_path, env=env, service=service)
    print("\n".join(lines))
    for folder in (agent, tmp_path / "hello"):
        LocalCloud(folder / ".sealift" / "local").down()


def test_the_tutorial_for_bitbucket_goes_as_it_is_told(reader: Reader) -> None:
    for part in PARTS.finditer(PAGE):
        if part["file"]:
            path = reader.folder / part["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(part["text"])
        elif part["console"]:
            for line in part["console"].splitlines():
                reader.does(line.removeprefix("$ "))
        else:
            (act,) = [act for begin, act in THERE.items() if part["there"].startswith(begin)]
            act(reader)
    template = reader.said["sealift bootstrap staging --print"]
    for part in ("AWS::IAM::OIDCProvider", "RoleName: hello-staging-deploy", "RoleName: hello-staging-cloudformation"):
        assert part in template
    assert "Say it to a friend" in reader.said["sealift changelog production"]
    assert "succeeded" in reader.said["sealift rollback production"]


def test_all_that_the_tutorial_says_to_write_and_to_do_is_understood() -> None:
    parts = list(PARTS.finditer(PAGE))
    files = [part["file"] for part in parts if part["file"]]
    assert files == ["template.yaml", "hello/app.py", "tests/unit/test_hello.py", ".gitignore", "sealift.toml"]
    assert len([part for part in parts if part["there"]]) == PAGE.count("**In Bitbucket**")
    assert sum(1 for part in parts if part["text"] or part["console"]) == PAGE.count("```") // 2
