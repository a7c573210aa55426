"""The one comment on a pull request: posted where there is a token. What cannot be posted is a note and no failure."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sealift.cli.session import Session
from sealift.errors import SealiftError
from sealift.model.change import ChangeReport, PreviewLine, Stop
from sealift.model.event import Noted
from sealift.pipelines.comment import KEY, comment

if TYPE_CHECKING:
    from sealift.pipelines.report import Forge

TOKENS = {"bitbucket": "BITBUCKET_ACCESS_TOKEN", "github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}


def post(session: Session, make: Callable[[], ChangeReport]) -> bool:
    """Post the comment on this job's pull request; return whether there is one. Nothing is computed without one."""
    from sealift.wiring.application import make_forge
    from sealift.wiring.machine import ci_context

    said, forge = ci_context(), make_forge()
    if forge is None or said.pull_request is None:
        return False
    if not forge.can_comment:
        message = f"No comment was written on pull request {said.pull_request}: the job has no {TOKENS[said.system]}"
        hint = "Reports and statuses work without it if the service allows that."
        session.emit(Noted(name="comment-no-token", message=message, hint=hint))
        return False
    return _posted(session, forge, make())


def _posted(session: Session, forge: "Forge", report: ChangeReport) -> bool:
    try:
        return forge.comment(f"{KEY}-{report.app}", comment(report))
    except Exception as error:  # whatever a service answers, it never fails a delivery
        message = f"The comment could not be posted: {error}"
        session.emit(Noted(level="warning", name="comment-not-posted", message=message))
        return False


def described(session: Session) -> ChangeReport:
    """Return what the change does to each environment, for the pull request of this job."""
    from sealift.usecases.change import describe
    from sealift.wiring.clouds import local_cloud
    from sealift.wiring.machine import ci_context

    asleep: set[str] = set()
    if session.local:
        running = {one.environment for one in local_cloud(session.app).status() if one.running}
        asleep = {environment.name for environment in session.app.environments} - running
    head = ci_context().head
    return session.said(describe(session.app, session.services, local=session.local, head=head, asleep=asleep))


def line_of_failure(name: str, error: SealiftError) -> tuple[PreviewLine, Stop]:
    """Return the message about a preview that failed, with the fix."""
    refused = error.exit_code in (3, 4)
    line = PreviewLine(name=name, status="refused" if refused else "failed")
    return line, Stop(where=name, message=error.message, mend=error.hint)
