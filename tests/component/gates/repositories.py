"""Real repositories in temporary folders: a remote with a protected branch, and clones of it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

GIT_ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


@dataclass(frozen=True)
class Clone:
    """A work tree that tests commit in."""

    root: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=GIT_ENV, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def commit(self, **files: str) -> str:
        """Write files, an underscore in a name for the dot, commit everything, and return the commit."""
        for name, text in files.items():
            self.write(name.replace("_", "."), text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        return self.git("rev-parse", "HEAD")


def new_repository(root: Path, branch: str = "main") -> Clone:
    """Return a repository without a remote."""
    root.mkdir(parents=True, exist_ok=True)
    clone = Clone(root)
    clone.git("init", "--quiet", f"--initial-branch={branch}")
    return clone


def cloned(remote: Clone, root: Path, *options: str) -> Clone:
    """Return a clone, as a person or (with `--depth=1 --branch=…`) a CI system makes it."""
    remote.git("clone", "--quiet", *options, f"file://{remote.root}", str(root))
    return Clone(root)


def copied(made: Path, folder: Path) -> None:
    """Copy the repositories in one folder to another one; each remote among them is the copy, too."""
    shutil.copytree(made, folder, dirs_exist_ok=True, symlinks=True)
    for config in folder.glob("*/.git/config"):
        config.write_text(config.read_text().replace(f"file://{made}/", f"file://{folder}/"))
