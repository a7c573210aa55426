"""A page of the documentation, followed word by word.

It has files (`name`: and a block), keys for sealift.toml (a block of TOML), parts for the template (a block of YAML),
commands (a block `console`) and acts on the page of a service (`**In Bitbucket**: …`).
"""

import os
import re
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealift.config.toml import toml_key, toml_string
from sealift.local.supervisor import LocalCloud

DOCS = Path(__file__).resolve().parents[2] / "docs"
PATIENCE_S = 300
WAITING = 4
_PARTS = re.compile(
    r"`(?P<file>[\w/-]*\.[\w./-]+)`(?:,[^`\n]*)?[^`]*?:\n\n```\w*\n(?P<text>.*?)^```"
    r"|^ *```console\n(?P<console>.*?)^ *```"
    r"|^ *```yaml\n(?P<yaml>.*?)^ *```"
    r"|^ *```toml\n(?P<toml>.*?)^ *```"
    r"|^\*\*In (?P<service>\w+)\*\*: (?P<there>.*?)(?=\n\n)",
    re.MULTILINE | re.DOTALL,
)
# What would write to AWS works on the embedded cloud of a clone of its own, which has what the reader committed;
# bootstrap takes the files as they are.
_ON_AWS = "deploy promote rollback status history changelog approve config destroy drift outputs release preview"
_COMMAND = """\
#!/bin/sh
case " $* " in
  *" --local "*|*" --print "*) ;;
  " bootstrap "*)
    git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "{aws}"
    cd "{aws}"; set -- "$@" --local;;
  *) case " {on_aws} " in
       *" $1 "*)
         git -C "{aws}" fetch --quiet && git -C "{aws}" reset --quiet --hard origin/main
         cd "{aws}"; set -- "$@" --local;;
     esac;;
esac
exec "{python}" -m sealift "$@"
"""


def parts(page: str, section: str = "") -> tuple[re.Match[str], ...]:
    """Return what a page, or one section of it, has its readers write and do, in order."""
    text = (DOCS / page).read_text()
    if section:
        heading = re.search(rf"^(#+) {re.escape(section)}$", text, re.MULTILINE)
        assert heading is not None, section
        text = re.split(rf"^#{{1,{len(heading[1])}}} ", text[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0]
    return tuple(_PARTS.finditer(text))


def understood(page: str) -> bool:
    """Return whether every block of a page, and everything to be done in a service, is one of its parts."""
    text = (DOCS / page).read_text()
    found = parts(page)
    blocks = sum(1 for part in found if any(part[kind] for kind in ("text", "console", "toml", "yaml")))
    there = sum(1 for part in found if part["there"])
    return (blocks, there) == (text.count("```") // 2, len(re.findall(r"\*\*In \w+\*\*:", text)))


def reader_env(folder: Path, **more: str) -> dict[str, str]:
    """Return the variables of somebody who is new: no credentials, no CI, an empty home; commands of `folder/bin`."""
    foreign = ("AWS_", "CI", "GIT", "BITBUCKET_", "SEALIFT_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    author = {f"GIT_{who}_{what}": f"ada@{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    (folder / "home").mkdir(exist_ok=True)
    own = {"NO_COLOR": "1", "HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}
    return {**ours, **author, **own, "PATH": f"{folder / 'bin'}{os.pathsep}{ours['PATH']}", **more}


def command(folder: Path, name: str, text: str) -> None:
    """Write a command that the reader finds before any other of its name."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(text)
    (folder / "bin" / name).chmod(0o755)


@dataclass(kw_only=True)
class Reader:
    """Somebody who does what a page says, in a folder. `said` has what each command printed."""

    folder: Path
    env: Mapping[str, str]
    said: dict[str, str] = field(default_factory=dict)

    def writes(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def edits(self, toml: str) -> None:
        """Give sealift.toml the keys of a block, and leave the others as they are; no test waits for a long soak."""
        file = self.folder / "sealift.toml"
        file.write_text(edited(edited(file.read_text(), toml), '[environments.staging]\nsoak = "1s"'))

    def inserts(self, yaml: str) -> None:
        """Give the template a part in front of its resources."""
        file = self.folder / "template.yaml"
        file.write_text(file.read_text().replace("\nResources:", f"\n{yaml}Resources:", 1))

    def does(self, line: str) -> None:
        """Run a command; one that says to wait is repeated until it does not."""
        if line.startswith("cd "):
            self.folder /= line.removeprefix("cd ")
            return
        deadline = time.monotonic() + PATIENCE_S
        while (done := self._ran(line)).returncode == WAITING and time.monotonic() < deadline:
            time.sleep(1)
        assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        self.said[line] = done.stdout + done.stderr

    def _ran(self, line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )


def follow(reader: Reader, found: Sequence[re.Match[str]], there: Mapping[str, Callable[[], object]]) -> None:
    """Do all that a page says. `there` are its acts in a service, by how they begin."""
    for part in found:
        if part["file"]:
            reader.writes(part["file"], part["text"])
        elif part["console"]:
            for line in part["console"].strip().splitlines():
                reader.does(line.strip().removeprefix("$ "))
        elif part["yaml"]:
            reader.inserts(textwrap.dedent(part["yaml"]))
        elif part["toml"]:
            reader.edits(part["toml"])
        else:
            (act,) = [act for begin, act in there.items() if part["there"].startswith(begin)]
            act()


def on_aws(folder: Path, repository: Path) -> LocalCloud:
    """Have `sealift` stand for AWS by the embedded cloud of a clone of the reader's repository; return that cloud."""
    aws = folder / "aws"
    subprocess.run(["git", "clone", "--quiet", str(repository), str(aws)], check=True, capture_output=True)
    command(folder, "sealift", _COMMAND.format(aws=aws, python=sys.executable, on_aws=_ON_AWS))
    return LocalCloud(aws / ".sealift" / "local")


def edited(text: str, block: str) -> str:
    """Return a TOML text with the values of a block in it; its comments are lost."""
    return _toml(_merged(tomllib.loads(text), tomllib.loads(block)))


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    both = dict(old)
    for key, value in new.items():
        known = both.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            value = _merged(known, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and isinstance(known, list):
            value = [*known, *value]
        both[key] = value
    return both


def _toml(tables: dict[str, Any]) -> str:
    return "".join(f"{toml_key(name)} = {_value(value)}\n" for name, value in tables.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_key(name)} = {_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return toml_string(value) if isinstance(value, str) else str(value)
