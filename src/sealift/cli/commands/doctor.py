"""`doctor`: what a delivery would stumble over, and what mends it."""

import platform
from collections.abc import Iterator

import click

from sealift import __version__
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options
from sealift.errors import ConfigError
from sealift.usecases.examined import Examined, Lack

_MOST_LACKS = 12
_ATTEMPTS = 3
"""Of a call of AWS: who waits for an answer wants to know at once that there is none."""
_MARKS = {"ok": "✓", "failed": "✗", "unknown": "·"}


@click.command("doctor")
@options(judging=True)
def doctor_command(session: Session) -> int:
    """Look at repository, tools, configuration, credentials, ledgers, roles and pipeline file, and say what mends them.

    Reads only. Exits with 1 when something is wrong; what could not be looked at is named and counts as nothing.
    """
    versions = f"sealift {__version__}, Python {platform.python_version()}, {platform.system()} on {platform.machine()}"
    found = [
        Examined(name="versions", said=versions),
        *_examined(session),
        *_pipelines(session),
    ]
    found = sorted(session.said(tuple(found)), key=lambda one: bool(one.environment))
    failed = any(one.status == "failed" for one in found)
    body = {
        "status": "failed" if failed else "succeeded",
        "examined": [fields_of(one, "name", "environment", "status", "said", "cure", "lacks") for one in found],
    }
    return session.show(body, _lines(found), exit_code=int(failed))


def _examined(session: Session) -> Iterator[Examined]:
    from sealift.usecases.doctor import examine, examine_without
    from sealift.wiring.machine import real_git

    try:
        services = session.made_services(attempts=_ATTEMPTS)
        app = session.app
    except ConfigError as error:
        if not session.directory.is_dir():
            raise
        yield from examine_without(error, session.directory.resolve(), real_git())
        return
    yield from examine(app, services, local=session.local)


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
        cure = "`sealift init --ci github` writes one; or `bitbucket`, or `gitlab`."
        yield Examined(name="pipeline", status="unknown", said="there is no pipeline file", cure=cure)


def _lines(found: list[Examined]) -> Iterator[str]:
    place = ""
    for one in found:
        if one.environment != place and one.environment:
            yield f"\n{one.environment}"
        place = one.environment
        yield f"  {_MARKS[one.status]} {one.name:<14}{one.said}"
        yield from (f"      {line}" for line in _lacks(one.lacks))
        if one.cure and one.status != "ok":
            yield f"      → {one.cure}"


def _lacks(lacks: tuple[Lack, ...]) -> Iterator[str]:
    """Yield an action a line, with the resources as short as they can be told apart."""
    for lack in lacks[:_MOST_LACKS]:
        names = [arn.split(":", 5)[-1] for arn in lack.resources]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        why = f"; {lack.because}" if lack.because else ""
        yield f"{lack.action} on {names[0]}{more} ({', '.join(lack.needed_for).lower()}){why}"
    if len(lacks) > _MOST_LACKS:
        yield f"and {len(lacks) - _MOST_LACKS} more actions: --json has all"
