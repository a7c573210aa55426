"""`preview up`, `list`, `open`, `down` and `sweep`: an environment of its own for each pull request."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sealift.cli.ending import Ending
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Function, Session, options
from sealift.cli.visible import say
from sealift.delivery.previews import without_a_clone
from sealift.errors import SealiftError, UserError
from sealift.model.change import ChangeReport, PreviewLine, Stop
from sealift.model.event import Finished
from sealift.model.preview import PullRequest
from sealift.usecases.previews.survey import Seen

if TYPE_CHECKING:
    from sealift.usecases.previews.up import Brought


def _without_a_clone(command: Function) -> Function:
    """Add the options that say whose the previews are where there is no sealift.toml."""
    told = "The application, if you have no clone of it. Also give its region, account and role."
    command = click.option("--role", metavar="ARN", help="With --app: the role of previews.")(command)
    command = click.option("--account", metavar="ID", help="With --app: the account of previews.")(command)
    command = click.option("--region", metavar="NAME", help="With --app: the region of previews.")(command)
    return click.option("--app", "name", metavar="NAME", help=told)(command)


def _named(session: Session, name: str | None, region: str | None, account: str | None, role: str | None) -> None:
    """Take the application from the command line, when it is named there."""
    if name is None:
        if region or account or role:
            raise click.UsageError("--region, --account and --role need --app; otherwise sealift.toml sets them.")
        return
    if region is None and not session.local:
        raise click.UsageError("--app needs --region: each region has its own previews.")
    session.app = without_a_clone(session.directory, name, region=region or "us-east-1", account=account, role=role)


@click.group("preview")
def preview_command() -> None:
    """Create, list and destroy the environments of pull requests."""


@preview_command.command("up")
@click.option("--pull-request", metavar="NUMBER", help="The pull request. Default: the one that the CI system names.")
@click.option("--branch", metavar="NAME", help="The branch, if there is no pull request. Default: the current branch.")
@click.option("--force", is_flag=True, help="Deploy even if the release is already deployed.")
@options(streaming=True)
def up_command(session: Session, pull_request: str | None, branch: str | None, force: bool) -> int:
    """Create or update the preview of a pull request, and verify it.

    If the rules of sealift.toml give the pull request no preview, shows the reason and exits with 0.
    """
    from sealift.usecases.previews.up import UpOptions, up
    from sealift.wiring.application import make_forge, tokens_withheld

    with Ending(session) as ending:
        asked = _asked(session, pull_request, branch)
        chosen = UpOptions(local=session.local, host=make_forge(), force=force)
        _ = session.sink  # it reports with the job's token
        try:
            with tokens_withheld():
                brought = up(session.app, asked, session.services, chosen)
        except SealiftError as error:
            _post_failure(session, asked, error)
            raise
        _post(session, brought)
        ending.finished = Finished(
            status=brought.status,
            release=brought.release or None,
            environments={brought.name: brought.status},
            message=brought.message,
            hint=brought.hint,
            urls=brought.urls,
        )
    if not session.json and ending.finished is not None:
        for key, url in ending.finished.urls.items():
            say(f"{key}  {url}")
    return ending.code


@preview_command.command("list")
@_without_a_clone
@options()
def list_command(session: Session, name: str | None, region: str | None, account: str | None, role: str | None) -> int:
    """List the previews with their addresses, and other stacks that have the application's tags."""
    from sealift.usecases.previews.survey import survey

    _named(session, name, region, account, role)
    found = survey(session.app, session.services, local=session.local)
    lines = []
    for one in found.previews:
        about = one.card
        whose = (about.branch or "") if about is not None else "its card is lost"
        used = f"{about.used_at:%Y-%m-%d %H:%M} UTC" if about is not None else ""
        lines.append(f"{one.name:<16}{one.status:<22}{used:<22}{whose}")
        lines += [f"{'':<16}{key}  {url}" for key, url in one.urls.items()]
    body = {"previews": [_fields(one) for one in found.previews], "unknown": found.unknown}
    return session.show(body, [*(lines or [_NONE]), *map(_left_alone, found.unknown)])


@preview_command.command("open")
@click.argument("preview")
@click.option("--print", "only_print", is_flag=True, help="Print the address without opening it.")
@options()
def open_command(session: Session, preview: str, only_print: bool) -> int:
    """Open the first address of a preview in the browser; print all of them."""
    from sealift.delivery.previews import given_name
    from sealift.usecases.previews.survey import survey
    from sealift.wiring.machine import human_present

    name = given_name(preview)
    found = survey(session.app, session.services, local=session.local).by_name.get(name)
    session.close()
    if found is None or not found.urls:
        what = f"{name} outputs no web address" if found is not None else f"No preview {name} exists"
        raise UserError(what, code="preview-no-address", hint="`sealift preview list` lists the previews.")
    for key, url in found.urls.items():
        if session.json:
            click.echo(json.dumps({"name": key, "url": url}))
        else:
            say(f"{key}  {url}")
    if human_present() and not only_print and not session.json:
        click.launch(next(iter(found.urls.values())))
    return 0


@preview_command.command("down")
@click.argument("previews", nargs=-1, metavar="[PREVIEW]...")
@_without_a_clone
@options()
def down_command(
    session: Session,
    previews: tuple[str, ...],
    name: str | None,
    region: str | None,
    account: str | None,
    role: str | None,
) -> int:
    """Destroy previews. Default: the preview of the pull request that the CI system names.

    A preview that does not exist counts as destroyed. Without a pull request, does nothing.
    """
    from sealift.delivery.previews import given_name
    from sealift.usecases.previews.down import down

    _named(session, name, region, account, role)
    names = [given_name(text) for text in previews] or _named_by_ci()
    done = {one: down(session.app, one, session.services, local=session.local) for one in names}
    for one in set(_named_by_ci()) & done.keys():
        _post_gone(session, one, done[one].retained)
    lines = []
    for one, destroyed in done.items():
        lines.append(f"{one}: deleted {', '.join(destroyed.stacks) or 'nothing; it did not exist'}")
        lines += [f"{one}: left behind {kept}, as its DeletionPolicy says" for kept in destroyed.retained]
    nothing = "The CI system names no pull request; nothing to do. `sealift preview sweep` destroys closed previews."
    bodies = [{"name": n, "stacks": d.stacks, "retained": d.retained} for n, d in done.items()]
    return session.show({"previews": bodies}, lines or [nothing])


@preview_command.command("sweep")
@click.option("--dry-run", is_flag=True, help="Show what would be destroyed; destroy nothing.")
@_without_a_clone
@options()
def sweep_command(
    session: Session, dry_run: bool, name: str | None, region: str | None, account: str | None, role: str | None
) -> int:
    """Destroy the previews of closed pull requests, expired previews, and remains of others.

    Lists, and does not touch, stacks with the application's tags that are neither a preview nor an environment.
    """
    from sealift.usecases.previews.sweep import sweep
    from sealift.wiring.application import make_forge

    _named(session, name, region, account, role)
    found = sweep(session.app, session.services, local=session.local, host=make_forge(), dry_run=dry_run)
    failed = any(one.ended == "failed" for one in found.previews)
    bodies, lines = [], []
    for one in found.previews:
        bodies.append({"name": one.name, "status": one.ended, "reason": one.reason, "retained": one.retained})
        lines.append(f"{one.name:<16}{one.ended:<20}{one.reason}")
        lines += [f"{'':<16}left behind {kept}, as its DeletionPolicy says" for kept in one.retained]
    body = {"previews": bodies, "unknown": found.unknown}
    return session.show(body, [*(lines or [_NONE]), *map(_left_alone, found.unknown)], exit_code=int(failed))


_NONE = "No previews exist."


def _left_alone(unknown: str) -> str:
    return f"Unknown, not touched: {unknown}"


def _post(session: Session, brought: "Brought") -> None:
    """Say on the pull request how the preview ended."""
    from sealift.cli.posting import described, post

    def made() -> ChangeReport:
        line = PreviewLine(
            name=brought.name, status=brought.status, message=brought.message, urls=tuple(brought.urls.items())
        )
        report = replace(described(session), preview=line)
        if brought.status in ("succeeded", "skipped"):
            return report
        stop = session.said(Stop(where=brought.name, message=brought.message, mend=brought.hint))
        return replace(report, stops=(stop, *report.stops))

    post(session, made)


def _post_gone(session: Session, name: str, retained: Sequence[str]) -> None:
    """Say on the pull request that its preview is destroyed, in place of what was said while it was there."""
    from sealift.cli.posting import post
    from sealift.pipelines.comment import DESTROYED

    line = PreviewLine(name=name, status=DESTROYED, message=", ".join(retained))
    post(session, lambda: ChangeReport(app=session.app.name, preview=line))


def _post_failure(session: Session, asked: PullRequest, error: SealiftError) -> None:
    """Say on the pull request why the preview did not come."""
    from sealift.cli.posting import described, line_of_failure, post
    from sealift.delivery.previews import preview_name

    def made() -> ChangeReport:
        line, stop = line_of_failure(preview_name(asked), session.said(error))
        report = described(session)
        same = any(known.message == stop.message for known in report.stops)
        return replace(report, preview=line, stops=report.stops if same else (stop, *report.stops))

    post(session, made)


def _asked(session: Session, number: str | None, branch: str | None) -> PullRequest:
    """Return the pull request that is meant: as named, else as the CI system says, else the current branch's."""
    from sealift.wiring.application import ci_pull_request

    said = ci_pull_request()
    if said.branch is None:
        origin = session.services.scm.origin(session.app.root)
        said = replace(said, branch=origin.branch if origin is not None else None)
    if number is None and branch is None:
        return said
    return replace(said, number=number, branch=branch or said.branch)


def _named_by_ci() -> list[str]:
    from sealift.delivery.previews import preview_name
    from sealift.wiring.application import ci_pull_request

    said = ci_pull_request()
    return [preview_name(said)] if said.number is not None else []


def _fields(one: Seen) -> dict[str, object]:
    known = ("pull_request", "branch", "commit", "created_at", "used_at")
    card = fields_of(one.card, *known) if one.card else dict.fromkeys(known)
    return {**fields_of(one, "name", "status"), **card, "stacks": [s.name for s in one.stacks], "urls": one.urls}
