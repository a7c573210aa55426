"""`doctor`: what a delivery would stumble over, and what mends it."""

from collections.abc import Iterator

import click

from sealift.cli.session import Session, options
from sealift.usecases.doctor import Examined

_MARKS = {"ok": "✓", "failed": "✗", "unknown": "·"}


@click.command("doctor")
@options(judging=True)
def doctor_command(session: Session) -> int:
    """Look at repository, tools, configuration, credentials, ledgers, roles and pipeline file, and say what mends them.

    Reads only. Exits with 1 when something is wrong; what could not be looked at is named and counts as nothing.
    """
    from sealift.usecases.doctor import examine

    found = [*examine(session.app, session.services, local=session.local), *_pipelines(session)]
    found = sorted(session.said(tuple(found)), key=lambda one: bool(one.environment))
    failed = any(one.status == "failed" for one in found)
    fields = ("name", "environment", "status", "said", "cure")
    body = {
        "status": "failed" if failed else "succeeded",
        "examined": [{name: getattr(one, name) for name in fields} for one in found],
    }
    return session.show(body, _lines(found), exit_code=int(failed))


def _pipelines(session: Session) -> Iterator[Examined]:
    from sealift.config.pipeline import lint_file, pipeline_files

    for path in pipeline_files(session.directory):
        wrong = [one for one in lint_file(path, shown=path.name) if one.stops]
        if wrong:
            said = f"{wrong[0].location}: {wrong[0].message}"
            yield Examined(name="pipeline", status="failed", said=said, cure=wrong[0].fix)
        else:
            yield Examined(name="pipeline", said=f"{path.name} would run")
    if not pipeline_files(session.directory):
        cure = "sealift init --ci bitbucket (or github, gitlab) writes one"
        yield Examined(name="pipeline", status="unknown", said="there is no pipeline file", cure=cure)


def _lines(found: list[Examined]) -> Iterator[str]:
    place = ""
    for one in found:
        if one.environment != place and one.environment:
            yield f"\n{one.environment}"
        place = one.environment
        yield f"  {_MARKS[one.status]} {one.name:<14}{one.said}"
        if one.cure and one.status != "ok":
            yield f"      → {one.cure}"
