"""Calls git so that the tree it looks at decides nothing: neither what runs nor which repository counts.

The top of the repository is found once, by us, and git is always started there. A bare repository that is committed
into a folder of the application (HEAD, objects/, refs/, config) is content then, whatever its `config` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift.errors import UserError
from sealift.ports import Completed, Process

_TIMEOUT_S = 60.0
_SETTINGS = {
    "core.quotePath": "off",
    # Honoured since git 2.38; for an older git it is enough that it starts in the folder that holds `.git`.
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
    "safe.bareRepository": "explicit",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.askPass": "",
    "core.sshCommand": "false",
    "core.pager": "cat",
    "credential.helper": "",
    "diff.external": "",
    "log.showSignature": "false",
    "gpg.program": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "protocol.allow": "never",
}
"""What the repository's own configuration could use to start a program or to reach a network."""
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "USER", "LOGNAME", "GIT_CEILING_DIRECTORIES")
_KEPT_BEGINNING = "GIT_CONFIG_"
"""The person's own configuration: which folders to trust is often said by it in containers."""
_DROPPED = ("GIT_CONFIG_PARAMETERS",)
_FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The repository that a folder is in: its top, and the folder's path below it (`apps/shop/`, or nothing)."""

    top: Path
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRepository:
    """Why a folder is in no repository that counts."""

    problem: str
    hint: str = "Deliver from a clone of the repository."


class HardenedGit:
    """Runs git at the top of the repository that holds a folder. `env` is the process environment."""

    def __init__(self, process: Process, env: Mapping[str, str] | None = None) -> None:
        self._process = process
        self._env = environment(env or {})
        self._found: dict[Path, Repository | NoRepository] = {}

    def repository(self, folder: Path) -> Repository | NoRepository:
        """Return the repository that holds a folder. Raises UserError when git does not trust it."""
        if folder not in self._found:
            self._found[folder] = self._find(folder)
        return self._found[folder]

    def run(
        self, folder: Path, *arguments: str, settings: Mapping[str, str] | None = None, index: Path | None = None
    ) -> Completed:
        """Run one git command at the top of the folder's repository; it fails when there is none.

        `settings` are more of the configuration; `index` is used instead of the repository's.
        """
        found = self.repository(folder)
        if isinstance(found, NoRepository):
            return Completed(returncode=128, stdout="", stderr=found.problem)
        return self._run(found.top, *arguments, settings=settings, index=index)

    def said(self, folder: Path, *arguments: str) -> str | None:
        """Return what a git command printed; None when it failed."""
        done = self.run(folder, *arguments)
        return done.stdout if done.returncode == 0 else None

    def _find(self, folder: Path) -> Repository | NoRepository:
        real = folder.resolve()
        start = next((place for place in (real, *real.parents) if (place / ".git").exists()), None)
        if start is None:
            return NoRepository(problem="this folder is in no git repository")
        try:
            done = self._run(start, "rev-parse", "--show-toplevel", "--show-superproject-working-tree")
        except UserError as error:
            if error.code == "program-not-found":
                return NoRepository(problem="git is not installed", hint=error.hint)
            raise
        if "dubious ownership" in done.stderr:
            # Common in containers of CI systems; to go on as if there were no repository would hide it.
            raise UserError(
                f"git does not trust the repository in {start}: it belongs to another user",
                code="git-untrusted",
                hint=f"git config --global --add safe.directory {start}",
            )
        top, *superproject = done.stdout.splitlines() or [""]
        if done.returncode != 0 or not top:
            return NoRepository(problem="this folder is in no git repository")
        if superproject:
            return NoRepository(
                problem=f"this folder is in a submodule of {superproject[0]}, and a submodule has a history of its own",
                hint="Deliver from a clone of the submodule's own repository.",
            )
        if not real.is_relative_to(Path(top).resolve()):
            return NoRepository(problem=f"the work tree of the git repository in {start} is {top}, another folder")
        prefix = real.relative_to(Path(top).resolve()).as_posix()
        return Repository(top=Path(top).resolve(), prefix="" if prefix == "." else f"{prefix}/")

    def _run(
        self, top: Path, *arguments: str, settings: Mapping[str, str] | None = None, index: Path | None = None
    ) -> Completed:
        every = {**_SETTINGS, **(settings or {})}
        chosen = [word for name, value in every.items() for word in ("-c", f"{name}={value}")]
        argv = ("git", "--no-replace-objects", "--no-optional-locks", "--no-pager", *chosen, *arguments)
        env = self._env if index is None else {**self._env, "GIT_INDEX_FILE": str(index)}
        done = self._process.run(argv, cwd=top, env=env, timeout_s=_TIMEOUT_S)
        if done.left_out_bytes:
            # Half an answer must never be taken for a whole one.
            raise UserError(
                f"git {arguments[0]} printed more than Sealift reads of a program",
                code="git-output",
                hint="Leave large generated files out of the repository.",
            )
        return done


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of git: what it needs, nothing that names another repository, no credential."""
    kept = {
        name: value
        for name, value in env.items()
        if name in _KEPT or (name.startswith(_KEPT_BEGINNING) and name not in _DROPPED)
    }
    return {**kept, **_FIXED}
