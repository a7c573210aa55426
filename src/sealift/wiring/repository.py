"""The applications of one repository: where they are, what came before, and Sealift called for one of them."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sealift.build.cache.store import Cache
from sealift.config.load import FILES, find_source
from sealift.model.app import App
from sealift.ports import Completed, Prompt
from sealift.scm.checkout import check_out
from sealift.usecases.each import Base, built
from sealift.usecases.services import Services, Silence
from sealift.wiring.application import load_application
from sealift.wiring.machine import actor, cache_root, ci_context, programs, real_git
from sealift.wiring.services import make_services

_NOT_SOURCE = {"venv", "node_modules", "cdk.out", "build", "dist"}
_DEPTH = 5


def applications_below(folder: Path) -> tuple[App, ...]:
    """Return the applications in a folder and below it. Raises ConfigError."""
    return tuple(load_application(one) for one in _configured(folder.resolve(), _DEPTH))


def _configured(folder: Path, deeper: int) -> Iterator[Path]:
    if find_source(folder) is not None:
        yield folder
    for entry in sorted(folder.iterdir()) if deeper and folder.is_dir() else ():
        apart = entry.name.startswith(".") or entry.name in _NOT_SOURCE or entry.is_symlink()
        if entry.is_dir() and not apart:
            yield from _configured(entry, deeper - 1)


def base_of(folder: Path, *, local: bool, prompt: Prompt) -> Base:
    """Return what the commit is compared with: where it left the branch that it is to be merged into."""
    from sealift.scm.protected import Protected, protected_branch

    git = real_git()
    found = protected_branch(git, folder, ci_context(), judging=True)
    commit = git.merge_base(folder, found.commit) if isinstance(found, Protected) else None
    merged = commit is not None and commit == git.merge_base(folder, "HEAD")

    def before(root: Path, commit: str) -> str:
        with Cache(cache_root() / "rebuilds").temporary() as at:
            app = load_application(check_out(git, root, commit, at))
            return built(app, silent_services(app, local=local, prompt=prompt)).digest

    return Base(commit=None if merged else commit, differs=git.differs, built=before, files=FILES)


def silent_services(app: App, *, local: bool, prompt: Prompt) -> Services:
    """Return services whose events nobody sees."""
    return make_services(app, local=local, sink=Silence(), prompt=prompt, actor=actor())


def call(app: App, arguments: Sequence[str]) -> Completed:
    """Call Sealift for one application, and wait for its end."""
    folder = os.path.relpath(app.root)
    argv = (sys.executable, "-m", "sealift", *(one.replace("{app}", app.name) for one in arguments), "-C", folder)
    return programs().run(argv, cwd=Path.cwd(), env=dict(os.environ))
