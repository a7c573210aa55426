"""What a pipeline file delivers, and how its parts are written as YAML, shell and expressions."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from shlex import quote

PYTHON = "3.12"
TAKEN = ("analysis", "check", "checks", "tests", "preview", "remove-preview", "sweep-previews")
"""Names of jobs, stages and pipelines that the files have of their own."""
HEAD = """\
# Written by `sealift init --ci {system}`. After an edit: sealift ci lint
# {about}
"""
RELEASE = '${RELEASE:+--release "$RELEASE"}'
"""The release that a person chose, where one did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One environment, and how a release gets into it: from a branch by itself, or by a person's push."""

    name: str
    branch: str | None = None
    alone: bool = True
    """Whether no other environment follows the same branch."""
    approved: bool = False
    """Whether somebody has to approve what enters: then the file has a step for that, too."""

    step: str = ""
    """How its step is called, where the usual name is another one's."""

    @property
    def title(self) -> str:
        """The name of its step."""
        return self.step or f"Update {'PROD' if self.name == 'production' else self.name.upper()}"

    @property
    def id(self) -> str:
        """The name of its job, stage or pipeline, which no other one has."""
        own = self.name in TAKEN or self.name.startswith(("approve-", "deploy-"))
        return f"deploy-{self.name}" if own else self.name

    @property
    def approval(self) -> str:
        """The name of the step that approves."""
        return self.title.replace("Update", "Approve", 1)

    @property
    def button(self) -> bool:
        """Whether a person pushes for it."""
        return self.branch is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """The previews of an application. Who destroys one has no clone, so the file says whose they are."""

    app: str
    region: str
    account: str | None = None
    role: str | None = None
    expires_days: int = 7
    others: tuple["Previewed", ...] = ()
    """Those of the other applications of the repository."""

    @property
    def down(self) -> str:
        """Return the command that destroys the previews of a pull request."""
        given = (("app", self.app), ("region", self.region), ("account", self.account), ("role", self.role))
        own = " ".join(f"--{name} {quote(value)}" for name, value in given if value)
        return " && ".join([f"sealift preview down {own}", *(one.down for one in self.others)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What the file depends on. `folder` is the application's, from the top of the repository; empty at the top."""

    folder: str = ""
    several: bool = False
    """Whether the repository holds several applications, each called by `sealift each`."""
    protected: str = "main"
    environments: tuple[Entered, ...]
    requirement: str
    """What pip installs: `sealift==1.2.3`, or the URL of a wheel."""
    locks: tuple[str, ...] = ()
    """Files that decide the dependencies, from the top of the repository: the cache is kept under their digest."""
    one_step: bool = False
    """Analysis and tests in one step: where each minute of CI is paid."""
    previews: Previewed | None = None

    @property
    def branches(self) -> tuple[str, ...]:
        """Return the branches that environments follow, in order."""
        return tuple(dict.fromkeys(one.branch for one in self.environments if one.branch is not None))

    @property
    def titled(self) -> "Delivered":
        """Return this with a step name for each environment that no other step has."""
        return replace(self, environments=tuple(_titled(self.environments)))

    @property
    def install(self) -> str:
        """Return the command that brings Sealift into a job."""
        return f"pip install --quiet {quote(self.requirement)}"

    @property
    def fetch(self) -> str:
        """Return the command that fetches the protected branch."""
        refs = f"+refs/heads/{self.protected}:refs/remotes/origin/{self.protected}"
        return f"git fetch --quiet origin {quote(refs)}"

    def command(self, text: str) -> str:
        """Return a command of Sealift as it is called from the top of the repository."""
        if self.several:
            return f"sealift each {text}"
        return f"sealift {text} -C {quote(self.folder)}" if self.folder else f"sealift {text}"

    def approve(self, environment: Entered) -> str:
        """Return the command that approves a release, whose digest the job is given as RELEASE."""
        own = f'approve {environment.name} --release "$RELEASE"'
        return f'sealift each --only "$APPLICATION" {own}' if self.several else self.command(own)

    def enter(self, environment: Entered, *, chosen: bool = False) -> str:
        """Return the command that brings a release into an environment, the `chosen` one where a person names one."""
        if not environment.button:
            return self.command("run" if environment.alone else f"deploy {environment.name}")
        command = self.command(f"promote {environment.name}")
        if not chosen:
            return command
        if not self.several:
            return f"{command} {RELEASE}"
        return f'sealift each ${{APPLICATION:+--only "$APPLICATION"}} promote {environment.name} {RELEASE}'


def _titled(environments: tuple[Entered, ...]) -> Iterator[Entered]:
    seen = {"Update PREVIEW"}
    for one in environments:
        step = next(
            step
            for step in (one.title, f"Update {one.name.upper()}", f"Update {one.name.upper()} ENVIRONMENT")
            if step not in seen
        )
        seen.add(step)
        yield replace(one, step=step)


def quoted(text: str) -> str:
    """Return a name as YAML reads it as text: plain where that is safe."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


_WORDS = ("on", "off", "yes", "no", "true", "false", "null", "y", "n")


def line(command: str) -> str:
    """Return a command as one YAML scalar: as it is typed where that is safe."""
    plain = command[:1].isalpha() and ": " not in command and " #" not in command and not command.endswith(":")
    return command if plain else json.dumps(command, ensure_ascii=False)
