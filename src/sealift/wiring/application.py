"""The application in a folder, with the gates of the protected branch, and the service that holds its code."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.errors import ConfigError, UserError
from sealift.model.app import App, GatesRead
from sealift.model.preview import PullRequest
from sealift.system import RealClock
from sealift.wiring.machine import ci_context, real_git

if TYPE_CHECKING:
    from sealift.delivery.notices import Notice
    from sealift.pipelines.report import Forge
    from sealift.scm.git import Git

_TOKENS = ("BITBUCKET_ACCESS_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN")


def load_application(directory: Path) -> App:
    """Return the application in a folder. Raises ConfigError."""
    from sealift.config.load import load_app

    if not directory.is_dir():
        raise ConfigError(f"There is no folder {directory}", code="no-folder", hint="Correct -C.")
    return load_app(directory.resolve(), region=region())


def load_effective(directory: Path, *, local: bool, judging: bool = False) -> App:
    """Return the application in a folder with the gates of the protected branch. Raises ConfigError.

    On the embedded cloud the protected branch's own work tree speaks for itself: what is not committed yet is tried
    there. `judging` says that a pull request is only looked at.
    """
    from sealift.config.load import FILES
    from sealift.delivery.protected_gates import counted
    from sealift.scm.protected import NotFound, having_commit, protected_branch

    own, ci, git = load_application(directory), ci_context(), real_git()
    found = protected_branch(git, own.root, ci, judging=judging)
    read = GatesRead(pull_request=ci.pull_request, in_ci=not ci.human)
    if isinstance(found, NotFound):
        return replace(own, gates=replace(read, problem=found.problem, hint=found.hint))
    if local and found.checked_out:
        return own
    read = replace(read, reference=found.reference, commit=found.commit, files=FILES)
    try:
        protected = _committed(git, own.root, found.commit)
    except UserError as error:
        problem = f"the configuration on {found.reference} cannot be used: {error.message}"
        return replace(own, gates=replace(read, problem=problem, hint=error.hint))
    if protected is not None and not local:
        if protected.signing.public_key is not None:
            read = replace(read, files=(*FILES, protected.signing.public_key))
        branches = [e.branch for e in protected.environments if e.branch]
        read = replace(read, merged_to=having_commit(git, own.root, found, branches))
    return counted(own, protected, read=read, rehearsal=local)


def _committed(git: "Git", root: Path, commit: str) -> App | None:
    """Return the application as a commit declares it, with the public key that the commit has."""
    from sealift.config.load import FILES, load_committed

    app = load_committed(root, git.files_at(root, commit, FILES), region=region())
    key = app.signing.public_key if app else None
    if app is None or key is None or key.startswith(("/", "~")):
        return app
    pem = git.files_at(root, commit, (key,)).get(key)
    return replace(app, signing=replace(app.signing, public_pem=pem))


def region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def ci_pull_request() -> PullRequest:
    """Return the pull request, or the branch, that the CI system runs us for; nothing is known outside of CI."""
    said = ci_context()
    return PullRequest(
        number=said.pull_request, branch=said.branch, head=said.head, repository=said.repository, fork=said.fork
    )


def make_forge() -> "Forge | None":
    """Return the service that holds the code, of the repository and change of this job; None outside of CI."""
    from sealift.scm.forge.opening import open_forge

    return open_forge(ci_context(), os.environ, sleep=RealClock().sleep)


def notify(app: App, notice: "Notice", *, actor: str) -> tuple[str, ...]:
    """Send a notice to all webhooks of an application; return what could not be sent."""
    from sealift.scm.forge.webhooks import post

    said, clock = replace(notice, app=app.name, actor=actor, url=ci_context().build_url), RealClock()
    return post(said, app.notifications, os.environ, now=clock.now, sleep=clock.sleep)


@contextmanager
def tokens_withheld() -> Iterator[None]:
    """Keep the tokens of the code host from every program that the body starts: code of a pull request runs there."""
    kept = {name: os.environ.pop(name) for name in _TOKENS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
