"""`ci lint`: what is wrong with a pipeline file; `ci comment`: what a change does, on its pull request."""

import json
from pathlib import Path

import click

from sealift.cli.jsonlines import finding_fields
from sealift.cli.session import Session, options
from sealift.cli.visible import visible
from sealift.errors import UserError


@click.group("ci")
def ci_command() -> None:
    """Check the pipeline file of your CI system, and comment on pull requests."""


@ci_command.command("lint")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@options(local=False)
def lint_command(session: Session, files: tuple[Path, ...]) -> int:
    """Check pipeline files: Bitbucket Pipelines, GitHub Actions, GitLab CI.

    Without FILES, checks the pipeline files of the repository. Exits with 1 when a file would not run as intended.
    Advice does not change the exit code.
    """
    from sealift.config.pipeline import lint_file, pipeline_files

    chosen = files or pipeline_files(session.directory)
    if not chosen:
        raise UserError(
            f"No pipeline file exists in the repository of {session.directory}",
            code="pipeline-not-found",
            hint="sealift init --ci bitbucket (or github, gitlab) writes one.",
        )
    found = {path: lint_file(path, shown=_shown(path)) for path in chosen}
    findings = [finding for some in found.values() for finding in some]
    stopped = any(finding.stops for finding in findings)
    lines = []
    for finding in findings:
        mark = "error" if finding.stops else "advice"
        lines.append(f"{finding.location}  {mark}  {finding.message}  [{finding.id}]")
        lines += [f"    {finding.fix}"] if finding.fix else []
    lines += [f"{_shown(path)}: no findings" for path, some in found.items() if not some]
    body = {"status": "failed" if stopped else "succeeded", "findings": [finding_fields(one) for one in findings]}
    return session.show(body, lines, exit_code=int(stopped))


@ci_command.command("comment")
@options(judging=True)
def comment_command(session: Session) -> int:
    """Comment on the pull request: the effect on each environment, and what stops the change.

    Updates one comment, and prints it. Without a token or a pull request, only prints it. `sealift preview up` writes
    the same comment, with the address of the preview.
    """
    from sealift.cli.posting import described, post
    from sealift.pipelines.comment import comment

    report = described(session)
    posted = post(session, lambda: report)
    session.close()
    text = comment(report)
    click.echo(json.dumps({"posted": posted, "text": text}) if session.json else visible(text), nl=session.json)
    return 0


def _shown(path: Path) -> str:
    here = Path.cwd()
    return path.resolve().relative_to(here).as_posix() if path.resolve().is_relative_to(here) else str(path)
